"""Digests: what they are made from, the frozen ones with their charts, and their letters on their way."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, select, update
from sqlalchemy.orm import Session

from publisher.core.digest import Broken, CountGap
from publisher.core.platforms import Realm
from publisher.core.states import (
    AccountState,
    ChannelState,
    HoldReason,
    LetterState,
    OperationKind,
    OperationState,
)
from publisher.store.models import (
    Account,
    AudienceDay,
    AudienceMiss,
    Channel,
    Digest,
    DigestChart,
    DigestLetter,
    Installation,
    Item,
    Operation,
    Request,
    User,
)

# What a person asks of a worker who wants the digest by letter now.
SEND_COPY = "send_digest"
WANTING = frozenset({OperationState.UNCONFIRMED, OperationState.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the week's operations came to: (due, sent) of each post that went out, and the rest in numbers."""

    sent: Sequence[tuple[datetime, datetime]]
    failed: int
    waiting: int
    published: int
    corrected: int
    withdrawn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedLetter:
    """A letter that is this worker's to send now."""

    digest_id: int
    user_id: int
    attempts: int
    email: str
    language: str | None


# What a digest is made from


def list_channels_of_realm(session: Session, realm: Realm, since: datetime) -> Sequence[Channel]:
    """The realm's channels that were in use then or later, by title."""
    return session.scalars(
        select(Channel)
        .join(Channel.account)
        .where(Account.realm == realm, Channel.retired_at.is_(None) | (Channel.retired_at >= since))
        .order_by(Channel.title)
    ).all()


def list_closings(
    session: Session, channel_ids: Collection[int], first: date, last: date
) -> dict[int, dict[date, int]]:
    """Each channel's last count of each of these days; days without a count are missing."""
    found: dict[int, dict[date, int]] = {}
    rows = session.execute(
        select(AudienceDay.channel_id, AudienceDay.day, AudienceDay.closing).where(
            AudienceDay.channel_id.in_(channel_ids), AudienceDay.day >= first, AudienceDay.day <= last
        )
    )
    for channel_id, day, closing in rows:
        found.setdefault(channel_id, {})[day] = closing
    return found


def read_work(session: Session, realm: Realm, first: datetime, after: datetime) -> Work:
    """What was due in this stretch of time, by the index over state and due time."""
    sent = session.execute(
        _operations(realm, first, after, OperationState.SENT, Operation.due, Operation.sent_at).where(
            Operation.kind == OperationKind.PUBLISH, Operation.sent_at.is_not(None)
        )
    ).all()
    counts = {
        kind: _count_items(session, realm, first, after, kind)
        for kind in (OperationKind.EDIT, OperationKind.DELETE)
    }
    return Work(
        sent=[(due, sent_at) for due, sent_at in sent],
        failed=_count(session, realm, first, after, OperationState.FAILED),
        waiting=sum(_count(session, realm, first, after, state) for state in sorted(WANTING)),
        published=_count_published(session, realm, first, after),
        corrected=counts[OperationKind.EDIT],
        withdrawn=counts[OperationKind.DELETE],
    )


def _operations(
    realm: Realm, first: datetime, after: datetime, state: OperationState, *columns: Any
) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Operation)
        .join(Channel, Channel.id == Operation.channel_id)
        .join(Account, Account.id == Channel.account_id)
        .where(
            Account.realm == realm, Operation.state == state, Operation.due >= first, Operation.due < after
        )
    )


def _count(session: Session, realm: Realm, first: datetime, after: datetime, state: OperationState) -> int:
    restored = Operation.hold_reason.is_(None) | (Operation.hold_reason != HoldReason.RESTORED)
    return session.scalar(_operations(realm, first, after, state, func.count()).where(restored)) or 0


def _count_items(
    session: Session, realm: Realm, first: datetime, after: datetime, kind: OperationKind
) -> int:
    items = func.count(Operation.item_id.distinct())
    query = _operations(realm, first, after, OperationState.SENT, items).where(Operation.kind == kind)
    return session.scalar(query) or 0


def _count_published(session: Session, realm: Realm, first: datetime, after: datetime) -> int:
    """Items that first stood somewhere in this time, not those that only reached another channel."""
    query = (
        _operations(realm, first, after, OperationState.SENT, func.count(Operation.item_id.distinct()))
        .join(Item, Item.id == Operation.item_id)
        .where(Operation.kind == OperationKind.PUBLISH, Item.published_at >= first, Item.published_at < after)
    )
    return session.scalar(query) or 0


def list_count_gaps(session: Session, realm: Realm, first: datetime, after: datetime) -> Sequence[CountGap]:
    """Hours in which channels could not be counted, by channel and time."""
    rows = session.execute(
        select(Channel.title, AudienceMiss.first_at, AudienceMiss.last_at, AudienceMiss.code)
        .join(Channel, Channel.id == AudienceMiss.channel_id)
        .join(Account, Account.id == Channel.account_id)
        .where(
            Account.realm == realm,
            Channel.retired_at.is_(None),
            AudienceMiss.first_at < int(after.timestamp()),
            AudienceMiss.last_at >= int(first.timestamp()),
        )
        .order_by(Channel.title, AudienceMiss.first_at)
    )
    return [CountGap(channel=title, first_at=a, last_at=b, code=code) for title, a, b, code in rows]


def list_broken(session: Session, realm: Realm) -> Sequence[Broken]:
    """Accounts and channels of the realm that do not work now. A channel of a dead account is not named."""
    accounts = session.execute(
        select(Account.name, Account.reason)
        .where(Account.realm == realm, Account.state == AccountState.DOWN)
        .order_by(Account.name)
    ).all()
    channels = session.execute(
        select(Channel.title, Channel.reason)
        .join(Channel.account)
        .where(
            Account.realm == realm,
            Account.state == AccountState.OK,
            Channel.retired_at.is_(None),
            Channel.state.in_([ChannelState.FORBIDDEN, ChannelState.MISSING]),
        )
        .order_by(Channel.title)
    ).all()
    return [
        *(Broken(kind="account", name=name, reason=reason) for name, reason in accounts),
        *(Broken(kind="channel", name=title, reason=reason) for title, reason in channels),
    ]


# Frozen digests


def add_digest(
    session: Session,
    realm: Realm,
    week: date,
    figures: dict[str, Any],
    charts: Mapping[str, bytes],
    now: datetime,
) -> Digest:
    """Freeze the week."""
    digest = Digest(
        realm=realm, week=week, made_at=now, figures=figures,
        charts=[DigestChart(name=name, png=png) for name, png in charts.items()],
    )  # fmt: skip
    session.add(digest)
    session.flush()
    return digest


def find_digest(session: Session, realm: Realm, week: date) -> Digest | None:
    """The week's digest, if it was made."""
    return session.scalar(select(Digest).where(Digest.realm == realm, Digest.week == week))


def find_newest_digest(session: Session, realm: Realm) -> Digest | None:
    """The last one that was made."""
    return session.scalar(select(Digest).where(Digest.realm == realm).order_by(Digest.week.desc()).limit(1))


def list_weeks(session: Session, realm: Realm, limit: int) -> Sequence[date]:
    """Weeks that have a digest, newest first."""
    return session.scalars(
        select(Digest.week).where(Digest.realm == realm).order_by(Digest.week.desc()).limit(limit)
    ).all()


def list_chart_names(session: Session, digest_id: int) -> frozenset[str]:
    """Which charts a digest has."""
    return frozenset(session.scalars(select(DigestChart.name).where(DigestChart.digest_id == digest_id)))


def read_charts(session: Session, digest_id: int) -> dict[str, bytes]:
    """The charts themselves, by name."""
    rows = session.execute(
        select(DigestChart.name, DigestChart.png).where(DigestChart.digest_id == digest_id)
    )
    return dict(rows.all())


def find_chart(session: Session, realm: Realm, week: date, name: str) -> bytes | None:
    """One chart of a week's digest."""
    return session.scalar(
        select(DigestChart.png)
        .join(Digest, Digest.id == DigestChart.digest_id)
        .where(Digest.realm == realm, Digest.week == week, DigestChart.name == name)
    )


# Letters


def list_readers(session: Session, realm: Realm) -> Sequence[User]:
    """Who gets the realm's digest. Nobody can write to the demo city's colleagues outside of the sandbox."""
    query = select(User).where(User.active, User.gets_digest).order_by(User.id)
    return session.scalars(query if realm is Realm.SANDBOX else query.where(~User.demo)).all()


def add_letters(session: Session, digest_id: int, user_ids: Iterable[int], now: datetime) -> None:
    """Plan a letter to each."""
    session.add_all(
        DigestLetter(digest_id=digest_id, user_id=user_id, state=LetterState.WAITING, changed_at=now)
        for user_id in user_ids
    )
    session.flush()


def list_letters(session: Session, digest_id: int) -> Sequence[tuple[DigestLetter, User]]:
    """A digest's letters with their readers, by name."""
    rows = session.execute(
        select(DigestLetter, User)
        .join(User, User.id == DigestLetter.user_id)
        .where(DigestLetter.digest_id == digest_id)
        .order_by(User.name, User.id)
    )
    return [(letter, user) for letter, user in rows]


def find_waiting_letter(
    session: Session, realm: Realm, now: datetime, pauses: Sequence[timedelta]
) -> tuple[int, int] | None:
    """(digest, reader) of a letter whose next try has come; `pauses` lie between the tries.

    None while everything is paused.
    """
    is_due: ColumnElement[bool] = DigestLetter.attempts == 0
    for tries, pause in enumerate(pauses, 1):
        is_last = tries == len(pauses)
        which = DigestLetter.attempts >= tries if is_last else DigestLetter.attempts == tries
        is_due |= which & (DigestLetter.changed_at <= now - pause)
    found = session.execute(
        select(DigestLetter.digest_id, DigestLetter.user_id)
        .join(Digest, Digest.id == DigestLetter.digest_id)
        .where(Digest.realm == realm, DigestLetter.state == LetterState.WAITING, is_due, ~_is_paused)
        .order_by(DigestLetter.changed_at, DigestLetter.user_id)
        .limit(1)
    ).one_or_none()
    return None if found is None else (found.digest_id, found.user_id)


def claim_letter(session: Session, digest_id: int, user_id: int, now: datetime) -> ClaimedLetter | None:
    """Take the letter for one try; None when somebody else has it, or its reader may get none any more."""
    attempts = session.scalar(
        _move(digest_id, user_id, LetterState.WAITING)
        .values(state=LetterState.SENDING, attempts=DigestLetter.attempts + 1, changed_at=now, error=None)
        .returning(DigestLetter.attempts)
    )
    if attempts is None:
        return None
    user = session.get_one(User, user_id)
    if not user.active:
        session.execute(delete(DigestLetter).where(_is(digest_id, user_id)))
        return None
    return ClaimedLetter(
        digest_id=digest_id, user_id=user_id, attempts=attempts, email=user.email, language=user.language
    )


def settle_letter(
    session: Session,
    letter: ClaimedLetter,
    state: LetterState,
    error: dict[str, Any] | None,
    now: datetime,
) -> bool:
    """What became of the try; False when it was not ours any more."""
    done = session.scalar(
        _move(letter.digest_id, letter.user_id, LetterState.SENDING)
        .where(DigestLetter.attempts == letter.attempts)
        .values(state=state, error=error, changed_at=now)
        .returning(DigestLetter.user_id)
    )
    return done is not None


def give_up_lost_letters(
    session: Session, realm: Realm, before: datetime, error: dict[str, Any], now: datetime
) -> int:
    """Letters whose sender fell silent before then may have been taken: a person decides; how many."""
    digests = select(Digest.id).where(Digest.realm == realm)
    return len(
        session.scalars(
            update(DigestLetter)
            .where(
                DigestLetter.digest_id.in_(digests),
                DigestLetter.state == LetterState.SENDING,
                DigestLetter.changed_at < before,
            )
            .values(state=LetterState.UNCONFIRMED, error=error, changed_at=now)
            .returning(DigestLetter.user_id)
            .execution_options(synchronize_session=False)
        ).all()
    )


def wait_again(
    session: Session, digest_id: int, user_id: int, now: datetime, *, also_unconfirmed: bool
) -> bool:
    """Let a letter that failed be sent once more, when asked one that perhaps arrived; False for others."""
    states = [LetterState.FAILED, *([LetterState.UNCONFIRMED] if also_unconfirmed else ())]
    moved = session.scalar(
        _move(digest_id, user_id, *states)
        .values(state=LetterState.WAITING, attempts=0, error=None, changed_at=now)
        .returning(DigestLetter.user_id)
    )
    return moved is not None


def list_wanted_copies(session: Session, realm: Realm) -> Sequence[Request]:
    """Who asked for the digest and waits for it, longest first."""
    return session.scalars(
        select(Request)
        .where(Request.kind == SEND_COPY, Request.realm == realm, Request.done_at.is_(None))
        .order_by(Request.id)
    ).all()


def is_paused(session: Session) -> bool:
    """Whether no letter may leave."""
    return session.scalar(select(_is_paused)) or False


def is_copy(session: Session) -> bool:
    """Whether this woke up in another place and nobody has said yet that it is the one that speaks."""
    return session.scalar(select(Installation.pause_reason)) == HoldReason.RESTORED


def get_installation_uid(session: Session) -> str:
    """The mark of this installation."""
    return session.scalars(select(Installation.uid)).one()


_is_paused = exists().where(Installation.paused_at.is_not(None))


def _move(digest_id: int, user_id: int, *states: LetterState) -> Any:
    return (
        update(DigestLetter)
        .where(_is(digest_id, user_id), DigestLetter.state.in_(states))
        .execution_options(synchronize_session=False)
    )


def _is(digest_id: int, user_id: int) -> ColumnElement[bool]:
    return (DigestLetter.digest_id == digest_id) & (DigestLetter.user_id == user_id)
