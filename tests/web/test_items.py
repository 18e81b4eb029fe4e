"""«Новости»: filters kept in the address, tabs with counts, pages, and what an empty list offers."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from webtest import TestResponse

from publisher.core.states import ItemStatus, OperationState, Role
from publisher.store.models import Channel, Item
from tests.builders import NOW, add_operation
from tests.web.desk import DeskOffice, Visitor, form_to


def titles(page: TestResponse) -> list[str]:
    """What the list shows, in its order."""
    return [link.get_text(strip=True) for link in page.html.select("td.cell-title a")]


def tabs(page: TestResponse) -> list[str]:
    """The tabs with their counts."""
    return [" ".join(tab.get_text(" ").split()) for tab in page.html.select(".tabs a")]


def write(office: DeskOffice, title: str, status: ItemStatus = ItemStatus.DRAFT, **values: object) -> Item:
    """An item of the press office."""
    item, _ = office.add_item(title=title)
    with office.store.begin() as session:
        row = session.get_one(Item, item.id)
        row.status = status
        for name, value in values.items():
            setattr(row, name, value)
    return item


@pytest.fixture
def editor(office: DeskOffice) -> Visitor:
    """An editor of the press office."""
    return office.visitor(Role.EDITOR)


def test_tabs_group_the_states_and_count_them(office: DeskOffice, editor: Visitor) -> None:
    for number, status in enumerate(ItemStatus):
        write(office, f"Новость {number}", status, due=NOW)
    page = editor.get("/items")
    assert tabs(page) == [
        "Все 8", "Черновики 1", "У редактора 2", "Запланированные 1", "Вышли 2", "Отозванные и отложенные 2",
    ]  # fmt: skip
    assert titles(editor.get("/items?tab=drafts")) == ["Новость 0"]


def test_what_is_planned_comes_in_order_of_time(office: DeskOffice, editor: Visitor) -> None:
    write(office, "Позже", ItemStatus.SCHEDULED, due=NOW + timedelta(hours=2))
    write(office, "Раньше", ItemStatus.SCHEDULED, due=NOW + timedelta(hours=1))
    assert titles(editor.get("/items?tab=scheduled")) == ["Раньше", "Позже"]
    assert titles(editor.get("/items?tab=scheduled&sort=latest")) == ["Позже", "Раньше"]


def test_the_form_narrows_the_list_and_keeps_what_was_chosen(office: DeskOffice, editor: Visitor) -> None:
    write(office, "Мост открыт")
    write(office, "Парк открыт")
    form = form_to(editor.get("/items"), "/items")
    form["q"] = "мост"
    form["desk"] = "own"
    page = editor.send(form)
    assert titles(page) == ["Мост открыт"]
    assert form_to(page, "/items")["q"].value == "мост"
    assert form_to(page, "/items")["desk"].value == "own"
    assert "q=%D0%BC%D0%BE%D1%81%D1%82&desk=own" in page.html.select(".tabs a")[1]["href"]


def test_desk_and_channel_narrow_the_list(office: DeskOffice, editor: Visitor) -> None:
    roads = office.add_desk("roads", "Дороги")
    channel = office.add_channel("city")
    office.add_item(channel, title="В канале")
    write(office, "Дорожная", desk_id=roads.id)
    assert titles(editor.get(f"/items?desk={roads.id}")) == ["Дорожная"]
    assert titles(editor.get(f"/items?channel={channel.id}")) == ["В канале"]


def test_author_and_period_narrow_the_list(office: DeskOffice, editor: Visitor) -> None:
    assert editor.user is not None
    write(office, "Своя", created_by_id=editor.user.id)
    write(office, "Вчерашняя", updated_at=NOW - timedelta(days=1))
    assert titles(editor.get(f"/items?author={editor.user.id}")) == ["Своя"]
    assert titles(editor.get("/items?until=2026-11-30")) == ["Вчерашняя"]
    assert titles(editor.get("/items?since=2026-12-01")) == ["Своя"]


def test_an_address_that_makes_no_sense_shows_everything(office: DeskOffice, editor: Visitor) -> None:
    write(office, "Новость")
    page = editor.get("/items?tab=x&desk=-1&channel=a&author=9999999999&since=32.13&sort=up&after=1-2-3")
    assert titles(page) == ["Новость"]
    assert titles(editor.get("/items?since=0001-01-01&until=9999-12-31")) == ["Новость"]


def test_pages_follow_one_another_and_lead_back(office: DeskOffice, editor: Visitor) -> None:
    for number in range(53):
        write(office, f"Новость {number}", updated_at=NOW + timedelta(minutes=number))
    first = editor.get("/items")
    assert len(titles(first)) == 50
    second = editor.get(first.html.select_one("a[rel=next]")["href"])
    assert titles(second) == ["Новость 2", "Новость 1", "Новость 0"]
    assert second.html.select_one("a[rel=next]") is None
    back = editor.get(second.html.select_one("a[rel=prev]")["href"])
    assert titles(back) == titles(first)
    assert back.html.select_one("a[rel=prev]") is None


def test_an_empty_office_offers_to_write_the_first_item(editor: Visitor) -> None:
    assert "Написать первую новость" in editor.get("/items")


def test_an_empty_choice_offers_to_clear_the_filters(office: DeskOffice, editor: Visitor) -> None:
    write(office, "Мост")
    page = editor.get("/items?q=" + quote("парк"))
    assert titles(page) == []
    assert titles(editor.get(page.html.select_one(".empty a")["href"])) == ["Мост"]


def test_a_row_says_how_many_channels_have_the_item(office: DeskOffice, editor: Visitor) -> None:
    channels = [office.add_channel(f"channel{number}") for number in range(3)]
    item, version = office.add_item(*channels, title="Мост")
    states = (OperationState.SENT, OperationState.SENT, OperationState.FAILED)
    with office.store.begin() as session:
        session.get_one(Item, item.id).status = ItemStatus.PUBLISHED
        for channel, state in zip(channels, states, strict=True):
            add_operation(session, version, session.get_one(Channel, channel.id), state=state)
    row = " ".join(editor.get("/items").html.select_one("tbody tr").get_text(" ").split())
    assert "2 из 3" in row
    assert "ждёт решения: 1" in row


def test_the_live_part_is_sent_again_only_when_something_changed(office: DeskOffice, editor: Visitor) -> None:
    item = write(office, "Мост")
    address = editor.get("/items").html.select_one("[data-live]")
    known = {"If-None-Match": address["data-live-etag"]}
    assert editor.get(address["data-live"], headers=known).status_int == 304
    with office.store.begin() as session:
        session.get_one(Item, item.id).status = ItemStatus.IN_REVIEW
    fresh = editor.get(address["data-live"], headers=known)
    assert "На проверке" in fresh


def test_an_author_reads_the_list_too(office: DeskOffice) -> None:
    write(office, "Мост")
    assert titles(office.visitor(Role.AUTHOR).get("/items")) == ["Мост"]


def test_words_lead_on_to_the_search_in_everything(office: DeskOffice) -> None:
    page = office.visitor().get(f"/items?q={quote('моста')}")
    [link] = [a for a in page.html.select("a") if "во всём" in a.get_text()]
    assert link["href"] == f"/search?q={quote('моста')}"
