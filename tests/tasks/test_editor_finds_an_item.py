"""An editor looks for an item by another form of its words and opens it: by mouse, and by keyboard alone."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe_violations
from tests.tasks.newsroom import Newsroom


@pytest.fixture
def page(newsroom: Newsroom, browser: Browser) -> Page:
    """An editor's browser on «Сегодня»."""
    context = browser.new_context(locale="ru-RU", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(newsroom.sign_in_link("editor", "press"))
    page.get_by_role("button", name="Войти").click()
    page.get_by_role("link", name="Не сейчас").click()
    page.get_by_role("heading", name="Сегодня").wait_for()
    return page


def test_an_editor_finds_an_item_with_the_mouse(page: Page) -> None:
    box = page.get_by_role("searchbox", name="Искать во всём")
    box.click()
    box.fill("путепроводами")
    box.press("Enter")
    expect(page.get_by_role("heading", name="Поиск")).to_be_visible()
    hit = page.locator(".hit").first
    assert re.match("путепровод", hit.locator("mark").first.inner_text(), re.IGNORECASE)
    assert axe_violations(page) == []
    title = hit.locator(".hit-title").inner_text()
    hit.locator(".hit-title").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.context.close()


def test_an_editor_finds_an_item_with_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("субботника")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Поиск")).to_be_visible()
    # The box has the focus: what is typed further comes at once, and is said aloud.
    page.keyboard.press("Control+A")
    page.keyboard.type("движением")
    expect(page.get_by_role("status").filter(has_text="Найдено")).to_have_count(1)
    expect(page).to_have_url(re.compile(quote("движением")))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    focused = page.locator(":focus")
    title = focused.inner_text()
    assert title == page.locator("#found .hit-title").first.inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.context.close()


def test_typing_a_slash_into_a_text_stays_a_slash(page: Page) -> None:
    page.get_by_role("link", name="Новости", exact=True).click()
    field = page.get_by_label("Слова из заголовка")
    field.press("/")
    expect(field).to_have_value("/")
    page.context.close()
