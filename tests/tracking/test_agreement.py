"""The digest, the growth page and the command tell the same of the same week, whatever became of channels."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from publisher.core.platforms import Realm
from publisher.core.points import Pace
from publisher.core.series import Period
from publisher.store.audience import Count, add_counts
from publisher.store.models import Account
from publisher.store.session import Store
from publisher.tracking.balance import read_balance
from publisher.tracking.digest import sum_up
from publisher.tracking.growth import Question, read_growth
from tests.builders import add_account, add_channel

ZONE = ZoneInfo("Europe/Moscow")
SUNDAY_BEFORE, MONDAY, WEDNESDAY, SUNDAY = (date(2026, 11, day) for day in (15, 16, 18, 22))
# The digest was late: its worker came back on Thursday.
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
RETIRED = datetime(2026, 11, 18, tzinfo=UTC)
COUNTED = {SUNDAY_BEFORE: 100, MONDAY: 110, WEDNESDAY: 130, SUNDAY: 150}
# Title, counts, and what the calendar says of the channel.
CHANNELS: tuple[tuple[str, dict[date, int], dict[str, Any]], ...] = (
    ("counted at both ends", COUNTED, {}),
    ("lost some", {SUNDAY_BEFORE: 90, SUNDAY: 60}, {"opened_on": date(2020, 1, 1)}),
    ("not counted at the end", {SUNDAY_BEFORE: 70, WEDNESDAY: 75}, {}),
    ("not counted before", {WEDNESDAY: 40, SUNDAY: 45}, {}),
    ("never counted", {}, {}),
    ("opened in the week", {WEDNESDAY: 5, SUNDAY: 9}, {"opened_on": WEDNESDAY}),
    ("opened, not counted at the end", {WEDNESDAY: 5}, {"opened_on": WEDNESDAY}),
    ("counted before it was opened", {SUNDAY_BEFORE: 7, SUNDAY: 11}, {"opened_on": WEDNESDAY}),
    ("opened after the week", {date(2026, 11, 25): 3}, {"opened_on": date(2026, 11, 24)}),
    ("closed in the week", {SUNDAY_BEFORE: 30, MONDAY: 31}, {"retired_at": RETIRED}),
    (
        "closed on the last day, counted", {SUNDAY_BEFORE: 20, SUNDAY: 22},
        {"retired_at": datetime(2026, 11, 22, 12, tzinfo=UTC)},
    ),
    ("closed after the week", COUNTED, {"retired_at": datetime(2026, 11, 24, tzinfo=UTC)}),
    ("closed before the week", {}, {"retired_at": datetime(2026, 11, 10, tzinfo=UTC)}),
)  # fmt: skip


def found_city(store: Store) -> None:
    """One channel of each kind."""
    with store.begin() as session:
        account: Account = add_account(session)
        for title, counts, calendar in CHANNELS:
            channel = add_channel(session, account, title=title, **calendar)
            rows = [
                Count(channel_id=channel.id, taken_at=int(evening(day).timestamp()), value=value)
                for day, value in counts.items()
            ]
            add_counts(session, rows, ZONE)


def evening(day: date) -> datetime:
    """Near midnight in the city, which is the same day in UTC."""
    return datetime.combine(day, time(23, 30), ZONE)


def test_three_ways_to_ask_give_one_answer_about_a_week(store: Store) -> None:
    found_city(store)
    week = Period(first=MONDAY, last=SUNDAY)
    with store.reading() as session:
        digest = sum_up(session, Realm.SANDBOX, MONDAY, ZONE, NOW)
        page = read_growth(
            session, Question(realm=Realm.SANDBOX, period=week, pace=Pace.DAY), ZONE, NOW
        ).bridge
        command = read_balance(session, Realm.SANDBOX, week, ZONE)
    assert page == command.total
    assert page is not None
    assert (digest.total, digest.organic) == (page.end.value, page.kept.value)
    assert tuple(c.title for c in digest.compared) == page.kept.names
    assert tuple(c.title for c in digest.opened) == page.opened.names
    assert set(digest.missing) == set(page.start.missing) | set(page.end.missing)
    nets = {line.channel.title: line.net for line in command.lines}
    assert {c.title: c.change for c in digest.compared} == {c.title: nets[c.title] for c in digest.compared}
    assert "opened after the week" not in nets


def test_what_a_channel_lacks_is_counted_by_the_city_s_days(store: Store) -> None:
    # Two in the morning on Thursday, which is Wednesday in UTC.
    retired_at = datetime(2026, 11, 18, 23, tzinfo=UTC)
    with store.begin() as session:
        add_channel(session, add_account(session), title="closed at night", retired_at=retired_at)
    with store.reading() as session:
        [line] = read_balance(session, Realm.SANDBOX, Period(first=MONDAY, last=SUNDAY), ZONE).lines
    assert line.missing_days == 4
