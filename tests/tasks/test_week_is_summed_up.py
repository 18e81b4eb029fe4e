"""The whole newsroom sums the past week up by itself: its page, its letter, and one more letter on demand."""

import re
import time
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser import axe_violations
from tests.tasks.newsroom import Newsroom

# The job ticks every minute, and the charts take some seconds.
MADE_MS = 120_000
TOTAL = re.compile(r"На \d+ \w+ — ([\d\s]+) подписчик")


def open_digest(newsroom: Newsroom, browser: Browser) -> Page:
    """The digest's page of a chief editor who has just come."""
    page = browser.new_page(locale="ru-RU")
    page.goto(newsroom.sign_in_link("chief"))
    page.get_by_role("button", name="Войти").click()
    page.get_by_role("heading", level=1).wait_for()
    page.goto(f"{newsroom.address}/digest")
    return page


def wait_for_letters(newsroom: Newsroom, more_than: int) -> list[dict[str, Any]]:
    """The inbox, once it holds more."""
    until = time.monotonic() + 30
    while len(letters := newsroom.sandbox.letters()) <= more_than:
        assert time.monotonic() < until, "no letter came"
        time.sleep(0.2)
    return letters


def total_in(text: str) -> str:
    """The week's last total, as the text has it."""
    found = TOTAL.search(text)
    assert found is not None
    return re.sub(r"\s", "", found[1])


def test_the_week_is_summed_up_by_itself_and_comes_by_letter(newsroom: Newsroom, browser: Browser) -> None:
    page = open_digest(newsroom, browser)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Сводка за", timeout=MADE_MS)
    assert axe_violations(page) == []
    letters = wait_for_letters(newsroom, more_than=0)
    inbox = browser.new_page(locale="ru-RU")
    for path in ("letters", f"letters/{letters[0]['id']}"):
        inbox.goto(newsroom.sandbox_address + path)
        assert axe_violations(inbox) == []
    pictures = [file["mime"] for file in letters[0]["attached"] if file["is_inline"]]
    assert pictures == ["image/png", "image/png"]
    assert total_in(letters[0]["text"]) == total_in(page.locator(".digest-body").inner_text())
    time.sleep(1)
    known = len(newsroom.sandbox.letters())
    page.get_by_role("button", name="Прислать мне сейчас").click()
    expect(page.get_by_text("Письмо передано почтовому серверу")).to_be_visible(timeout=30_000)
    assert len(newsroom.sandbox.letters()) == known + 1
