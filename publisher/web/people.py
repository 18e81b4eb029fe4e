"""Stub: the routes agreed upon."""

from flask import Blueprint, abort

blueprint = Blueprint("people", __name__, url_prefix="/people")


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


@blueprint.get("/<int:user_id>")
def show(user_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/<int:user_id>")
def change(user_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/<int:user_id>/invite")
def invite(user_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/<int:user_id>/deactivate")
def deactivate(user_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/<int:user_id>/activate")
def activate(user_id: int) -> str:
    """Not written yet."""
    abort(501)
