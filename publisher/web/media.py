"""Stub: the routes agreed upon."""

from flask import Blueprint, abort

blueprint = Blueprint("media", __name__, url_prefix="/media")


@blueprint.post("")
def upload() -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/<sha256>")
def file(sha256: str) -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/<sha256>/thumbnail")
def thumbnail(sha256: str) -> str:
    """Not written yet."""
    abort(501)
