"""«Сегодня», the list of items and the queue in a real browser: they follow what happens, and everybody can
use them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from publisher.actions.people import make_sign_in_link
from publisher.core.platforms import Realm
from publisher.core.states import ChannelState, HoldReason, ItemStatus, OperationState, Priority, Role
from publisher.store.models import Channel, Draft, Installation, Item, Operation, Version, Worker
from tests.browser import axe_violations
from tests.builders import NOW, add_operation, add_user
from tests.web.desk import DeskOffice

REASON = {"code": "X", "message": "The network does not take this content.", "params": {}, "detail": ""}
Theme = Literal["light", "dark"]


def open_page(browser: Browser, office: DeskOffice, address: str, width: int = 1280) -> Page:
    """A page of a chief editor of the press office, signed in."""
    with office.store.begin() as session:
        user = add_user(session, Role.CHIEF, session.merge(office.desk))
        token = make_sign_in_link(session, user, office.now)
        session.add(Draft(uid="d" * 32, user_id=user.id, form={"title": ["Недописанное"]}, updated_at=NOW))
    context = browser.new_context(locale="ru-RU", viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(f"{address}/sign-in/link/{token}")
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url("**/me/password")
    return page


def add(
    office: DeskOffice, version: Version, channel: Channel, state: OperationState, **values: object
) -> Operation:
    """An operation of the version in this state."""
    with office.store.begin() as session:
        return add_operation(session, version, channel, state=state, **values)  # type: ignore[arg-type]  # columns


def move(office: DeskOffice, operation: Operation, state: OperationState, **values: object) -> None:
    """What delivery made of an operation."""
    with office.store.begin() as session:
        row = session.get_one(Operation, operation.id)
        row.state = state
        for name, value in values.items():
            setattr(row, name, value)


@pytest.fixture
def busy_office(office: DeskOffice) -> DeskOffice:
    """An office in which a worker runs and something of everything happens."""
    channels = [office.add_channel(f"channel{number}", title=f"Канал {number}") for number in range(4)]
    office.add_channel("ill", title="Парки", state=ChannelState.FORBIDDEN, reason=REASON)
    with office.store.begin() as session:
        session.add(
            Worker(uid="w", realm=Realm.SANDBOX, host="here", pid=1, started_at=NOW, heartbeat_at=NOW)
        )
    for title, state, values in (
        ("Не вышла", OperationState.FAILED, {"error": REASON}),
        ("Не подтверждена", OperationState.UNCONFIRMED, {}),
        ("Задержана", OperationState.HELD, {"hold_reason": HoldReason.STALE}),
        ("Копия", OperationState.HELD, {"hold_reason": HoldReason.RESTORED}),
        ("Вышла", OperationState.SENT, {"sent_at": NOW}),
        ("Шторм", OperationState.PLANNED, {"due": NOW + timedelta(hours=1), "priority": Priority.EMERGENCY}),
        ("Завтрашняя", OperationState.PLANNED, {"due": NOW + timedelta(days=1), "priority": Priority.URGENT}),
    ):
        item, version = office.add_item(*channels, title=title)
        for channel in channels:
            add(office, version, channel, state, **values)
        with office.store.begin() as session:
            session.get_one(Item, item.id).status = (
                ItemStatus.PUBLISHED if state is OperationState.SENT else ItemStatus.SCHEDULED
            )
    office.add_item(title="Черновик")
    return office


@pytest.fixture
def chief(busy_office: DeskOffice, address: str, browser: Browser) -> Iterator[Page]:
    """A chief editor of the busy office."""
    page = open_page(browser, busy_office, address)
    yield page
    page.context.close()


def test_today_follows_what_goes_out_without_a_reload(
    busy_office: DeskOffice, chief: Page, address: str
) -> None:
    channels = [busy_office.add_channel(f"more{number}") for number in range(2)]
    _, version = busy_office.add_item(*channels, title="Мост")
    first, second = (add(busy_office, version, channel, OperationState.SENDING) for channel in channels)
    chief.goto(address)
    chief.evaluate("window.untouched = true")
    row = chief.get_by_role("listitem").filter(has_text="Мост")
    expect(row).to_contain_text("0 из 2")
    move(busy_office, first, OperationState.SENT, sent_at=NOW)
    expect(row.first).to_contain_text("1 из 2")
    move(busy_office, second, OperationState.FAILED, error=REASON)
    expect(chief.locator(".need").filter(has_text="Мост")).to_contain_text("Разобраться")
    expect(chief.get_by_role("heading", name="Выходит сейчас")).to_have_count(0)
    assert chief.evaluate("window.untouched")


def test_the_list_of_items_narrows_while_one_types(chief: Page, address: str) -> None:
    chief.goto(f"{address}/items")
    chief.evaluate("window.untouched = true")
    search = chief.get_by_label("Слова из заголовка")
    search.press_sequentially("шторм")
    rows = chief.locator("#items tbody tr")
    expect(rows).to_have_count(1)
    expect(search).to_be_focused()
    assert chief.url.endswith("?q=%D1%88%D1%82%D0%BE%D1%80%D0%BC")
    search.press_sequentially("нет")
    chief.get_by_role("link", name="Сбросить отбор").wait_for()
    search.fill("")
    expect(rows).to_have_count(8)
    assert chief.evaluate("window.untouched")
    assert chief.url == f"{address}/items"


def test_the_list_of_items_narrows_without_scripts(
    busy_office: DeskOffice, chief: Page, address: str, browser: Browser
) -> None:
    cookies = chief.context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=cookies, locale="ru-RU")
    page = context.new_page()
    page.goto(f"{address}/items")
    page.get_by_label("Слова из заголовка").fill("шторм")
    page.get_by_role("button", name="Показать").click()
    expect(page.locator("#items tbody tr")).to_have_count(1)
    context.close()


def test_the_queue_follows_and_keeps_open_what_one_has_opened(
    busy_office: DeskOffice, chief: Page, address: str
) -> None:
    channel = busy_office.add_channel("more")
    _, version = busy_office.add_item(channel, title="Мост")
    operation = add(busy_office, version, channel, OperationState.SENDING, claimed_at=NOW)
    chief.goto(f"{address}/queue")
    storm = chief.locator(".queue-group").filter(has_text="Шторм")
    storm.locator("summary").press("Enter")
    expect(storm.get_by_text("Канал 3")).to_be_visible()
    move(busy_office, operation, OperationState.FAILED, error=REASON)
    expect(chief.locator(".queue-row").filter(has_text="more")).to_contain_text("Не вышло")
    expect(storm.get_by_text("Канал 3")).to_be_visible()


def test_everything_is_paused_and_resumed_with_the_keyboard_alone(
    busy_office: DeskOffice, chief: Page, address: str
) -> None:
    chief.goto(f"{address}/queue")
    chief.get_by_role("button", name="Остановить всё").press("Enter")
    chief.get_by_text("Всё остановлено.").first.wait_for()
    chief.get_by_role("link", name="Возобновить").press("Enter")
    chief.get_by_role("heading", level=1, name="Что выйдет после возобновления").wait_for()
    chief.locator("main").get_by_role("button", name="Возобновить").press("Enter")
    expect(chief.get_by_role("status")).to_contain_text("Выпуск возобновлён")
    with busy_office.store.reading() as session:
        assert session.get_one(Installation, 1).paused_at is None


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_the_pages_when_much_goes_wrong(
    busy_office: DeskOffice, address: str, browser: Browser, width: int, theme: Theme
) -> None:
    with busy_office.store.begin() as session:
        installation = session.get_one(Installation, 1)
        installation.paused_at, installation.pause_reason = NOW, "restored"
    page = open_page(browser, busy_office, address, width)
    page.emulate_media(color_scheme=theme)
    for path in ("/", "/items", "/items?q=x&sort=latest", "/queue", "/queue/resume"):
        page.goto(address + path)
        for summary in page.locator("main summary").all():
            summary.click()
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.context.close()
