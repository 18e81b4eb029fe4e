"""What a worker looks after: which accounts and channels to check, and what the checks showed."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, exists, or_, select, update
from sqlalchemy.orm import Session, joinedload

from publisher.core.platforms import Realm
from publisher.core.receipts import RESTRICTED, SETTLE_FOR, unconfirmed
from publisher.core.states import (
    OPEN_STATES,
    AccountState,
    ChannelState,
    HoldReason,
    OperationKind,
    OperationState,
)
from publisher.store.models import Account, Channel, Operation, Request

# What is not in order is looked at at once, and then again after a while. A channel that has to be found by
# its name waits longer, because that is what networks limit most tightly.
LOOK_AGAIN = timedelta(minutes=4)
FIND_AGAIN = timedelta(hours=1)


def list_requests(session: Session, realm: Realm, account_ids: Iterable[int]) -> Sequence[Request]:
    """What was asked of the realm's workers and is ours to answer, oldest first.

    That is what concerns our accounts, what concerns no account, and what is about something removed.
    """
    about = case(
        (Request.kind == "check_account", Request.subject_id),
        (Request.kind == "resolve_channel", Channel.account_id),
    )
    return session.scalars(
        select(Request)
        .outerjoin(Channel, and_(Request.kind == "resolve_channel", Channel.id == Request.subject_id))
        .outerjoin(Account, Account.id == about)
        .where(
            Request.done_at.is_(None),
            Request.realm == realm,
            or_(Account.id.is_(None), Account.id.in_(list(account_ids))),
        )
        .order_by(Request.id)
    ).all()


def answer_request(session: Session, request_id: int, result: dict[str, Any], now: datetime) -> None:
    """Write the answer, unless the request was removed meanwhile."""
    request = session.get(Request, request_id)
    if request is not None:
        request.done_at = now
        request.result = result


def list_accounts_of(session: Session, ids: Iterable[int]) -> Sequence[Account]:
    """The accounts with these ids that are still there."""
    return session.scalars(select(Account).where(Account.id.in_(list(ids))).order_by(Account.id)).all()


def find_account(session: Session, account_id: int) -> Account | None:
    """The account, if it is still there."""
    return session.get(Account, account_id)


def find_channel(session: Session, channel_id: int) -> Channel | None:
    """The channel with its account, if it is still there."""
    return session.get(Channel, channel_id, options=[joinedload(Channel.account)])


def list_accounts_to_check(
    session: Session, ids: Iterable[int], now: datetime, *, all_: bool
) -> Sequence[int]:
    """Accounts to try: all, or those that are new or went down and were not tried since.

    An account that its network has restricted is never among them: it still signs in, so only a person can
    let it go on, by a check or by new credentials.
    """
    query = select(Account.id, Account.state, Account.reason, Account.checked_at)
    rows = session.execute(query.where(Account.id.in_(list(ids))).order_by(Account.id)).all()
    rows = [row for row in rows if not _is_restricted(row.state, row.reason)]
    return [row.id for row in rows if all_ or _is_waiting(row.state, row.checked_at, now)]


def _is_waiting(state: AccountState, checked_at: datetime | None, now: datetime) -> bool:
    if state is AccountState.DOWN:
        return checked_at is None or checked_at < now - LOOK_AGAIN
    return state is AccountState.NEW


def _is_restricted(state: AccountState, reason: dict[str, Any] | None) -> bool:
    return state is AccountState.DOWN and reason is not None and reason["code"] in RESTRICTED


def list_channels_to_check(session: Session, account_ids: Iterable[int], now: datetime) -> Sequence[int]:
    """Channels of working accounts that nobody has found yet, or that are not in order and were not looked
    at lately."""
    is_waiting = or_(
        Channel.checked_at.is_(None),
        Channel.state == ChannelState.NEW,
        and_(Channel.state == ChannelState.FORBIDDEN, Channel.checked_at < now - LOOK_AGAIN),
        and_(Channel.state == ChannelState.MISSING, Channel.checked_at < now - FIND_AGAIN),
    )
    return session.scalars(
        select(Channel.id)
        .join(Channel.account)
        .where(
            Account.id.in_(list(account_ids)),
            Account.state == AccountState.OK,
            Channel.state != ChannelState.OK,
            Channel.retired_at.is_(None),
            is_waiting,
        )
        .order_by(Channel.id)
    ).all()


def write_account_in_order(session: Session, seen: Account, name: str, sealed: bytes, now: datetime) -> None:
    """The account works: keep its session and let its lanes go on, unless its credentials were replaced
    since they were `seen`."""
    account = _unchanged(session, seen)
    if account is None:
        return
    account.state = AccountState.OK
    account.reason = None
    account.remote_name = name
    account.session = sealed
    account.checked_at = now
    channels = select(Channel.id).where(Channel.account_id == account.id)
    session.flush()
    release_lanes(session, HoldReason.ACCOUNT_DOWN, session.scalars(channels).all(), now)


def write_account_trouble(
    session: Session, seen: Account, state: AccountState | None, reason: dict[str, Any], now: datetime
) -> None:
    """What is wrong with the account, unless its credentials were replaced since they were `seen`."""
    account = _unchanged(session, seen)
    if account is not None:
        account.state = state or account.state
        account.reason = reason
        account.checked_at = now


def _unchanged(session: Session, seen: Account) -> Account | None:
    return session.scalar(
        select(Account)
        .where(Account.id == seen.id, Account.credentials == seen.credentials)
        .with_for_update(key_share=True)
    )


def write_channel(
    session: Session,
    channel_id: int,
    state: ChannelState | None,
    reason: dict[str, Any] | None,
    address: dict[str, Any] | None,
    now: datetime,
) -> None:
    """What a look at the channel showed; one in order lets its lane go on."""
    channel = session.get(Channel, channel_id)
    if channel is None:
        return
    channel.state = state or channel.state
    channel.reason = reason
    channel.address = address or channel.address
    channel.checked_at = now
    session.flush()
    if channel.state is ChannelState.OK:
        release_lanes(session, HoldReason.CHANNEL_DOWN, [channel_id], now)


def settle_closed_lanes(session: Session, now: datetime) -> int:
    """End what no open lane will bring to its end; the number of operations that moved.

    An unknown outcome in a lane that has been closed for too long is put before a person, and a publish to
    a channel that was retired will not happen.
    """
    is_open = exists().where(
        Channel.id == Operation.channel_id,
        Account.id == Channel.account_id,
        Account.state == AccountState.OK,
        Channel.state == ChannelState.OK,
    )
    given_up = (
        update(Operation)
        .where(
            Operation.state == OperationState.CHECKING,
            Operation.claimed_by.is_(None),
            Operation.first_sent_at < now - SETTLE_FOR,
            ~is_open,
        )
        .values(state=OperationState.UNCONFIRMED, wake_at=None, error=unconfirmed().error)
    )
    is_retired = exists().where(Channel.id == Operation.channel_id, Channel.retired_at.is_not(None))
    cancelled = (
        update(Operation)
        .where(
            Operation.state.in_(OPEN_STATES),
            Operation.kind == OperationKind.PUBLISH,
            or_(Operation.hold_reason.is_(None), Operation.hold_reason != HoldReason.RESTORED),
            is_retired,
        )
        .values(state=OperationState.CANCELLED, wake_at=None, hold_reason=None)
    )
    moved = 0
    for statement in (given_up, cancelled):
        statement = statement.returning(Operation.id).execution_options(synchronize_session=False)
        moved += len(session.scalars(statement).all())
    return moved


def release_lanes(session: Session, reason: HoldReason, channel_ids: Iterable[int], now: datetime) -> int:
    """Let operations go on whose account or channel is in order again; stale ones stay held, as stale."""
    held = (
        Operation.channel_id.in_(list(channel_ids)),
        Operation.state == OperationState.HELD,
        Operation.hold_reason == reason,
    )
    session.execute(
        update(Operation)
        .where(*held, Operation.latest <= now)
        .values(hold_reason=HoldReason.STALE)
        .execution_options(synchronize_session=False)
    )
    released = session.scalars(
        update(Operation)
        .where(*held)
        .values(state=OperationState.PLANNED, hold_reason=None, wake_at=now)
        .returning(Operation.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(released)
