"""Desks: the structural units that items, channels and people belong to."""

from datetime import datetime

from sqlalchemy.orm import Session

from publisher.core.items import SLUG, SLUG_LENGTH
from publisher.core.messages import N_
from publisher.core.permissions import Act, Actor, require
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.channels import NO_USES, count_desk_uses, find_desk
from publisher.store.models import Desk

TITLE_LENGTH = 200


def add_desk(
    session: Session, actor: Actor, slug: str, title: str, now: datetime, *, demo: bool = False
) -> Desk:
    """A new desk. Raises RuleError at the wrong field."""
    require(actor, Act.ADMINISTER)
    title = _checked_title(title)
    if not SLUG.fullmatch(slug) or len(slug) > SLUG_LENGTH:
        raise RuleError("desk", N_("A desk's label has small Latin letters, digits and hyphens."))
    if find_desk(session, slug):
        raise RuleError("desk", N_("Another desk has this label."))
    desk = Desk(slug=slug, title=title, demo=demo)
    session.add(desk)
    session.flush()
    record_act(session, actor, "desk.add", f"desk:{desk.id}", now, slug=slug)
    return desk


def rename_desk(session: Session, actor: Actor, desk: Desk, title: str, now: datetime) -> None:
    """Another title; the label stays, because commands and files use it. Raises RuleError at `title`."""
    require(actor, Act.ADMINISTER)
    before, desk.title = desk.title, _checked_title(title)
    if desk.title != before:
        record_act(session, actor, "desk.rename", f"desk:{desk.id}", now, before=before)


def delete_desk(session: Session, actor: Actor, desk: Desk, now: datetime) -> None:
    """Remove a desk that nothing belongs to. Raises RuleError while something does."""
    require(actor, Act.ADMINISTER)
    if count_desk_uses(session).get(desk.id, NO_USES) != NO_USES:
        raise RuleError("", N_("The desk has people, channels or items: it stays."))
    record_act(session, actor, "desk.delete", f"desk:{desk.id}", now, title=desk.title)
    session.delete(desk)


def _checked_title(title: str) -> str:
    title = title.strip()
    if not title:
        raise RuleError("title", N_("Give the desk a title."))
    if len(title) > TITLE_LENGTH:
        raise RuleError("title", N_("A title has at most {length} signs."), length=TITLE_LENGTH)
    return title
