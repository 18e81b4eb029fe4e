"""Accounts and channels: adding them writes rows; a worker resolves and checks them."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from publisher.core.handles import read_handle
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.core.platforms import Network, Realm
from publisher.core.states import AccountState
from publisher.errors import RuleError
from publisher.secrets import Vault
from publisher.store.audit import record_act
from publisher.store.channels import (
    delete_requests,
    find_account,
    find_channel_by_handle,
    find_newest_request,
    leave_request,
)
from publisher.store.models import Account, Channel, Desk, Request

NAME_LENGTH = 120
TITLE_LENGTH = 200
# What each network's account needs, field by field, and the form each must have.
FIELDS: Mapping[Network, Mapping[str, re.Pattern[str]]] = {
    Network.TELEGRAM: {
        "api_id": re.compile(r"[0-9]{1,12}\Z"),
        "api_hash": re.compile(r"[0-9a-f]{32}\Z"),
        "bot_token": re.compile(r"[0-9]+:[A-Za-z0-9_-]{20,}\Z"),
    }
}
MISSHAPEN = {
    "api_id": N_("The api_id is a number, such as 1234567."),
    "api_hash": N_("The api_hash has 32 signs: digits and the letters a to f."),
    "bot_token": N_("The token looks like 123456789:ABCdef…, as @BotFather gave it."),
}
# What a session that was made elsewhere stands in for.
BY_SESSION = frozenset({"bot_token"})


def add_account(
    session: Session,
    actor: Actor,
    vault: Vault,
    network: Network,
    name: str,
    values: Mapping[str, str],
    now: datetime,
    *,
    realm: Realm = Realm.REAL,
    session_text: str | None = None,
    demo: bool = False,
) -> Account:
    """Store credentials encrypted and ask a worker to check them. Raises RuleError at the wrong field."""
    require(actor, Act.ADMINISTER)
    name = _free_name(session, name)
    _check_values(network, values, BY_SESSION if session_text else frozenset())
    account = Account(
        network=network,
        realm=realm,
        name=name,
        credentials=vault.seal(json.dumps(dict(values))),
        session=vault.seal(session_text) if session_text else None,
        created_at=now,
        demo=demo,
    )
    session.add(account)
    session.flush()
    leave_request(session, "check_account", realm, account.id, now)
    record_act(session, actor, "account.add", f"account:{account.id}", now, network=network, realm=realm)
    return account


def rename_account(session: Session, actor: Actor, account: Account, name: str, now: datetime) -> None:
    """Another name for the office's own use. Raises RuleError at `name`."""
    require(actor, Act.ADMINISTER)
    if name.strip() == account.name:
        return
    before, account.name = account.name, _free_name(session, name)
    record_act(session, actor, "account.rename", f"account:{account.id}", now, before=before)


def delete_account(session: Session, actor: Actor, account: Account, now: datetime) -> None:
    """Remove an account that serves no channel, secrets included. Raises RuleError while it serves one."""
    require(actor, Act.ADMINISTER)
    if account.channels:
        raise RuleError("", N_("The account has channels, in use or retired: it stays with them."))
    # A worker that looked for the account of a request in vain would stumble.
    delete_requests(session, "check_account", account.id)
    record_act(session, actor, "account.delete", f"account:{account.id}", now, name=account.name)
    session.delete(account)


def replace_credentials(
    session: Session, actor: Actor, vault: Vault, account: Account, values: Mapping[str, str], now: datetime
) -> None:
    """New secrets for an account; its channels and what is planned there stay."""
    require(actor, Act.ADMINISTER)
    _check_values(account.network, values)
    account.credentials = vault.seal(json.dumps(dict(values)))
    account.session = None
    account.state = AccountState.NEW
    account.reason = None
    leave_request(session, "check_account", account.realm, account.id, now)
    # Another bot reaches the channels by other addresses, and may lack rights there.
    for channel in account.channels:
        if channel.retired_at is None:
            leave_request(session, "resolve_channel", account.realm, channel.id, now)
    record_act(session, actor, "account.replace", f"account:{account.id}", now)


def add_channel(
    session: Session,
    actor: Actor,
    account: Account,
    handle: str,
    now: datetime,
    *,
    title: str = "",
    desk: Desk | None = None,
    opened_on: date | None = None,
    demo: bool = False,
) -> Channel:
    """A channel served by the account; a worker finds it and checks our rights there."""
    require(actor, Act.ADMINISTER)
    handle = free_handle(session, account.network, handle)
    check_opened(opened_on, now)
    channel = Channel(
        account_id=account.id,
        desk_id=desk.id if desk else None,
        network=account.network,
        handle=handle,
        title=checked_title(title) or handle,
        opened_on=opened_on,
        created_at=now,
        demo=demo,
    )
    session.add(channel)
    session.flush()
    leave_request(session, "resolve_channel", account.realm, channel.id, now)
    record_act(session, actor, "channel.add", f"channel:{channel.id}", now, handle=handle)
    return channel


def free_handle(session: Session, network: Network, text: str) -> str:
    """The channel's name, if no other channel of ours has it. Raises RuleError at `handle`."""
    handle = read_handle(network, text)
    known = find_channel_by_handle(session, network, handle)
    if known is None:
        return handle
    if known.retired_at is not None:
        message = N_("This channel was retired as “{title}”: put it back to work there.")
    else:
        message = N_("This channel is already connected as “{title}”.")
    raise RuleError("handle", message, title=known.title)


def checked_title(title: str) -> str:
    """The title without blanks around it. Raises RuleError for one that is too long."""
    title = title.strip()
    if len(title) > TITLE_LENGTH:
        raise RuleError("title", N_("A title has at most {length} signs."), length=TITLE_LENGTH)
    return title


def check_opened(opened_on: date | None, now: datetime) -> None:
    """Refuse a day to come. A day is allowed for: the city's date may be ahead of UTC's."""
    if opened_on is not None and opened_on > (now + timedelta(days=1)).date():
        raise RuleError("opened", N_("A channel cannot have been opened in the future."))


def request_check(session: Session, actor: Actor, account: Account, now: datetime) -> Request:
    """Ask a worker to try the account's credentials."""
    require(actor, Act.ADMINISTER)
    return _ask(session, "check_account", account.realm, account.id, now)


def request_resolve(session: Session, actor: Actor, channel: Channel, now: datetime) -> Request:
    """Ask a worker to look at the channel and our rights there once more."""
    require(actor, Act.PUBLISH, channel.desk_id)
    return _ask(session, "resolve_channel", channel.account.realm, channel.id, now)


def request_counts(session: Session, actor: Actor, realm: Realm, now: datetime) -> Request:
    """Ask a worker of the realm to count subscribers now."""
    require(actor, Act.PUBLISH, next(iter(actor.desk_ids), None))
    return _ask(session, "count_audience", realm, None, now)


def _ask(session: Session, kind: str, realm: Realm, subject_id: int | None, now: datetime) -> Request:
    """The request; a second press waits for the answer to the first."""
    newest = find_newest_request(session, kind, realm, subject_id)
    if newest is not None and newest.done_at is None:
        return newest
    return leave_request(session, kind, realm, subject_id, now)


def _free_name(session: Session, name: str) -> str:
    name = name.strip()
    if not name:
        raise RuleError("name", N_("Give the account a name."))
    if len(name) > NAME_LENGTH:
        raise RuleError("name", N_("A name has at most {length} signs."), length=NAME_LENGTH)
    if find_account(session, name):
        raise RuleError("name", N_("Another account has this name."))
    return name


def _check_values(
    network: Network, values: Mapping[str, str], optional: frozenset[str] = frozenset()
) -> None:
    for field, form in FIELDS[network].items():
        if field in optional and field not in values:
            continue
        if not form.match(values.get(field, "")):
            raise RuleError(field, MISSHAPEN[field])
