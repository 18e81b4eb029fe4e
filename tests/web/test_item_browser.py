"""The page of an item in a real browser: it moves by itself and never gets in the way of the person."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from publisher.actions.people import make_sign_in_link
from publisher.core.states import ItemStatus, OperationKind, OperationState, PostState, Role
from tests.browser import axe_violations
from tests.builders import add_user
from tests.web.desk import DeskOffice
from tests.web.news import News

PLANNED, SENDING, SENT = OperationState.PLANNED, OperationState.SENDING, OperationState.SENT
UNCONFIRMED, FAILED, HELD = OperationState.UNCONFIRMED, OperationState.FAILED, OperationState.HELD


class Reader:
    """An editor who looks at pages of items."""

    def __init__(self, browser: Browser, office: DeskOffice, address: str) -> None:
        self.address = address
        self.context = browser.new_context(locale="ru-RU")
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        with office.store.begin() as session:
            user = add_user(session, Role.EDITOR, session.merge(office.desk))
            token = make_sign_in_link(session, user, office.now)
        self.page.goto(f"{address}/sign-in/link/{token}")
        self.page.get_by_role("button", name="Войти").click()
        self.page.wait_for_url("**/me/password")

    def open(self, path: str) -> Page:
        """A page of the desk."""
        self.page.goto(self.address + path)
        return self.page


@pytest.fixture
def reader(office: DeskOffice, address: str, browser: Browser) -> Iterator[Reader]:
    """An editor of the press office."""
    reader = Reader(browser, office, address)
    yield reader
    reader.context.close()
    assert reader.errors == []


def test_a_row_changes_without_reloading(reader: Reader, office: DeskOffice) -> None:
    news = News(office, SENDING)
    page = reader.open(news.path)
    row = page.locator(f"#lane-{news.channels[0].id}")
    expect(row).to_contain_text("Отправляется")
    page.evaluate("window.sameDocument = true")
    news.move(news.operations[0], FAILED)
    expect(row).to_contain_text("Не вышло", timeout=5000)
    expect(page.locator(".item-counts")).to_contain_text("ждут решения: 1")
    assert page.evaluate("window.sameDocument") is True


def test_what_is_typed_opened_and_focused_lives_through_a_change(reader: Reader, office: DeskOffice) -> None:
    news = News(office, UNCONFIRMED, SENDING, SENT)
    page = reader.open(news.path)
    page.locator(f"#history-{news.channels[2].id} summary").click()
    page.get_by_text("Публикация стоит…").click()
    link = page.get_by_label("Ссылка на публикацию")
    link.press_sequentially("https://t.me/news_a/7")
    news.move(news.operations[1], FAILED)
    expect(page.locator(f"#lane-{news.channels[1].id}")).to_contain_text("Не вышло", timeout=5000)
    expect(link).to_be_focused()
    link.press_sequentially("7")
    expect(link).to_have_value("https://t.me/news_a/77")
    expect(page.locator(f"#history-{news.channels[2].id}")).to_have_attribute("open", "")


def test_the_focus_stays_on_the_page_when_its_button_goes(reader: Reader, office: DeskOffice) -> None:
    news = News(office, FAILED, SENDING)
    page = reader.open(news.path)
    page.get_by_role("button", name="Отправить ещё раз").focus()
    news.move(news.operations[0], SENDING)
    expect(page.locator(f"#lane-{news.channels[0].id}")).to_contain_text("Отправляется", timeout=5000)
    assert page.evaluate("document.activeElement.matches('[data-live]')") is True


def test_the_seconds_to_take_it_back_count_down(reader: Reader, office: DeskOffice) -> None:
    news = News(office)
    page = reader.open(news.path)
    page.get_by_text("Опубликовать в 1 канал").click()
    page.get_by_role("button", name="Опубликовать сейчас").click()
    seconds = page.locator("[data-countdown]")
    expect(seconds).to_have_text("через 15 с")
    expect(seconds).to_have_text("через 13 с", timeout=5000)
    page.get_by_role("button", name="Вернуть", exact=True).click()
    expect(page.locator(".undo")).to_have_count(0)
    assert news.states() == [("publish", "cancelled")]


def test_a_double_click_sends_once(reader: Reader, office: DeskOffice) -> None:
    news = News(office)
    page = reader.open(news.path)
    page.get_by_text("Опубликовать в 1 канал").click()
    page.get_by_role("button", name="Опубликовать сейчас").dblclick()
    expect(page.locator(".undo")).to_be_visible()
    assert news.states() == [("publish", "planned")]


def test_the_notice_shows_the_reason_while_it_is_written(reader: Reader, office: DeskOffice) -> None:
    news = News(office, SENT)
    page = reader.open(f"{news.path}/kill")
    page.get_by_label("Причина отзыва").fill("Сведения уточняются.")
    expect(page.locator(".notice")).to_contain_text("Сведения уточняются.")
    page.get_by_role("button", name="Отозвать из 1 канала").click()
    expect(page.locator(".item-reason")).to_contain_text("Сведения уточняются.")


def test_an_item_is_planned_with_the_keyboard_alone(reader: Reader, office: DeskOffice) -> None:
    news = News(office)
    page = reader.open(news.path)
    page.locator("#panel-publish summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("День и время").fill("2026-12-02T09:30")
    page.keyboard.press("Enter")
    expect(page.locator(".toasts")).to_contain_text("Запланировано: завтра, 09:30.")
    assert news.status() is ItemStatus.SCHEDULED


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_the_pages(reader: Reader, office: DeskOffice, width: int, scheme: str) -> None:
    news = News(
        office, UNCONFIRMED, FAILED, HELD, SENDING, PLANNED, SENT, SENT, SENT, OperationState.CANCELLED
    )
    news.try_(news.operations[0], "unknown")
    news.see(6, PostState.ALTERED)
    news.see(7, PostState.MISSING)
    news.save()
    news.add(5, OperationKind.EDIT, PLANNED, target_id=news.operations[5])
    draft, _ = office.add_item(*news.channels)
    page = reader.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    paths = (
        news.path, f"{news.path}/correct", f"{news.path}/kill", f"{news.path}/versions/2",
        f"/operations/{news.operations[0]}", f"/items/{draft.id}",
    )  # fmt: skip
    for path in paths:
        reader.open(path)
        page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true; })")
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
