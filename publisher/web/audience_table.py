"""The table of subscribers: its lines, their order, and what they come to by desk and in all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request
from flask_babel import gettext
from sqlalchemy.orm import Session

from publisher.core.platforms import Realm
from publisher.core.receipts import words_of
from publisher.core.series import Total, add_up, change
from publisher.core.spreadsheets import Cell
from publisher.store.audience import Standing, list_standings
from publisher.store.channels import list_counted_channels, list_realms_in_use
from publisher.store.misses import Miss, list_current_misses
from publisher.store.models import Channel
from publisher.web.context import now
from publisher.web.row_ids import row_id
from publisher.web.spreadsheet_files import local_cell

# Counting is every quarter of an hour: several were missed.
STALE = timedelta(hours=1)
# The columns by which the table can be sorted; True: the largest comes first.
SORTS: Mapping[str, bool] = {
    "title": False, "desk": False, "now": True, "day": True, "week": True, "month": True, "opened": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A channel's line of the table; None where nothing was counted."""

    channel: Channel
    taken_at: datetime | None = None
    value: int | None = None
    day: int | None = None
    week: int | None = None
    month: int | None = None
    miss: Miss | None = None

    @property
    def cause(self) -> str:
        """Why the channel cannot be counted now, in words; empty while it can, or when nobody tried."""
        return gettext(words_of(self.miss.code)) if self.miss else ""

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


def read_choice(session: Session) -> Choice:
    """What the address asks for; whatever it has that cannot be, is as usual."""
    args = request.values
    realms = list_realms_in_use(session) or [Realm.REAL]
    sort = args.get("sort", "now")
    sort = sort if sort in SORTS else "now"
    return Choice(
        realm=next((realm for realm in realms if realm.value == args.get("realm")), realms[0]),
        desk_id=args.get("desk", type=row_id),
        sort=sort,
        descending=args.get("order") == "desc" if "order" in args else SORTS[sort],
    )


def list_lines(session: Session, choice: Choice) -> list[Line]:
    """The lines in their order; three queries, however many channels."""
    channels = list_counted_channels(session, choice.realm, choice.desk_id)
    standings = list_standings(session, now(), [channel.id for channel in channels])
    misses = list_current_misses(session, [channel.id for channel in channels])
    lines = [_line(channel, standings.get(channel.id), misses.get(channel.id)) for channel in channels]
    # What is not known comes last, whichever way the rest is sorted.
    unknown = [line for line in lines if _key(line, choice.sort) is None]
    known = [line for line in lines if _key(line, choice.sort) is not None]
    known.sort(key=lambda line: _key(line, choice.sort), reverse=choice.descending)
    return known + unknown


def _line(channel: Channel, standing: Standing | None, miss: Miss | None) -> Line:
    if standing is None:
        return Line(channel=channel, miss=miss)
    return Line(
        channel=channel,
        miss=miss,
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


def add_up_desks(lines: Iterable[Line]) -> list[Totals]:
    """What each desk has together, the largest first."""
    desks: dict[str, list[Line]] = {}
    for line in lines:
        desks.setdefault(line.desk_title, []).append(line)
    totals = [totals_of(title or gettext("No desk"), desks[title]) for title in desks]
    return sorted(totals, key=lambda total: total.value.value or 0, reverse=True)


def totals_of(title: str, lines: Sequence[Line]) -> Totals:
    """What these lines come to."""
    return Totals(
        title=title,
        channels=len(lines),
        value=add_up((line.channel.title, line.value) for line in lines),
        day=add_up((line.channel.title, line.day) for line in lines),
        week=add_up((line.channel.title, line.week) for line in lines),
        month=add_up((line.channel.title, line.month) for line in lines),
    )


def heading() -> Sequence[Cell]:
    """The first row of the table as a file."""
    return [
        gettext("Channel"), gettext("Name on the network"), gettext("Desk"), gettext("Subscribers"),
        gettext("Over a day"), gettext("Over a week"), gettext("Over 30 days"), gettext("Opened"),
        gettext("Counted"),
    ]  # fmt: skip


def row_of(line: Line) -> Sequence[Cell]:
    """A line as a row of the file."""
    opened, taken = line.channel.opened_on, line.taken_at
    return [
        line.channel.title, line.channel.handle, line.desk_title, line.value, line.day, line.week, line.month,
        opened, local_cell(taken) if taken else None,
    ]  # fmt: skip
