"""The composer in a real browser: it keeps, shows, uploads and pastes while one writes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from publisher.actions.people import make_sign_in_link
from publisher.core.states import ItemStatus, Role
from publisher.store.models import Draft, Item, Operation, User
from publisher.store.people import end_sessions
from publisher.store.session import Store
from tests.browser import axe_violations
from tests.builders import add_user
from tests.files import HTML, picture
from tests.web.desk import DeskOffice

LIGHT = "Мост **закрыт** до вечера."


class Writer:
    """Somebody at the composer."""

    def __init__(self, context: BrowserContext, office: DeskOffice, address: str, role: Role) -> None:
        self.office = office
        self.address = address
        self.context = context
        self.page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        with office.store.begin() as session:
            self.user: User = add_user(session, role, session.merge(office.desk))
        self.sign_in()

    def sign_in(self) -> None:
        """By a link, in a tab of its own."""
        with self.office.store.begin() as session:
            token = make_sign_in_link(session, session.merge(self.user), self.office.now)
        tab = self.context.new_page()
        tab.goto(f"{self.address}/sign-in/link/{token}")
        tab.get_by_role("button", name="Войти").click()
        tab.wait_for_url("**/me/password")
        tab.close()

    def open(self, path: str = "/items/new") -> Page:
        """The composer."""
        self.page.goto(self.address + path)
        return self.page

    def write(self, body: str = LIGHT) -> Page:
        """A new item in the first channel, kept as a draft."""
        page = self.open()
        page.get_by_label("Заголовок").fill("Ремонт моста")
        page.get_by_label("Текст", exact=True).fill(body)
        page.locator('input[name="channels"]').first.check()
        expect(page.locator("[data-keep-status]")).to_contain_text("Черновик сохранён")
        return page


@pytest.fixture
def writer(office: DeskOffice, address: str, browser: Browser) -> Iterator[Writer]:
    """An editor of the press office, which has three channels."""
    for name in ("one", "two", "three"):
        office.add_channel(f"channel_{name}")
    context = browser.new_context(locale="ru-RU")
    writer = Writer(context, office, address, Role.EDITOR)
    yield writer
    context.close()
    assert writer.errors == []


def kept(store: Store) -> list[str]:
    """Bodies of the drafts."""
    with store.reading() as session:
        return [draft.form["body"][0] for draft in session.query(Draft)]


def test_a_text_is_kept_and_restored_without_a_press(writer: Writer) -> None:
    page = writer.write()
    assert kept(writer.office.store) == [LIGHT]
    page.get_by_label("Текст", exact=True).press_sequentially("!")
    page.goto("about:blank")  # before the second is over
    page = writer.open()
    page.get_by_role("link", name="Продолжить").click()
    expect(page.get_by_label("Текст", exact=True)).to_have_value(f"{LIGHT}!")


def test_the_preview_follows_the_typing(writer: Writer) -> None:
    page = writer.write()
    expect(page.locator(".bubble-text b").last).to_have_text("закрыт")
    page.get_by_label("Текст", exact=True).fill("а" * 4100)
    expect(page.locator(".counter.is-over")).to_have_text("4 114 из 4 096")
    expect(page.locator("[data-preview-status]")).to_contain_text("не выйдет")


def test_the_buttons_follow_the_choice(writer: Writer) -> None:
    page = writer.write()
    page.get_by_role("button", name="Все", exact=True).click()
    expect(page.locator("[data-count]")).to_have_text("3 из 3")
    expect(page.get_by_role("button", name="Опубликовать в 3 канала")).to_be_visible()
    page.get_by_label("В назначенное время").check()
    page.get_by_label("Время выхода").fill("2026-12-05T09:30")
    page.get_by_role("button", name="Запланировать на 5 декабря, 09:30").click()
    page.wait_for_url("**/items/1")
    with writer.office.store.reading() as session:
        assert session.query(Operation).count() == 3


def test_a_double_click_publishes_once(writer: Writer) -> None:
    page = writer.write()
    page.get_by_role("button", name="Опубликовать в 1 канал").dblclick()
    page.wait_for_url("**/items/1")
    with writer.office.store.reading() as session:
        assert session.query(Operation).count() == 1
        assert session.get_one(Item, 1).status is ItemStatus.SCHEDULED
    assert kept(writer.office.store) == []


def test_files_go_up_at_once_are_moved_and_published(writer: Writer, tmp_path: Path) -> None:
    page = writer.write()
    files = [tmp_path / name for name in ("a.jpg", "b.jpg")]
    for place, file in enumerate(files, 1):
        file.write_bytes(picture(100 * place, 100))
    page.get_by_label("Добавить файлы").set_input_files(files)
    rows = page.locator(".media-row")
    expect(rows).to_have_count(2)
    expect(page.locator(".album img")).to_have_count(2)
    rows.first.get_by_label("Что на фото").fill("Мост утром")
    page.get_by_role("button", name="Позже: a.jpg").click()
    expect(page.locator(".album img").first).to_have_attribute("alt", "b.jpg")
    page.get_by_role("button", name="Убрать: b.jpg").click()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Опубликовать в 1 канал").click()
    page.wait_for_url("**/items/1")
    with writer.office.store.reading() as session:
        assert session.get_one(Item, 1).versions[0].media[0].alt == "Мост утром"


def test_a_bad_file_is_said_beside_the_files(writer: Writer, tmp_path: Path) -> None:
    page = writer.write()
    (tmp_path / "photo.jpg").write_bytes(HTML)
    page.get_by_label("Добавить файлы").set_input_files(tmp_path / "photo.jpg")
    expect(page.locator(".uploads [role=alert]")).to_contain_text("photo.jpg")
    page.get_by_role("button", name="Скрыть", exact=True).click()
    expect(page.locator(".uploads li")).to_have_count(0)


PASTE = """([area, types]) => {
    const data = new DataTransfer();
    for (const [type, text] of Object.entries(types)) data.setData(type, text);
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
    area.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""
DROP = """([area, bytes, event]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "clipboard.jpg", {type: "image/jpeg"}));
    const options = {bubbles: true, cancelable: true};
    area.dispatchEvent(event === "paste"
        ? new ClipboardEvent("paste", {...options, clipboardData: data})
        : new DragEvent("drop", {...options, dataTransfer: data}));
}"""


def test_pasted_html_becomes_markup_and_a_script_in_it_nothing(writer: Writer) -> None:
    page = writer.write("Начало: ")
    area = page.get_by_label("Текст", exact=True)
    html = (
        '<meta charset="utf-8"><p style="color:red">Из <span style="font-weight:700">Ворда</span>'
        "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'></p>"
    )
    page.evaluate(PASTE, [area.element_handle(), {"text/html": html, "text/plain": "Из Ворда"}])
    expect(area).to_have_value("Начало: Из **Ворда**")
    assert page.evaluate("window.hacked") is None
    area.press("ControlOrMeta+z")
    expect(area).to_have_value("Начало: ")


@pytest.mark.parametrize("event", ["paste", "drop"])
def test_a_picture_is_pasted_or_dropped(writer: Writer, event: str) -> None:
    page = writer.write()
    area = page.get_by_label("Текст", exact=True).element_handle()
    page.evaluate(DROP, [area, list(picture()), event])
    expect(page.locator(".media-row")).to_have_count(1)


def test_keys_put_marks_around_the_selection(writer: Writer) -> None:
    page = writer.write("слово")
    area = page.get_by_label("Текст", exact=True)
    area.select_text()
    area.press("Control+b")
    expect(area).to_have_value("**слово**")
    area.press("Control+b")
    expect(area).to_have_value("слово")
    area.press("Control+k")
    page.keyboard.type("https://krd.ru")
    expect(area).to_have_value("[слово](https://krd.ru)")


def test_an_own_text_is_written_from_the_preview(writer: Writer) -> None:
    page = writer.write()
    page.locator(".shown summary").click()
    page.locator(".own-list").get_by_role("button", name="channel_one").click()
    own = page.get_by_label("Текст с заголовком только для этого канала")
    expect(own).to_be_focused()
    own.fill("Коротко")
    expect(page.locator(".bubble-text")).to_have_text("Коротко")
    page.get_by_role("button", name="Вернуть общий текст", exact=True).click()
    expect(own).to_have_count(0)
    expect(page.locator(".bubble-text")).to_contain_text("Ремонт моста")


def test_a_lost_session_loses_no_text(writer: Writer) -> None:
    page = writer.write()
    with writer.office.store.begin() as session:
        end_sessions(session, writer.user.id, writer.office.now)
    page.get_by_label("Текст", exact=True).fill("Написано после")
    expect(page.get_by_text("Вы вышли, текст сохранён.")).to_be_visible()
    assert kept(writer.office.store) == ["Написано после"]
    writer.sign_in()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_text("Вы вышли, текст сохранён.")).to_be_hidden()
    page.get_by_role("button", name="Сохранить черновик").click()
    page.wait_for_url("**/items/1/edit")
    expect(page.get_by_label("Текст", exact=True)).to_have_value("Написано после")


def test_the_text_stays_in_the_browser_while_no_server_answers(writer: Writer) -> None:
    page = writer.write()
    writer.context.set_offline(True)
    page.get_by_label("Текст", exact=True).fill("Без связи")
    expect(page.locator("[data-keep-status]")).to_contain_text("хранится в этом браузере")
    shelved = page.evaluate("Object.values(localStorage)")
    assert ["body", "Без связи"] in json.loads(shelved[0])["entries"]
    writer.context.set_offline(False)
    expect(page.locator("[data-keep-status]")).to_contain_text("Черновик сохранён")
    assert kept(writer.office.store) == ["Без связи"]
    assert page.evaluate("localStorage.length") == 0


def test_a_text_that_no_server_got_is_offered_by_the_browser(writer: Writer) -> None:
    page = writer.write()
    page.route("**/drafts/**", lambda route: route.abort())
    page.get_by_label("Текст", exact=True).fill("Только здесь")
    expect(page.locator("[data-keep-status]")).to_contain_text("хранится в этом браузере")
    page.goto("about:blank")
    page.unroute("**/drafts/**")
    page = writer.open()
    page.get_by_role("button", name="Восстановить").click()
    expect(page.get_by_label("Текст", exact=True)).to_have_value("Только здесь")
    assert page.locator('input[name="channels"]').first.is_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_it(writer: Writer, width: int, scheme: str, tmp_path: Path) -> None:
    page = writer.page
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two words
    writer.write("а" * 1500)
    (tmp_path / "a.jpg").write_bytes(picture())
    page.get_by_label("Добавить файлы").set_input_files(tmp_path / "a.jpg")
    expect(page.get_by_label("Сначала фото")).to_be_visible()
    for summary in page.locator("main summary").all():
        summary.click()
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_mistake_is_marked_where_it_is_and_can_be_heard(writer: Writer) -> None:
    page = writer.open()
    page.get_by_label("Текст", exact=True).fill("Раз **два")
    page.get_by_role("button", name="Опубликовать", exact=True).click()
    expect(page.get_by_label("Заголовок")).to_be_focused()
    expect(page.locator("#e-body")).to_contain_text("Строка 1")
    expect(page.locator("#e-channels")).to_be_visible()
    expect(page.get_by_label("Текст", exact=True)).to_have_value("Раз **два")
    assert axe_violations(page) == []


def test_a_form_that_somebody_comes_back_to_goes_on_as_the_next_version(writer: Writer) -> None:
    page = writer.write()
    page.get_by_role("button", name="Опубликовать в 1 канал").click()
    page.wait_for_url("**/items/1")
    page.go_back()
    page.get_by_label("Текст", exact=True).fill("Написано после")
    page.get_by_role("button", name="Сохранить черновик").click()
    expect(page.get_by_text("Эта новость уже сохранена")).to_be_visible()
    expect(page.get_by_label("Текст", exact=True)).to_have_value("Написано после")
    with writer.office.store.reading() as session:
        assert session.query(Item).count() == 1
