"""When a post's views are counted, and what the figures come to: ages, misses, sums, per thousand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

AGES = (
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
    timedelta(days=7),
)
USUAL_AGE = AGES[3]
# A reading may come later by a quarter of the age; these minutes in any case.
SHORTEST_GRACE = timedelta(minutes=5)


class Measure(StrEnum):
    """What is counted of a post."""

    VIEWS = "views"
    FORWARDS = "forwards"
    REACTIONS = "reactions"
    COMMENTS = "comments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a post has earned; None where the network does not show it."""

    views: int | None = None
    forwards: int | None = None
    reactions: int | None = None
    comments: int | None = None

    def of(self, measure: Measure) -> int | None:
        """One of them."""
        value: int | None = getattr(self, measure.value)
        return value


def grace(age: timedelta) -> timedelta:
    """How much later than at this age a reading may come and still be one of it."""
    return max(age / 4, SHORTEST_GRACE)


def age_due(published_at: datetime, now: datetime) -> timedelta | None:
    """The age that a reading at this moment is one of; None between two ages."""
    distance = now - published_at
    return next((age for age in AGES if age <= distance <= age + grace(age)), None)


def next_measure(published_at: datetime, now: datetime, after: timedelta | None = None) -> datetime | None:
    """When the post is measured next: at its first age that can still be met, and lies after `after`.

    None when every age is past. The moment lies before `now` while a late reading is still one of the age.
    """
    for age in AGES:
        if (after is None or age > after) and published_at + age + grace(age) >= now:
            return published_at + age
    return None


def put_together(parts: Sequence[Figures]) -> Figures:
    """What a post of several messages earned: seen and passed on as often as the one that was most, and all
    reactions and comments."""
    return Figures(
        views=_most(part.views for part in parts),
        forwards=_most(part.forwards for part in parts),
        reactions=_all(part.reactions for part in parts),
        comments=_all(part.comments for part in parts),
    )


def per_thousand(value: int | None, subscribers: int | None) -> float | None:
    """The value for each thousand subscribers; None where one of the two is not known, or nobody reads."""
    return None if value is None or not subscribers else value * 1000 / subscribers


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _all(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
