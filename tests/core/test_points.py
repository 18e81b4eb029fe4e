"""The points of a view: none left out, none twice, whatever the pace."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from publisher.core.points import Pace, midnight, points_of, usual_pace
from publisher.core.series import ONE_DAY, Period

# Its days of 23 and 25 hours fall into these years.
BERLIN = ZoneInfo("Europe/Berlin")
LATER = datetime(2040, 1, 1, tzinfo=UTC)

periods = st.builds(
    lambda first, days: Period(first=first, last=first + timedelta(days=days)),
    st.dates(date(2016, 1, 1), date(2030, 1, 1)),
    st.integers(0, 3_700),
)


@given(periods, st.sampled_from([Pace.DAY, Pace.WEEK, Pace.MONTH]))
def test_the_points_cover_the_period_and_the_day_before_without_hole_or_overlap(
    period: Period, pace: Pace
) -> None:
    points = points_of(period, pace, BERLIN, LATER)
    assert points[0].days.first == points[0].days.last == period.first - ONE_DAY
    assert points[-1].days.last == period.last
    assert points[0].begin == midnight(period.first - ONE_DAY, BERLIN)
    for before, after in pairwise(points):
        assert after.begin == before.end
        assert after.days.first == before.days.last + ONE_DAY


@given(periods)
def test_a_line_has_some_hundred_points_however_long_the_period(period: Period) -> None:
    pace = usual_pace(period)
    assert len(points_of(period, pace, BERLIN, LATER)) <= 402


def test_ticks_end_with_the_present() -> None:
    day = date(2026, 10, 24)
    now = datetime(2026, 10, 24, 8, 7, tzinfo=UTC)
    points = points_of(Period(first=day, last=day), Pace.QUARTER, BERLIN, now)
    assert points[0].begin == midnight(day, BERLIN)
    assert points[-1].begin <= now < points[-1].end


def test_a_day_of_a_clock_change_has_its_own_number_of_hours() -> None:
    hours = [
        len(points_of(Period(first=day, last=day), Pace.HOUR, BERLIN, LATER))
        for day in (date(2026, 3, 29), date(2026, 10, 25))
    ]
    assert hours == [23, 25]


def test_weeks_begin_on_monday_and_months_on_their_first_day() -> None:
    period = Period(first=date(2026, 1, 7), last=date(2026, 3, 4))
    weeks = points_of(period, Pace.WEEK, BERLIN, LATER)[1:]
    months = points_of(period, Pace.MONTH, BERLIN, LATER)[1:]
    assert {point.days.first.weekday() for point in weeks[1:]} == {0}
    assert [point.days.last for point in months] == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 4)]
