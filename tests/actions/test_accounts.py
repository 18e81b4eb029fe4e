"""Accounts and channels by their rules: who may, what is asked of a worker, what stands in the way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.actions.accounts import (
    add_account,
    add_channel,
    delete_account,
    rename_account,
    replace_credentials,
    request_check,
    request_counts,
    request_resolve,
)
from publisher.actions.channels import change_channel, retire_channel, return_channel
from publisher.actions.desks import add_desk, delete_desk, rename_desk
from publisher.core.permissions import COMMAND_LINE, Actor
from publisher.core.platforms import Network, Realm
from publisher.core.states import OperationState, Role
from publisher.errors import NotAllowed, RuleError
from publisher.secrets import Vault
from publisher.store.models import Account, AuditEvent, Channel, Desk, Request
from publisher.store.session import Store
from publisher.store.upkeep import answer_request
from tests import builders
from tests.builders import NOW

SECRETS = {"api_id": "1234567", "api_hash": "0" * 32, "bot_token": "1:" + "a" * 30}


class Office:
    """One desk, one account, one channel; a vault of its own."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.vault = Vault(folder / "key")
        with store.begin() as session:
            self.desk = builders.add_desk(session)
            self.account = builders.add_account(session)
            self.channel = builders.add_channel(session, self.account, self.desk, "krd_news")
            self.people = {
                role: builders.actor_for(builders.add_user(session, role, self.desk)) for role in Role
            }

    def requests(self) -> list[tuple[str, int | None]]:
        """What is asked of workers: kind and subject, oldest first."""
        with self.store.reading() as session:
            rows = session.scalars(select(Request).order_by(Request.id))
            return [(request.kind, request.subject_id) for request in rows]


@pytest.fixture
def office(sqlite_store: Store, tmp_path: Path) -> Office:
    """The rules are the same on both databases; one is enough here."""
    return Office(sqlite_store, tmp_path)


Act = Callable[[Session, Actor, Office], Any]
ADMINISTRATION: dict[str, Act] = {
    "add an account": lambda s, who, o: add_account(s, who, o.vault, Network.TELEGRAM, "Б", SECRETS, NOW),
    "rename an account": lambda s, who, o: rename_account(s, who, s.get_one(Account, o.account.id), "В", NOW),
    "replace credentials": lambda s, who, o: replace_credentials(
        s, who, o.vault, s.get_one(Account, o.account.id), SECRETS, NOW
    ),
    "delete an account": lambda s, who, o: delete_account(s, who, s.get_one(Account, o.account.id), NOW),
    "check an account": lambda s, who, o: request_check(s, who, s.get_one(Account, o.account.id), NOW),
    "add a channel": lambda s, who, o: add_channel(
        s, who, s.get_one(Account, o.account.id), "krd_sport", NOW
    ),
    "change a channel": lambda s, who, o: change_channel(
        s, who, o.channel.id, NOW, handle="krd_news", title="Т", desk=None, opened_on=None
    ),
    "retire a channel": lambda s, who, o: retire_channel(s, who, o.channel.id, NOW),
    "return a channel": lambda s, who, o: return_channel(s, who, o.channel.id, NOW),
    "add a desk": lambda s, who, o: add_desk(s, who, "sport", "Спорт", NOW),
    "rename a desk": lambda s, who, o: rename_desk(s, who, s.get_one(Desk, o.desk.id), "Спорт", NOW),
    "delete a desk": lambda s, who, o: delete_desk(s, who, s.get_one(Desk, o.desk.id), NOW),
}


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.EDITOR, Role.CHIEF])
@pytest.mark.parametrize("act", ADMINISTRATION)
def test_only_administrators_may(office: Office, act: str, role: Role) -> None:
    with pytest.raises(NotAllowed), office.store.begin() as session:
        ADMINISTRATION[act](session, office.people[role], office)


REQUESTS: dict[str, Act] = {
    "count": lambda s, who, o: request_counts(s, who, Realm.SANDBOX, NOW),
    "look at a channel": lambda s, who, o: request_resolve(s, who, s.get_one(Channel, o.channel.id), NOW),
}


@pytest.mark.parametrize("act", REQUESTS)
def test_whoever_publishes_may_have_channels_checked_and_counted(office: Office, act: str) -> None:
    for role in (Role.EDITOR, Role.CHIEF, Role.ADMIN):
        with office.store.begin() as session:
            REQUESTS[act](session, office.people[role], office)
    with pytest.raises(NotAllowed), office.store.begin() as session:
        REQUESTS[act](session, office.people[Role.AUTHOR], office)


def count_now(office: Office) -> int:
    """Ask for a count; the id of the request."""
    with office.store.begin() as session:
        return request_counts(session, COMMAND_LINE, Realm.SANDBOX, NOW).id


def test_what_is_asked_already_is_not_asked_again(office: Office) -> None:
    first = count_now(office)
    assert count_now(office) == first
    with office.store.begin() as session:
        answer_request(session, first, {"ok": True}, NOW)
    assert count_now(office) != first


def test_new_credentials_are_tried_even_while_a_check_is_under_way(office: Office) -> None:
    with office.store.begin() as session:
        account = session.get_one(Account, office.account.id)
        request_check(session, COMMAND_LINE, account, NOW)
        replace_credentials(session, COMMAND_LINE, office.vault, account, SECRETS, NOW)
    checks = [("check_account", office.account.id)] * 2
    assert office.requests() == [*checks, ("resolve_channel", office.channel.id)]


def test_a_session_stands_in_for_a_token(office: Office) -> None:
    values = {name: value for name, value in SECRETS.items() if name != "bot_token"}
    with office.store.begin() as session:
        account = add_account(
            session, COMMAND_LINE, office.vault, Network.TELEGRAM, "Сессия", values, NOW, session_text="1Ab"
        )
        assert account.session is not None
        assert office.vault.open(account.session) == "1Ab"
    with pytest.raises(RuleError) as caught, office.store.begin() as session:
        add_account(session, COMMAND_LINE, office.vault, Network.TELEGRAM, "Без", values, NOW)
    assert caught.value.field == "bot_token"


def test_the_audit_has_no_secrets(office: Office) -> None:
    with office.store.begin() as session:
        account = add_account(session, COMMAND_LINE, office.vault, Network.TELEGRAM, "Б", SECRETS, NOW)
        replace_credentials(session, COMMAND_LINE, office.vault, account, SECRETS, NOW)
    with office.store.reading() as session:
        text = json.dumps([[event.action, event.detail] for event in session.query(AuditEvent)])
    assert "account.replace" in text
    assert not any(secret in text for secret in SECRETS.values())


@pytest.mark.parametrize(
    "state",
    [OperationState.SENDING, OperationState.CHECKING, OperationState.UNCONFIRMED],
)
def test_no_agreement_retires_a_channel_whose_outcome_is_open(office: Office, state: OperationState) -> None:
    with office.store.begin() as session:
        _, version = builders.add_item(session, office.desk, session.get_one(Channel, office.channel.id))
        operation = builders.add_operation(session, version, office.channel, state=state)
    with pytest.raises(RuleError), office.store.begin() as session:
        retire_channel(session, COMMAND_LINE, office.channel.id, NOW, agreed=[operation.id])


def test_retiring_twice_and_returning_twice_change_nothing(office: Office) -> None:
    for act in (retire_channel, retire_channel, return_channel, return_channel):
        with office.store.begin() as session:
            act(session, COMMAND_LINE, office.channel.id, NOW)
    with office.store.reading() as session:
        actions = [event.action for event in session.query(AuditEvent).order_by(AuditEvent.id)]
        assert session.get_one(Channel, office.channel.id).retired_at is None
    assert actions == ["channel.retire", "channel.return"]


def test_a_title_that_no_column_holds_is_refused(office: Office) -> None:
    with office.store.begin() as session:
        account = session.get_one(Account, office.channel.account_id)
        with pytest.raises(RuleError) as caught:
            add_channel(session, COMMAND_LINE, account, "krd_other", NOW, title="Н" * 201)
    assert caught.value.field == "title"


def test_a_channel_keeps_its_address_while_its_name_stays(office: Office) -> None:
    with office.store.begin() as session:
        change_channel(
            session, COMMAND_LINE, office.channel.id, NOW,
            handle="@KRD_news", title="Новости", desk=None, opened_on=None,
        )  # fmt: skip
    with office.store.reading() as session:
        assert session.get_one(Channel, office.channel.id).address is not None
    assert office.requests() == []
