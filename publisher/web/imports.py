"""«Загрузка»: counts and totals from spreadsheets of old."""

from flask import Blueprint, render_template

blueprint = Blueprint("imports", __name__, url_prefix="/imports")


@blueprint.get("")
def index() -> str:
    """The page."""
    return render_template("imports/index.html")
