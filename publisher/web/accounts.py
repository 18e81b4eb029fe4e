"""Accounts on the networks: credentials go in and never come out again."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.accounts import (
    FIELDS,
    add_account,
    delete_account,
    rename_account,
    replace_credentials,
    request_check,
)
from publisher.core.permissions import Act, require
from publisher.core.platforms import Network, Realm
from publisher.errors import RuleError
from publisher.store.channels import get_account_by_id, list_accounts
from publisher.store.models import Account
from publisher.store.outbox import count_waiting
from publisher.web.asked import read_asked
from publisher.web.context import actor, begin, now, parts, reading
from publisher.web.errors import errors_of
from publisher.web.live import fragment
from publisher.web.once import carry_out_once, submission

blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")

Page = str | BaseResponse | tuple[str, int]
NOTHING = (0, 0)


@blueprint.before_request
def only_administrators() -> None:
    """Nobody else sees these pages; the actions ask again."""
    require(actor(), Act.ADMINISTER)


@blueprint.get("")
def index() -> str:
    """All accounts, with what waits because of those that do not work."""
    with reading() as session:
        return render_template(
            "accounts/index.html",
            accounts=list_accounts(session),
            waiting=count_waiting(session, now()),
            nothing=NOTHING,
        )


@blueprint.get("/new")
def new() -> str:
    """The form for another account."""
    return _new_form({"realm": Realm.REAL.value}, {})


@blueprint.post("/new")
def create() -> Page:
    """Store the credentials and have a worker try them."""
    try:
        target = carry_out_once(_create)
    except RuleError as error:
        return _new_form(request.form, errors_of(error)), 422
    return redirect(target, 303)


def _create(session: Session) -> str:
    realm = Realm.SANDBOX if request.form.get("realm") == Realm.SANDBOX else Realm.REAL
    added = add_account(
        session, actor(), parts().vault, Network.TELEGRAM, request.form.get("name", ""),
        _secrets(Network.TELEGRAM), now(), realm=realm,
    )  # fmt: skip
    return url_for(".show", account_id=added.id)


@blueprint.get("/<int:account_id>")
def show(account_id: int) -> str:
    """An account: its state, live, its channels, and what can be done with it."""
    with reading() as session:
        state = _state(session, account_id)
        account = state["account"]
        return render_template(
            "accounts/show.html",
            used=[channel for channel in account.channels if channel.retired_at is None],
            retired=[channel for channel in account.channels if channel.retired_at is not None],
            **state,
        )


@blueprint.get("/<int:account_id>/live")
def live(account_id: int) -> Response:
    """The state once more, for a page that is open."""
    with reading() as session:
        state = _state(session, account_id)
        return fragment(render_template("accounts/_state.html", **state), state["asked"].pace)


@blueprint.post("/<int:account_id>/check")
def check(account_id: int) -> BaseResponse:
    """Let a worker try the credentials."""
    with begin() as session:
        request_check(session, actor(), get_account_by_id(session, account_id), now())
    return redirect(url_for(".show", account_id=account_id), 303)


@blueprint.get("/<int:account_id>/change")
def edit(account_id: int) -> str:
    """Two forms: another name, and other credentials."""
    return _change_page(account_id, {}, {})


@blueprint.post("/<int:account_id>/change")
def change(account_id: int) -> Page:
    """Give the account another name."""
    try:
        with begin() as session:
            account = get_account_by_id(session, account_id)
            rename_account(session, actor(), account, request.form.get("name", ""), now())
    except RuleError as error:
        return _change_page(account_id, request.form, errors_of(error)), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show", account_id=account_id), 303)


@blueprint.post("/<int:account_id>/replace")
def replace(account_id: int) -> Page:
    """Put other credentials in place of the old ones and have a worker try them."""
    try:
        with begin() as session:
            account = get_account_by_id(session, account_id)
            values = _secrets(account.network)
            replace_credentials(session, actor(), parts().vault, account, values, now())
    except RuleError as error:
        return _change_page(account_id, request.form, errors_of(error)), 422
    flash(gettext("The new credentials are stored: a worker tries them now."), "success")
    return redirect(url_for(".show", account_id=account_id), 303)


@blueprint.post("/<int:account_id>/delete")
def delete(account_id: int) -> BaseResponse:
    """Remove an account that serves no channel."""
    with begin() as session:
        account = get_account_by_id(session, account_id)
        name = account.name
        delete_account(session, actor(), account, now())
    flash(gettext("The account “%(name)s” is deleted, its credentials too.", name=name), "success")
    return redirect(url_for(".index"), 303)


def _state(session: Session, account_id: int) -> dict[str, Any]:
    account = get_account_by_id(session, account_id)
    return {
        "account": account,
        "asked": read_asked(session, "check_account", account.realm, account.id),
        "waiting": count_waiting(session, now()).get(account.id, NOTHING),
    }


def _secrets(network: Network) -> dict[str, str]:
    return {field: request.form.get(field, "").strip() for field in FIELDS[network]}


def _new_form(values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template("accounts/new.html", values=values, errors=errors, submission=submission())


def _change_page(account_id: int, values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    with reading() as session:
        account: Account = get_account_by_id(session, account_id)
        return render_template("accounts/change.html", account=account, values=values, errors=errors)
