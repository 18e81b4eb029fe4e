"""What the fields of an address mean; whatever makes no sense counts as not said."""

import re
from datetime import date, datetime, time

from publisher.core.schedule import parse_day
from publisher.web.context import zone


def read_id(text: str) -> int | None:
    """The id of a row."""
    return int(text) if re.fullmatch(r"[1-9]\d{0,8}", text, re.ASCII) else None


def read_day(text: str) -> date | None:
    """A day of the calendar."""
    try:
        return parse_day(text)
    except ValueError:
        return None


def start_of(day: date | None) -> datetime | None:
    """The instant at which the city's day begins."""
    return datetime.combine(day, time.min, zone()) if day else None
