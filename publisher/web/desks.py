"""Desks: the structural units of the office."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from publisher.actions.desks import add_desk, delete_desk, rename_desk
from publisher.core.items import make_slug
from publisher.core.permissions import Act, require
from publisher.errors import RuleError
from publisher.store.channels import NO_USES, count_desk_uses, get_desk_by_id, list_desks
from publisher.web.context import actor, begin, now, reading
from publisher.web.errors import errors_of
from publisher.web.once import carry_out_once, submission

blueprint = Blueprint("desks", __name__, url_prefix="/desks")

Page = str | Response | tuple[str, int]


@blueprint.before_request
def only_administrators() -> None:
    """Nobody else sees these pages; the actions ask again."""
    require(actor(), Act.ADMINISTER)


@blueprint.get("")
def index() -> str:
    """All desks, with what belongs to them, and a form for another one."""
    return _page({}, {})


@blueprint.post("")
def create() -> Page:
    """Add a desk; without a label it gets one from its title."""
    try:
        target = carry_out_once(_create)
    except RuleError as error:
        return _page(request.form, errors_of(error)), 422
    flash(gettext("The desk is added."), "success")
    return redirect(target, 303)


def _create(session: Session) -> str:
    title = request.form.get("title", "")
    slug = request.form.get("desk", "").strip() or make_slug(title)
    add_desk(session, actor(), slug, title, now())
    return url_for(".index")


@blueprint.get("/<int:desk_id>")
def show(desk_id: int) -> str:
    """The form for a desk's title."""
    return _desk_page(desk_id, {}, {})


@blueprint.post("/<int:desk_id>")
def change(desk_id: int) -> Page:
    """Give the desk another title."""
    try:
        with begin() as session:
            desk = get_desk_by_id(session, desk_id)
            rename_desk(session, actor(), desk, request.form.get("title", ""), now())
    except RuleError as error:
        return _desk_page(desk_id, request.form, errors_of(error)), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/<int:desk_id>/delete")
def delete(desk_id: int) -> Page:
    """Remove a desk that nothing belongs to."""
    try:
        with begin() as session:
            delete_desk(session, actor(), get_desk_by_id(session, desk_id), now())
    except RuleError as error:
        return _desk_page(desk_id, {}, errors_of(error)), 422
    flash(gettext("The desk is deleted."), "success")
    return redirect(url_for(".index"), 303)


def _page(values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    with reading() as session:
        return render_template(
            "desks/index.html",
            desks=list_desks(session), uses=count_desk_uses(session), unused=NO_USES,
            values=values, errors=errors, submission=submission(),
        )  # fmt: skip


def _desk_page(desk_id: int, values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    with reading() as session:
        return render_template(
            "desks/show.html",
            desk=get_desk_by_id(session, desk_id),
            uses=count_desk_uses(session).get(desk_id, NO_USES), unused=NO_USES,
            values=values, errors=errors,
        )  # fmt: skip
