"""Why a channel was not counted: the network said no, nobody counted, or it was not connected yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from publisher.core.points import Point
from publisher.core.series import Track


class Cause(StrEnum):
    """What stands behind a gap."""

    NETWORK = "network"
    NO_WORKER = "no_worker"
    NOT_CONNECTED = "not_connected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """Ticks in a row at which the network did not let a channel be counted."""

    first: datetime
    last: datetime
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Points in a row, first and last included, at which these channels were not counted for one cause.

    `code` is the network's when it was the network.
    """

    first: int
    last: int
    cause: Cause
    code: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A channel whose gaps are to be explained."""

    track: Track
    misses: Sequence[Miss]
    connected_at: datetime


def explain(suspects: Iterable[Suspect], points: Sequence[Point], worked: Sequence[bool]) -> list[Gap]:
    """The gaps of these channels with their causes, the first ones first; channels alike stand together.

    `worked` tells at which points anybody of the realm was counted: where nobody was and no network said no,
    the worker did not run.
    """
    together: dict[tuple[int, int, Cause, str], list[str]] = {}
    for suspect in suspects:
        for key in _gaps(suspect, points, worked):
            together.setdefault(key, []).append(suspect.track.name)
    return [
        Gap(first=first, last=last, cause=cause, code=code, names=tuple(names))
        for (first, last, cause, code), names in sorted(together.items())
    ]


def _gaps(
    suspect: Suspect, points: Sequence[Point], worked: Sequence[bool]
) -> Iterable[tuple[int, int, Cause, str]]:
    track = suspect.track
    missing = [
        (place, *_cause(suspect, points[place], worked[place]))
        for place in range(track.begins, track.ends)
        if track.values[place] is None
    ]
    # Neighbours with the same cause have the same distance to their number in the list.
    for (_, cause, code), run in groupby(
        enumerate(missing), key=lambda pair: (pair[1][0] - pair[0], pair[1][1], pair[1][2])
    ):
        places = [place for _, (place, *_) in run]
        yield places[0], places[-1], cause, code


def _cause(suspect: Suspect, point: Point, worked: bool) -> tuple[Cause, str]:
    for miss in suspect.misses:
        if miss.first < point.end and miss.last >= point.begin:
            return Cause.NETWORK, miss.code
    if point.end <= suspect.connected_at:
        return Cause.NOT_CONNECTED, ""
    return (Cause.UNKNOWN, "") if worked else (Cause.NO_WORKER, "")
