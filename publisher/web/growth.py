"""«Рост»: what the channels gained and lost, day by day, and what went out before it."""

from flask import Blueprint, render_template

blueprint = Blueprint("growth", __name__, url_prefix="/growth")


@blueprint.get("")
def index() -> str:
    """The page."""
    return render_template("growth/index.html")
