"""Stub: the routes agreed upon."""

from flask import Blueprint, abort

blueprint = Blueprint("composer", __name__)


@blueprint.get("/items/new")
def new() -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/items/new")
def create() -> str:
    """Not written yet."""
    abort(501)


@blueprint.get("/items/<int:item_id>/edit")
def edit(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/items/<int:item_id>/edit")
def save(item_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/preview")
def preview() -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/drafts/<uid>")
def autosave(uid: str) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/drafts/<uid>/discard")
def discard(uid: str) -> str:
    """Not written yet."""
    abort(501)
