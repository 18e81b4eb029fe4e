"""Why something was not counted."""

from datetime import UTC, datetime, timedelta

from publisher.core.gaps import Cause, Gap, Miss, Suspect, explain
from publisher.core.points import Point
from publisher.core.series import Period, track

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
POINTS = [
    Point(
        days=Period(first=(FIRST + n * DAY).date(), last=(FIRST + n * DAY).date()),
        begin=FIRST + n * DAY, end=FIRST + (n + 1) * DAY,
    )
    for n in range(5)
]  # fmt: skip


def gaps_of(
    *tracks: tuple[str, list[int | None]],
    misses: list[Miss] | None = None,
    connected_at: datetime = FIRST - DAY,
    others: set[int] | None = None,
) -> list[Gap]:
    """The gaps of these channels; `others` are the points at which another one was counted."""
    suspects = [
        Suspect(track=track(name, values), misses=misses or [], connected_at=connected_at)
        for name, values in tracks
    ]
    worked = [
        any(values[place] is not None for _, values in tracks) or place in (others or set())
        for place in range(len(POINTS))
    ]
    return explain(suspects, POINTS, worked)


def test_where_nobody_was_counted_the_worker_did_not_run() -> None:
    [gap] = gaps_of(("а", [1, None, None, 4, 5]), ("б", [1, None, None, 4, 5]))
    assert (gap.first, gap.last, gap.cause, gap.names) == (1, 2, Cause.NO_WORKER, ("а", "б"))


def test_the_network_gives_its_own_reason() -> None:
    miss = Miss(first=FIRST + DAY, last=FIRST + 3 * DAY - timedelta(minutes=15), code="CHANNEL_PRIVATE")
    [gap] = gaps_of(("а", [1, None, None, 4, 5]), misses=[miss], others={1, 2})
    assert (gap.first, gap.last, gap.cause, gap.code) == (1, 2, Cause.NETWORK, "CHANNEL_PRIVATE")


def test_a_gap_with_two_causes_is_two_gaps() -> None:
    miss = Miss(first=FIRST + DAY, last=FIRST + DAY, code="FLOOD")
    found = gaps_of(("а", [1, None, None, None, 5]), misses=[miss])
    assert [(gap.first, gap.last, gap.cause) for gap in found] == [
        (1, 1, Cause.NETWORK), (2, 3, Cause.NO_WORKER)
    ]  # fmt: skip


def test_before_it_was_connected_nobody_could_count_it() -> None:
    [gap] = gaps_of(("а", [None, None, 3, 4, 5]), connected_at=FIRST + 2 * DAY)
    assert (gap.first, gap.last, gap.cause) == (0, 1, Cause.NOT_CONNECTED)


def test_no_cause_is_made_up() -> None:
    [gap] = gaps_of(("а", [1, None, 3, 4, 5]), others={1})
    assert gap.cause is Cause.UNKNOWN


def test_a_channel_that_is_not_open_yet_has_no_gap() -> None:
    suspect = Suspect(track=track("а", [None, None, 3, 4, 5], begins=2), misses=[], connected_at=FIRST - DAY)
    assert explain([suspect], POINTS, [True] * 5) == []
