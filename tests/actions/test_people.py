"""People by their rules: who may change whom, how links live and die."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from publisher.actions.people import (
    LINK_LIFE,
    activate_user,
    add_user,
    change_user,
    check_sign_in_link,
    choose_language,
    deactivate_user,
    end_web_session,
    invite_user,
    make_sign_in_link,
    open_web_session,
    use_sign_in_link,
)
from publisher.core.permissions import COMMAND_LINE, Actor
from publisher.core.states import Role
from publisher.errors import NotAllowed, RuleError
from publisher.store.models import AuditEvent, User
from publisher.store.people import find_link_in_force, find_open_session, get_user
from publisher.store.session import Store
from tests.builders import NOW, actor_for, add_desk
from tests.builders import add_user as add_person

SECOND = timedelta(seconds=1)


class Staff:
    """One person of each role, all of one desk."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.begin() as session:
            self.desk = add_desk(session)
            self.users = {role: add_person(session, role, self.desk) for role in Role}
        self.actors = {role: actor_for(user) for role, user in self.users.items()}

    @property
    def editor(self) -> int:
        """The editor's id."""
        return self.users[Role.EDITOR].id

    def invite(self) -> str:
        """A new link for the editor."""
        with self.store.begin() as session:
            return invite_user(session, COMMAND_LINE, self.editor, NOW)


@pytest.fixture
def staff(sqlite_store: Store) -> Staff:
    """The rules are the same on both databases; one is enough here."""
    return Staff(sqlite_store)


Act = Callable[[Session, Actor, Staff], Any]
ACTS: dict[str, Act] = {
    "add": lambda s, who, staff: add_user(s, who, "n@example.org", "Новый", Role.CHIEF, [], NOW),
    "change": lambda s, who, staff: change_user(s, who, staff.editor, "Н", Role.ADMIN, [], NOW),
    "invite": lambda s, who, staff: invite_user(s, who, staff.editor, NOW),
    "switch off": lambda s, who, staff: deactivate_user(s, who, staff.editor, NOW),
    "switch on": lambda s, who, staff: activate_user(s, who, staff.editor, NOW),
}


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.EDITOR, Role.CHIEF])
@pytest.mark.parametrize("act", ACTS)
def test_only_administrators_may(staff: Staff, act: str, role: Role) -> None:
    with pytest.raises(NotAllowed), staff.store.begin() as session:
        ACTS[act](session, staff.actors[role], staff)


@pytest.mark.parametrize("act", ACTS)
def test_every_act_on_a_person_is_in_the_audit(staff: Staff, act: str) -> None:
    with staff.store.begin() as session:
        ACTS[act](session, staff.actors[Role.ADMIN], staff)
    with staff.store.reading() as session:
        [event] = session.query(AuditEvent)
    assert event.user_id == staff.users[Role.ADMIN].id
    assert event.subject.startswith("user:")


def test_authors_and_editors_need_a_desk(staff: Staff) -> None:
    for role in (Role.AUTHOR, Role.EDITOR):
        with pytest.raises(RuleError) as caught, staff.store.begin() as session:
            change_user(session, COMMAND_LINE, staff.editor, "Редактор", role, [], NOW)
        assert caught.value.field == "desks"


@pytest.mark.parametrize(
    ("email", "name", "field"),
    [("new@example.org", "Я" * 201, "name"), (f"{'n' * 250}@example.org", "Новый", "email")],
)
def test_what_no_column_holds_is_refused_at_its_field(
    staff: Staff, email: str, name: str, field: str
) -> None:
    with pytest.raises(RuleError) as caught, staff.store.begin() as session:
        add_user(session, COMMAND_LINE, email, name, Role.CHIEF, [], NOW)
    assert caught.value.field == field


def test_administrators_cannot_shut_themselves_out(staff: Staff) -> None:
    admin = staff.actors[Role.ADMIN]
    assert admin.user_id is not None
    with pytest.raises(RuleError) as caught, staff.store.begin() as session:
        change_user(session, admin, admin.user_id, "Я", Role.CHIEF, [], NOW)
    assert caught.value.field == "role"
    with pytest.raises(RuleError), staff.store.begin() as session:
        deactivate_user(session, admin, admin.user_id, NOW)


def test_a_link_signs_in_once(staff: Staff) -> None:
    token = staff.invite()
    with staff.store.begin() as session:
        assert use_sign_in_link(session, token, NOW).id == staff.editor
    with pytest.raises(RuleError, match="already used"), staff.store.begin() as session:
        use_sign_in_link(session, token, NOW)


def test_checking_a_link_does_not_use_it(staff: Staff) -> None:
    token = staff.invite()
    for _ in range(2):
        with staff.store.reading() as session:
            assert check_sign_in_link(session, token, NOW).id == staff.editor


def test_a_link_lives_to_its_last_second(staff: Staff) -> None:
    token = staff.invite()
    with staff.store.reading() as session:
        check_sign_in_link(session, token, NOW + LINK_LIFE - SECOND)
        with pytest.raises(RuleError, match="expired"):
            check_sign_in_link(session, token, NOW + LINK_LIFE)


def test_a_new_link_ends_the_unused_ones(staff: Staff) -> None:
    old, new = staff.invite(), staff.invite()
    with staff.store.reading() as session:
        check_sign_in_link(session, new, NOW)
        with pytest.raises(RuleError):
            check_sign_in_link(session, old, NOW)


def test_switching_off_ends_sessions_links_and_marks(staff: Staff) -> None:
    token = staff.invite()
    with staff.store.begin() as session:
        before = get_user(session, staff.editor).fs_uniquifier
        uid = open_web_session(session, staff.editor, "browser", NOW)
    with staff.store.begin() as session:
        deactivate_user(session, COMMAND_LINE, staff.editor, NOW)
    with staff.store.reading() as session:
        user = get_user(session, staff.editor)
        assert (user.active, user.fs_uniquifier == before) == (False, False)
        assert find_open_session(session, uid, staff.editor) is None
        assert find_link_in_force(session, staff.editor, NOW) is None
        with pytest.raises(RuleError):
            check_sign_in_link(session, token, NOW)


def test_switching_on_again_brings_no_old_link_back(staff: Staff) -> None:
    token = staff.invite()
    for act in (deactivate_user, activate_user):
        with staff.store.begin() as session:
            act(session, COMMAND_LINE, staff.editor, NOW)
    with staff.store.reading() as session, pytest.raises(RuleError):
        check_sign_in_link(session, token, NOW)


def test_nobody_is_invited_who_is_switched_off(staff: Staff) -> None:
    with staff.store.begin() as session:
        deactivate_user(session, COMMAND_LINE, staff.editor, NOW)
    with pytest.raises(RuleError):
        staff.invite()


def test_a_token_is_kept_as_its_hash_only(staff: Staff) -> None:
    with staff.store.begin() as session:
        token = make_sign_in_link(session, session.get_one(User, staff.editor), NOW)
        link = find_link_in_force(session, staff.editor, NOW)
        assert link is not None
        assert token not in link.token_hash


def test_a_session_is_ended_by_its_owner_only(staff: Staff) -> None:
    with staff.store.begin() as session:
        uid = open_web_session(session, staff.editor, "browser", NOW)
        end_web_session(session, staff.actors[Role.CHIEF], uid, NOW)
        assert find_open_session(session, uid, staff.editor)
        end_web_session(session, staff.actors[Role.EDITOR], uid, NOW)
        assert not find_open_session(session, uid, staff.editor)


def test_only_languages_of_the_desk_can_be_chosen(staff: Staff) -> None:
    with staff.store.begin() as session:
        choose_language(session, staff.actors[Role.EDITOR], "en")
    with pytest.raises(RuleError), staff.store.begin() as session:
        choose_language(session, staff.actors[Role.EDITOR], "la")
