"""What demo posts had earned at each age, told back from what the sandbox's walls show of them now."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from math import exp

from publisher.core.measuring import AGES, Figures, next_measure, put_together
from publisher.store.demo import DemoPost
from publisher.store.metrics import Reading

# How a post's readers come on the walls, so that what is measured later never falls below what is told here.
PACE, SETTLED_AFTER = timedelta(hours=4), timedelta(hours=48)

Shown = Mapping[tuple[str, int], Figures]


def tell_earned(posts: Iterable[DemoPost], shown: Shown, now: datetime) -> Iterator[Reading]:
    """A reading for each age that a post has passed; `shown` is what each message shows now, by handle and
    number."""
    for post in posts:
        whole = put_together([shown[post.handle, number] for number in post.external_ids])
        distance = now - post.published_at
        past = [age for age in AGES if age <= distance]
        for age in past:
            yield Reading(
                post_id=post.id, age=age, figures=figures_at(whole, age, distance),
                taken_at=post.published_at + age, next_at=next_measure(post.published_at, now, past[-1]),
            )  # fmt: skip


def figures_at(shown: Figures, age: timedelta, distance: timedelta) -> Figures:
    """What a post that shows this at one age had earned at a younger one."""
    share = _risen(age) / _risen(distance)
    return Figures(
        views=_part(shown.views, share),
        forwards=_part(shown.forwards, share),
        reactions=_part(shown.reactions, share),
    )


def _risen(age: timedelta) -> float:
    return 1.0 if age >= SETTLED_AFTER else 1 - exp(-(age / PACE))


def _part(value: int | None, share: float) -> int | None:
    return None if value is None else int(value * share)
