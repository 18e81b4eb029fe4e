"""People of the office: who they are, what they may do, and how they get in."""

from collections.abc import Mapping
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.people import (
    LINK_LIFE,
    activate_user,
    add_user,
    change_user,
    choose_digest,
    deactivate_user,
    invite_user,
    make_sign_in_link,
)
from publisher.core.messages import N_
from publisher.core.permissions import Act, require
from publisher.core.states import Role
from publisher.errors import RuleError
from publisher.store.channels import list_desks
from publisher.store.models import Desk, User
from publisher.store.people import find_link_in_force, find_seen, get_user, list_seen, list_users
from publisher.web.auth import no_store
from publisher.web.context import actor, begin, now, person, reading, settings
from publisher.web.errors import errors_of
from publisher.web.once import carry_out_once, submission
from publisher.web.row_ids import row_id

blueprint = Blueprint("people", __name__, url_prefix="/people")

Page = str | BaseResponse | tuple[str, int]
# Where a new link waits, in the administrator's own cookie, for the one page that shows it.
NEW_LINK = "new_sign_in_link"


@blueprint.before_request
def only_administrators() -> None:
    """Nobody else sees these pages; the actions ask again."""
    require(actor(), Act.ADMINISTER)


@blueprint.get("")
def index() -> str:
    """Everybody: those who may sign in first."""
    with reading() as rows:
        return render_template("people/index.html", users=list_users(rows), seen=list_seen(rows))


@blueprint.get("/new")
def new() -> str:
    """The form for another person."""
    return _form({"role": Role.EDITOR.value}, frozenset(), {})


@blueprint.post("/new")
def create() -> Page:
    """Add the person and make the link with which they sign in first."""
    try:
        target = carry_out_once(_create)
    except RuleError as error:
        return _form(request.form, _chosen(), errors_of(error)), 422
    return redirect(target, 303)


def _create(rows: Session) -> str:
    user = add_user(
        rows, actor(), request.form.get("email", ""), request.form.get("name", ""), _role(),
        _desks(rows), now(),
    )  # fmt: skip
    _keep_link(user.id, make_sign_in_link(rows, user, now()))
    return url_for(".show", user_id=user.id)


@blueprint.get("/<int:user_id>")
def show(user_id: int) -> Response:
    """A person; right after an invitation with the link, this one time."""
    return _show(user_id)


@blueprint.post("/<int:user_id>")
def change(user_id: int) -> BaseResponse:
    """Another name, role or other desks."""
    try:
        with begin() as rows:
            change_user(rows, actor(), user_id, request.form.get("name", ""), _role(), _desks(rows), now())
    except RuleError as error:
        return _show(user_id, request.form, errors_of(error))
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show", user_id=user_id), 303)


@blueprint.post("/<int:user_id>/digest")
def digest(user_id: int) -> BaseResponse:
    """Let the person get the week's digest as a letter, or no longer."""
    gets_it = request.form.get("gets_digest") == "1"
    with begin() as rows:
        choose_digest(rows, actor(), user_id, now(), gets_it=gets_it)
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show", user_id=user_id), 303)


@blueprint.post("/<int:user_id>/invite")
def invite(user_id: int) -> BaseResponse:
    """Make a new link; the ones before it work no more."""
    with begin() as rows:
        _keep_link(user_id, invite_user(rows, actor(), user_id, now()))
    return redirect(url_for(".show", user_id=user_id), 303)


@blueprint.post("/<int:user_id>/deactivate")
def deactivate(user_id: int) -> BaseResponse:
    """Let the person in no more."""
    with begin() as rows:
        deactivate_user(rows, actor(), user_id, now())
    flash(gettext("This person is signed out everywhere and can no longer sign in."), "success")
    return redirect(url_for(".show", user_id=user_id), 303)


@blueprint.post("/<int:user_id>/activate")
def activate(user_id: int) -> BaseResponse:
    """Let the person in again."""
    with begin() as rows:
        activate_user(rows, actor(), user_id, now())
    flash(gettext("This person may sign in again."), "success")
    return redirect(url_for(".show", user_id=user_id), 303)


def _show(
    user_id: int, values: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
) -> Response:
    link = _take_link(user_id)
    with reading() as rows:
        user = get_user(rows, user_id)
        page = render_template(
            "people/show.html",
            user=user,
            values=_values(user) if values is None else values,
            chosen=frozenset(desk.id for desk in user.desks) if values is None else _chosen(),
            errors=errors or {},
            link=link,
            link_days=LINK_LIFE.days,
            open_link=find_link_in_force(rows, user_id, now()),
            seen=find_seen(rows, user_id),
            is_me=user_id == person().id,
            **_choices(rows),
        )
    response = make_response(page, 422 if errors else 200)
    return no_store(response) if link else response


def _form(values: Mapping[str, str], chosen: frozenset[int], errors: Mapping[str, str]) -> str:
    with reading() as rows:
        return render_template(
            "people/new.html", values=values, chosen=chosen, errors=errors, submission=submission(),
            **_choices(rows),
        )  # fmt: skip


def _choices(rows: Session) -> dict[str, Any]:
    return {"desks": list_desks(rows), "roles": list(Role)}


def _values(user: User) -> dict[str, str]:
    return {"name": user.name, "role": user.role.value}


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError as error:
        raise RuleError("role", N_("Choose a role.")) from error


def _chosen() -> frozenset[int]:
    return frozenset(request.form.getlist("desks", type=row_id))


def _desks(rows: Session) -> list[Desk]:
    desks = {desk.id: desk for desk in list_desks(rows)}
    if not _chosen() <= set(desks):
        raise RuleError("desks", N_("A chosen desk is no longer there: choose again."))
    return [desk for desk in desks.values() if desk.id in _chosen()]


def _keep_link(user_id: int, token: str) -> None:
    session[NEW_LINK] = [user_id, token]


def _take_link(user_id: int) -> str:
    """The address of the link that was just made for the person, once; empty when there is none."""
    kept = session.get(NEW_LINK)
    if not kept or kept[0] != user_id:
        return ""
    del session[NEW_LINK]
    return f"{settings().public_url}{url_for('sign_in.link', token=kept[1])}"
