"""People and desks on the desk: who gets in, who no longer does, and who works where."""

from typing import Any

import pytest

from publisher.core.states import Role
from publisher.store.channels import find_desk
from publisher.store.models import Desk, User
from publisher.store.people import find_user_by_email, get_user
from tests.web.desk import DeskOffice, Visitor, form_to


def send(visitor: Visitor, page: str, action: str, **fields: Any) -> Any:
    """Fill in and send a form; the page it leads to. Lists tick the boxes with these values."""
    form = form_to(visitor.get(page), action)
    for name, value in fields.items():
        if isinstance(value, list):
            for box in form.fields[name]:
                box.checked = box._value in value
        else:
            form[name] = value
    return visitor.send(form, expect_errors=True)


def link_on(page: Any) -> str:
    """The sign-in link that the page shows; empty when it shows none."""
    field = page.html.find(id="sign-in-link")
    return field["value"] if field else ""


def add(office: DeskOffice, visitor: Visitor, **fields: Any) -> Any:
    """Add an editor of the press office, but for what is said otherwise."""
    usual = {"name": "Новый редактор", "email": "new@example.org", "desks": [str(office.desk.id)]}
    return send(visitor, "/people/new", "/people/new", **{**usual, **fields})


def test_a_new_person_gets_a_link_that_signs_in(office: DeskOffice) -> None:
    page = add(office, office.visitor(Role.ADMIN))
    link = link_on(page)
    assert page.headers["Cache-Control"] == "no-store"
    assert link.startswith("http://127.0.0.1:8080/sign-in/link/")
    newcomer = office.visitor(None)
    path = link.removeprefix("http://127.0.0.1:8080")
    assert newcomer.send(form_to(newcomer.get(path), path)).request.path == "/me/password"


def test_the_link_is_shown_once(office: DeskOffice) -> None:
    visitor = office.visitor(Role.ADMIN)
    page = add(office, visitor)
    assert link_on(page)
    assert not link_on(visitor.get(page.request.path))


def test_the_link_of_one_person_is_not_shown_with_another(office: DeskOffice) -> None:
    visitor, other = office.visitor(Role.ADMIN), office.visitor(Role.EDITOR)
    assert visitor.user is not None
    assert other.user is not None
    path = f"/people/{other.user.id}"
    visitor.post(f"{path}/invite", status=303)
    assert not link_on(visitor.get(f"/people/{visitor.user.id}"))
    assert link_on(visitor.get(path))


@pytest.mark.parametrize(
    ("fields", "at", "message"),
    [
        ({"name": " "}, "name", "Напишите имя."),
        ({"email": "нет"}, "email", "name@example.org"),
        ({"desks": []}, "desks", "Автору и редактору нужно подразделение"),
    ],
)
def test_a_wrong_field_is_told_there_and_the_rest_is_kept(
    office: DeskOffice, fields: dict[str, Any], at: str, message: str
) -> None:
    page = add(office, office.visitor(Role.ADMIN), role="author", **fields)
    assert page.status_int == 422
    assert message in page.html.find(id=f"e-{at}").get_text(" ", strip=True)
    assert page.html.find("input", value="author").has_attr("checked")
    kept = {"name": "Новый редактор", "email": "new@example.org"} | fields
    assert page.html.find(id="f-name")["value"] == kept["name"]
    assert page.html.find(id="f-email")["value"] == kept["email"]


def test_a_known_address_is_refused_whatever_its_capitals(office: DeskOffice) -> None:
    visitor = office.visitor(Role.ADMIN)
    assert visitor.user is not None
    page = add(office, visitor, email=visitor.user.email.upper())
    assert page.html.find(id="e-email")


def test_a_form_pressed_twice_adds_one_person(office: DeskOffice) -> None:
    visitor = office.visitor(Role.ADMIN)
    form = form_to(visitor.get("/people/new"), "/people/new")
    form["name"], form["email"], form["role"] = "Новый", "new@example.org", "chief"
    visitor.send(form)
    second = visitor.send(form)
    assert second.html.h1.get_text(strip=True) == "Новый"
    with office.store.reading() as session:
        assert session.query(User).filter_by(email="new@example.org").count() == 1


def test_name_role_and_desks_can_be_changed(office: DeskOffice) -> None:
    district = office.add_desk("west", "Западный округ")
    other = office.visitor(Role.AUTHOR).user
    assert other is not None
    path = f"/people/{other.id}"
    page = send(
        office.visitor(Role.ADMIN), path, path, name="Старший", role="editor", desks=[str(district.id)]
    )
    assert "Сохранено." in page
    with office.store.reading() as session:
        user = get_user(session, other.id)
        assert (user.name, user.role) == ("Старший", Role.EDITOR)
        assert [desk.slug for desk in user.desks] == ["west"]


def test_a_wrong_change_comes_back_as_typed(office: DeskOffice) -> None:
    other = office.visitor(Role.CHIEF).user
    assert other is not None
    path = f"/people/{other.id}"
    page = send(office.visitor(Role.ADMIN), path, path, name="Другой", role="author", desks=[])
    assert page.status_int == 422
    assert page.html.find(id="e-desks")
    assert page.html.find(id="f-name")["value"] == "Другой"
    assert page.html.find("input", value="author").has_attr("checked")


def test_administrators_keep_their_own_role_and_way_in(office: DeskOffice) -> None:
    visitor = office.visitor(Role.ADMIN)
    assert visitor.user is not None
    path = f"/people/{visitor.user.id}"
    page = visitor.get(path)
    assert f'action="{path}/deactivate"' not in page
    refused = visitor.post(path, {"name": "Я", "role": "author", "desks": office.desk.id}, status=422)
    assert refused.html.find(id="e-role")
    visitor.post(f"{path}/deactivate", status=422)
    with office.store.reading() as session:
        user = get_user(session, visitor.user.id)
        assert (user.role, user.active) == (Role.ADMIN, True)


def test_a_person_who_was_switched_off_is_out_at_once(office: DeskOffice) -> None:
    other = office.visitor(Role.EDITOR)
    assert other.user is not None
    admin = office.visitor(Role.ADMIN)
    path = f"/people/{other.user.id}"
    page = admin.send(form_to(admin.get(path), f"{path}/deactivate"))
    assert "вход закрыт" in page
    assert other.get("/me", status=302).location.startswith("/sign-in")
    again = admin.send(form_to(page, f"{path}/activate"))
    assert "снова может входить" in again


def test_nobody_is_invited_who_was_switched_off(office: DeskOffice) -> None:
    other = office.visitor(Role.EDITOR).user
    assert other is not None
    admin = office.visitor(Role.ADMIN)
    path = f"/people/{other.id}"
    page = admin.send(form_to(admin.get(path), f"{path}/deactivate"))
    assert f'action="{path}/invite"' not in page
    admin.post(f"{path}/invite", status=422)


def test_a_new_invitation_ends_the_one_before(office: DeskOffice) -> None:
    admin = office.visitor(Role.ADMIN)
    page = add(office, admin)
    first = link_on(page).removeprefix("http://127.0.0.1:8080")
    path = page.request.path
    second = link_on(admin.send(form_to(page, f"{path}/invite"))).removeprefix("http://127.0.0.1:8080")
    stranger = office.visitor(None)
    stranger.get(first, status=410)
    stranger.get(second, status=200)


def test_the_list_says_who_never_signed_in(office: DeskOffice) -> None:
    admin = office.visitor(Role.ADMIN)
    add(office, admin)
    rows = [row.get_text(" ", strip=True) for row in admin.get("/people").html.tbody.find_all("tr")]
    assert any("Новый редактор" in row and "ещё не входил" in row for row in rows)


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.EDITOR, Role.CHIEF])
def test_only_administrators_see_people_and_desks(office: DeskOffice, role: Role) -> None:
    visitor = office.visitor(role)
    assert visitor.user is not None
    path = f"/people/{visitor.user.id}"
    for page in ("/people", "/people/new", path, "/desks", f"/desks/{office.desk.id}"):
        visitor.get(page, status=403)
    for act in ("/people/new", path, f"{path}/invite", f"{path}/activate", "/desks"):
        visitor.post(act, {"role": "admin", "name": "Я"}, status=403)


def test_a_desk_is_added_with_a_label_from_its_title(office: DeskOffice) -> None:
    page = send(office.visitor(Role.ADMIN), "/desks", "/desks", title="Западный округ")
    assert "Подразделение добавлено." in page
    with office.store.reading() as session:
        assert find_desk(session, "zapadnyy-okrug")


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"title": ""}, "title"),
        ({"title": "Второй", "desk": "Не Метка"}, "desk"),
        ({"title": "Второй", "desk": "press"}, "desk"),
    ],
)
def test_a_wrong_desk_is_told_at_its_field(office: DeskOffice, fields: dict[str, str], at: str) -> None:
    page = send(office.visitor(Role.ADMIN), "/desks", "/desks", **fields)
    assert page.status_int == 422
    assert page.html.find(id=f"e-{at}")
    assert page.html.find(id="f-title")["value"] == fields["title"]


def test_a_desk_gets_another_title_and_keeps_its_label(office: DeskOffice) -> None:
    path = f"/desks/{office.desk.id}"
    page = send(office.visitor(Role.ADMIN), path, path, title="Редакция")
    assert "Редакция" in page
    with office.store.reading() as session:
        desk = find_desk(session, "press")
        assert desk is not None
        assert desk.title == "Редакция"


def test_only_a_desk_that_nothing_belongs_to_is_deleted(office: DeskOffice) -> None:
    empty = office.add_desk("empty", "Пустое")
    admin = office.visitor(Role.ADMIN)
    used = f"/desks/{office.desk.id}"
    assert f'action="{used}/delete"' not in admin.get(used)
    admin.post(f"{used}/delete", status=422)
    page = admin.send(form_to(admin.get(f"/desks/{empty.id}"), f"/desks/{empty.id}/delete"))
    assert "Подразделение удалено." in page
    with office.store.reading() as session:
        assert [desk.slug for desk in session.query(Desk)] == ["press"]


def test_a_person_of_a_new_desk_is_found_by_address(office: DeskOffice) -> None:
    add(office, office.visitor(Role.ADMIN), email="Some.One@Example.org")
    with office.store.reading() as session:
        assert find_user_by_email(session, "some.one@example.org")
