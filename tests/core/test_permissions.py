"""Who may do what: the table of the design, cell by cell."""

import pytest

from publisher.core.permissions import COMMAND_LINE, Act, Actor, desks_for, may, require
from publisher.core.states import Role
from publisher.errors import NotAllowed

OWN, OTHER = 1, 2
A, E, C, D = Role.AUTHOR, Role.EDITOR, Role.CHIEF, Role.ADMIN
# Act, desk that it is about (None: none), and who may.
TABLE = (
    (Act.WRITE, OWN, {A, E, C, D}),
    (Act.WRITE, OTHER, {C, D}),
    (Act.PUBLISH, OWN, {E, C, D}),
    (Act.PUBLISH, OTHER, {C, D}),
    (Act.PUBLISH, None, {C, D}),
    (Act.CORRECT, OWN, {E, C, D}),
    (Act.CORRECT, OTHER, {C, D}),
    (Act.KILL, OWN, {E, C, D}),
    (Act.KILL, OTHER, {C, D}),
    (Act.PAUSE, None, {C, D}),
    (Act.PAUSE, OWN, {C, D}),
    (Act.EMERGENCY, OWN, {C, D}),
    (Act.EMERGENCY, None, {C, D}),
    (Act.IMPORT, OWN, {C, D}),
    (Act.IMPORT, None, {C, D}),
    (Act.ADMINISTER, None, {D}),
    (Act.ADMINISTER, OWN, {D}),
)


def actor(role: Role) -> Actor:
    """Somebody of the own desk."""
    return Actor(user_id=1, name="Кто-то", role=role, desk_ids=frozenset({OWN}))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("act", "desk_id", "allowed"), TABLE)
def test_a_role_may_what_the_table_says(
    act: Act, desk_id: int | None, allowed: set[Role], role: Role
) -> None:
    assert may(actor(role), act, desk_id) == (role in allowed)


def test_the_table_speaks_of_every_act() -> None:
    assert {act for act, _, _ in TABLE} == set(Act)


def test_what_is_not_allowed_is_refused_at_its_field() -> None:
    with pytest.raises(NotAllowed) as caught:
        require(actor(A), Act.PUBLISH, OWN, "channels")
    assert caught.value.field == "channels"


@pytest.mark.parametrize("act", list(Act))
def test_the_command_line_may_everything(act: Act) -> None:
    require(COMMAND_LINE, act)


@pytest.mark.parametrize(
    ("role", "act", "desks"),
    [
        (A, Act.WRITE, frozenset({OWN})),
        (A, Act.PUBLISH, frozenset()),
        (E, Act.PUBLISH, frozenset({OWN})),
        (C, Act.PUBLISH, None),
        (E, Act.ADMINISTER, frozenset()),
        (D, Act.ADMINISTER, None),
    ],
)
def test_the_desks_of_an_act_are_the_own_ones_or_all(
    role: Role, act: Act, desks: frozenset[int] | None
) -> None:
    assert desks_for(actor(role), act) == desks
