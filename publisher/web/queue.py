"""Stub: the routes agreed upon."""

from flask import Blueprint, abort

blueprint = Blueprint("queue", __name__, url_prefix="/queue")


@blueprint.get("")
def index() -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/live")
def live() -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/pause")
def pause() -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/resume")
def preview_resume() -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/resume")
def resume() -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/release")
def release() -> str:
    """Not written yet."""
    abort(501)
