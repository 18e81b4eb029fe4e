"""«Поиск»: one box over everything that was ever written."""

from flask import Blueprint, render_template

blueprint = Blueprint("search", __name__, url_prefix="/search")


@blueprint.get("")
def index() -> str:
    """The page."""
    return render_template("search/index.html")
