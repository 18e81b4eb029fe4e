"""`publisher growth`: what a period brought, with what it lacks."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from publisher.store.audience import Count, add_counts
from publisher.store.channels import get_channel_by_address
from tests.cli.terminal import Terminal

CITY = ZoneInfo("Europe/Moscow")
NOVEMBER = ("--from", "2026-11-01", "--to", "2026-11-03")


@pytest.fixture
def counted(terminal: Terminal) -> Terminal:
    """Three channels: one counted all the time, one opened in the period, one that missed the last day."""
    terminal.add_channels("elder", "fresh", "silent")
    with terminal.open_store() as store, store.begin() as session:
        old, fresh, silent = (
            get_channel_by_address(session, f"telegram:@{handle}") for handle in ("elder", "fresh", "silent")
        )
        fresh.opened_on = date(2026, 11, 2)
        days = [(old, 31, 100), (old, 1, 105), (old, 3, 130), (fresh, 2, 5), (fresh, 3, 20), (silent, 31, 40)]
        add_counts(session, [_count(channel.id, day, value) for channel, day, value in days], CITY)
    return terminal


def _count(channel_id: int, day: int, value: int) -> Count:
    month = 10 if day == 31 else 11
    taken = datetime(2026, month, day, 9, tzinfo=UTC)
    return Count(channel_id=channel_id, taken_at=int(taken.timestamp()), value=value)


def test_growth_tells_each_channel_and_what_it_lacks(counted: Terminal) -> None:
    channels = {one["channel"]: one for one in counted.read("growth", *NOVEMBER, "--json")["channels"]}
    assert channels["telegram:@elder"] == {
        "channel": "telegram:@elder", "title": "elder", "network": "telegram",
        "opening": 100, "closing": 130, "net": 30, "missing_days": 1, "opened_in_period": False,
    }  # fmt: skip
    fresh, silent = channels["telegram:@fresh"], channels["telegram:@silent"]
    assert (fresh["opening"], fresh["closing"], fresh["opened_in_period"]) == (None, 20, True)
    assert (silent["net"], silent["missing_days"]) == (None, 3)


def test_the_total_parts_growth_from_what_was_opened_or_not_counted(counted: Terminal) -> None:
    total = counted.read("growth", *NOVEMBER, "--json")["total"]
    assert (total["opening"], total["closing"], total["net"]) == (140, 150, 10)
    assert total["organic"] == {"net": 30, "channels": ["elder"]}
    assert total["opened"] == {"net": 20, "channels": ["fresh"]}
    assert total["counted_at_one_end"] == {"net": -40, "channels": ["silent"]}
    assert total["missing"] == {"opening": [], "closing": ["silent"]}


def test_the_table_names_who_was_not_counted(counted: Terminal) -> None:
    said = counted.done("growth", *NOVEMBER)
    assert "not counted at the end: silent" in said
    assert "In all" in said
    assert "+10" in said


def test_a_period_that_ends_before_it_begins_is_refused(terminal: Terminal) -> None:
    said = terminal.refused("growth", "--from", "2026-11-03", "--to", "2026-11-01")
    assert said == "The period ends before it begins."


def test_a_period_needs_both_ends(terminal: Terminal) -> None:
    assert "--to" in terminal.misused("growth", "--from", "2026-11-01")
