"""Stub: the routes agreed upon."""

from flask import Blueprint, abort

blueprint = Blueprint("items", __name__, url_prefix="/items")


@blueprint.get("")
def index() -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/live")
def live() -> str:
    """Not written yet."""
    abort(501)
