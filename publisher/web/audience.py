"""Stub: the routes agreed upon."""

from flask import Blueprint, abort

blueprint = Blueprint("audience", __name__, url_prefix="/audience")


@blueprint.get("")
def index() -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/<int:channel_id>")
def channel(channel_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/count")
def count() -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/export.csv")
def export() -> str:
    """Not written yet."""
    abort(501)
