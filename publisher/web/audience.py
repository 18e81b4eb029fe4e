"""«Подписчики»: how many read each channel now, and what changed over a day, a week, 30 days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.accounts import request_counts
from publisher.core.messages import N_
from publisher.core.permissions import Act, may
from publisher.core.platforms import Realm
from publisher.core.series import Total, add_up, change, day_lines
from publisher.core.spreadsheets import Cell, to_csv
from publisher.errors import RuleError
from publisher.store.audience import Standing, list_days, list_newest_counts, list_standings
from publisher.store.channels import get_channel, list_counted_channels, list_desks, list_realms_in_use
from publisher.store.models import Channel
from publisher.web.asked import read_asked
from publisher.web.context import actor, begin, language, now, reading, zone
from publisher.web.errors import errors_of
from publisher.web.live import fragment

blueprint = Blueprint("audience", __name__, url_prefix="/audience")

# Counting is every quarter of an hour: several were missed.
STALE = timedelta(hours=1)
# The columns by which the table can be sorted; True: the largest comes first.
SORTS: Mapping[str, bool] = {
    "title": False, "desk": False, "now": True, "day": True, "week": True, "month": True, "opened": False,
}  # fmt: skip
PERIODS = (7, 30, 90, 365)
LONGEST = 3 * 366
LAST_COUNTS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A channel's line of the table; None where nothing was counted."""

    channel: Channel
    taken_at: datetime | None = None
    value: int | None = None
    day: int | None = None
    week: int | None = None
    month: int | None = None

    @property
    def desk_title(self) -> str:
        """The desk's title; empty without one."""
        return self.channel.desk.title if self.channel.desk else ""

    @property
    def is_stale(self) -> bool:
        """Whether the newest count is an old one."""
        return self.taken_at is not None and now() - self.taken_at > STALE


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What several channels have together."""

    title: str
    channels: int
    value: Total
    day: Total
    week: Total
    month: Total

    @property
    def missing_changes(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Periods whose total lacks channels that have a count, with their names."""
        spans = (
            (gettext("over a day"), self.day),
            (gettext("over a week"), self.week),
            (gettext("over 30 days"), self.month),
        )
        uncounted = set(self.value.missing)
        found = ((name, tuple(m for m in total.missing if m not in uncounted)) for name, total in spans)
        return tuple((name, missing) for name, missing in found if missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the address asks for."""

    realm: Realm
    desk_id: int | None
    sort: str
    descending: bool

    def args(self) -> dict[str, Any]:
        """The same as an address has it; what is usual is left out."""
        args = {"realm": self.realm.value}
        if self.desk_id is not None:
            args["desk"] = str(self.desk_id)
        if (self.sort, self.descending) != ("now", True):
            args |= {"sort": self.sort, "order": "desc" if self.descending else "asc"}
        return args

    def sorted_by(self, sort: str) -> "Choice":
        """Sorted by this column; the other way round when it already is."""
        descending = not self.descending if sort == self.sort else SORTS[sort]
        return replace(self, sort=sort, descending=descending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days of the city's calendar, first and last included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def args(self) -> dict[str, str]:
        """The same as an address has it."""
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


@blueprint.get("")
def index() -> str:
    """The table."""
    with reading() as session:
        return render_template(
            "audience/index.html",
            desk_options=[(desk.id, desk.title) for desk in list_desks(session)],
            realms=list_realms_in_use(session), **_table(session),
        )  # fmt: skip


@blueprint.get("/live")
def live() -> Response:
    """The table once more, for a page that is open."""
    with reading() as session:
        table = _table(session)
        return fragment(render_template("audience/_table.html", **table), table["asked"].pace)


@blueprint.get("/export.csv")
def export() -> Response:
    """The table as it is shown, as a file."""
    with reading() as session:
        lines = _lines(session, _choice(session))
        return _file("subscribers", [_heading(), *(_row(line) for line in lines)])


@blueprint.post("/count")
def count() -> BaseResponse:
    """Ask for a count now."""
    with begin() as session:
        choice = _choice(session)
        request_counts(session, actor(), choice.realm, now())
    return redirect(url_for(".index", **choice.args()), 303)


@blueprint.get("/<int:channel_id>")
def channel(channel_id: int) -> str | tuple[str, int]:
    """One channel: its days and its last counts."""
    errors: dict[str, str] = {}
    try:
        period = _period()
    except RuleError as error:
        errors, period = errors_of(error), _last_days(PERIODS[1])
    asked = request.args if errors else period.args()
    with reading() as session:
        page = render_template(
            "audience/channel.html",
            channel=get_channel(session, channel_id),
            standing=list_standings(session, now(), [channel_id]).get(channel_id),
            lines=_day_lines(session, channel_id, period),
            counts=[
                (datetime.fromtimestamp(c.taken_at, UTC), c)
                for c in list_newest_counts(session, channel_id, LAST_COUNTS)
            ],
            period=period, periods=PERIODS, today=_today(), change=change, errors=errors,
            asked_from=asked.get("from", ""), asked_to=asked.get("to", ""),
        )  # fmt: skip
    return (page, 422) if errors else page


@blueprint.get("/<int:channel_id>/export.csv")
def export_channel(channel_id: int) -> Response:
    """The channel's days of the period, as a file; days without counts are not in it."""
    period = _period()
    with reading() as session:
        handle = get_channel(session, channel_id).handle
        days = list_days(session, channel_id, period.first, period.last)
    heading = [
        gettext("Day"), gettext("Morning"), gettext("Evening"), gettext("Lowest"), gettext("Highest"),
        gettext("Counts"),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (d.day.isoformat(), d.opening, d.closing, d.low, d.high, d.samples) for d in days
    ]
    return _file(f"subscribers-{handle}", [heading, *rows])


def _table(session: Session) -> dict[str, Any]:
    choice = _choice(session)
    lines = _lines(session, choice)
    return {
        "choice": choice,
        "lines": lines,
        "all": _totals("", lines),
        "by_desk": _by_desk(lines),
        "asked": read_asked(session, "count_audience", choice.realm),
        "newest": max((line.taken_at for line in lines if line.taken_at), default=None),
        "may_count": _may_count(),
    }


def _choice(session: Session) -> Choice:
    args = request.values
    realms = list_realms_in_use(session) or [Realm.REAL]
    sort = args.get("sort", "now")
    sort = sort if sort in SORTS else "now"
    return Choice(
        realm=next((realm for realm in realms if realm.value == args.get("realm")), realms[0]),
        desk_id=args.get("desk", type=int),
        sort=sort,
        descending=args.get("order") == "desc" if "order" in args else SORTS[sort],
    )


def _lines(session: Session, choice: Choice) -> list[Line]:
    channels = list_counted_channels(session, choice.realm, choice.desk_id)
    standings = list_standings(session, now(), [channel.id for channel in channels])
    lines = [_line(channel, standings.get(channel.id)) for channel in channels]
    # What is not known comes last, whichever way the rest is sorted.
    unknown = [line for line in lines if _key(line, choice.sort) is None]
    known = [line for line in lines if _key(line, choice.sort) is not None]
    known.sort(key=lambda line: _key(line, choice.sort), reverse=choice.descending)
    return known + unknown


def _line(channel: Channel, standing: Standing | None) -> Line:
    if standing is None:
        return Line(channel=channel)
    return Line(
        channel=channel,
        taken_at=datetime.fromtimestamp(standing.taken_at, UTC),
        value=standing.value,
        day=change(standing.value, standing.day_ago),
        week=change(standing.value, standing.week_ago),
        month=change(standing.value, standing.month_ago),
    )


def _key(line: Line, sort: str) -> Any:
    match sort:
        case "title":
            return line.channel.title.casefold()
        case "desk":
            return line.desk_title.casefold() or None
        case "now":
            return line.value
        case "opened":
            return line.channel.opened_on
        case _:
            return getattr(line, sort)


def _by_desk(lines: Iterable[Line]) -> list[Totals]:
    desks: dict[str, list[Line]] = {}
    for line in lines:
        desks.setdefault(line.desk_title, []).append(line)
    totals = [_totals(title or gettext("No desk"), desks[title]) for title in desks]
    return sorted(totals, key=lambda total: total.value.value or 0, reverse=True)


def _totals(title: str, lines: Sequence[Line]) -> Totals:
    return Totals(
        title=title,
        channels=len(lines),
        value=add_up((line.channel.title, line.value) for line in lines),
        day=add_up((line.channel.title, line.day) for line in lines),
        week=add_up((line.channel.title, line.week) for line in lines),
        month=add_up((line.channel.title, line.month) for line in lines),
    )


def _may_count() -> bool:
    asking = actor()
    return any(may(asking, Act.PUBLISH, desk_id) for desk_id in (None, *asking.desk_ids))


def _heading() -> Sequence[Cell]:
    return [
        gettext("Channel"), gettext("Name on the network"), gettext("Desk"), gettext("Subscribers"),
        gettext("Over a day"), gettext("Over a week"), gettext("Over 30 days"), gettext("Opened"),
        gettext("Counted"),
    ]  # fmt: skip


def _row(line: Line) -> Sequence[Cell]:
    opened, taken = line.channel.opened_on, line.taken_at
    return [
        line.channel.title, line.channel.handle, line.desk_title, line.value, line.day, line.week, line.month,
        opened.isoformat() if opened else None,
        f"{taken.astimezone(zone()):%Y-%m-%d %H:%M}" if taken else None,
    ]  # fmt: skip


def _file(name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    response = Response(to_csv(rows, language()), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{_today().isoformat()}.csv"'
    return response


def _today() -> date:
    return now().astimezone(zone()).date()


def _last_days(days: int) -> Period:
    return Period(first=_today() - timedelta(days=days - 1), last=_today())


def _period() -> Period:
    """The address's period, else the last 30 days. Raises RuleError for one that cannot be shown."""
    first, last = _day("from"), _day("to")
    if first is None and last is None:
        return _last_days(min(max(request.args.get("days", PERIODS[1], type=int), 1), LONGEST))
    last = min(last or _today(), _today())
    first = first or last - timedelta(days=PERIODS[1] - 1)
    if first > last:
        raise RuleError("from", N_("The period ends before it begins."))
    if (last - first).days >= LONGEST:
        raise RuleError("from", N_("At most three years at once."))
    return Period(first=first, last=last)


def _day(name: str) -> date | None:
    text = request.args.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise RuleError(name, N_("Write the day as 2026-12-31.")) from error


def _day_lines(session: Session, channel_id: int, period: Period) -> Any:
    days = list_days(session, channel_id, period.first - timedelta(days=1), period.last)
    return day_lines(days, period.first, period.last)
