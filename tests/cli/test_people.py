"""`publisher user add`."""

from datetime import UTC, datetime

import pytest

from publisher.config import load_settings
from publisher.secrets import Vault
from publisher.web.app import create_app
from tests.cli.terminal import Terminal
from tests.web.desk import Visitor, form_to

EDITOR = ("user", "add", "editor@example.org", "--name", "Duty editor", "--role", "editor", "--desk", "press")


def test_a_new_person_gets_a_link_that_works_once(terminal: Terminal) -> None:
    terminal.done("init")
    greeting, link = terminal.done(*EDITOR).splitlines()
    assert greeting == "Duty editor signs in once with this link:"
    path = link.removeprefix("http://127.0.0.1:8080")
    settings = load_settings(terminal.config, terminal.data)
    with terminal.open_store() as store:
        app = create_app(settings, store, Vault(terminal.data / "secret.key"), now=lambda: datetime.now(UTC))
        visitor = Visitor(app)
        page = visitor.send(form_to(visitor.get(path), path))
        assert "Duty editor" in page.text
        again = Visitor(app).get(path, status="*")
        assert f'action="{path}"' not in again.text


def test_the_link_leads_to_the_public_address(terminal: Terminal) -> None:
    terminal.set_up('[web]\npublic_url = "https://desk.example.org/"\n')
    assert terminal.done(*EDITOR).splitlines()[-1].startswith("https://desk.example.org/sign-in/link/")


def test_a_desk_that_is_not_there_is_made_and_said_aloud(terminal: Terminal) -> None:
    terminal.done("init")
    assert terminal.done(*EDITOR, "--desk", "transport").splitlines()[0] == "New desk transport."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("somebody", "--role", "admin"), "Write the address as name@example.org."),
        (("a@example.org", "--role", "editor"), "Authors and editors need a desk to work for."),
        (
            ("a@example.org", "--role", "editor", "--desk", "Пресса"),
            "A desk's label has small Latin letters, digits and hyphens.",
        ),
    ],
)
def test_a_person_is_refused_with_the_reason(
    terminal: Terminal, arguments: tuple[str, ...], said: str
) -> None:
    assert terminal.refused("user", "add", *arguments, "--name", "Somebody") == said


def test_an_address_is_taken_once(terminal: Terminal) -> None:
    terminal.done(*EDITOR)
    assert terminal.refused(*EDITOR) == "Somebody else has this address."


def test_a_role_that_does_not_exist_is_a_usage_error(terminal: Terminal) -> None:
    said = terminal.misused("user", "add", "a@example.org", "--name", "A", "--role", "mayor")
    assert "'mayor' is not one of 'author', 'editor', 'chief', 'admin'" in said
