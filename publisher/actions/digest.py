"""What people do about the week's digest: have it sent to themselves, and let a letter go out once more."""

from datetime import datetime

from sqlalchemy.orm import Session

from publisher.actions.people import DIGEST_READERS
from publisher.core.messages import N_
from publisher.core.permissions import Actor
from publisher.core.platforms import Realm
from publisher.errors import NotAllowed, NotFound, RuleError
from publisher.store.audit import record_act
from publisher.store.channels import find_newest_request, leave_request
from publisher.store.digest import wait_again
from publisher.store.models import DigestLetter, Request


def may_see_letters(actor: Actor) -> bool:
    """Whether the actor may see who got the digest: chief editors and administrators."""
    return actor.role in DIGEST_READERS


def send_letter_again(
    session: Session, actor: Actor, digest_id: int, user_id: int, now: datetime, *, confirmed: bool
) -> None:
    """Let a letter that failed go out once more; one that perhaps arrived only when that is confirmed.

    A second press, or a letter that is on its way already, changes nothing. Raises NotFound for a letter that
    there never was.
    """
    if not may_see_letters(actor):
        raise NotAllowed("", N_("Your role or desk does not allow this."))
    if session.get(DigestLetter, (digest_id, user_id)) is None:
        raise NotFound("letter", f"{digest_id}-{user_id}")
    if not wait_again(session, digest_id, user_id, now, also_unconfirmed=confirmed):
        return
    record_act(session, actor, "user.digest_again", f"user:{user_id}", now)


def ask_for_digest(
    session: Session, actor: Actor, realm: Realm, now: datetime, *, has_server: bool
) -> Request:
    """Ask a worker to send the digest to oneself now; a second press waits for the first one's answer."""
    if actor.user_id is None or not has_server:
        raise RuleError("", N_("Letters are not set up: there is no mail server in the settings."))
    newest = find_newest_request(session, "send_digest", realm, actor.user_id)
    if newest is not None and newest.done_at is None:
        return newest
    return leave_request(session, "send_digest", realm, actor.user_id, now)
