"""Reviewing growth in a browser: which post came before the largest jump, and the quarter as a file."""

import csv
import re
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from python_calamine import CalamineWorkbook

from tests.tasks.editor import Editor, KeyboardEditor
from tests.tasks.newsroom import Newsroom

# From the first look at the page to the item that stands before the largest jump.
MOST_SECONDS = 60


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser of its own."""
    context = browser.new_context(locale="ru-RU", accept_downloads=True)
    yield context.new_page()
    context.close()


def largest_jump(page: Page) -> tuple[str, str]:
    """The largest jump's change and the title of the news listed first before it."""
    jump = page.locator(".growth-jump").first
    return jump.locator(".growth-jump-value").inner_text(), jump.get_by_role("link").first.inner_text()


def test_an_editor_finds_the_post_before_the_largest_jump_and_opens_it(
    newsroom: Newsroom, page: Page
) -> None:
    Editor(page, newsroom, newsroom.sign_in_link("editor", "press"))
    began = time.monotonic()
    page.get_by_role("link", name="Рост", exact=True).first.click()
    page.get_by_role("link", name="365 дней").click()
    change, title = largest_jump(page)
    assert re.match(r"\+\d{3}", change.replace("\xa0", ""))
    page.locator(".growth-jump").first.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert time.monotonic() - began < MOST_SECONDS


def test_an_editor_finds_it_with_the_keyboard_alone_by_its_mark(newsroom: Newsroom, page: Page) -> None:
    editor = KeyboardEditor(page, newsroom, newsroom.sign_in_link("editor", "press"))
    began = time.monotonic()
    editor.press(page.get_by_role("link", name="Рост", exact=True).first)
    expect(page.get_by_role("heading", level=1)).to_have_text("Рост")
    editor.press(page.get_by_role("link", name="365 дней"))
    expect(page.locator("[data-drawn]")).to_be_visible()
    _, title = largest_jump(page)
    editor.go_to(page.locator(".growth-mark[tabindex='0']"))
    page.keyboard.press("Home")
    tip = page.locator("[data-tip]")
    for _ in range(page.locator(".growth-mark").count()):
        if title in tip.inner_text():
            break
        page.keyboard.press("ArrowRight")
    expect(tip).to_contain_text(title)
    several = page.locator("button.growth-mark:focus").count()
    page.keyboard.press("Enter")
    if several:
        # Enter went into their list.
        editor.press(tip.get_by_role("link", name=title))
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert time.monotonic() - began < MOST_SECONDS


def test_an_editor_takes_the_quarter_home(newsroom: Newsroom, page: Page, tmp_path: Path) -> None:
    Editor(page, newsroom, newsroom.sign_in_link("editor", "press"))
    page.goto(f"{newsroom.address}/growth")
    page.get_by_role("link", name="Прошлый квартал").click()
    shown = page.locator(".growth-table tbody tr").first.locator("td").nth(1).inner_text()
    files = {}
    for name in ("CSV", "Excel"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        files[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[name])
    table = list(csv.DictReader(StringIO(files["CSV"].read_text("utf-8-sig")), delimiter=";"))
    sheet = CalamineWorkbook.from_path(files["Excel"]).get_sheet_by_index(0).to_python()
    assert len(table) == len(sheet) - 1
    assert len(table) in {90, 91, 92}
    assert table[-1]["Подписчики"] == re.sub(r"\s", "", shown)
    assert int(table[-1]["Подписчики"]) == sheet[-1][1]
    assert {str(row[0]) for row in sheet[1:]} == {row["День"] for row in table}
