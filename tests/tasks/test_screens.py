"""Every screen of the demo city, as people with wide and narrow, light and dark screens see it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import SCREENSHOTS, axe_violations
from tests.tasks.newsroom import Newsroom

WIDTHS = (1280, 360)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def signed_in(newsroom: Newsroom, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cookies of an administrator."""
    file = tmp_path_factory.mktemp("browser") / "state.json"
    page = browser.new_page(locale="ru-RU")
    page.goto(newsroom.sign_in_link("admin", "press"))
    page.get_by_role("button", name="Войти").click()
    page.get_by_role("heading", level=1).wait_for()
    page.context.storage_state(path=file)
    page.close()
    return file


@pytest.fixture(scope="module")
def screens(newsroom: Newsroom) -> Mapping[str, str]:
    """Name and path of every screen; of items, one of each kind."""
    results = json.loads(newsroom.run("item", "show", "itogi-2024", "--json"))
    planned = json.loads(newsroom.run("item", "show", "otklyuchenie-vody", "--json"))
    failed = json.loads(newsroom.run("item", "show", "kontserty-v-sadu", "--json"))
    item = f"/items/{results['id']}"
    return {
        "today": "/",
        "items": "/items",
        "new": "/items/new",
        "edit": f"/items/{planned['id']}/edit",
        "item": item,
        "item-planned": f"/items/{planned['id']}",
        "item-failed": f"/items/{failed['id']}",
        "version": f"{item}/versions/1",
        "kill": f"{item}/kill",
        "operation": f"/operations/{failed['operations'][0]['id']}",
        "queue": "/queue",
        "resume": "/queue/resume",
        "growth": "/growth",
        "multiples": "/growth/channels",
        "audience": "/audience",
        "channel-counts": "/audience/1",
        "worked": "/growth/posts",
        "digest": "/digest",
        "imports": "/imports",
        "search": "/search?q=ремонта",
        "archive": "/archive",
        "channels": "/channels",
        "channel": "/channels/1",
        "channel-new": "/channels/new",
        "accounts": "/accounts",
        "account": "/accounts/1",
        "account-new": "/accounts/new",
        "people": "/people",
        "person": "/people/1",
        "person-new": "/people/new",
        "journal": "/journal",
        "me": "/me",
        "password": "/me/password",
    }


@pytest.fixture(
    params=[(width, theme) for width in WIDTHS for theme in THEMES], ids=lambda p: f"{p[0]}-{p[1]}"
)
def page(request: pytest.FixtureRequest, browser: Browser, signed_in: Path) -> Iterator[Page]:
    """A page of this width and theme."""
    width, theme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, storage_state=signed_in, locale="ru-RU"
    )
    page = context.new_page()
    yield page
    context.close()


def test_every_screen_fits_and_is_accessible(
    newsroom: Newsroom, screens: Mapping[str, str], page: Page, request: pytest.FixtureRequest
) -> None:
    look = request.node.callspec.id
    SCREENSHOTS.mkdir(exist_ok=True)
    faults: dict[str, list[str]] = {}
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for name, path in screens.items():
        complaints.clear()
        answer = page.goto(newsroom.address + path)
        page.screenshot(path=SCREENSHOTS / f"{name}-{look}.png", full_page=True)
        found = [*axe_violations(page), *complaints]
        if answer is None or not answer.ok:
            found.append(f"status {answer.status if answer else 'none'}")
        if is_too_wide(page):
            found.append("scrolls sideways")
        if found:
            faults[name] = found
    assert faults == {}


def is_too_wide(page: Page) -> bool:
    """Whether the page has to be moved sideways."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wide
