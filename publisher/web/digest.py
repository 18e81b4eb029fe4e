"""«Сводка»: the past week on one page, as its letter has it."""

from flask import Blueprint, render_template

blueprint = Blueprint("digest", __name__, url_prefix="/digest")


@blueprint.get("")
def index() -> str:
    """The page."""
    return render_template("digest/index.html")
