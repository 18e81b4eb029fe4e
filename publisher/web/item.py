"""Stub: the routes agreed upon."""

from flask import Blueprint, abort

blueprint = Blueprint("item", __name__, url_prefix="/items/<int:item_id>")


@blueprint.get("")
def show(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/live")
def live(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/versions/<int:number>")
def version(item_id: int, number: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/submit")
def submit(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/return")
def send_back(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/approve")
def approve(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/publish")
def publish(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/reschedule")
def reschedule(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/take-back")
def take_back(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/correct")
def preview_correction(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/correct")
def correct(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/kill")
def preview_kill(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/kill")
def kill(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/spike")
def spike(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/restore")
def restore(item_id: int) -> str:
    """Not written yet."""
    abort(501)
