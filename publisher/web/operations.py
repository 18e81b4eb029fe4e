"""Stub: the routes agreed upon."""

from flask import Blueprint, abort

blueprint = Blueprint("operations", __name__, url_prefix="/operations/<int:operation_id>")


@blueprint.get("")
def show(operation_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/send-again")
def send_again(operation_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/confirm")
def confirm(operation_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/cancel")
def cancel(operation_id: int) -> str:
    """Not written yet."""
    abort(501)
