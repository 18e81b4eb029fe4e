"""The growth page: totals that say what they lack, jumps with what went out before them, files, addresses."""

from collections.abc import Mapping
from datetime import timedelta

from tests.web.desk import DeskOffice
from tests.web.test_audience import count, table

DAY = timedelta(days=1)


def test_the_days_of_the_period_are_added_up(office: DeskOffice) -> None:
    count(office, office.add_channel("a", title="Первый"), {0 * DAY: 130, DAY: 120, 2 * DAY: 100})
    count(office, office.add_channel("b", title="Второй"), {0 * DAY: 30, DAY: 20, 2 * DAY: 20})
    page = office.visitor().get("/growth?from=2026-11-30&to=2026-12-01")
    assert table(page) == [
        ["1 декабря 2026", "160", "+20", ""],
        ["30 ноября 2026", "140", "+20", ""],
    ]
