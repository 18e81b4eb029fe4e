"""Several views of a page side by side: links, one of which is the open one (`ui.segments` shows them)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from flask_babel import gettext, ngettext

from publisher.core.messages import N_
from publisher.core.series import Period
from publisher.web.periods import SPANS, calendar_periods, last_days

PERIOD_NAMES = {
    "quarter": N_("This quarter"), "last-quarter": N_("Last quarter"), "year": N_("This year"),
}  # fmt: skip

View = TypeVar("View")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One of several views side by side."""

    text: str
    address: str
    is_chosen: bool


def segments(
    texts: Iterable[tuple[View, str]], chosen: View, address_of: Callable[[View], str]
) -> list[Segment]:
    """A link to each view, with its text in the person's language."""
    return [Segment(text=text, address=address_of(view), is_chosen=view == chosen) for view, text in texts]


def translated(texts: Mapping[View, str]) -> list[tuple[View, str]]:
    """The views with their msgids translated."""
    return [(view, gettext(text)) for view, text in texts.items()]


def period_segments(chosen: Period, address_of: Callable[[Period], str]) -> list[Segment]:
    """A link to each usual period: so many days until today, this quarter, the last one, this year."""
    spans = [(last_days(days), ngettext("%(num)s day", "%(num)s days", days)) for days in SPANS]
    named = [(period, gettext(PERIOD_NAMES[name])) for name, period in calendar_periods().items()]
    return segments([*spans, *named], chosen, address_of)
