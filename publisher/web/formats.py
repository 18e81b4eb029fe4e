"""Numbers, dates and times as the person's language and the city's clock have them."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from flask import Flask
from flask_babel import gettext

from publisher.web.context import language, now, zone

RELATIVE = timedelta(hours=1)


def number(value: int | None) -> str:
    """«71 936», or a dash where nothing is known."""
    return "—" if value is None else _number_text(value, language())


@lru_cache(maxsize=10_000)
def _number_text(value: int, language: str) -> str:
    """A table has hundreds of numbers, and is looked at again and again."""
    return format_decimal(value, locale=language)


def rate(value: float | None) -> str:
    """«352», «3,4»: whole from a hundred on, a dash where nothing is known."""
    if value is None:
        return "—"
    return format_decimal(value, "#,##0" if value >= 100 else "#,##0.0", locale=language())


def change(value: int | None) -> str:
    """«+1 204», «−15», «0», or a dash where nothing is known."""
    if value is None:
        return "—"
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return sign + _number_text(abs(value), language())


def share(value: float) -> str:
    """«+1,7 %», «−0,2 %»."""
    return str(format_percent(value, "+#,##0.0\u00a0%;−#,##0.0\u00a0%", locale=language()))


def file_size(octets: int) -> str:
    """«12,3 МБ», «640 кБ»: in the largest unit of which there is at least one."""
    for unit, length in (("gigabyte", 1e9), ("megabyte", 1e6), ("kilobyte", 1e3)):
        if octets >= length:
            return format_unit(octets / length, unit, "short", "#,##0.#", locale=language())
    return format_unit(octets, "byte", "short", locale=language())


def clock(instant: datetime) -> str:
    """«09:30» of the city."""
    return format_time(instant.astimezone(zone()), "HH:mm", locale=language())


def exact_moment(instant: datetime) -> str:
    """«09:30:05» today, «завтра, 09:30:05» on another day."""
    local, today = instant.astimezone(zone()), now().astimezone(zone()).date()
    time = format_time(local, "HH:mm:ss", locale=language())
    return time if local.date() == today else f"{day(local.date())}, {time}"


def moment(instant: datetime) -> str:
    """«сегодня, 09:30», «завтра, 09:30», «24 ноября, 09:30»; the year when it is another one."""
    return f"{day(instant.astimezone(zone()).date())}, {clock(instant)}"


def day(value: date) -> str:
    """«сегодня», «вчера», «завтра», «24 ноября», «24 ноября 2025» of the city's calendar."""
    today = now().astimezone(zone()).date()
    match (value - today).days:
        case 0:
            return str(gettext("today"))
        case 1:
            return str(gettext("tomorrow"))
        case -1:
            return str(gettext("yesterday"))
    pattern = {"ru": "d MMMM", "en": "d MMMM"}[language()]
    return format_date(value, pattern if value.year == today.year else f"{pattern} y", locale=language())


def date_(value: date) -> str:
    """«24 ноября 2026»: a day of the calendar that may lie far back."""
    return _date_text(value, language())


@lru_cache(maxsize=4_000)
def _date_text(value: date, language: str) -> str:
    """A table has hundreds of days, and each is shown again and again."""
    return format_date(value, "d MMMM y", locale=language)


def local_day(instant: datetime) -> date:
    """The city's day in which an instant lies."""
    return instant.astimezone(zone()).date()


def full_moment(instant: datetime) -> str:
    """«24 ноября 2026, 09:30:05»: for a tooltip beside a relative time."""
    return format_datetime(instant, "d MMMM y, HH:mm:ss", tzinfo=zone(), locale=language())


def ago(instant: datetime) -> str:
    """«5 минут назад», «через 5 минут» within an hour of now; beyond it the moment."""
    distance = instant - now()
    if abs(distance) < timedelta(seconds=10):
        return str(gettext("just now"))
    if abs(distance) > RELATIVE:
        return moment(instant)
    return format_timedelta(distance, add_direction=True, locale=language())


def local_input(instant: datetime | None) -> str:
    """The value of a datetime-local input."""
    return f"{instant.astimezone(zone()):%Y-%m-%dT%H:%M}" if instant else ""


def init_app(app: Flask) -> None:
    """Make the formats filters of templates."""
    for form in (
        number,
        rate,
        change,
        share,
        file_size,
        clock,
        exact_moment,
        moment,
        day,
        local_day,
        full_moment,
        ago,
        local_input,
    ):
        app.jinja_env.filters[form.__name__] = form
    app.jinja_env.filters["date"] = date_
