"""Subscribers and administration in a real browser: answers come live, the link is copied, all can use it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from publisher.actions.people import make_sign_in_link
from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import AccountState, ChannelState, OperationState, Role
from publisher.store.audience import Count, add_counts
from publisher.store.audit import record_act
from publisher.store.channels import get_channel
from publisher.store.models import Account, Channel, Version
from tests.browser import axe_violations
from tests.builders import NOW, add_operation, add_user
from tests.web.desk import DeskOffice
from tests.web.worker import answer, begin_work

DAY = timedelta(days=1)
RIGHTS = {"code": "RIGHTS", "message": "The account may not post in the channel.", "params": {}}
TOKEN = {"code": "ACCESS_TOKEN_INVALID", "message": "The network does not know this token.", "params": {}}
Theme = Literal["light", "dark"]


def count(office: DeskOffice, channel: Channel, *ages: timedelta) -> None:
    """Subscribers so long before now, a few more each time."""
    with office.store.begin() as session:
        counts = [
            Count(channel_id=channel.id, taken_at=int((NOW - age).timestamp()), value=71_900 - age.days)
            for age in ages
        ]
        add_counts(session, counts, office.settings.office.zone)


@pytest.fixture
def ailing(office: DeskOffice) -> DeskOffice:
    """An office where most things are wrong: every state that the screens can show."""
    good = office.add_channel("krd_news", title="Новости города")
    count(office, good, 0 * DAY, DAY, 4 * DAY, 7 * DAY, 30 * DAY)
    stale = office.add_channel("krd_old", office.add_desk("west", "Западный округ"), title="Запад")
    count(office, stale, 2 * DAY)
    office.add_channel("krd_no", title="Без прав", state=ChannelState.FORBIDDEN, reason=RIGHTS)
    office.add_channel("krd_gone", title="Пропавший", state=ChannelState.MISSING)
    office.add_channel("krd_new", title="Новый", state=ChannelState.NEW, address=None)
    office.add_channel("krd_retired", title="Бывший", retired_at=NOW)
    item, version = office.add_item(good, title="Ремонт моста")
    with office.store.begin() as session:
        account = session.get_one(Account, office.account.id)
        account.state, account.reason, account.checked_at = AccountState.DOWN, TOKEN, NOW
        stored = session.get_one(Version, version.id)
        at = get_channel(session, good.id)
        add_operation(session, stored, at)
        add_operation(session, stored, at, state=OperationState.UNCONFIRMED)
        record_act(session, COMMAND_LINE, "item.kill", f"item:{item.id}", NOW, reason="Ошибка в дате")
    return office


@pytest.fixture
def page(office: DeskOffice, address: str, browser: Browser) -> Iterator[Page]:
    """An administrator, signed in."""
    with office.store.begin() as session:
        user = add_user(session, Role.ADMIN, name="Администратор системы")
        token = make_sign_in_link(session, user, office.now)
    context = browser.new_context(locale="ru-RU", permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/sign-in/link/{token}")
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url("**/me/password")
    yield page
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_the_pages_when_much_is_wrong(
    ailing: DeskOffice, page: Page, address: str, width: int, theme: Theme
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=theme)
    for path in (
        "/audience", "/audience/1", "/audience/1?from=2026-12-01&to=2026-11-01", "/audience/3",
        "/channels", "/channels?retired=1", "/channels/1", "/channels/3", "/channels/4", "/channels/5",
        "/channels/6", "/channels/new", "/channels/1/change", "/channels/1/retire",
        "/accounts", "/accounts/1", "/accounts/new", "/accounts/1/change",
        "/people", "/people/1", "/people/new", "/desks", "/desks/1",
        "/journal", "/journal?person=7&subject=item:1",
    ):  # fmt: skip
        page.goto(address + path)
        for summary in page.locator("main summary").all():
            summary.click()
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("width", [1280, 360])
def test_forms_with_errors_can_be_used_by_everybody(
    office: DeskOffice, page: Page, address: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path, button in (
        ("/channels/new", "Подключить"), ("/accounts/new", "Добавить"),
        ("/people/new", "Добавить и получить ссылку"), ("/desks", "Добавить"),
    ):  # fmt: skip
        page.goto(address + path)
        page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
        page.locator("main").get_by_role("button", name=button, exact=True).click()
        expect(page.locator('[aria-invalid="true"]').first).to_be_focused()
        assert axe_violations(page) == [], path


def test_the_sign_in_link_is_copied_by_a_button(office: DeskOffice, page: Page, address: str) -> None:
    page.goto(f"{address}/people/new")
    page.get_by_label("Имя").fill("Новый редактор")
    page.get_by_label("Электронная почта").fill("new@example.org")
    page.get_by_label("Пресс-служба").check()
    page.get_by_role("button", name="Добавить и получить ссылку").click()
    link = page.get_by_label("Ссылка для входа").input_value()
    page.get_by_role("button", name="Скопировать").click()
    expect(page.get_by_role("button", name="Скопировано")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    assert axe_violations(page) == []
    page.reload()
    expect(page.get_by_label("Ссылка для входа")).to_have_count(0)


def test_the_link_can_be_taken_without_scripts(
    office: DeskOffice, page: Page, address: str, browser: Browser
) -> None:
    cookies = page.context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=cookies, locale="ru-RU")
    plain = context.new_page()
    plain.goto(f"{address}/people/1")
    plain.get_by_role("button", name="Новая ссылка для входа").click()
    expect(plain.get_by_label("Ссылка для входа")).to_have_value(re.compile("/sign-in/link/"))
    expect(plain.get_by_role("button", name="Скопировать")).to_be_hidden()
    context.close()


def test_a_count_is_asked_for_and_shown_without_a_reload(
    office: DeskOffice, page: Page, address: str
) -> None:
    channel = office.add_channel("krd_news", title="Новости города")
    begin_work(office)
    page.goto(f"{address}/audience")
    row = page.get_by_role("row").filter(has_text="Новости города")
    expect(row).to_contain_text("ещё не считали")
    page.get_by_role("button", name="Сосчитать сейчас").click()
    expect(page.get_by_text("Считаем…")).to_be_visible()
    page.evaluate("window.untouched = true")
    count(office, channel, 0 * DAY)
    answer(office, ok=True, counted=1, failed=0)
    expect(page.get_by_text("Сосчитан 1 канал.")).to_be_visible()
    expect(row).to_contain_text("71\u00a0900")
    assert page.evaluate("window.untouched")


def test_a_channel_shows_what_the_worker_found_without_a_reload(
    office: DeskOffice, page: Page, address: str
) -> None:
    channel = office.add_channel("krd_news", title="Новости города", state=ChannelState.NEW)
    begin_work(office)
    page.goto(f"{address}/channels/{channel.id}")
    page.get_by_role("button", name="Проверить сейчас").click()
    expect(page.get_by_text("Рабочий процесс смотрит канал…")).to_be_visible()
    with office.store.begin() as session:
        stored = get_channel(session, channel.id)
        stored.state, stored.reason = ChannelState.FORBIDDEN, RIGHTS
    answer(office, ok=False, **RIGHTS)
    expect(page.get_by_text("Нет прав")).to_be_visible()
    expect(page.get_by_text("добавьте бота «Бот администрации»")).to_be_visible()
