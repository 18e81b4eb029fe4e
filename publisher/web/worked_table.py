"""The table of «Что сработало»: what each item or post earned, the best first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext

from publisher.core.measuring import Measure
from publisher.core.series import Total, add_up
from publisher.core.spreadsheets import Cell
from publisher.store.metrics import Earning
from publisher.web.spreadsheet_files import local_cell
from publisher.web.worked_choice import AGE_TEXTS, MEASURE_TEXTS, Choice, Grouping, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An item's posts, or one post alone. `best` is the one that earned most for each thousand subscribers.

    `age` is the youngest at which something is known, None where nothing is.
    """

    posts: Sequence[Earning]
    best: Earning
    age: timedelta | None
    views: Total
    forwards: Total
    reactions: Total
    rate: float | None
    gain: Total

    def of(self, measure: Measure) -> Total:
        """One of the sums."""
        total: Total = getattr(self, measure.value)
        return total

    @property
    def published_at(self) -> datetime:
        """When the first of them went out."""
        return min(post.published_at for post in self.posts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The whole period in one row."""

    posts: int
    items: int
    value: Total
    rate: float | None


def lines_of(earnings: Sequence[Earning], choice: Choice) -> list[Line]:
    """The lines, the best first; what is not known comes last, the newest of it first."""
    if choice.grouping is Grouping.POST:
        groups = [[earning] for earning in earnings]
    else:
        by_item: dict[int, list[Earning]] = {}
        for earning in earnings:
            by_item.setdefault(earning.item_id, []).append(earning)
        groups = list(by_item.values())
    lines = [_line(group, choice.measure) for group in groups]
    lines.sort(key=lambda line: line.published_at, reverse=True)
    return sorted(lines, key=lambda line: _key(line, choice), reverse=True)


def sums_of(earnings: Sequence[Earning], measure: Measure) -> Sums:
    """What the posts come to together."""
    return Sums(
        posts=len(earnings),
        items=len({earning.item_id for earning in earnings}),
        value=_total(earnings, measure),
        rate=_rate(earnings, measure),
    )


def _line(posts: Sequence[Earning], measure: Measure) -> Line:
    known = [post.age for post in posts if post.age is not None]
    return Line(
        posts=posts,
        best=max(posts, key=lambda post: (post.per_thousand(measure) or -1, post.figures.of(measure) or -1)),
        age=min(known, default=None),
        views=_total(posts, Measure.VIEWS),
        forwards=_total(posts, Measure.FORWARDS),
        reactions=_total(posts, Measure.REACTIONS),
        rate=_rate(posts, measure),
        gain=add_up((post.channel_title, post.gain) for post in posts),
    )


def _total(posts: Iterable[Earning], measure: Measure) -> Total:
    return add_up((post.channel_title, post.figures.of(measure)) for post in posts)


def _rate(posts: Iterable[Earning], measure: Measure) -> float | None:
    """For each thousand subscribers of the channels where both are known."""
    pairs = [(post.figures.of(measure), post.subscribers) for post in posts]
    known = [(value, readers) for value, readers in pairs if value is not None and readers]
    readers = sum(readers for _, readers in known)
    return sum(value for value, _ in known) * 1000 / readers if readers else None


def _key(line: Line, choice: Choice) -> float:
    value = line.rate if choice.order is Order.THOUSAND else line.of(choice.measure).value
    return -1 if value is None else value


def heading(choice: Choice) -> Sequence[Cell]:
    """The first row of the table as a file."""
    per_thousand = gettext("%(measure)s per thousand", measure=gettext(MEASURE_TEXTS[choice.measure]))
    return [
        gettext("Title"), gettext("Channels"), gettext("Link"), gettext("Went out"), gettext("Age"),
        gettext("Views"), gettext("Forwards"), gettext("Reactions"), per_thousand,
        gettext("Subscribers in the next 24 hours"),
    ]  # fmt: skip


def row_of(line: Line) -> Sequence[Cell]:
    """A line as a row of the file; the link is the best post's."""
    channels = ", ".join(dict.fromkeys(post.channel_title for post in line.posts))
    rate = None if line.rate is None else round(line.rate, 1)
    return [
        line.best.title, channels, line.best.permalink, local_cell(line.published_at),
        gettext(AGE_TEXTS[line.age]) if line.age else None, line.views.value, line.forwards.value,
        line.reactions.value, rate, line.gain.value,
    ]  # fmt: skip
