"""Signing in: links that work once, passwords, sessions that end."""

from publisher.core.states import Role
from tests.web.desk import DeskOffice


def test_a_page_of_the_desk_leads_to_the_sign_in_when_nobody_is_signed_in(office: DeskOffice) -> None:
    answer = office.visitor(None).get("/items", status=302)
    assert answer.location.endswith("/sign-in?next=/items")


def test_a_link_signs_in_once(office: DeskOffice) -> None:
    visitor = office.visitor(Role.EDITOR)
    assert visitor.get("/me").status_int == 200
