"""«Что принесла»: what an item's posts earned, by channel and age, on the item's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from flask import Blueprint, Response, render_template
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from publisher.core.measuring import AGES, Figures, Measure, grace, per_thousand
from publisher.core.series import Total, add_up
from publisher.core.states import PostState
from publisher.store.metrics import STANDING, ItemPost, list_item_metrics
from publisher.web.context import now, reading
from publisher.web.live import Pace, fragment
from publisher.web.worked_choice import AGE_TEXTS

blueprint = Blueprint("item_metrics", __name__, url_prefix="/items/<int:item_id>/earned")


class Blank(StrEnum):
    """Why a figure is not there."""

    EARLY = "early"
    MISSED = "missed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One post: its figures by age, or why there are none, and the newest known ones."""

    post: ItemPost
    cells: Sequence[Figures | Blank]
    newest: Figures

    @property
    def rate(self) -> float | None:
        """Views for each thousand subscribers of the channel at publication."""
        return per_thousand(self.newest.views, self.post.subscribers)

    @property
    def is_gone(self) -> bool:
        """Whether readers no longer see it."""
        return self.post.state not in STANDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """All posts of an item. `ages` are those that a post has reached; sums name what they lack."""

    ages: Sequence[timedelta]
    rows: Sequence[Row]
    by_age: Sequence[Total]
    views: Total
    forwards: Total
    reactions: Total
    rate: float | None

    @property
    def is_measured(self) -> bool:
        """Whether anything is known at all."""
        return any(row.post.by_age for row in self.rows)


@blueprint.get("")
def live(item_id: int) -> Response:
    """The section once more, for a page that is open."""
    with reading() as session:
        return fragment(earned_html(session, item_id), Pace.CALM)


def earned_html(session: Session, item_id: int) -> Markup:
    """The section; empty before the first post stands."""
    age_texts = {age: gettext(text) for age, text in AGE_TEXTS.items()}
    earned = read_earned(session, item_id)
    return Markup(render_template("item/_earned.html", earned=earned, age_texts=age_texts))  # noqa: S704 - a template's own


def read_earned(session: Session, item_id: int) -> Earned:
    """What the item's posts earned until now."""
    posts = list_item_metrics(session, item_id)
    ages = [age for age in AGES if any(now() - post.published_at >= age for post in posts)]
    rows = [_row(post, ages) for post in posts]
    return Earned(
        ages=ages,
        rows=rows,
        by_age=[_sum(rows, Measure.VIEWS, place) for place in range(len(ages))],
        views=_sum(rows, Measure.VIEWS),
        forwards=_sum(rows, Measure.FORWARDS),
        reactions=_sum(rows, Measure.REACTIONS),
        rate=_rate(rows),
    )


def _row(post: ItemPost, ages: Sequence[timedelta]) -> Row:
    newest = max(post.by_age, default=None)
    return Row(
        post=post,
        cells=[post.by_age.get(age) or _blank(post, age) for age in ages],
        newest=post.by_age[newest] if newest is not None else Figures(),
    )


def _blank(post: ItemPost, age: timedelta) -> Blank:
    if now() <= post.published_at + age + grace(age) and post.state in STANDING:
        return Blank.EARLY
    return Blank.MISSED if post.state in STANDING else Blank.ENDED


def _sum(rows: Sequence[Row], measure: Measure, place: int | None = None) -> Total:
    """What the posts that count have together, of the newest known or at one of the ages."""
    values = []
    for row in rows:
        figures = row.newest if place is None else row.cells[place]
        value = figures.of(measure) if isinstance(figures, Figures) else None
        # What was withdrawn before it was measured is not missed.
        if value is not None or row.post.state is not PostState.WITHDRAWN:
            values.append((row.post.channel_title, value))
    return add_up(values)


def _rate(rows: Sequence[Row]) -> float | None:
    known = [(r.newest.views, r.post.subscribers) for r in rows if r.rate is not None]
    readers = sum(subscribers or 0 for _, subscribers in known)
    return per_thousand(sum(views or 0 for views, _ in known), readers)
