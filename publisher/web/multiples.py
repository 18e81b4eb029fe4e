"""«Все каналы»: the growth of every channel on one screen, each as a small chart beside its figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from publisher.core.messages import N_
from publisher.core.points import Pace
from publisher.core.series import Period, Track, change
from publisher.errors import RuleError
from publisher.store.channels import list_realms_in_use
from publisher.store.growth import CountedChannel
from publisher.tracking.growth import Growth, read_growth
from publisher.web.context import now, reading, zone
from publisher.web.errors import errors_of
from publisher.web.formats import change as change_text
from publisher.web.formats import number
from publisher.web.growth_choice import Choice, read_choice, usual_choice
from publisher.web.segments import period_segments, segments, translated

blueprint = Blueprint("multiples", __name__, url_prefix="/growth/channels")

# The picture's own units: it is stretched to the place it gets, lines keep their width.
WIDTH, HEIGHT, MARGIN = 200, 60, 4
# The longest period in days that is drawn by day, and by week; a longer one by month.
MOST_DAYS, MOST_WEEKS = 100, 700


class Sort(StrEnum):
    """What stands first."""

    NET = "net"
    SHARE = "share"
    TITLE = "title"


class Scale(StrEnum):
    """What the height of a chart stands for: the channel's own range, or as many subscribers everywhere."""

    OWN = "own"
    SHARED = "shared"


SORTS = {Sort.NET: N_("By growth"), Sort.SHARE: N_("By share"), Sort.TITLE: N_("By title")}
SCALES = {Scale.OWN: N_("Each its own height"), Scale.SHARED: N_("One height for all")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A channel with its line; `path` and `gaps` are in the picture's units."""

    channel: CountedChannel
    value: int | None
    net: int | None
    share: float | None
    is_new: bool
    path: str
    gaps: Sequence[tuple[float, float]]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the address asks for."""

    choice: Choice
    sort: Sort = Sort.NET
    scale: Scale = Scale.OWN

    def args(self) -> dict[str, Any]:
        """The same as an address has it; what is usual is left out."""
        args = self.choice.args()
        if self.sort is not Sort.NET:
            args["sort"] = self.sort.value
        if self.scale is not Scale.OWN:
            args["scale"] = self.scale.value
        return args


@blueprint.get("")
def index() -> str | tuple[str, int]:
    """All channels."""
    with reading() as session:
        try:
            view = _view(read_choice(session))
        except RuleError as error:
            return _page(session, _view(usual_choice(session)), errors_of(error)), 422
        return _page(session, view, {})


def _page(session: Session, view: View, errors: Mapping[str, str]) -> str:
    question = view.choice.question
    growth = read_growth(session, replace(question, pace=_pace(question.period)), zone(), now())
    return render_template(
        "multiples/index.html",
        errors=errors, view=view, growth=growth, charts=charts_of(growth, view),
        periods=period_segments(
            question.period, lambda period: _address(replace(view, choice=view.choice.over(period)))
        ),
        sorts=segments(translated(SORTS), view.sort, lambda sort: _address(replace(view, sort=sort))),
        scales=segments(translated(SCALES), view.scale, lambda scale: _address(replace(view, scale=scale))),
        realms=list_realms_in_use(session), width=WIDTH, height=HEIGHT,
    )  # fmt: skip


def _address(view: View) -> str:
    return url_for(".index", **view.args())


def _pace(period: Period) -> Pace | None:
    """A chart of this width shows no more than some hundred points."""
    if period.days <= MOST_DAYS:
        return None
    return Pace.WEEK if period.days <= MOST_WEEKS else Pace.MONTH


def _view(choice: Choice) -> View:
    args = request.args
    return View(
        choice=choice,
        sort=Sort(args["sort"]) if args.get("sort") in set(Sort) else Sort.NET,
        scale=Scale(args["scale"]) if args.get("scale") in set(Scale) else Scale.OWN,
    )


def charts_of(growth: Growth, view: View) -> list[Chart]:
    """The charts in their order; what is not known comes last."""
    pairs = list(zip(growth.channels, growth.tracks, strict=True))
    shared = max((_span(track) for _, track in pairs), default=0) if view.scale is Scale.SHARED else None
    charts = [_chart(growth, channel, track, shared) for channel, track in pairs]
    if view.sort is Sort.TITLE:
        return sorted(charts, key=lambda chart: chart.channel.title.casefold())
    known = [chart for chart in charts if _key(chart, view.sort) is not None]
    unknown = [chart for chart in charts if _key(chart, view.sort) is None]
    return sorted(known, key=lambda chart: _key(chart, view.sort) or 0, reverse=True) + unknown


def _key(chart: Chart, sort: Sort) -> float | None:
    return chart.share if sort is Sort.SHARE else chart.net


def _chart(growth: Growth, channel: CountedChannel, track: Track, shared: int | None) -> Chart:
    counted = [value for value in track.values if value is not None]
    start, end = growth.bounds or (0, 0)
    is_new = not track.is_there(start)
    first = counted[0] if is_new and counted else track.values[start]
    net = change(track.values[end], first)
    gaps = list(_gaps(track))
    return Chart(
        channel=channel, value=counted[-1] if counted else None, net=net,
        share=net / first if net is not None and first else None, is_new=is_new,
        path=_path(track, shared), gaps=[_stretch(gap, track) for gap in gaps],
        label=_label(growth, track, first, net, sum(length for _, length in gaps)),
    )  # fmt: skip


def _span(track: Track) -> int:
    counted = [value for value in track.values if value is not None]
    return max(counted) - min(counted) if counted else 0


def _x(place: int, track: Track) -> float:
    return round(place * WIDTH / max(1, len(track.values) - 1), 1)


def _path(track: Track, shared: int | None) -> str:
    """The line, broken at every gap; a single count is a point."""
    counted = [value for value in track.values if value is not None]
    if not counted:
        return ""
    span = (_span(track) if shared is None else shared) or 1
    middle = (max(counted) + min(counted)) / 2

    def y(value: int) -> float:
        return round(HEIGHT / 2 - (value - middle) / span * (HEIGHT - 2 * MARGIN), 1)

    runs = []
    for is_known, group in groupby(enumerate(track.values), key=lambda pair: pair[1] is not None):
        if is_known:
            points = [f"{_x(place, track)} {y(value)}" for place, value in group if value is not None]
            runs.append("M" + "L".join(points) + ("h.01" if len(points) == 1 else ""))
    return "".join(runs)


def _gaps(track: Track) -> Iterable[tuple[int, int]]:
    """(first place, how many) of the stretches without counts while the channel was there."""
    there = [
        (place, track.values[place]) for place in range(track.begins, min(track.ends, len(track.values)))
    ]
    for is_gap, group in groupby(there, key=lambda pair: pair[1] is None):
        places = [place for place, _ in group]
        if is_gap:
            yield places[0], len(places)


def _stretch(gap: tuple[int, int], track: Track) -> tuple[float, float]:
    """From the last count before the gap to the first one after it: x and width."""
    first, length = gap
    left = _x(max(0, first - 1), track)
    return left, round(min(WIDTH, _x(first + length, track)) - left, 1)


def _label(growth: Growth, track: Track, first: int | None, net: int | None, missing: int) -> str:
    """The chart in words."""
    counted = [value for value in track.values if value is not None]
    if not counted:
        return str(gettext("Not counted in this period."))
    words: str = gettext(
        "From %(first)s to %(last)s, lowest %(low)s, highest %(high)s, growth %(net)s.",
        first=number(first), last=number(counted[-1]), low=number(min(counted)), high=number(max(counted)),
        net=change_text(net),
    )  # fmt: skip
    if missing:
        words += " " + ngettext(
            "%(num)s of %(all)s values missing.", "%(num)s of %(all)s values missing.", missing,
            all=len(growth.points),
        )  # fmt: skip
    return words
