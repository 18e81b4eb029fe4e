"""Desks: the structural units that items, channels and people belong to."""

from datetime import datetime

from sqlalchemy.orm import Session

from publisher.core.items import SLUG
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.channels import find_desk
from publisher.store.models import Desk


def add_desk(
    session: Session, actor: Actor, slug: str, title: str, now: datetime, *, demo: bool = False
) -> Desk:
    """A new desk. Raises RuleError at the wrong field."""
    require(actor, Act.ADMINISTER)
    if not SLUG.fullmatch(slug):
        raise RuleError("desk", N_("A desk's label has small Latin letters, digits and hyphens."))
    if not title.strip():
        raise RuleError("title", N_("Give the desk a title."))
    if find_desk(session, slug):
        raise RuleError("desk", N_("Another desk has this label."))
    desk = Desk(slug=slug, title=title.strip(), demo=demo)
    session.add(desk)
    session.flush()
    record_act(session, actor, "desk.add", f"desk:{desk.id}", now, slug=slug)
    return desk
