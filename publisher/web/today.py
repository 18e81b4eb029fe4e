"""«Сегодня»: what goes out next, what needs me, and whether everything works."""

from flask import Blueprint, render_template

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
def index() -> str:
    """The start page."""
    return render_template("today/index.html")
