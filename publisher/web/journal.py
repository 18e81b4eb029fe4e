"""Stub: the routes agreed upon."""

from flask import Blueprint, abort

blueprint = Blueprint("journal", __name__, url_prefix="/journal")


@blueprint.get("")
def index() -> str:
    """Not written yet."""
    abort(501)
