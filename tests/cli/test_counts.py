"""`publisher counts`: take, export, rebuild."""

import csv
import json
import subprocess
from datetime import datetime
from io import BytesIO, StringIO
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook

from bootstrap import BIN
from publisher.core.states import CountSource
from publisher.store.audience import Count, add_counts
from publisher.store.channels import get_channel_by_address
from publisher.store.models import AudienceDay
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
    rows = list(csv.DictReader(StringIO(counted.done("counts", "export"))))
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


def test_an_export_keeps_to_the_days_asked_for(counted: Terminal) -> None:
    with counted.open_store() as store, store.begin() as session:
        channel = get_channel_by_address(session, "telegram:@krd_news")
        add_counts(session, [Count(channel_id=channel.id, taken_at=TAKEN + 86_400, value=72_000)], CITY)

    def values(*options: str) -> list[int]:
        return [row["value"] for row in counted.read("counts", "export", "--format", "json", *options)]

    assert values("--from", "2026-12-24") == [72_000]
    assert values("--to", "2026-12-23") == [71_935, 71_936]
    assert values("--from", "2026-12-23", "--to", "2026-12-24") == [71_935, 71_936, 72_000]


def test_counts_are_exported_as_a_sheet_with_moments_of_the_city(counted: Terminal) -> None:
    place = ("--config", str(counted.config), "--data", str(counted.data))
    command = [str(BIN / "publisher"), "counts", "export", "--format", "xlsx", *place]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - our own program
    sheet = CalamineWorkbook.from_filelike(BytesIO(done.stdout)).get_sheet_by_index(0)
    heading, first, _ = sheet.to_python()
    assert heading == ["channel", "network", "taken_at", "value", "source"]
    moment = datetime(2026, 12, 23, 7, 26, 40)  # noqa: DTZ001 - a cell has the city's clock and no zone
    assert first == ["telegram:@krd_news", "telegram", moment, 71_935, "network"]


def spoil(terminal: Terminal) -> None:
    """A day says what no count says."""
    with terminal.open_store() as store, store.begin() as session:
        session.query(AudienceDay).one().closing = 1


def test_a_rebuild_mends_the_days_that_a_check_finds_wrong(counted: Terminal) -> None:
    assert counted.done("counts", "rebuild", "--check") == "Every day is what the counts say."
    spoil(counted)
    assert "not what the counts say: 1" in counted.refused("counts", "rebuild", "--check")
    assert counted.done("counts", "rebuild") == "Days made anew: 1."
    assert counted.done("counts", "rebuild", "--check") == "Every day is what the counts say."


def test_another_time_zone_is_noticed_until_the_days_are_made_anew(counted: Terminal) -> None:
    with counted.open_store() as store, store.begin() as session:
        channel = get_channel_by_address(session, "telegram:@krd_news")
        day = [Count(channel_id=channel.id, taken_at=TAKEN + 900 * n, value=n) for n in range(2 * 96)]
        add_counts(session, day, CITY)
    counted.set_up('[office]\nlanguage = "en"\ntimezone = "Asia/Yekaterinburg"\n')
    assert "counts" in counted.run("doctor").err
    counted.done("counts", "rebuild")
    checks = {check["name"]: check for check in json.loads(counted.run("doctor", "--json").out)["checks"]}
    assert checks["counts"]["text"] == "The days are those of Asia/Yekaterinburg."
