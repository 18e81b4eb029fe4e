"""`publisher counts`: take, export."""

import csv
import io
from zoneinfo import ZoneInfo

import pytest

from publisher.core.states import CountSource
from publisher.store.audience import Count, add_counts
from publisher.store.channels import get_channel_by_address
from tests.cli.terminal import Terminal

CITY = ZoneInfo("Europe/Moscow")
TAKEN = 1_798_000_000


@pytest.fixture
def counted(terminal: Terminal) -> Terminal:
    """A terminal on a channel with two counts."""
    terminal.add_channels("krd_news")
    with terminal.open_store() as store, store.begin() as session:
        channel = get_channel_by_address(session, "telegram:@krd_news")
        add_counts(
            session,
            [
                Count(channel_id=channel.id, taken_at=TAKEN, value=71_935),
                Count(channel_id=channel.id, taken_at=TAKEN + 900, value=71_936, source=CountSource.IMPORT),
            ],
            CITY,
        )
    return terminal


def test_counts_are_exported_as_json(counted: Terminal) -> None:
    assert counted.read("counts", "export", "--format", "json") == [
        {
            "channel": "telegram:@krd_news", "network": "telegram",
            "taken_at": "2026-12-23T04:26:40+00:00", "value": 71_935, "source": "network",
        },
        {
            "channel": "telegram:@krd_news", "network": "telegram",
            "taken_at": "2026-12-23T04:41:40+00:00", "value": 71_936, "source": "import",
        },
    ]  # fmt: skip


def test_counts_are_exported_as_csv(counted: Terminal) -> None:
    rows = list(csv.DictReader(io.StringIO(counted.done("counts", "export"))))
    assert [row["value"] for row in rows] == ["71935", "71936"]
    assert list(rows[0]) == ["channel", "network", "taken_at", "value", "source"]


def test_an_export_of_nothing_is_a_header_or_an_empty_list(terminal: Terminal) -> None:
    assert terminal.done("counts", "export") == "channel,network,taken_at,value,source"
    assert terminal.read("counts", "export", "--format", "json") == []


def test_another_format_is_a_usage_error(terminal: Terminal) -> None:
    assert "'pdf' is not one of" in terminal.misused("counts", "export", "--format", "pdf")


def test_take_says_which_worker_is_missing(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    said = terminal.refused("counts", "take", "--wait", "0")
    assert said == "No worker answered within 0 s: start one with `publisher worker`."


def test_take_says_that_the_sandbox_realm_has_no_worker(terminal: Terminal) -> None:
    terminal.add_account("training", "--sandbox")
    assert "--realm sandbox" in terminal.refused("counts", "take", "--wait", "0")


def test_take_waits_a_minute_when_nothing_else_is_said(terminal: Terminal) -> None:
    assert "[default: 60" in terminal.run("counts", "take", "--help").out
