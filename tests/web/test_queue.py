"""«Очередь»: what waits, what moves, what is planned; pausing all, and what resuming would do."""

from datetime import timedelta

import pytest
from webtest import TestResponse

from publisher.core.states import HoldReason, OperationState, Priority, Role
from publisher.store.models import Channel, Installation, Operation, Version
from tests.builders import NOW, add_operation
from tests.web.desk import DeskOffice, Visitor, form_to


def add(
    office: DeskOffice, version: Version, channel: Channel, state: OperationState, **values: object
) -> Operation:
    """An operation of the version in this state."""
    with office.store.begin() as session:
        return add_operation(session, version, channel, state=state, **values)  # type: ignore[arg-type]  # columns


def text(element: object) -> str:
    """What a person reads of an element."""
    return " ".join(element.get_text(" ").split())  # type: ignore[attr-defined]  # a tag of Beautiful Soup


def parts(page: TestResponse) -> dict[str, list[str]]:
    """The parts of the page by heading, with the titles of their items."""
    return {
        text(part.h2): [text(title) for title in part.select(".queue-title a")]
        for part in page.html.select(".queue-part")
    }


def hold_everything(office: DeskOffice, reason: str = "person") -> None:
    """Everything is paused."""
    with office.store.begin() as session:
        installation = session.get_one(Installation, 1)
        installation.paused_at = office.now
        installation.pause_reason = reason


@pytest.fixture
def chief(office: DeskOffice) -> Visitor:
    """The chief editor."""
    return office.visitor(Role.CHIEF)


def test_the_queue_shows_decisions_first_then_what_moves_then_what_is_planned(
    office: DeskOffice, chief: Visitor
) -> None:
    channel = office.add_channel("city")
    for title, state, hours in (
        ("Завтрашняя", OperationState.PLANNED, 24),
        ("Ближайшая", OperationState.PLANNED, 1),
        ("Повтор", OperationState.RETRYING, 0),
        ("Не вышла", OperationState.FAILED, 0),
        ("Вышла", OperationState.SENT, 0),
    ):
        _, version = office.add_item(channel, title=title)
        add(office, version, channel, state, due=NOW + timedelta(hours=hours))
    assert parts(chief.get("/queue")) == {
        "Нужно решение": ["Не вышла"],
        "В пути": ["Повтор"],
        "По времени": ["Ближайшая", "Завтрашняя"],
    }


def test_emergencies_come_first_at_their_moment_and_are_marked(office: DeskOffice, chief: Visitor) -> None:
    channel = office.add_channel("city")
    for title, priority in (("Обычная", Priority.NORMAL), ("Шторм", Priority.EMERGENCY)):
        _, version = office.add_item(channel, title=title)
        add(office, version, channel, OperationState.PLANNED, due=NOW + timedelta(hours=1), priority=priority)
    page = chief.get("/queue")
    assert parts(page) == {"По времени": ["Шторм", "Обычная"]}
    assert "Экстренно" in text(page.html.select_one(".is-emergency"))


def test_filters_narrow_by_state_channel_and_account(office: DeskOffice, chief: Visitor) -> None:
    city, park = office.add_channel("city"), office.add_channel("park")
    _, version = office.add_item(city, park, title="Мост")
    add(office, version, city, OperationState.HELD, hold_reason=HoldReason.STALE)
    add(office, version, park, OperationState.PLANNED, due=NOW + timedelta(hours=1))
    assert list(parts(chief.get("/queue?state=held"))) == ["Нужно решение"]
    assert list(parts(chief.get("/queue?state=planned"))) == ["По времени"]
    assert list(parts(chief.get(f"/queue?channel={park.id}"))) == ["По времени"]
    assert len(parts(chief.get(f"/queue?account={office.account.id}"))) == 2
    assert "Такого в очереди нет" in chief.get("/queue?account=99")
    assert len(parts(chief.get("/queue?state=nonsense"))) == 2


def test_a_long_queue_says_how_much_more_there_is(office: DeskOffice, chief: Visitor) -> None:
    channel = office.add_channel("city")
    _, version = office.add_item(channel, title="Мост")
    with office.store.begin() as session:
        for minute in range(203):
            add_operation(session, version, channel, due=NOW + timedelta(minutes=minute + 1))
    page = chief.get("/queue")
    assert len(parts(page)["По времени"]) == 200
    assert "И ещё 3." in page


def test_only_who_may_publish_there_gets_buttons(office: DeskOffice, chief: Visitor) -> None:
    other = office.add_desk("roads", "Дороги")
    channel = office.add_channel("roads", other)
    _, version = office.add_item(channel, title="Мост")
    held = add(office, version, channel, OperationState.HELD, hold_reason=HoldReason.STALE)
    address = f"/operations/{held.id}/cancel"
    assert form_to(chief.get("/queue?state=held"), address)["back"].value == "/queue?state=held"
    with pytest.raises(LookupError):
        form_to(office.visitor(Role.EDITOR).get("/queue"), address)


def test_an_unconfirmed_operation_leads_to_its_row_on_the_item_page(
    office: DeskOffice, chief: Visitor
) -> None:
    channel = office.add_channel("city")
    item, version = office.add_item(channel)
    operation = add(office, version, channel, OperationState.UNCONFIRMED)
    link = chief.get("/queue").html.select_one(".queue-acts a")
    assert link["href"] == f"/items/{item.id}#operation-{operation.id}"


def test_pausing_stops_everything_in_one_press(office: DeskOffice, chief: Visitor) -> None:
    page = chief.send(form_to(chief.get("/queue"), "/queue/pause"))
    assert "Всё остановлено." in page
    with office.store.reading() as session:
        assert session.get_one(Installation, 1).paused_at == NOW
    with pytest.raises(LookupError):
        form_to(page, "/queue/pause")


@pytest.mark.parametrize("path", ["/queue/pause", "/queue/resume", "/queue/release"])
def test_an_editor_moves_no_big_switch(office: DeskOffice, path: str) -> None:
    editor = office.visitor(Role.EDITOR)
    with pytest.raises(LookupError):
        form_to(editor.get("/queue"), path)
    assert editor.post(path, status=403).status_int == 403


def test_resuming_shows_first_what_goes_out_and_what_is_too_late(office: DeskOffice, chief: Visitor) -> None:
    hold_everything(office)
    channel = office.add_channel("city")
    for title, hours in (("Пора", -1), ("Опоздала", -3), ("Потом", 1)):
        _, version = office.add_item(channel, title=title)
        add(office, version, channel, OperationState.PLANNED, due=NOW + timedelta(hours=hours))
    page = chief.get("/queue/resume")
    assert parts(page) == {"Выйдет сразу 1": ["Пора"], "За это время опоздало 1": ["Опоздала"]}
    after = chief.send(form_to(page, "/queue/resume"))
    assert "Выпуск возобновлён" in after
    with office.store.reading() as session:
        assert session.get_one(Installation, 1).paused_at is None


def test_a_copy_explains_itself_and_gives_everything_held_a_way_out(
    office: DeskOffice, chief: Visitor
) -> None:
    hold_everything(office, "restored")
    channel = office.add_channel("city")
    _, version = office.add_item(channel, title="Мост")
    held = [
        add(office, version, channel, OperationState.HELD, due=NOW + due, hold_reason=HoldReason.RESTORED)
        for due in (timedelta(minutes=-5), timedelta(hours=-3), timedelta(hours=1))
    ]
    page = chief.get("/queue/resume")
    assert "Это копия данных" in page
    assert "2 уже должны были уйти" in page
    for operation in held:
        assert form_to(page, f"/operations/{operation.id}/cancel")["back"].value == "/queue/resume"
    assert form_to(page, f"/operations/{held[0].id}/send-again")["back"].value == "/queue/resume"
    with pytest.raises(LookupError):  # its time has not come
        form_to(page, f"/operations/{held[2].id}/send-again")
    after = chief.send(form_to(page, "/queue/release"))
    assert "3 отправки возвращены в очередь" in after
    assert "2 отправки, возможно, уже вышли" in after
    assert not [heading for heading in parts(after) if heading.startswith("Задержано")]


def test_what_a_copy_holds_can_still_be_decided_on_after_resuming(office: DeskOffice, chief: Visitor) -> None:
    channel = office.add_channel("city")
    _, version = office.add_item(channel, title="Мост")
    add(office, version, channel, OperationState.HELD, hold_reason=HoldReason.RESTORED)
    page = chief.get("/queue/resume")
    assert "Что задержано" in text(page.html.h1)
    assert "возвращена в очередь" in chief.send(form_to(page, "/queue/release"))


def test_the_live_part_is_sent_again_only_when_something_changed(office: DeskOffice, chief: Visitor) -> None:
    channel = office.add_channel("city")
    _, version = office.add_item(channel, title="Мост")
    operation = add(office, version, channel, OperationState.HELD, hold_reason=HoldReason.STALE)
    part = chief.get("/queue").html.select_one("[data-live]")
    known = {"If-None-Match": part["data-live-etag"]}
    assert chief.get(part["data-live"], headers=known).status_int == 304
    with office.store.begin() as session:
        session.get_one(Operation, operation.id).state = OperationState.SENDING
    fresh = chief.get(part["data-live"], headers=known)
    assert fresh.headers["X-Live-Seconds"] == "1"
    assert "Отправляется" in fresh


def test_an_empty_queue_says_so(chief: Visitor) -> None:
    assert "Очередь пуста" in chief.get("/queue")
