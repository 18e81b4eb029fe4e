"""Stub: the routes agreed upon."""

from flask import Blueprint, abort

blueprint = Blueprint("channels", __name__, url_prefix="/channels")


@blueprint.get("")
def index() -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/new")
def new() -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/new")
def create() -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/<int:channel_id>")
def show(channel_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/<int:channel_id>/check")
def check(channel_id: int) -> str:
    """Not written yet."""
    abort(501)
