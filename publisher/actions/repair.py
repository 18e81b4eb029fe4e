"""A person's answer to a post that the network shows otherwise than we sent it: altered, or deleted."""

from datetime import datetime

from sqlalchemy.orm import Session

from publisher.actions.editions import check_editions, editions_of
from publisher.actions.publish import priority_for, timing_for
from publisher.config import Delivery
from publisher.core.editions import edition_from_json
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.core.plan import Add, plan_publish
from publisher.core.schedule import check_due
from publisher.core.states import ENDED_ITEMS, UNFINISHED_STATES, ItemStatus, OperationKind, PostState
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.items import get_version, hold_item
from publisher.store.models import Operation, Post
from publisher.store.outbox import carry_out, get_operation, list_existing
from publisher.store.posts import accept_loss, get_post


def repairs_for(post: Post, status: ItemStatus) -> tuple[str, ...]:
    """The acts that a person may choose for the post: put_back, publish_anew, accept_loss."""
    if status in ENDED_ITEMS:
        return ()
    if post.state is PostState.ALTERED:
        return ("put_back",)
    return ("publish_anew", "accept_loss") if post.state is PostState.MISSING else ()


def put_back(session: Session, actor: Actor, post_id: int, delivery: Delivery, now: datetime) -> int:
    """Bring our own text back into a post that was altered on the network; the new operation's id."""
    post, publish = _open(session, actor, post_id, PostState.ALTERED)
    standing = session.get_one(Operation, post.standing_id)
    _require_quiet(session, publish)
    assert standing.edition is not None  # noqa: S101 - what stands was sent with its edition
    step = Add(
        channel_id=publish.channel_id, kind=OperationKind.EDIT, edition=edition_from_json(standing.edition),
        target_id=publish.id,
    )  # fmt: skip
    version = standing.version
    timing = timing_for(priority_for(actor, publish.item), now, delivery, undo=False)
    (operation_id,) = carry_out(session, [step], version, timing, actor.user_id, now).added
    record_act(session, actor, "post.put_back", f"operation:{operation_id}", now, post=post_id)
    return operation_id


def publish_anew(session: Session, actor: Actor, post_id: int, delivery: Delivery, now: datetime) -> int:
    """Publish the newest version once more where the post was deleted by hand; the new operation's id."""
    post, publish = _open(session, actor, post_id, PostState.MISSING)
    check_due(now, publish.item.embargo, now)
    accept_loss(session, post_id, now)
    version = get_version(session, publish.item)
    editions = editions_of(version, [publish.channel])
    check_editions(editions)
    steps = plan_publish({publish.channel_id: editions[0].edition}, list_existing(session, post.item_id))
    if not steps:
        raise _moved()
    timing = timing_for(priority_for(actor, publish.item), now, delivery, undo=False)
    operation_id = carry_out(session, steps, version, timing, actor.user_id, now).added[0]
    record_act(session, actor, "post.publish_anew", f"operation:{operation_id}", now, post=post_id)
    return operation_id


def accept_deleted(session: Session, actor: Actor, post_id: int, now: datetime) -> None:
    """The post was deleted on purpose: it counts as withdrawn and asks for nothing any more."""
    _, publish = _open(session, actor, post_id, PostState.MISSING)
    accept_loss(session, post_id, now)
    record_act(session, actor, "post.accept_deleted", f"operation:{publish.id}", now, post=post_id)


def _open(session: Session, actor: Actor, post_id: int, state: PostState) -> tuple[Post, Operation]:
    post = get_post(session, post_id)
    hold_item(session, post.item_id)
    session.refresh(post)
    publish = get_operation(session, post.operation_id)
    require(actor, Act.PUBLISH, publish.channel.desk_id)
    if publish.item.status in ENDED_ITEMS:
        raise RuleError("", N_("The item is withdrawn."))
    if post.state is not state:
        raise _moved()
    return post, publish


def _require_quiet(session: Session, publish: Operation) -> None:
    """Nothing else may be on its way to the post."""
    if any(
        op.target_id == publish.id and op.state in UNFINISHED_STATES
        for op in list_existing(session, publish.item_id)
    ):
        raise _moved()


def _moved() -> RuleError:
    return RuleError("", N_("It has moved on meanwhile: look at it again."))
