"""An old spreadsheet with three errors: seen at their lines, mended on the page, imported whole."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import axe_violations
from tests.tasks.editor import Editor, KeyboardEditor
from tests.tasks.newsroom import Newsroom

# Written by an office program of old: a title, an empty line, Windows' Cyrillic, spaces in numbers.
TABLE = """Подписчики за {year} год;;
;;
Дата;Канал;Подписчики
31.12.{year};Пресс-служба;12 345
30.12.{year};@demo_centr;1 345,0
32.12.{year};Пресс-служба;12 350
29.12.{year};Цнтральный округ;1 340
28.12.{year};Пресс-служба;12 З40
"""


class Importer(Editor):
    """An editor with an old file at hand."""

    def choose_file(self, file: Path) -> None:
        """On the page that takes files."""
        self.page.goto(f"{self.newsroom.address}/growth")
        self.page.get_by_role("link", name="Загрузка").click()
        self.page.get_by_label("Таблица", exact=True).set_input_files(file)
        self.page.get_by_role("button", name="Посмотреть файл").click()

    def mend(self, field: Locator, text: str) -> None:
        """Put another text into a cell."""
        field.fill(text)

    def choose_channel(self, field: Locator, title: str) -> None:
        """Say whose name it is."""
        field.select_option(label=title)

    def push(self, button: Locator) -> None:
        """Press a button or follow a link."""
        button.first.click()


class KeyboardImporter(Importer, KeyboardEditor):
    """The same person without a mouse."""

    def choose_file(self, file: Path) -> None:
        """Through the tabs and the dialogue that Space opens."""
        self.page.goto(f"{self.newsroom.address}/growth")
        self.press(self.page.get_by_role("link", name="Загрузка"))
        field = self.page.get_by_label("Таблица", exact=True)
        expect(field).to_be_visible()
        self.go_to(field)
        with self.page.expect_file_chooser() as dialogue:
            self.page.keyboard.press("Space")
        dialogue.value.set_files(file)
        self.press(self.page.get_by_role("button", name="Посмотреть файл"))

    def mend(self, field: Locator, text: str) -> None:
        """Typed over what stands there."""
        self.go_to(field)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def choose_channel(self, field: Locator, title: str) -> None:
        """The nearest stands right below."""
        self.go_to(field)
        self.page.keyboard.press("ArrowDown")
        expect(field.locator("option:checked")).to_have_text(title)

    def push(self, button: Locator) -> None:
        """Enter."""
        self.press(button)


@pytest.mark.parametrize(("person", "year"), [(Importer, 2018), (KeyboardImporter, 2017)])
def test_three_errors_are_mended_and_the_counts_stand(
    newsroom: Newsroom, browser: Browser, tmp_path: Path, person: type[Importer], year: int
) -> None:
    file = tmp_path / "podpischiki.csv"
    file.write_bytes(TABLE.format(year=year).replace("\n", "\r\n").encode("cp1251"))
    page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="ru-RU")
    editor = person(page, newsroom, newsroom.sign_in_link("chief", "press"))

    editor.choose_file(file)
    expect(heading(page)).to_have_text("Исправить: 3 ячейки")
    expect(page.get_by_text(f"Найдено: «32.12.{year}». Такого дня в календаре нет.")).to_be_visible()
    assert axe_violations(page) == []
    editor.mend(page.get_by_label(re.compile("^Исправить строку 6,")), f"27.12.{year}")
    editor.mend(page.get_by_label(re.compile("^Исправить строку 8,")), "12 340")
    editor.choose_channel(page.get_by_label(re.compile("Цнтральный округ")), "Центральный округ")
    editor.push(page.get_by_role("button", name="Проверить исправленное"))

    expect(heading(page)).to_have_text("Всё читается")
    assert axe_violations(page) == []
    editor.push(page.get_by_role("button", name="Загрузить 5 значений"))

    expect(page.get_by_text("Загружено. Новых: 5, изменённых: 0.")).to_be_visible()
    editor.push(page.get_by_role("link", name="Пресс-служба"))
    row = page.get_by_role("row").filter(has_text=f"31 декабря {year}")
    expect(row).to_contain_text("12 345")
    page.close()


def heading(page: Page) -> Locator:
    """What the preview says in a word."""
    return page.locator("#check-title")
