"""Planning a waiting item anew: the newest version, the channels chosen now, another time if wanted."""

from datetime import datetime

from sqlalchemy.orm import Session

from publisher.actions.publish import publish_item
from publisher.actions.schedule import take_back
from publisher.config import Delivery
from publisher.core.permissions import Actor
from publisher.core.states import OPEN_STATES, OperationKind
from publisher.store.outbox import Carried, list_existing


def is_waiting(session: Session, item_id: int) -> bool:
    """Whether a publish of the item has surely not left yet."""
    return any(
        op.kind is OperationKind.PUBLISH and op.state in OPEN_STATES for op in list_existing(session, item_id)
    )


def replan_item(
    session: Session,
    actor: Actor,
    item_id: int,
    delivery: Delivery,
    now: datetime,
    *,
    due: datetime | None = None,
    undo: bool = False,
) -> Carried:
    """Publish, or publish instead of what is waiting; a channel that was deselected loses its place.

    What is on its way or stands stays: it is corrected, not planned. Raises what publishing raises.
    """
    if is_waiting(session, item_id):
        take_back(session, actor, item_id, now)
        # The rows were moved by statements of their own; expiring forgets what is not flushed.
        session.flush()
        session.expire_all()
    return publish_item(session, actor, item_id, delivery, now, due=due, undo=undo)
