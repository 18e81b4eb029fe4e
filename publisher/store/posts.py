"""Queries about posts: what is to be read back, and what the reading showed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from publisher.core.states import AccountState, PostState
from publisher.core.truth import next_check
from publisher.errors import NotFound
from publisher.store.models import Account, Channel, Operation, Post


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePost:
    """A post that is to be read back, with the edition that should stand."""

    id: int
    account_id: int
    channel_id: int
    address: dict[str, Any]
    external_ids: tuple[Any, ...]
    edition: dict[str, Any]
    standing_id: int
    changed_at: datetime
    checks: int


def get_post(session: Session, post_id: int) -> Post:
    """A post. Raises NotFound."""
    post = session.get(Post, post_id)
    if post is None:
        raise NotFound("post", post_id)
    return post


def has_post(session: Session, channel_id: int, permalink: str) -> bool:
    """Whether a post of ours in the channel has this link."""
    found = select(Post.id).where(Post.channel_id == channel_id, Post.permalink == permalink).limit(1)
    return session.scalar(found) is not None


def accept_loss(session: Session, post_id: int, now: datetime) -> None:
    """Count a missing post as withdrawn."""
    session.execute(
        update(Post)
        .where(Post.id == post_id, Post.state == PostState.MISSING)
        .values(state=PostState.WITHDRAWN, withdrawn_at=now, next_check_at=None, next_measure_at=None)
    )


def note_edited(session: Session, edit: Operation, at: datetime, check: datetime) -> None:
    """A person saw that an edit was carried out: its text is what stands, to be read back at `check`."""
    session.execute(
        update(Post)
        .where(Post.operation_id == edit.target_id)
        .values(standing_id=edit.id, edited_at=at, state=PostState.LIVE, checks=0, next_check_at=check)
    )


def note_withdrawn(session: Session, delete: Operation, at: datetime) -> None:
    """A person saw that a delete was carried out."""
    session.execute(
        update(Post)
        .where(Post.operation_id == delete.target_id)
        .values(state=PostState.WITHDRAWN, withdrawn_at=at, next_check_at=None, next_measure_at=None)
    )


def list_due_posts(
    session: Session, account_ids: Iterable[int], now: datetime, limit: int
) -> Sequence[DuePost]:
    """Posts whose time to be read back has come, the longest waiting first."""
    rows = session.execute(
        select(Post, Channel.account_id, Channel.address, Operation.edition)
        .join(Channel, Channel.id == Post.channel_id)
        .join(Account, Account.id == Channel.account_id)
        .join(Operation, Operation.id == Post.standing_id)
        .where(
            Post.next_check_at <= now,
            Account.id.in_(list(account_ids)),
            Account.state == AccountState.OK,
            Channel.address.is_not(None),
        )
        .order_by(Post.next_check_at)
        .limit(limit)
    )
    return [
        DuePost(
            id=post.id,
            account_id=account_id,
            channel_id=post.channel_id,
            address=address,
            external_ids=tuple(post.external_ids),
            edition=edition,
            standing_id=post.standing_id,
            changed_at=post.edited_at or post.published_at,
            checks=post.checks,
        )
        for post, account_id, address, edition in rows
    ]


def record_reading(session: Session, post: DuePost, state: PostState, now: datetime) -> None:
    """Write what a read-back showed, unless the post was changed by us meanwhile."""
    age = next_check(post.checks + 1)
    session.execute(
        update(Post)
        .where(
            Post.id == post.id,
            Post.standing_id == post.standing_id,
            Post.state.in_([PostState.LIVE, PostState.ALTERED, PostState.MISSING]),
        )
        .values(
            state=state,
            checked_at=now,
            checks=post.checks + 1,
            next_check_at=None if age is None or state is PostState.MISSING else post.changed_at + age,
        )
    )


def put_off_reading(session: Session, ids: Iterable[int], until: datetime) -> None:
    """Read these posts later: the network did not answer."""
    session.execute(update(Post).where(Post.id.in_(list(ids))).values(next_check_at=until))
