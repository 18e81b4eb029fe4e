"""Drafts: what a person types is kept from the first key, until it is saved or thrown away."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from publisher.core.messages import N_
from publisher.errors import NotFound, RuleError
from publisher.store.drafts import delete_draft, find_draft, put_draft
from publisher.store.models import Draft, Item
from publisher.store.people import get_user

UID = re.compile(r"[0-9a-f]{32}\Z")
# A long story with own texts for thirty channels is a tenth of it.
LARGEST = 2_000_000

# The composer's form as it was sent: every value of every name.
Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The draft that a composer began with, as it was at that moment."""

    uid: str
    at: datetime


def keep_draft(
    session: Session,
    user_id: int,
    uid: str,
    item_id: int | None,
    base: int,
    form: Form,
    now: datetime,
    restored: Restored | None = None,
) -> None:
    """Keep what the person has typed. The draft it was restored from goes, unless somebody types into it too.

    Raises NotFound for a person who is no longer here or for another person's draft, RuleError for a form
    that is no text of ours.
    """
    if not get_user(session, user_id).active or not UID.match(uid):
        raise NotFound("draft", uid)
    if sum(len(value) for values in form.values() for value in values) > LARGEST:
        raise RuleError("", N_("The text is too long to be kept."))
    item = session.get(Item, item_id) if item_id is not None else None
    draft = Draft(
        uid=uid,
        user_id=user_id,
        item_id=item.id if item else None,
        base=base,
        form={name: list(values) for name, values in form.items()},
        updated_at=now,
    )
    if not put_draft(session, draft):
        raise NotFound("draft", uid)
    if restored and restored.uid != uid:
        delete_draft(session, restored.uid, user_id, restored.at)


def discard_draft(session: Session, user_id: int, uid: str) -> Draft:
    """Throw the draft away; what it was about. Raises NotFound."""
    draft = find_draft(session, uid, user_id)
    if draft is None:
        raise NotFound("draft", uid)
    delete_draft(session, uid, user_id)
    return draft


def forget_drafts(session: Session, user_id: int, uid: str, restored: Restored | None) -> None:
    """The text is saved: neither its draft nor the one it was restored from is needed any more."""
    delete_draft(session, uid, user_id)
    if restored:
        delete_draft(session, restored.uid, user_id, restored.at)
