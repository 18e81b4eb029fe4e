"""Accounts and channels: adding them writes rows; a worker resolves and checks them."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.core.platforms import Network, Realm
from publisher.core.states import AccountState
from publisher.errors import RuleError
from publisher.secrets import Vault
from publisher.store.audit import record_act
from publisher.store.channels import find_newest_request, leave_request
from publisher.store.models import Account, Channel, Desk, Request

# What each network's account needs, field by field, and the form each must have.
FIELDS: Mapping[Network, Mapping[str, re.Pattern[str]]] = {
    Network.TELEGRAM: {
        "api_id": re.compile(r"[0-9]{1,12}\Z"),
        "api_hash": re.compile(r"[0-9a-f]{32}\Z"),
        "bot_token": re.compile(r"[0-9]+:[A-Za-z0-9_-]{20,}\Z"),
    }
}
# What a session that was made elsewhere stands in for.
BY_SESSION = frozenset({"bot_token"})
HANDLES = {Network.TELEGRAM: re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}\Z")}


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
    if not name.strip():
        raise RuleError("name", N_("Give the account a name."))
    if session.scalar(select(Account.id).where(Account.name == name.strip())):
        raise RuleError("name", N_("Another account has this name."))
    _check_values(network, values, BY_SESSION if session_text else frozenset())
    account = Account(
        network=network,
        realm=realm,
        name=name.strip(),
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
    handle = handle.strip().removeprefix("https://t.me/").lstrip("@")
    if not HANDLES[account.network].fullmatch(handle):
        raise RuleError("handle", N_("“{handle}” cannot be the name of a channel there."), handle=handle)
    known = session.scalar(
        select(Channel).where(Channel.network == account.network, Channel.handle == handle)
    )
    if known is not None:
        raise RuleError("handle", N_("This channel is already connected."))
    channel = Channel(
        account_id=account.id,
        desk_id=desk.id if desk else None,
        network=account.network,
        handle=handle,
        title=title.strip() or handle,
        opened_on=opened_on,
        created_at=now,
        demo=demo,
    )
    session.add(channel)
    session.flush()
    leave_request(session, "resolve_channel", account.realm, channel.id, now)
    record_act(session, actor, "channel.add", f"channel:{channel.id}", now, handle=handle)
    return channel


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


def _check_values(
    network: Network, values: Mapping[str, str], optional: frozenset[str] = frozenset()
) -> None:
    for field, form in FIELDS[network].items():
        if field in optional and field not in values:
            continue
        if not form.match(values.get(field, "")):
            raise RuleError(field, N_("This does not look like a {what}."), what=field)
