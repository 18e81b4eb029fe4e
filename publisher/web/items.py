"""«Новости»: the list of items, every choice of it kept in the address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from publisher.core.messages import N_
from publisher.core.states import ItemStatus
from publisher.store.channels import list_channel_titles, list_desks
from publisher.store.item_list import Cursor, ItemFilter, Order, Page, Row, count_up_to, list_page
from publisher.store.people import list_names
from publisher.web.address_fields import read_day, read_id, start_of
from publisher.web.context import actor, now, reading
from publisher.web.live import Pace, fragment, tag_of

blueprint = Blueprint("items", __name__, url_prefix="/items")

PAGE = 50
MOST_COUNTED = 1_000
MOST_WORDS = 8
SOON = timedelta(minutes=2)
# What has not reached the last channel by then waits for a person, not for a second.
A_WHILE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A group of statuses under one name."""

    name: str
    title: str
    statuses: frozenset[ItemStatus] = frozenset()


TABS = (
    Tab(name="", title=N_("All")),
    Tab(name="drafts", title=N_("Drafts"), statuses=frozenset({ItemStatus.DRAFT})),
    Tab(
        name="review",
        title=N_("For editors"),
        statuses=frozenset({ItemStatus.IN_REVIEW, ItemStatus.APPROVED}),
    ),
    Tab(name="scheduled", title=N_("Planned"), statuses=frozenset({ItemStatus.SCHEDULED})),
    Tab(name="out", title=N_("Out"), statuses=frozenset({ItemStatus.PUBLISHED, ItemStatus.CORRECTED})),
    Tab(
        name="ended",
        title=N_("Withdrawn and put aside"),
        statuses=frozenset({ItemStatus.KILLED, ItemStatus.SPIKED}),
    ),
)
ORDERS = {
    Order.CHANGED: N_("Last changed first"),
    Order.SOONEST: N_("By time of publication, soonest first"),
    Order.LATEST: N_("By time of publication, latest first"),
}
# What the form sends; everything else in the address is not ours.
FIELDS = ("tab", "q", "desk", "channel", "author", "since", "until", "sort")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the address asks for. Whatever it says that makes no sense counts as not said."""

    tab: Tab
    text: str
    desk: str
    channel_id: int | None
    author_id: int | None
    since: date | None
    until: date | None
    order: Order

    @property
    def filter(self) -> ItemFilter:
        """The same for the store."""
        return ItemFilter(
            statuses=self.tab.statuses,
            desk_ids=self.desk_ids,
            channel_id=self.channel_id,
            author_id=self.author_id,
            since=start_of(self.since),
            until=start_of(self.until + timedelta(days=1)) if self.until else None,
            words=tuple(self.text.split()[:MOST_WORDS]),
        )

    @property
    def desk_ids(self) -> frozenset[int]:
        """The desks shown; none for all."""
        if self.desk == "own":
            return actor().desk_ids
        return frozenset({int(self.desk)}) if self.desk else frozenset()

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the tab narrows the list."""
        return any((self.text, self.desk, self.channel_id, self.author_id, self.since, self.until))

    @property
    def is_special(self) -> bool:
        """Whether one of the rarer filters is set."""
        return bool(self.author_id or self.since or self.until) or self.order is not _usual_order(self.tab)

    def address(self, **changes: Any) -> dict[str, Any]:
        """The address's fields, some of them changed; what is empty or goes without saying is left out."""
        fields = {
            "tab": self.tab.name,
            "q": self.text,
            "desk": self.desk,
            "channel": self.channel_id,
            "author": self.author_id,
            "since": self.since,
            "until": self.until,
            "sort": _order_field(self.order, self.tab),
        }
        return {name: value for name, value in (fields | changes).items() if value}


def read_choice(args: Mapping[str, str]) -> Choice:
    """The choice as the address has it."""
    tab = next((tab for tab in TABS if tab.name == args.get("tab")), TABS[0])
    desk = args.get("desk", "")
    return Choice(
        tab=tab,
        text=" ".join(args.get("q", "").split())[:200],
        desk=desk if read_id(desk) or (desk == "own" and actor().desk_ids) else "",
        channel_id=read_id(args.get("channel", "")),
        author_id=read_id(args.get("author", "")),
        since=read_day(args.get("since", "")),
        until=read_day(args.get("until", "")),
        order=next((order for order in Order if order == args.get("sort")), _usual_order(tab)),
    )


@blueprint.get("")
def index() -> str:
    """The list with its filters."""
    choice = read_choice(request.args)
    with reading() as session:
        page, html = _render(session, choice)
        return render_template(
            "items/index.html",
            choice=choice,
            content=Markup(html),  # noqa: S704 - our own template made it
            tag=tag_of(html),
            pace=_pace(page),
            found=len(page.rows),
            live=url_for(".live", **choice.address(**_place(request.args))),
            desks=[(desk.id, desk.title) for desk in list_desks(session)],
            channels=list(list_channel_titles(session)),
            authors=list(list_names(session)),
            orders=[(_order_field(order, choice.tab), gettext(title)) for order, title in ORDERS.items()],
            order=_order_field(choice.order, choice.tab),
        )


@blueprint.get("/live")
def live() -> Response:
    """The rows, fresh."""
    with reading() as session:
        page, html = _render(session, read_choice(request.args))
    return fragment(html, _pace(page))


def _render(session: Session, choice: Choice) -> tuple[Page, str]:
    place = _place(request.args)
    page = list_page(
        session,
        choice.filter,
        choice.order,
        limit=PAGE,
        after=_cursor(place.get("after", "")),
        before=_cursor(place.get("before", "")),
    )
    html = render_template(
        "items/_list.html",
        choice=choice,
        page=page,
        tabs=[(tab, _count(session, choice, tab)) for tab in TABS],
        most_counted=MOST_COUNTED,
        is_first=not place,
        cursor_text=_cursor_text,
    )
    return page, html


def _count(session: Session, choice: Choice, tab: Tab) -> int | None:
    """How many items the tab leads to, one more than we count when there are many; None when that is slow."""
    chosen = choice.filter
    if chosen.is_sifting:
        return None
    narrowed = ItemFilter(
        statuses=tab.statuses, desk_ids=chosen.desk_ids, since=chosen.since, until=chosen.until
    )
    return count_up_to(session, narrowed, _usual_order(tab), MOST_COUNTED)


def _usual_order(tab: Tab) -> Order:
    """What is planned is read by time; everything else by what happened last."""
    return Order.SOONEST if tab.name == "scheduled" else Order.CHANGED


def _order_field(order: Order, tab: Tab) -> str:
    """The order as the address has it: nothing when it goes without saying."""
    return "" if order is _usual_order(tab) else order.value


def _pace(page: Page) -> Pace:
    """What is on its way or due any moment is looked at again soon."""
    return Pace.SOON if any(_is_moving(row) for row in page.rows) else Pace.CALM


def _is_moving(row: Row) -> bool:
    if row.item.status is ItemStatus.SCHEDULED:
        return row.item.due is not None and row.item.due < now() + SOON
    begun = row.item.published_at
    has_rest = row.progress is not None and row.progress.sent < row.progress.channels
    return has_rest and begun is not None and begun > now() - A_WHILE


def _place(args: Mapping[str, str]) -> dict[str, str]:
    """Which page of the list is meant: nothing for the first."""
    return {name: args[name] for name in ("after", "before") if _cursor(args.get(name, ""))}


# Microseconds since 1970 and the row's id.
CURSOR = re.compile(r"(\d{1,17})-(\d{1,9})\Z", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _cursor(text: str) -> Cursor | None:
    found = CURSOR.match(text)
    if not found:
        return None
    return Cursor(at=EPOCH + timedelta(microseconds=int(found[1])), id=int(found[2]))


def _cursor_text(cursor: Cursor) -> str:
    return f"{(cursor.at - EPOCH) // timedelta(microseconds=1)}-{cursor.id}"
