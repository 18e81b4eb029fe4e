"""Stub: the routes agreed upon."""

from flask import Blueprint, abort

blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")


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


@blueprint.get("/<int:account_id>")
def show(account_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/<int:account_id>/check")
def check(account_id: int) -> str:
    """Not written yet."""
    abort(501)


@blueprint.post("/<int:account_id>/replace")
def replace(account_id: int) -> str:
    """Not written yet."""
    abort(501)
