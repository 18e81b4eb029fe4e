"""Who may do what (design.md §13). Checked in actions/, for screens, commands and links alike."""

from dataclasses import dataclass
from enum import StrEnum

from publisher.core.messages import N_
from publisher.core.states import Role
from publisher.errors import NotAllowed


class Act(StrEnum):
    """The acts that need a permission."""

    WRITE = "write"
    PUBLISH = "publish"
    CORRECT = "correct"
    KILL = "kill"
    PAUSE = "pause"
    EMERGENCY = "emergency"
    IMPORT = "import"
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever acts: a person, or the command line with an administrator's rights."""

    user_id: int | None
    name: str
    role: Role
    desk_ids: frozenset[int] = frozenset()


COMMAND_LINE = Actor(user_id=None, name="command line", role=Role.ADMIN)

EVERYONE = frozenset(Role)
EDITORS = frozenset({Role.EDITOR, Role.CHIEF, Role.ADMIN})
CHIEFS = frozenset({Role.CHIEF, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})

OWN_DESK = {Act.WRITE: EVERYONE, Act.PUBLISH: EDITORS, Act.CORRECT: EDITORS, Act.KILL: EDITORS}
ANYWHERE = {
    Act.WRITE: CHIEFS,
    Act.PUBLISH: CHIEFS,
    Act.CORRECT: CHIEFS,
    Act.KILL: CHIEFS,
    Act.PAUSE: CHIEFS,
    Act.EMERGENCY: CHIEFS,
    Act.IMPORT: CHIEFS,
    Act.ADMINISTER: ADMINS,
}


def may(actor: Actor, act: Act, desk_id: int | None = None) -> bool:
    """Whether the actor may do it; `desk_id` is the desk of the item or channel it is about."""
    if actor.role in ANYWHERE[act]:
        return True
    return desk_id in actor.desk_ids and actor.role in OWN_DESK.get(act, frozenset())


def require(actor: Actor, act: Act, desk_id: int | None = None, field: str = "") -> None:
    """Raise NotAllowed unless the actor may do it."""
    if not may(actor, act, desk_id):
        raise NotAllowed(field, N_("Your role or desk does not allow this."))


def desks_for(actor: Actor, act: Act) -> frozenset[int] | None:
    """The desks for which the actor may do it, none or several; None means all of them."""
    if actor.role in ANYWHERE[act]:
        return None
    return actor.desk_ids if actor.role in OWN_DESK.get(act, frozenset()) else frozenset()
