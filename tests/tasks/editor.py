"""An editor at the desk, in a real browser: what they do, in their words, and what they see."""

import re
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from tests.tasks.newsroom import Newsroom

CITY = ZoneInfo("Europe/Moscow")
# A post goes out in this time at the longest, its scheduled minute included.
PATIENCE_MS = 100_000
expect.set_options(timeout=15_000)


class Editor:
    """One signed-in person with one page."""

    def __init__(self, page: Page, newsroom: Newsroom, link: str) -> None:
        self.page = page
        self.newsroom = newsroom
        page.goto(link)
        page.get_by_role("button", name="Войти").click()
        expect(page.get_by_role("link", name="Новая новость").first).to_be_visible()

    def open_composer(self) -> None:
        """A new item."""
        self.page.goto(f"{self.newsroom.address}/items/new")

    def write(self, title: str, body: str) -> None:
        """Headline and text, in light markup."""
        self.page.get_by_label("Заголовок").fill(title)
        self.page.get_by_label("Текст", exact=True).fill(body)

    def add_file(self, file: Path) -> None:
        """A picture or document, taken in when its row shows."""
        rows = self.page.locator("[data-media-list] > li")
        count = rows.count()
        self.page.get_by_label("Добавить файлы").set_input_files(file)
        expect(rows).to_have_count(count + 1)

    def choose_all(self, count: int) -> None:
        """Every channel there is."""
        self.page.get_by_role("button", name="Все", exact=True).click()
        expect(self.page.locator("[data-count]")).to_have_text(f"{count} из {count}")

    def put_picture_first(self) -> None:
        """The answer to a text that is too long for a caption."""
        self.page.get_by_label("Сначала фото").check()

    def schedule(self, due: datetime) -> None:
        """Set the time and press the button that names it."""
        self.page.get_by_label("В назначенное время").check()
        self.page.get_by_label("Время выхода").fill(f"{due:%Y-%m-%dT%H:%M}")
        self.page.get_by_role("button", name=re.compile(f"Запланировать на .*{due:%H:%M}")).click()

    def publish(self) -> None:
        """At once."""
        self.page.get_by_label("Сразу").check()
        self.page.get_by_role("button", name=re.compile("^Опубликовать")).click()

    def correct(self, body: str) -> None:
        """A new text for everybody who has the item, through the page that shows what happens where."""
        self.page.get_by_role("link", name="Править").first.click()
        self.page.get_by_label("Текст", exact=True).fill(body)
        self.page.get_by_role("button", name=re.compile("^Исправить в ")).click()
        self.page.get_by_role("button", name=re.compile("^Исправить в ")).click()

    def withdraw(self, reason: str) -> None:
        """Take the item back from everywhere."""
        self.page.get_by_role("link", name=re.compile("^Отозвать")).click()
        self.page.get_by_label("Причина").fill(reason)
        self.page.get_by_role("button", name=re.compile("^Отозвать из ")).click()

    def expect_corrected(self, count: int) -> None:
        """Every channel shows the second version."""
        rows = lanes(self.page, "settled").filter(has_text="версия 2")
        expect(rows).to_have_count(count, timeout=PATIENCE_MS)

    def expect_lanes(self, group: str, count: int) -> None:
        """So many channels stand in this group of the item's page, whenever the page gets to show it."""
        expect(lanes(self.page, group)).to_have_count(count, timeout=PATIENCE_MS)


def lanes(page: Page, group: str) -> Locator:
    """The rows of a group: moving, settled, needing or over."""
    return page.locator(f"#lanes-{group} li.lane")


def next_minute(now: datetime, lead: timedelta = timedelta(seconds=25)) -> datetime:
    """The next full minute of the city's clock that is at least so far away: forms know minutes only."""
    ahead = (now + lead).astimezone(CITY)
    return ahead.replace(second=0, microsecond=0) + timedelta(minutes=1)


def watch(page: Page) -> None:
    """Note from now on which groups of channels the page shows, and that it is never loaded anew."""
    page.evaluate(
        """() => {
            window.seenGroups = new Set();
            const look = () => {
                for (const group of document.querySelectorAll(".lanes")) window.seenGroups.add(group.id);
            };
            look();
            new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
        }"""
    )


def seen(page: Page) -> Sequence[str]:
    """What `watch` noted; nothing at all when the page was loaded anew."""
    found: list[str] = page.evaluate("() => [...(window.seenGroups ?? [])]")
    return found


class KeyboardEditor(Editor):
    """The same person without a mouse: Tab, Space, Enter and typing, nothing else."""

    def go_to(self, target: Locator) -> None:
        """Press Tab until the element has the focus. Raises AssertionError when it cannot be reached so."""
        for _ in range(MOST_TABS):
            if target.count() and target.first.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"not reached by Tab: {target}")

    def press(self, target: Locator) -> None:
        """Enter on a button or link."""
        self.go_to(target)
        self.page.keyboard.press("Enter")

    def open_composer(self) -> None:
        """By the skip of the navigation's first link."""
        self.press(self.page.get_by_role("link", name="Новая новость").last)
        expect(self.page.get_by_label("Заголовок")).to_be_visible()

    def write(self, title: str, body: str) -> None:
        """Typed."""
        self.go_to(self.page.get_by_label("Заголовок"))
        self.page.keyboard.type(title)
        self.go_to(self.page.get_by_label("Текст", exact=True))
        self.page.keyboard.insert_text(body)

    def add_file(self, file: Path) -> None:
        """Through the dialogue that Space opens."""
        self.go_to(self.page.get_by_label("Добавить файлы"))
        with self.page.expect_file_chooser() as dialogue:
            self.page.keyboard.press("Space")
        dialogue.value.set_files(file)
        expect(self.page.locator("[data-media-list] > li")).to_have_count(1)

    def choose_all(self, count: int) -> None:
        """One press."""
        self.press(self.page.get_by_role("button", name="Все", exact=True))
        expect(self.page.locator("[data-count]")).to_have_text(f"{count} из {count}")

    def put_picture_first(self) -> None:
        """The arrow chooses the next one of the two."""
        self.go_to(self.page.get_by_label("Под фото").or_(self.page.get_by_label("Сначала фото")))
        self.page.keyboard.press("ArrowDown")
        expect(self.page.get_by_label("Сначала фото")).to_be_checked()

    def schedule(self, due: datetime) -> None:
        """Typed as the browser shows it: day or month first."""
        self.go_to(self.page.get_by_label("Сразу"))
        self.page.keyboard.press("ArrowRight")
        field = self.page.get_by_label("Время выхода")
        for day, clock in (("%m%d%Y", "%I%M%p"), ("%d%m%Y", "%H%M")):
            self.go_to(field)
            self.page.keyboard.type(f"{due:{day}}")
            self.page.keyboard.press("Tab")
            self.page.keyboard.type(f"{due:{clock}}")
            if field.input_value() == f"{due:%Y-%m-%dT%H:%M}":
                break
            self.page.keyboard.press("Tab")
        button = self.page.get_by_role("button", name=re.compile(f"Запланировать на .*{due:%H:%M}"))
        expect(button).to_be_visible()
        self.press(button)

    def correct(self, body: str) -> None:
        """The whole text replaced."""
        self.press(self.page.get_by_role("link", name="Править"))
        expect(self.page.get_by_label("Заголовок")).to_be_visible()
        self.go_to(self.page.get_by_label("Текст", exact=True))
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(body)
        self.press(self.page.get_by_role("button", name=re.compile("^Исправить в ")))
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Исправление")
        self.press(self.page.get_by_role("button", name=re.compile("^Исправить в ")))

    def withdraw(self, reason: str) -> None:
        """With its reason."""
        self.press(self.page.get_by_role("link", name=re.compile("^Отозвать")))
        self.go_to(self.page.get_by_label("Причина"))
        self.page.keyboard.type(reason)
        self.press(self.page.get_by_role("button", name=re.compile("^Отозвать из ")))


MOST_TABS = 150


class PlainEditor(Editor):
    """The same person in a browser that runs no scripts: each step is a press, the page is asked again."""

    def add_file(self, file: Path) -> None:
        """Sent with the form."""
        self.page.get_by_label("Добавить файлы").set_input_files(file)
        self.page.get_by_role("button", name="Загрузить").click()
        expect(self.page.locator("[data-media-list] > li")).to_have_count(1)

    def put_picture_first(self) -> None:
        """The choice comes with the preview."""
        self.page.get_by_role("button", name="Показать, как выйдет").last.click()
        self.page.get_by_label("Сначала фото").check()

    def expect_lanes(self, group: str, count: int) -> None:
        """Loaded anew until it is so."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while lanes(self.page, group).count() != count and time.monotonic() < deadline:
            self.page.wait_for_timeout(1000)
            self.page.reload()
        expect(lanes(self.page, group)).to_have_count(count)
