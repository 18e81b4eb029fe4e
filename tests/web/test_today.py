"""«Сегодня»: what waits for this person, what goes out, and whether the channels work."""

from datetime import timedelta

from webtest import TestResponse

from publisher.core.platforms import Realm
from publisher.core.states import (
    AccountState,
    ChannelState,
    HoldReason,
    ItemStatus,
    OperationState,
    Priority,
    Role,
)
from publisher.store.audience import Count, add_counts
from publisher.store.models import Account, Channel, Draft, Installation, Item, Operation, Version, Worker
from tests.builders import NOW, add_operation
from tests.web.desk import DeskOffice

TROUBLE = {
    "code": "CHAT_WRITE_FORBIDDEN",
    "message": "The account may not post in the channel: make it an administrator.",
    "params": {},
    "detail": "",
}


def add(
    office: DeskOffice, version: Version, channel: Channel, state: OperationState, **values: object
) -> Operation:
    """An operation of the version in this state."""
    with office.store.begin() as session:
        return add_operation(session, version, channel, state=state, **values)  # type: ignore[arg-type]  # columns


def start_worker(office: DeskOffice) -> None:
    """A worker of the training channels whose heart beats."""
    with office.store.begin() as session:
        session.add(
            Worker(
                uid="w", realm=Realm.SANDBOX, host="here", pid=1, started_at=office.now,
                heartbeat_at=office.now,
            )
        )  # fmt: skip


def needs(page: TestResponse) -> list[str]:
    """What the page says waits for this person, one text each."""
    return [" ".join(row.get_text(" ").split()) for row in page.html.select(".need")]


def test_nothing_waits_when_all_is_well(office: DeskOffice) -> None:
    start_worker(office)
    office.add_channel("city")
    page = office.visitor(Role.EDITOR).get("/")
    assert "Ничего не ждёт вашего решения" in page
    assert "1 канал работает" in page


def test_an_item_is_named_once_with_its_worst_trouble_when_several_operations_wait(
    office: DeskOffice,
) -> None:
    start_worker(office)
    channels = [office.add_channel(handle) for handle in ("one", "two")]
    _, version = office.add_item(*channels, title="Мост закрыт")
    add(office, version, channels[0], OperationState.HELD, hold_reason=HoldReason.STALE)
    add(office, version, channels[1], OperationState.FAILED, error=TROUBLE)
    (row,) = needs(office.visitor(Role.EDITOR).get("/"))
    assert "Мост закрыт two: " in row
    assert row.endswith("Разобраться")


def test_each_trouble_leads_to_its_row_on_the_item_page(office: DeskOffice) -> None:
    start_worker(office)
    channel = office.add_channel("city")
    item, version = office.add_item(channel)
    operation = add(office, version, channel, OperationState.UNCONFIRMED)
    link = office.visitor(Role.EDITOR).get("/").html.select_one(".need a")
    assert link["href"] == f"/items/{item.id}#operation-{operation.id}"


def test_a_failure_that_was_tried_anew_waits_for_nobody(office: DeskOffice) -> None:
    start_worker(office)
    channel = office.add_channel("city")
    _, version = office.add_item(channel)
    add(office, version, channel, OperationState.FAILED, error=TROUBLE)
    add(office, version, channel, OperationState.SENT)
    assert needs(office.visitor(Role.EDITOR).get("/")) == []


def test_trouble_of_another_desk_waits_for_others(office: DeskOffice) -> None:
    start_worker(office)
    roads = office.add_desk("roads", "Дороги")
    channel = office.add_channel("roads", roads)
    _, version = office.add_item(channel, title="Мост закрыт")
    add(office, version, channel, OperationState.FAILED, error=TROUBLE)
    assert needs(office.visitor(Role.EDITOR).get("/?desks=all")) == []
    assert needs(office.visitor(Role.AUTHOR, roads).get("/")) == []
    assert len(needs(office.visitor(Role.EDITOR, roads).get("/"))) == 1
    assert len(needs(office.visitor(Role.CHIEF).get("/"))) == 1


def test_a_chief_of_a_desk_may_look_at_that_desk_alone(office: DeskOffice) -> None:
    start_worker(office)
    roads = office.add_desk("roads", "Дороги")
    for desk, title in ((office.desk, "Своя"), (roads, "Чужая")):
        channel = office.add_channel("", desk)
        _, version = office.add_item(channel, title=title)
        add(office, version, channel, OperationState.FAILED, error=TROUBLE)
    chief = office.visitor(Role.CHIEF)
    assert len(needs(chief.get("/"))) == 2
    own = chief.get(chief.get("/").html.find("a", string="Мои подразделения")["href"])
    assert [row.startswith("Своя") for row in needs(own)] == [True]


def test_items_in_review_wait_for_an_editor_and_not_for_their_author(office: DeskOffice) -> None:
    start_worker(office)
    item, _ = office.add_item(title="На проверку")
    with office.store.begin() as session:
        session.get_one(Item, item.id).status = ItemStatus.IN_REVIEW
    (row,) = needs(office.visitor(Role.EDITOR).get("/"))
    assert row.startswith("На проверку")
    assert row.endswith("Прочитать и одобрить")
    assert needs(office.visitor(Role.AUTHOR).get("/")) == []


def test_what_a_person_typed_and_did_not_save_is_offered_to_that_person(office: DeskOffice) -> None:
    start_worker(office)
    author, other = office.visitor(Role.AUTHOR), office.visitor(Role.AUTHOR)
    assert author.user is not None
    with office.store.begin() as session:
        session.add(
            Draft(uid="a" * 32, user_id=author.user.id, form={"title": ["Недописанное"]}, updated_at=NOW)
        )
    link = author.get("/").html.select_one(".need a")
    assert link["aria-label"] == "Продолжить: Недописанное"
    assert link["href"] == "/items/new?draft=" + "a" * 32
    assert needs(other.get("/")) == []


def test_a_paused_office_leads_the_chief_to_resuming_and_tells_the_others(office: DeskOffice) -> None:
    start_worker(office)
    with office.store.begin() as session:
        session.get_one(Installation, 1).paused_at = office.now
    (row,) = office.visitor(Role.CHIEF).get("/").html.select(".need")
    assert row.a["href"] == "/queue/resume"
    (row,) = office.visitor(Role.EDITOR).get("/").html.select(".need")
    assert "Всё остановлено" in row.get_text()
    assert row.a is None


def test_what_a_copy_holds_is_one_row_and_not_one_for_each_item(office: DeskOffice) -> None:
    start_worker(office)
    channel = office.add_channel("city")
    for _ in range(3):
        _, version = office.add_item(channel)
        add(office, version, channel, OperationState.HELD, hold_reason=HoldReason.RESTORED)
    (row,) = needs(office.visitor(Role.CHIEF).get("/"))
    assert "3 отправки ждут решения" in row


def departures(page: TestResponse) -> list[str]:
    """What goes out next, with its days, one text each."""
    part = page.html.find(id="t-next").find_parent("section")
    return [" ".join(row.get_text(" ").split()) for row in part.select("li")]


def test_today_and_tomorrow_come_in_order_of_time_with_marks(office: DeskOffice) -> None:
    start_worker(office)
    one, two = office.add_channel("one"), office.add_channel("two")
    plans = (
        ("Послезавтра", timedelta(days=2), Priority.NORMAL),
        ("Завтра", timedelta(days=1), Priority.NORMAL),
        ("Шторм", timedelta(hours=1), Priority.EMERGENCY),
    )
    for title, later, priority in plans:
        item, version = office.add_item(one, two, title=title)
        for channel in (one, two):
            add(office, version, channel, OperationState.PLANNED, due=NOW + later, priority=priority)
        with office.store.begin() as session:
            session.get_one(Item, item.id).embargo = NOW + later
    assert departures(office.visitor(Role.EDITOR).get("/")) == [
        "Сегодня", "10:00 Шторм Экстренно эмбарго: сегодня, 10:00 2 канала",
        "Завтра", "09:00 Завтра эмбарго: завтра, 09:00 2 канала",
    ]  # fmt: skip


def test_what_goes_out_now_shows_how_far_it_is_and_is_looked_at_every_second(office: DeskOffice) -> None:
    start_worker(office)
    channels = [office.add_channel(f"channel{number}") for number in range(3)]
    _, version = office.add_item(*channels, title="Мост")
    states = (OperationState.SENT, OperationState.SENDING, OperationState.PLANNED)
    for channel, state in zip(channels, states, strict=True):
        add(office, version, channel, state, sent_at=NOW if state is OperationState.SENT else None)
    page = office.visitor(Role.EDITOR).get("/")
    assert "1 из 3" in page.html.find(id="t-way").find_parent("section").get_text()
    assert page.html.select_one("[data-live]")["data-live-seconds"] == "1"


def test_what_went_out_today_is_listed_with_its_time(office: DeskOffice) -> None:
    start_worker(office)
    channel = office.add_channel("city")
    for title, ago in (("Сегодняшняя", timedelta(hours=1)), ("Вчерашняя", timedelta(days=1))):
        _, version = office.add_item(channel, title=title)
        add(office, version, channel, OperationState.SENT, due=NOW - ago, sent_at=NOW - ago)
    gone = office.visitor(Role.EDITOR).get("/").html.find(id="t-gone").find_parent("section").get_text(" ")
    assert " ".join(gone.split()) == "Вышло сегодня 08:00 Сегодняшняя 1 из 1"


def test_channels_out_of_order_are_named_with_the_reason(office: DeskOffice) -> None:
    start_worker(office)
    office.add_channel("fine")
    office.add_channel("ill", title="Парки", state=ChannelState.FORBIDDEN, reason=TROUBLE)
    health = office.visitor(Role.EDITOR).get("/").html.find(id="t-health").find_parent("section")
    text = " ".join(health.get_text(" ").split())
    assert "Не в порядке: 1 из 2" in text
    assert "Парки Нет прав" in text
    assert "сделайте её администратором" in text


def test_an_account_that_is_down_names_all_its_channels(office: DeskOffice) -> None:
    start_worker(office)
    office.add_channel("one", title="Парки")
    with office.store.begin() as session:
        session.get_one(Account, office.account.id).state = AccountState.DOWN
    health = office.visitor(Role.EDITOR).get("/").html.find(id="t-health").find_parent("section")
    assert "Не работает" in health.get_text()


def test_the_change_of_a_day_stands_beside_the_sum_of_subscribers(office: DeskOffice) -> None:
    start_worker(office)
    channel = office.add_channel("city")
    with office.store.begin() as session:
        counts = [(NOW - timedelta(days=1), 1_000), (NOW, 1_204)]
        add_counts(
            session,
            [Count(channel_id=channel.id, taken_at=int(at.timestamp()), value=value) for at, value in counts],
            office.settings.office.zone,
        )
    text = office.visitor(Role.EDITOR).get("/").html.select_one(".today-total").get_text(" ")
    assert " ".join(text.split()) == "1 204 +204 за сутки"


def test_the_live_part_is_sent_again_only_when_something_changed(office: DeskOffice) -> None:
    start_worker(office)
    channel = office.add_channel("city")
    _, version = office.add_item(channel, title="Мост закрыт")
    editor = office.visitor(Role.EDITOR)
    part = editor.get("/").html.select_one("[data-live]")
    known = {"If-None-Match": part["data-live-etag"]}
    assert editor.get(part["data-live"], headers=known).status_int == 304
    add(office, version, channel, OperationState.FAILED, error=TROUBLE)
    assert "Мост закрыт" in editor.get(part["data-live"], headers=known)
