"""The page in a real browser: live, by hand and by keyboard, for everybody."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from telethon.tl import types

from tests.browser import axe_violations
from tests.sandbox.clients import picture, speaking
from tests.sandbox_process import Bot, SandboxProcess, start_sandbox

CHANNELS = 27
LONG_QUOTE = "Первая строка\nвторая\nтретья\nчетвёртая\nпятая\nшестая"


@pytest.fixture(scope="module")
def bot(sandbox: SandboxProcess) -> Bot:
    return sandbox.add_bot("Бот города")


@pytest.fixture(scope="module")
def handles(sandbox: SandboxProcess, bot: Bot) -> list[str]:
    """The channels of a city, with a post in each."""
    made = [f"okrug_{number}" for number in range(CHANNELS)]
    for number, handle in enumerate(made):
        sandbox.add_channels([handle], bot, title=f"Округ {number}", subscribers=1000 + 321 * number)
    say(sandbox, bot, made, "Плановые работы: улицу закроют до вечера. #дороги")
    return made


@pytest.fixture
def page(browser: Browser, sandbox: SandboxProcess, handles: list[str]) -> Iterator[Page]:
    """A tab that takes note of what goes wrong in it."""
    context = browser.new_context(
        base_url=f"http://{sandbox.host}:{sandbox.http_port}", viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    yield page
    context.close()
    assert wrong == []


def in_thread(work: Any) -> None:
    """Playwright's loop counts as running in this thread: Telethon gets one of its own."""
    failed: list[BaseException] = []

    def call() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread of the test
            failed.append(error)

    thread = Thread(target=call)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def say(sandbox: SandboxProcess, bot: Bot, handles: list[str], text: str, *entities: Any) -> None:
    """Post a text in each of the channels."""

    async def work() -> None:
        async with speaking(sandbox, handles[0], bot) as speaker:
            for handle in handles:
                speaker.peer = await speaker.client.get_input_entity(handle)
                await speaker.say(text, entities=entities)

    in_thread(work())


def show_album(sandbox: SandboxProcess, bot: Bot, handle: str, count: int) -> None:
    """Post an album of so many photos."""

    async def work() -> None:
        async with speaking(sandbox, handle, bot) as speaker:
            photos = [await speaker.store(picture(f"hsl({n * 40}, 60%, 40%)")) for n in range(count)]
            await speaker.ask(speaker.album(photos, text="Снимки"))

    in_thread(work())


def test_an_item_arrives_everywhere_is_corrected_and_vanishes_before_ones_eyes(
    page: Page, sandbox: SandboxProcess, bot: Bot, handles: list[str]
) -> None:
    page.goto("/wall")
    page.evaluate("window.sameDocument = true")
    expect(page.locator(".tile")).to_have_count(CHANNELS)
    say(sandbox, bot, handles, "Паводок: вода спадает")
    arrived = page.locator(".tile .post", has_text="Паводок: вода спадает")
    expect(arrived).to_have_count(CHANNELS, timeout=10_000)
    expect(page.locator(".tile .post.is-new", has_text="Паводок")).to_have_count(CHANNELS)
    posts = {handle: sandbox.posts(handle)[-1]["id"] for handle in handles}
    for handle, number in posts.items():
        sandbox.change_post(handle, number, "edit", text="Паводок: вода ушла")
    expect(page.locator(".tile .post", has_text="Паводок: вода ушла")).to_have_count(CHANNELS, timeout=10_000)
    expect(arrived).to_have_count(0)
    for handle, number in posts.items():
        sandbox.change_post(handle, number, "delete")
    expect(page.locator(".tile .post", has_text="Паводок")).to_have_count(0, timeout=10_000)
    assert page.evaluate("window.sameDocument")


def test_what_is_new_is_marked_until_it_is_looked_at(
    page: Page, sandbox: SandboxProcess, bot: Bot, handles: list[str]
) -> None:
    page.goto("/")
    row = page.locator(f'a[data-handle="{handles[5]}"]')
    expect(row).to_be_visible()
    expect(row.locator(".new")).to_be_hidden()
    say(sandbox, bot, [handles[5]], "Свежая новость пятого округа")
    expect(row.locator("[data-new]")).to_have_text("1", timeout=5_000)
    row.click()
    expect(page.get_by_role("heading", name="Округ 5")).to_be_visible()
    expect(row.locator(".new")).to_be_hidden()
    expect(page.locator(".chat .post").last).to_be_in_viewport()


def test_hidden_text_and_long_quotes_open_by_keyboard_and_stay_open(
    page: Page, sandbox: SandboxProcess, bot: Bot, handles: list[str]
) -> None:
    text = f"Ответ: тайна\n\n{LONG_QUOTE}"
    say(
        sandbox, bot, [handles[1]], text, types.MessageEntitySpoiler(7, 5),
        types.MessageEntityBlockquote(14, len(LONG_QUOTE), collapsed=True),
    )  # fmt: skip
    page.goto(f"/channels/{handles[1]}")
    hidden = page.locator(".spoiler-text")
    expect(hidden).to_have_css("opacity", "0")
    page.get_by_role("button", name="Показать скрытый текст").press("Enter")
    expect(hidden).to_have_css("opacity", "1")
    more = page.get_by_role("button", name="Развернуть")
    more.press("Enter")
    expect(page.locator(".quote-text")).to_contain_text("шестая")
    expect(page.get_by_role("button", name="Свернуть")).to_be_visible()
    say(sandbox, bot, [handles[1]], "Следующая новость")
    expect(page.locator(".post", has_text="Следующая новость")).to_be_visible(timeout=5_000)
    expect(hidden).to_have_css("opacity", "1")
    expect(page.get_by_role("button", name="Свернуть")).to_be_visible()


def test_a_drill_is_held_beside_the_wall(page: Page, sandbox: SandboxProcess, handles: list[str]) -> None:
    page.goto("/wall")
    opener = page.get_by_role("button", name="Учения")
    opener.press("Enter")
    panel = page.get_by_role("complementary", name="Учения")
    panel.get_by_label("Что случится").select_option("drop")
    panel.get_by_label("Когда").select_option("after")
    panel.get_by_label("В каком канале").select_option(handles[3])
    panel.get_by_role("button", name="Запланировать").click()
    expect(panel.get_by_text("Связь обрывается").last).to_be_visible()
    [fault] = sandbox.call("GET", "/faults")["planned"]
    assert (fault["kind"], fault["when"], fault["channel"]) == ("drop", "after", handles[3])
    panel.get_by_role("button", name="Снять", exact=True).click()
    expect(panel.get_by_text("Сбоев не запланировано")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_post_is_deleted_by_hand_from_the_page(
    page: Page, sandbox: SandboxProcess, bot: Bot, handles: list[str]
) -> None:
    say(sandbox, bot, [handles[2]], "Эту удалит человек")
    page.goto(f"/channels/{handles[2]}")
    post = page.locator(".post", has_text="Эту удалит человек")
    post.locator("summary").click()
    post.get_by_role("button", name="Удалить").click()
    expect(post).to_have_count(0, timeout=5_000)
    assert "Эту удалит человек" not in {entry["text"] for entry in sandbox.posts(handles[2])}
    page.get_by_role("link", name="С удалёнными").click()
    expect(page.locator(".post.is-deleted", has_text="Эту удалит человек")).to_be_visible()


def test_a_page_of_an_earlier_process_is_told_and_made_anew(browser: Browser, tmp_path: Path) -> None:
    sandbox = start_sandbox(tmp_path)
    sandbox.add_channels(["gorod"])
    context = browser.new_context(base_url=f"http://{sandbox.host}:{sandbox.http_port}")
    page = context.new_page()
    page.goto("/wall")
    old_key = page.request.get("/drill/").text().split('name="key" value="')[1][:64]
    sandbox.stop()
    lost = page.get_by_text("Нет связи с песочницей")
    expect(lost).to_be_visible(timeout=10_000)
    sandbox = start_sandbox(tmp_path, port=sandbox.http_port, telegram_port=sandbox.telegram_port)
    expect(lost).to_be_hidden(timeout=20_000)
    page.get_by_role("button", name="Учения").click()
    panel = page.get_by_role("complementary")
    panel.get_by_role("button", name="Включить").first.click()
    expect(panel.get_by_role("button", name="Выключить")).to_be_visible()
    assert old_key not in page.content()
    context.close()
    sandbox.stop()


def test_a_hidden_tab_asks_for_nothing(page: Page) -> None:
    page.goto("/wall")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(300)
    asked.clear()
    page.wait_for_timeout(2500)
    assert asked == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_it_at_every_size(
    browser: Browser, sandbox: SandboxProcess, bot: Bot, handles: list[str], scheme: Any, width: int
) -> None:
    say(
        sandbox, bot, [handles[0]], "Жирно и скрыто: тайна",
        types.MessageEntityBold(0, 5), types.MessageEntitySpoiler(16, 5),
    )  # fmt: skip
    if width == 1280 and scheme == "light":
        show_album(sandbox, bot, handles[0], 7)
    context = browser.new_context(
        base_url=f"http://{sandbox.host}:{sandbox.http_port}",
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
    )
    page = context.new_page()
    for path in ("/", f"/channels/{handles[0]}?deleted=1", "/wall", "/drill/", "/nowhere"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto("/wall")
    page.get_by_role("button", name="Учения").click()
    expect(page.get_by_role("complementary").get_by_role("heading", name="Последние запросы")).to_be_visible()
    assert axe_violations(page) == [], "the panel"
    context.close()
