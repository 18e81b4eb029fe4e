"""«Открытый архив»: what is published, as one file for everybody."""

from flask import Blueprint, render_template

blueprint = Blueprint("archive", __name__, url_prefix="/archive")


@blueprint.get("")
def index() -> str:
    """The page."""
    return render_template("archive/index.html")
