"""Signing in as people do it, and one's own page: browsers, password, language, colours."""

import pytest
from webtest import TestResponse

from publisher.core.states import Role
from publisher.store.models import WebSession
from tests.web.desk import DeskOffice, Visitor, form_to

PASSWORD = "редакция работает с восьми"  # noqa: S105 - made up here


def set_password(visitor: Visitor, first: str, second: str, present: str = "") -> TestResponse:
    """Fill in the form of the password, and send it."""
    form = form_to(visitor.get("/me/password"), "/me/password")
    form["new_password"], form["new_password_confirm"] = first, second
    if present:
        form["password"] = present
    return visitor.send(form, expect_errors=True)


def error_at(page: TestResponse, field: str) -> str:
    """The message at a field of the page."""
    return str(page.html.find(id=f"e-{field}").get_text(" ", strip=True))


def press(visitor: Visitor, action: str, button: str, value: str) -> TestResponse:
    """Press one of the buttons of a form on one's own page."""
    return visitor.send(form_to(visitor.get("/me"), action), button, value)


def test_a_page_of_the_desk_leads_to_the_sign_in_when_nobody_is_signed_in(office: DeskOffice) -> None:
    answer = office.visitor(None).get("/items", status=302)
    assert answer.location.endswith("/sign-in?next=/items")


def test_a_script_hears_that_the_session_is_over(office: DeskOffice) -> None:
    office.visitor(None).get("/audience/live", headers={"Sec-Fetch-Mode": "cors"}, status=401)


def test_a_link_leads_to_setting_a_password(office: DeskOffice) -> None:
    visitor = office.visitor(Role.EDITOR)
    page = set_password(visitor, PASSWORD, PASSWORD)
    assert page.request.path == "/"
    assert "Сменить пароль" in visitor.get("/me")


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [("коротко", "коротко", "new_password"), (PASSWORD, PASSWORD + "!", "new_password_confirm")],
)
def test_a_bad_new_password_is_told_at_its_field_and_not_shown_again(
    office: DeskOffice, first: str, second: str, field: str
) -> None:
    page = set_password(office.visitor(Role.EDITOR), first, second)
    assert error_at(page, field)
    assert first not in page


def test_the_present_password_is_asked_for(office: DeskOffice) -> None:
    visitor = office.visitor(Role.EDITOR)
    set_password(visitor, PASSWORD, PASSWORD)
    page = set_password(visitor, "совсем другая фраза", "совсем другая фраза", "не тот пароль")
    assert error_at(page, "password") == "Это не ваш нынешний пароль."


def test_ones_own_page_says_who_one_is_here(office: DeskOffice) -> None:
    visitor = office.visitor(Role.EDITOR, name="Дежурный редактор")
    assert visitor.user is not None
    facts = [dd.get_text(strip=True) for dd in visitor.get("/me").html.find_all("dd")]
    assert facts == [visitor.user.email, "Редактор", "Пресс-служба"]


def test_another_browser_can_be_signed_out_from_here(office: DeskOffice) -> None:
    here = office.visitor(Role.EDITOR)
    set_password(here, PASSWORD, PASSWORD)
    there = office.visitor(None)
    form = form_to(there.get("/sign-in"), "/sign-in")
    assert here.user is not None
    form["email"], form["password"] = here.user.email, PASSWORD
    there.send(form)
    page = here.get("/me")
    [ending] = [f for f in page.forms.values() if f.action.endswith("/end")]
    here.send(ending)
    there.get("/me", status=302)
    assert here.get("/me").status_int == 200


def test_nobody_can_end_the_session_of_another_person(office: DeskOffice) -> None:
    victim, other = office.visitor(Role.EDITOR), office.visitor(Role.ADMIN)
    with office.store.reading() as session:
        assert victim.user is not None
        [uid] = [row.uid for row in session.query(WebSession).filter_by(user_id=victim.user.id)]
    other.post(f"/me/sessions/{uid}/end", status=303)
    assert victim.get("/me").status_int == 200


def test_the_desk_speaks_the_language_one_chose_in_every_browser(office: DeskOffice) -> None:
    visitor = office.visitor(Role.EDITOR)
    page = press(visitor, "/me/language", "language", "en")
    assert page.html.html["lang"] == "en"
    assert page.html.find("nav", attrs={"aria-label": "Main"})
    assert visitor.get("/channels").html.h1.get_text(strip=True) == "Channels"
    back = press(visitor, "/me/language", "language", "ru")
    assert back.html.html["lang"] == "ru"


def test_a_language_that_the_desk_does_not_speak_is_refused(office: DeskOffice) -> None:
    office.visitor(Role.EDITOR).post("/me/language", {"language": "la"}, status=422)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colours_one_chose_stay(office: DeskOffice, theme: str) -> None:
    visitor = office.visitor(Role.EDITOR)
    press(visitor, "/appearance", "theme", theme)
    assert visitor.get("/channels").html.html["data-theme"] == theme
    press(visitor, "/appearance", "theme", "")
    assert not visitor.get("/channels").html.html.has_attr("data-theme")


def test_the_sign_in_page_can_be_read_in_english_before_signing_in(office: DeskOffice) -> None:
    visitor = office.visitor(None)
    page = visitor.send(form_to(visitor.get("/sign-in"), "/appearance"), "language", "en")
    assert page.html.h1.get_text(strip=True) == "Sign in"


def test_signing_out_leads_to_the_sign_in(office: DeskOffice) -> None:
    visitor = office.visitor(Role.EDITOR)
    visitor.send(form_to(visitor.get("/me"), "/sign-out"))
    visitor.get("/me", status=302)
