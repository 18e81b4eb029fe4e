"""«Все каналы»: a chart of each channel with its figures, its gaps, and the way to more."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import event
from webtest import TestResponse

from publisher.store.audience import Count, add_counts
from publisher.store.models import Channel
from tests.web.desk import DeskOffice

DAY = timedelta(days=1)
NO_BREAK = "\xa0"


def count(office: DeskOffice, channel: Channel, values: Mapping[int, int]) -> None:
    """Subscribers so many days before now."""
    counts = [
        Count(channel_id=channel.id, taken_at=int((office.now - age * DAY).timestamp()), value=value)
        for age, value in values.items()
    ]
    with office.store.begin() as session:
        add_counts(session, counts, office.settings.office.zone)


def tiles(page: TestResponse) -> list[str]:
    """The texts of the charts, one line each, in their order."""
    links = page.html.find_all("a", class_="multiple")
    return [" ".join(link.get_text(" ").split()).replace(NO_BREAK, " ") for link in links]


def path(page: TestResponse, place: int = 0) -> str:
    """The line of a chart."""
    return str(page.html.find_all("path", class_="multiple-line")[place]["d"])


def steady(office: DeskOffice, handle: str, first: int, last: int) -> Channel:
    """A channel that was counted each day of eight, going evenly from one value to another."""
    channel = office.add_channel(handle)
    count(office, channel, {age: first + (last - first) * (7 - age) // 7 for age in range(8)})
    return channel


def test_each_channel_shows_its_value_and_what_it_gained(office: DeskOffice) -> None:
    steady(office, "a_one", 1_000, 1_070)
    steady(office, "b_two", 500, 493)
    page = office.visitor().get("/growth/channels?days=7")
    assert tiles(page) == ["a_one 1 070 +70 +7,0 %", "b_two 493 −7 −1,4 %"]


def test_the_charts_are_sorted_by_share_and_by_title(office: DeskOffice) -> None:
    steady(office, "big_one", 10_000, 10_070)
    steady(office, "tiny_one", 10, 20)
    visitor = office.visitor()
    by_share = tiles(visitor.get("/growth/channels?days=7&sort=share"))
    by_title = tiles(visitor.get("/growth/channels?days=7&sort=title"))
    assert [tile.split()[0] for tile in by_share] == ["tiny_one", "big_one"]
    assert [tile.split()[0] for tile in by_title] == ["big_one", "tiny_one"]


def test_a_gap_breaks_the_line_and_is_shaded(office: DeskOffice) -> None:
    channel = office.add_channel("a_one")
    count(office, channel, {7: 10, 6: 11, 3: 12, 2: 13, 1: 14, 0: 15})
    page = office.visitor().get("/growth/channels?days=7")
    assert path(page).count("M") == 2
    [gap] = page.html.find_all("rect", class_="multiple-gap")
    assert 0 < float(gap["width"]) < 100
    assert "Нет 2 значений из 8." in page.html.find("svg", class_="multiple-chart")["aria-label"]


def test_a_channel_that_was_never_counted_is_there_without_a_line(office: DeskOffice) -> None:
    steady(office, "a_one", 10, 20)
    office.add_channel("silent")
    page = office.visitor().get("/growth/channels?days=7")
    assert tiles(page) == ["a_one 20 +10 +100,0 %", "silent — —"]
    assert len(page.html.find_all("path", class_="multiple-line")) == 1


def test_one_height_for_all_makes_a_small_change_flat(office: DeskOffice) -> None:
    steady(office, "a_one", 1_000, 2_000)
    steady(office, "b_two", 100, 110)
    visitor = office.visitor()
    own = path(visitor.get("/growth/channels?days=7"), 1)
    shared = path(visitor.get("/growth/channels?days=7&scale=shared"), 1)

    def height(line: str) -> float:
        ys = [float(point.split()[1]) for point in line.removeprefix("M").split("L")]
        return max(ys) - min(ys)

    assert height(own) > 50
    assert height(shared) < 1


def test_a_chart_leads_to_the_growth_of_its_channel(office: DeskOffice) -> None:
    steady(office, "a_one", 10, 20)
    steady(office, "b_two", 10, 15)
    visitor = office.visitor()
    link = visitor.get("/growth/channels?days=7").html.find("a", class_="multiple")["href"]
    shown = visitor.get(link)
    assert shown.status_int == 200
    assert [box.parent.get_text(strip=True) for box in shown.html.find_all("input", checked=True)] == [
        "a_one"
    ]


def test_a_period_that_cannot_be_is_said_at_the_charts(office: DeskOffice) -> None:
    steady(office, "a_one", 10, 20)
    page = office.visitor().get("/growth/channels?from=2026-12-01&to=2026-11-01", status=422)
    assert "Период кончается раньше, чем начинается" in page.text or page.html.find(class_="form-errors")


@pytest.mark.parametrize("days", [7, 90, 365])
def test_the_page_asks_as_often_for_many_channels_as_for_one(office: DeskOffice, days: int) -> None:
    asked: list[str] = []
    visitor = office.visitor()

    def queries() -> int:
        asked.clear()
        visitor.get(f"/growth/channels?days={days}")
        return len(asked)

    steady(office, "first_one", 10, 20)
    event.listen(office.store.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    one = queries()
    for number in range(12):
        steady(office, f"other_{number}", 10, 20)
    assert queries() == one
    assert sum("FROM audience_day" in text for text in asked) == 1
    assert not any("audience_count" in text for text in asked)
