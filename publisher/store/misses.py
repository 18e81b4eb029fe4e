"""Why a channel has no counts: ticks in a row at which it could not be counted, with the cause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from publisher.core.receipts import BY_CODE
from publisher.core.states import AccountState, ChannelState
from publisher.store.models import Account, AudienceCount, AudienceMiss, Channel

# The cause where nothing is known but the state. A channel in order that cannot be asked has no address yet.
BY_ACCOUNT = {AccountState.NEW: "ACCOUNT_NEW", AccountState.DOWN: "signedout"}
BY_CHANNEL = {
    ChannelState.NEW: "CHANNEL_NEW",
    ChannelState.OK: "CHANNEL_NEW",
    ChannelState.FORBIDDEN: "forbidden",
    ChannelState.MISSING: "gone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A channel that was not counted from the tick `first_at` to the tick `last_at` (epoch seconds).

    `code` says why; core/receipts.words_of has its words.
    """

    channel_id: int
    first_at: int
    last_at: int
    code: str


def add_misses(session: Session, causes: Iterable[tuple[int, str]], taken_at: int, period: timedelta) -> None:
    """Note of each (channel, code) that it could not be counted at this tick.

    A miss goes on while the same cause stands at every tick, `period` apart. A count in between, another
    cause, or ticks at which no worker ran begin a new one: what nobody tried has no cause.
    """
    codes = dict(causes)
    # Ticks lie apart by the period; counts that somebody asked for fall in between.
    since = taken_at - int(period.total_seconds())
    for miss in _going_on(session, codes, since):
        if codes[miss.channel_id] == miss.code:
            miss.last_at = max(miss.last_at, taken_at)
            del codes[miss.channel_id]
    for channel_id, code in codes.items():
        session.merge(AudienceMiss(channel_id=channel_id, first_at=taken_at, last_at=taken_at, code=code))


def list_misses(session: Session, channel_ids: Iterable[int], first: int, last: int) -> Sequence[Miss]:
    """The channels' misses that reach into these epoch seconds, by channel and time."""
    rows = session.execute(
        select(*_columns)
        .where(
            AudienceMiss.channel_id.in_(list(channel_ids)),
            AudienceMiss.first_at <= last,
            AudienceMiss.last_at >= first,
        )
        .order_by(AudienceMiss.channel_id, AudienceMiss.first_at)
    )
    return [Miss(**row._mapping) for row in rows]


def list_current_misses(session: Session, channel_ids: Iterable[int]) -> dict[int, Miss]:
    """The newest miss of each of these channels that was not counted since, by channel id."""
    newest = and_(AudienceMiss.channel_id.in_(list(channel_ids)), _is_newest, ~_was_counted_since)
    return {row.channel_id: Miss(**row._mapping) for row in session.execute(select(*_columns).where(newest))}


def list_unreachable(session: Session, account_ids: Iterable[int]) -> list[tuple[int, str]]:
    """(channel, code) of these accounts' channels that nobody can ask now: the account or the channel is not
    in order."""
    rows = session.execute(
        select(Channel.id, Account.state, Account.reason, Channel.state, Channel.reason)
        .join(Channel.account)
        .where(
            Account.id.in_(list(account_ids)),
            Channel.retired_at.is_(None),
            (Account.state != AccountState.OK)
            | (Channel.state != ChannelState.OK)
            | Channel.address.is_(None),
        )
        .order_by(Channel.id)
    )
    return [(channel_id, _cause(*states)) for channel_id, *states in rows]


_columns = (AudienceMiss.channel_id, AudienceMiss.first_at, AudienceMiss.last_at, AudienceMiss.code)
_later = AudienceMiss.__table__.alias("later")
_is_newest: ColumnElement[bool] = ~exists().where(
    _later.c.channel_id == AudienceMiss.channel_id, _later.c.first_at > AudienceMiss.first_at
)
_was_counted_since: ColumnElement[bool] = exists().where(
    AudienceCount.channel_id == AudienceMiss.channel_id, AudienceCount.taken_at > AudienceMiss.last_at
)


def _going_on(session: Session, channel_ids: Iterable[int], since: int) -> Sequence[AudienceMiss]:
    return session.scalars(
        select(AudienceMiss).where(
            AudienceMiss.channel_id.in_(list(channel_ids)),
            AudienceMiss.last_at >= since,
            _is_newest,
            ~_was_counted_since,
        )
    ).all()


def _cause(
    account_state: AccountState,
    account_reason: dict[str, Any] | None,
    channel_state: ChannelState,
    channel_reason: dict[str, Any] | None,
) -> str:
    """Why nobody can ask: the known reason of the account or of the channel, else what their state says."""
    if account_state is not AccountState.OK:
        return _known(account_reason) or BY_ACCOUNT[account_state]
    return _known(channel_reason) or BY_CHANNEL[channel_state]


def _known(reason: dict[str, Any] | None) -> str | None:
    return reason["code"] if reason and reason["code"] in BY_CODE else None
