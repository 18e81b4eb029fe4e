"""Channels on the desk: connecting, what is wrong and what to do about it, changing, taking out of use."""

from datetime import date, timedelta
from typing import Any

import pytest

from publisher.core.states import AccountState, ChannelState, ItemStatus, OperationState, Role
from publisher.store.channels import get_channel
from publisher.store.items import get_item
from publisher.store.models import Account, Channel, Operation, Version
from publisher.store.outbox import get_operation
from tests.builders import NOW, add_account, add_operation
from tests.web.desk import DeskOffice, Visitor, form_to
from tests.web.worker import answer, begin_work, open_requests


def connect(visitor: Visitor, **fields: str) -> Any:
    """Fill in and send the form for another channel; the page it leads to."""
    form = form_to(visitor.get("/channels/new"), "/channels/new")
    for name, value in fields.items():
        form[name] = value
    return visitor.send(form, expect_errors=True)


def text_at(page: Any, field: str) -> str:
    """The message at a field."""
    return str(page.html.find(id=f"e-{field}").get_text(" ", strip=True))


def plan(
    office: DeskOffice, channel: Channel, state: OperationState = OperationState.PLANNED, title: str = "Мост"
) -> int:
    """An operation of a scheduled item in the channel, due in an hour."""
    item, version = office.add_item(channel, title=title)
    with office.store.begin() as session:
        get_item(session, item.id).status = ItemStatus.SCHEDULED
        due = NOW + timedelta(hours=1)
        version = session.get_one(Version, version.id)
        return add_operation(session, version, get_channel(session, channel.id), state=state, due=due).id


def test_a_channel_is_connected_by_its_link(office: DeskOffice) -> None:
    visitor = office.visitor(Role.ADMIN)
    page = connect(
        visitor, handle="https://t.me/krd_news", title="Новости города", desk=str(office.desk.id),
        opened="2023-05-04",
    )  # fmt: skip
    facts = [dd.get_text(" ", strip=True) for dd in page.html.find_all("dd")]
    assert facts == ["@krd_news", "Пресс-служба", "Бот администрации учебный", "4 мая 2023"]
    assert [asked.kind for asked in open_requests(office)] == ["resolve_channel"]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Напишите публичное имя канала"),
        ("новости", "не может быть именем канала"),
        ("t.me/+AbCdEf", "Ссылка ведёт в закрытый канал"),
        ("https://t.me/c/12345/6", "Ссылка ведёт в закрытый канал"),
        ("TAKEN_name", "уже подключён: «Старый»"),
        ("retired_name", "выведен из работы под названием «Бывший»"),
    ],
)
def test_a_wrong_name_is_told_at_its_field_and_all_else_is_kept(
    office: DeskOffice, typed: str, message: str
) -> None:
    office.add_channel("taken_name", title="Старый")
    office.add_channel("retired_name", title="Бывший", retired_at=NOW)
    page = connect(office.visitor(Role.ADMIN), handle=typed, title="Новый", opened="2024-02-03")
    assert page.status_int == 422
    assert message in text_at(page, "handle")
    kept = {name: page.html.find(id=f"f-{name}")["value"] for name in ("handle", "title", "opened")}
    assert kept == {"handle": typed, "title": "Новый", "opened": "2024-02-03"}


def test_a_day_to_come_is_no_opening_day(office: DeskOffice) -> None:
    page = connect(office.visitor(Role.ADMIN), handle="krd_news", opened="2027-01-01")
    assert text_at(page, "opened") == "День открытия ещё не наступил."


def test_with_several_accounts_one_must_be_chosen(office: DeskOffice) -> None:
    with office.store.begin() as session:
        add_account(session, "Второй бот")
    page = connect(office.visitor(Role.ADMIN), handle="krd_news")
    assert text_at(page, "account") == "Выберите учётную запись, которая там публикует."


def test_a_form_pressed_twice_connects_one_channel(office: DeskOffice) -> None:
    visitor = office.visitor(Role.ADMIN)
    form = form_to(visitor.get("/channels/new"), "/channels/new")
    form["handle"] = "krd_news"
    first, second = visitor.send(form), visitor.send(form)
    assert first.request.path == second.request.path
    with office.store.reading() as session:
        assert session.query(Channel).count() == 1


def test_without_an_account_the_way_leads_to_one(office: DeskOffice) -> None:
    with office.store.begin() as session:
        session.query(Account).delete()
    visitor = office.visitor(Role.ADMIN)
    assert visitor.get("/channels").html.find("a", href="/accounts/new")
    assert visitor.get("/channels/new").html.find("a", href="/accounts/new")


REASON = {"code": "RIGHTS", "message": "The account is no administrator of the channel.", "params": {}}


@pytest.mark.parametrize(
    ("state", "reason", "advice"),
    [
        (ChannelState.NEW, None, "Туда ничего не уходит"),
        (ChannelState.FORBIDDEN, REASON, "добавьте бота «Бот администрации»"),
        (ChannelState.MISSING, None, "Верно ли написано имя @krd_news?"),
        (ChannelState.OK, None, "может публиковать, править и удалять"),
    ],
)
def test_a_channel_says_what_is_wrong_and_what_to_do(
    office: DeskOffice, state: ChannelState, reason: dict[str, Any] | None, advice: str
) -> None:
    channel = office.add_channel("krd_news", state=state, reason=reason)
    page = office.visitor(Role.ADMIN).get(f"/channels/{channel.id}")
    assert advice in page
    if reason:
        assert "Учётная запись не входит в администраторы канала." in page


def test_a_channel_of_a_dead_account_says_so(office: DeskOffice) -> None:
    channel = office.add_channel()
    with office.store.begin() as session:
        session.get_one(Account, office.account.id).state = AccountState.DOWN
    page = office.visitor().get(f"/channels/{channel.id}")
    assert "«Бот администрации» не работает" in page
    assert not page.html.find("a", href=f"/accounts/{office.account.id}")


def test_checking_now_shows_what_the_worker_found(office: DeskOffice) -> None:
    channel = office.add_channel(state=ChannelState.NEW)
    begin_work(office)
    visitor = office.visitor(Role.ADMIN)
    page = visitor.send(form_to(visitor.get(f"/channels/{channel.id}"), f"/channels/{channel.id}/check"))
    assert "Рабочий процесс смотрит канал…" in page
    answer(office, ok=True, title="Новости")
    with office.store.begin() as session:
        get_channel(session, channel.id).state = ChannelState.OK
    fresh = visitor.get(f"/channels/{channel.id}/live")
    assert "смотрит канал" not in fresh
    assert "Работает" in fresh


def test_a_network_out_of_reach_is_told_and_the_state_stays(office: DeskOffice) -> None:
    channel = office.add_channel()
    visitor = office.visitor(Role.ADMIN)
    visitor.send(form_to(visitor.get(f"/channels/{channel.id}"), f"/channels/{channel.id}/check"))
    answer(office, ok=False, code="TIMEOUT", message="The network could not be reached.", params={})
    page = visitor.get(f"/channels/{channel.id}")
    assert "Нет связи с соцсетью." in page
    assert "Работает" in page


def change(visitor: Visitor, channel: Channel, **fields: str) -> Any:
    """Fill in and send the form of a channel; the page it leads to."""
    path = f"/channels/{channel.id}/change"
    form = form_to(visitor.get(path), path)
    for name, value in fields.items():
        form[name] = value
    return visitor.send(form, expect_errors=True)


def test_title_desk_and_opening_day_can_be_changed(office: DeskOffice) -> None:
    channel = office.add_channel("krd_news", checked_at=NOW)
    district = office.add_desk("west", "Западный округ")
    page = change(
        office.visitor(Role.ADMIN), channel, title="Запад", desk=str(district.id), opened="2024-01-01"
    )
    assert page.html.h1.get_text(strip=True) == "Запад"
    with office.store.reading() as session:
        stored = get_channel(session, channel.id)
        assert (stored.desk_id, stored.opened_on) == (district.id, date(2024, 1, 1))
        assert stored.address is not None


def test_another_name_is_looked_for_anew(office: DeskOffice) -> None:
    channel = office.add_channel("old_name", state=ChannelState.MISSING)
    change(office.visitor(Role.ADMIN), channel, handle="@new_name")
    with office.store.reading() as session:
        stored = get_channel(session, channel.id)
        assert (stored.handle, stored.state, stored.address) == ("new_name", ChannelState.NEW, None)
    assert [asked.subject_id for asked in open_requests(office)] == [channel.id]


def test_a_channel_without_a_title_is_refused_and_kept(office: DeskOffice) -> None:
    channel = office.add_channel()
    page = change(office.visitor(Role.ADMIN), channel, title=" ", opened="2024-01-01")
    assert (page.status_int, text_at(page, "title")) == (422, "Назовите канал.")
    assert page.html.find(id="f-opened")["value"] == "2024-01-01"


def test_retiring_shows_and_cancels_what_still_waits(office: DeskOffice) -> None:
    channel = office.add_channel(title="Закрываемый")
    operation_id = plan(office, channel)
    visitor = office.visitor(Role.ADMIN)
    path = f"/channels/{channel.id}/retire"
    preview = visitor.get(path)
    assert "Мост" in preview
    assert "Отменить 1 отправку и вывести из работы" in preview
    page = visitor.send(form_to(preview, path))
    assert "Канал выведен из работы" in page
    with office.store.reading() as session:
        operation = get_operation(session, operation_id)
        assert operation.state is OperationState.CANCELLED
        assert operation.item.status is ItemStatus.DRAFT
    assert "Закрываемый" not in visitor.get("/channels")
    assert "Закрываемый" in visitor.get("/channels?retired=1")


def test_retiring_stops_when_something_else_was_planned_meanwhile(office: DeskOffice) -> None:
    channel = office.add_channel()
    visitor = office.visitor(Role.ADMIN)
    path = f"/channels/{channel.id}/retire"
    form = form_to(visitor.get(path), path)
    operation_id = plan(office, channel)
    page = visitor.send(form, expect_errors=True)
    assert page.status_int == 422
    assert "сначала посмотрите, что именно" in page
    with office.store.reading() as session:
        assert session.get_one(Operation, operation_id).state is OperationState.PLANNED


def test_nothing_is_retired_while_an_outcome_is_open(office: DeskOffice) -> None:
    channel = office.add_channel()
    plan(office, channel, OperationState.UNCONFIRMED)
    visitor = office.visitor(Role.ADMIN)
    page = visitor.get(f"/channels/{channel.id}/retire")
    assert "Сначала разберитесь с этим" in page
    assert "button-danger" not in page
    visitor.post(f"/channels/{channel.id}/retire", status=422)


def test_a_retired_channel_comes_back_and_is_checked(office: DeskOffice) -> None:
    channel = office.add_channel(retired_at=NOW)
    visitor = office.visitor(Role.ADMIN)
    page = visitor.send(form_to(visitor.get(f"/channels/{channel.id}"), f"/channels/{channel.id}/return"))
    assert "Канал снова в работе." in page
    assert [asked.kind for asked in open_requests(office)] == ["resolve_channel"]


def test_the_list_tells_training_channels_and_reasons(office: DeskOffice) -> None:
    office.add_channel("krd_news", title="Новости", state=ChannelState.FORBIDDEN, reason=REASON)
    row = office.visitor().get("/channels").html.tbody.tr.get_text(" ", strip=True)
    assert "Нет прав" in row
    assert "учебный" in row


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.EDITOR, Role.CHIEF])
def test_only_administrators_connect_change_and_retire(office: DeskOffice, role: Role) -> None:
    channel = office.add_channel()
    visitor = office.visitor(role)
    page = visitor.get(f"/channels/{channel.id}")
    assert not page.html.find("a", href=f"/channels/{channel.id}/change")
    for path in ("/channels/new", f"/channels/{channel.id}/change", f"/channels/{channel.id}/retire"):
        visitor.get(path, status=403)
        visitor.post(path, status=403)
    visitor.post(f"/channels/{channel.id}/return", status=403)


def test_a_channel_that_does_not_exist_is_not_found(office: DeskOffice) -> None:
    for number in ("999", "0", "99999999999999999999"):
        office.visitor(Role.ADMIN).get(f"/channels/{number}", status=404)


def test_a_desk_that_is_gone_meanwhile_is_told_at_its_field(office: DeskOffice) -> None:
    visitor = office.visitor(Role.ADMIN)
    page = visitor.post(
        "/channels/new", {"handle": "krd_news", "account": office.account.id, "desk": 77}, status=422
    )
    assert text_at(page, "desk") == "Выбранного подразделения уже нет: выберите снова."
    assert page.html.find(id="f-handle")["value"] == "krd_news"
