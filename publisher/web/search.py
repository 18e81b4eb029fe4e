"""«Поиск»: one box over everything that was ever written, every choice of it kept in the address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext

from publisher.core.messages import N_
from publisher.core.query import LONGEST_QUERY, Query, parse_query
from publisher.store.channels import list_channel_titles, list_desks
from publisher.store.people import list_names
from publisher.store.search import BEGINNING, Kind, Order, SearchFilter, Start
from publisher.store.search_index import read_filling
from publisher.web.address_fields import read_day, read_id, start_of
from publisher.web.context import actor, reading
from publisher.web.items import TABS, Tab
from publisher.web.search_results import MOST_CHANNELS, find, list_ways_out

blueprint = Blueprint("search", __name__, url_prefix="/search")

KINDS = {
    Kind.EVERYTHING: N_("Everywhere"),
    Kind.NEWS: N_("Items as they are now"),
    Kind.OLDER: N_("Older versions"),
    Kind.MEDIA: N_("Captions of pictures and files"),
    Kind.CHANNELS: N_("Channels"),
}
ORDERS = {Order.BEST: N_("In the headline first"), Order.NEWEST: N_("Newest first")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the address asks for. `start` and `page` say where in the results the page begins."""

    text: str = ""
    kind: Kind = Kind.EVERYTHING
    tab: Tab = TABS[0]
    desk: str = ""
    channel_id: int | None = None
    author_id: int | None = None
    since: date | None = None
    until: date | None = None
    order: Order = Order.BEST
    page: int = 1
    start: Start = BEGINNING

    @property
    def query(self) -> Query:
        """What is looked for."""
        return parse_query(self.text)

    @property
    def filter(self) -> SearchFilter:
        """The same for the store."""
        own = self.desk == "own"
        return SearchFilter(
            kind=self.kind,
            statuses=self.tab.statuses,
            desk_ids=actor().desk_ids if own else frozenset({int(self.desk)} if self.desk else ()),
            channel_id=self.channel_id,
            author_id=self.author_id,
            since=start_of(self.since),
            until=start_of(self.until + timedelta(days=1)) if self.until else None,
        )

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the words narrows the results."""
        return bool(self.address(q="", sort="", page="", before="", stage=""))

    @property
    def is_special(self) -> bool:
        """Whether one of the rarer filters is set."""
        return bool(self.channel_id or self.author_id or self.since or self.until)

    def address(self, **changes: Any) -> dict[str, Any]:
        """The address's fields, some of them changed; what is empty or goes without saying is left out."""
        fields = {
            "q": self.text.strip(),
            "kind": "" if self.kind is Kind.EVERYTHING else self.kind.value,
            "tab": self.tab.name,
            "desk": self.desk,
            "channel": self.channel_id,
            "author": self.author_id,
            "since": self.since,
            "until": self.until,
            "sort": "" if self.order is Order.BEST else self.order.value,
            "before": self.start.before,
            "stage": self.start.stage,
            "page": self.page if self.page > 1 else "",
        }
        return {name: value for name, value in (fields | changes).items() if value}


def read_choice(args: Mapping[str, str]) -> Choice:
    """The choice as the address has it."""
    desk, typed = args.get("desk", ""), args.get("q", "")[:LONGEST_QUERY].replace("\0", " ")
    return Choice(
        # A blank at the end says that the last word is finished.
        text=" ".join([*typed.split(), *([""] if typed[-1:].isspace() else ())]),
        kind=next((kind for kind in Kind if kind == args.get("kind")), Kind.EVERYTHING),
        tab=next((tab for tab in TABS if tab.name == args.get("tab")), TABS[0]),
        desk=desk if read_id(desk) or (desk == "own" and actor().desk_ids) else "",
        channel_id=read_id(args.get("channel", "")),
        author_id=read_id(args.get("author", "")),
        since=read_day(args.get("since", "")),
        until=read_day(args.get("until", "")),
        order=next((order for order in Order if order == args.get("sort")), Order.BEST),
        page=read_id(args.get("page", "")) or 1,
        start=Start(before=read_id(args.get("before", "")), stage=read_id(args.get("stage", "")) or 0),
    )


@blueprint.get("")
def index() -> str:
    """The box, its filters, and what was found."""
    choice = read_choice(request.args)
    with reading() as session:
        results = find(session, choice.query, choice.filter, choice.order, choice.start, choice.page)
        is_lost = bool(choice.query) and not results.count
        return render_template(
            "search/index.html",
            choice=choice,
            results=results,
            ways=list_ways_out(session, choice.query, choice.filter, choice.text) if is_lost else (),
            filling=read_filling(session),
            kinds=[
                ("" if kind is Kind.EVERYTHING else kind, gettext(title)) for kind, title in KINDS.items()
            ],
            states=[(tab.name, gettext(tab.title)) for tab in TABS],
            desks=[(desk.id, desk.title) for desk in list_desks(session)],
            channels=list(list_channel_titles(session)),
            authors=list(list_names(session)),
            orders=[("" if order is Order.BEST else order, gettext(name)) for order, name in ORDERS.items()],
            longest=LONGEST_QUERY,
            most_channels=MOST_CHANNELS,
        )
