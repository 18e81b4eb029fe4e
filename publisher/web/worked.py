"""«Что сработало»: the posts of a period by what they earned."""

from flask import Blueprint, render_template

blueprint = Blueprint("worked", __name__, url_prefix="/growth/posts")


@blueprint.get("")
def index() -> str:
    """The page."""
    return render_template("worked/index.html")
