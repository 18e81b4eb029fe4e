"""The digest in words: the same sentences and tables for the page, the letter, its text and the terminal."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent

from publisher.core.digest import (
    Broken,
    ChannelWeek,
    CountGap,
    Deliveries,
    WeekFigures,
    grew_most,
    lost_most,
)
from publisher.core.receipts import words_of
from publisher.wording import catalogue, translate_reason

MOST_CHANNELS, MOST_GAPS, MOST_NAMES = 5, 10, 5
TOTAL, CHANGES = "total", "changes"
MINUTE, HOUR = 60, 3600
# One place behind the comma is as exact as a reader wants it.
LEAST_SHARE = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a table; `path` is the page of the desk that tells more, if there is one, `note` stands below
    the text, smaller."""

    text: str
    path: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A small table; all columns but the first hold numbers where `is_number` says so."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_number: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with what is to be said below it. `chart` names the picture that belongs here."""

    heading: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...] = ()
    chart: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The digest as it is read."""

    title: str
    sections: tuple[Section, ...]


class Teller:
    """One language and the city's clock."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone
        self._texts = catalogue(language)

    def tell(self, figures: WeekFigures) -> Story:
        """The whole digest in words."""
        return Story(
            title=self.title(figures),
            sections=(
                self._audience(figures),
                *([self._channels(figures)] if figures.channels else ()),
                self._news(figures),
                self._deliveries(figures.deliveries),
                self._problems(figures),
            ),
        )

    def title(self, figures: WeekFigures) -> str:
        """«Сводка за 16–22 ноября 2026»; of a running week «Неделя с 23 ноября, предварительно»."""
        if figures.is_over:
            return self.gettext("Digest for {days}", days=self.days(figures.week, figures.until))
        return self.gettext("Week from {day}, so far", day=self.day(figures.week))

    def days(self, first: date, last: date) -> str:
        """«16–22 ноября 2026», «30 ноября – 6 декабря 2026»."""
        end = format_date(last, "d MMMM y", locale=self.language)
        if first.year != last.year:
            return f"{format_date(first, 'd MMMM y', locale=self.language)} – {end}"
        if first.month != last.month:
            return f"{self.day(first)} – {end}"
        return f"{first.day}–{end}"

    def day(self, day: date) -> str:
        """«22 ноября»."""
        return str(format_date(day, "d MMMM", locale=self.language))

    def number(self, value: int) -> str:
        """«1 245», with a blank that does not break."""
        return str(format_decimal(value, locale=self.language))

    def signed(self, value: int) -> str:
        """«+1 204», «−15», «0»."""
        return f"{'+' if value > 0 else '−' if value < 0 else ''}{self.number(abs(value))}"

    def percent(self, share: float) -> str:
        """«2,1 %»."""
        pattern = {"ru": "#,##0.#\u00a0%"}.get(self.language, "#,##0.#%")
        return str(format_percent(share, pattern, locale=self.language))

    # Sections

    def _audience(self, figures: WeekFigures) -> Section:
        return Section(
            heading=self.gettext("Subscribers"),
            sentences=tuple(self._audience_sentences(figures)),
            chart=TOTAL if figures.total is not None else "",
            alt=self._total_alt(figures),
        )

    def _audience_sentences(self, figures: WeekFigures) -> Iterator[str]:
        if figures.total is None:
            yield from self._growth(figures)
            return
        yield self.ngettext(
            "{count} subscriber on {day}.", "{count} subscribers on {day}.",
            figures.total, day=self.day(figures.until),
        )  # fmt: skip
        yield from self._growth(figures)
        if figures.opened:
            yield self.ngettext(
                "Besides, {count} subscriber in channels opened this week.",
                "Besides, {count} subscribers in channels opened this week.",
                sum(channel.after or 0 for channel in figures.opened),
            )
        if figures.change_before is not None:
            yield self.gettext("The week before: {change}.", change=self.signed(figures.change_before))
        if figures.missing:
            yield self.gettext(
                "Not in the comparison, as they were not counted before the week or at its end: {names}.",
                names=self._names(figures.missing),
            )

    def _growth(self, figures: WeekFigures) -> Iterator[str]:
        """The one sentence about growth, or why there is none."""
        if not figures.channels:
            yield self.gettext("There are no channels to count.")
        elif figures.total is None:
            yield self.gettext("Subscribers were not counted, so nothing can be said about growth.")
        elif figures.organic is None:
            yield self.gettext("There is nothing to compare with: a week before, nothing was counted.")
        else:
            yield self._compared(figures.organic, figures.total_before or 0)

    def _compared(self, change: int, before: int) -> str:
        if change == 0:
            return self.gettext("As many subscribers as a week before.")
        share = f", {self._by(abs(change) / before)}" if before else ""
        places = {"before": self.number(before), "after": self.number(before + change), "share": share}
        if change > 0:
            return self.ngettext(
                "Up by {count} subscriber: from {before} to {after}{share}.",
                "Up by {count} subscribers: from {before} to {after}{share}.",
                change, **places,
            )  # fmt: skip
        return self.ngettext(
            "Down by {count} subscriber: from {before} to {after}{share}.",
            "Down by {count} subscribers: from {before} to {after}{share}.",
            -change, **places,
        )  # fmt: skip

    def _by(self, share: float) -> str:
        if share < LEAST_SHARE:
            return self.gettext("by less than {percent}", percent=self.percent(LEAST_SHARE))
        return self.gettext("by {percent}", percent=self.percent(share))

    def _channels(self, figures: WeekFigures) -> Section:
        grown = sum(not c.is_new and (c.change or 0) > 0 for c in figures.channels)
        fallen = sum(not c.is_new and (c.change or 0) < 0 for c in figures.channels)
        sentences = [
            self.ngettext("{count} channel grew.", "{count} channels grew.", grown) if grown else "",
            self.ngettext("{count} channel lost readers.", "{count} channels lost readers.", fallen)
            if fallen
            else "",
        ]
        if not figures.compared:
            sentences = [self.gettext("No channel can be compared with the week before.")]
        elif not grown and not fallen:
            sentences = [self.gettext("No channel changed.")]
        return Section(
            heading=self.gettext("Channels"),
            sentences=tuple(filter(None, sentences)),
            tables=tuple(self._channel_tables(figures)),
            chart=CHANGES if grown or fallen else "",
            alt=self._changes_alt(figures),
        )

    def _channel_tables(self, figures: WeekFigures) -> Iterator[Table]:
        for caption, channels in (
            (self.gettext("Grew most"), grew_most(figures.channels, MOST_CHANNELS)),
            (self.gettext("Lost most"), lost_most(figures.channels, MOST_CHANNELS)),
            (self.gettext("Opened this week"), figures.opened),
        ):
            if channels:
                yield self._channel_table(caption, channels)

    def _channel_table(self, caption: str, channels: Sequence[ChannelWeek]) -> Table:
        return Table(
            caption=caption,
            header=(
                self.gettext("Channel"),
                self.gettext("Change"),
                self.gettext("Readers before"),
                self.gettext("Readers after"),
            ),
            rows=tuple(
                (
                    Cell(text=channel.title, path=f"/audience/{channel.id}"),
                    Cell(text=self.signed(channel.change or 0)),
                    Cell(text="—" if channel.before is None else self.number(channel.before)),
                    Cell(text=self.number(channel.after or 0)),
                )
                for channel in channels
            ),
            is_number=(False, True, True, True),
        )

    def _news(self, figures: WeekFigures) -> Section:
        tables: tuple[Table, ...] = ()
        sentences = list(self._published(figures))
        if figures.best:
            tables = (self._best_table(figures),)
        elif figures.published:
            sentences.append(self.gettext("There are no figures yet on how the posts were read."))
        return Section(heading=self.gettext("News"), sentences=tuple(sentences), tables=tables)

    def _published(self, figures: WeekFigures) -> Iterator[str]:
        if not (figures.published or figures.corrected or figures.withdrawn):
            yield self.gettext("Nothing was published.")
            return
        if figures.published:
            yield self.ngettext("{count} item published.", "{count} items published.", figures.published)
        else:
            yield self.gettext("Nothing new was published.")
        if figures.corrected:
            yield self.ngettext("{count} item corrected.", "{count} items corrected.", figures.corrected)
        if figures.withdrawn:
            yield self.ngettext("{count} item withdrawn.", "{count} items withdrawn.", figures.withdrawn)

    def _best_table(self, figures: WeekFigures) -> Table:
        return Table(
            caption=self.gettext("Read most, for the size of the channel"),
            header=(
                self.gettext("Item"), self.gettext("Views"), self.gettext("Per thousand subscribers"),
            ),
            rows=tuple(
                (
                    Cell(text=post.title, path=f"/items/{post.item_id}", note=post.channel),
                    Cell(text=self.number(post.views)),
                    Cell(text=self.number(round(post.per_thousand))),
                )
                for post in figures.best
            ),
            is_number=(False, True, True),
        )  # fmt: skip

    def _deliveries(self, deliveries: Deliveries) -> Section:
        return Section(
            heading=self.gettext("How the posts went out"),
            sentences=tuple(self._delivery_sentences(deliveries)),
        )

    def _delivery_sentences(self, deliveries: Deliveries) -> Iterator[str]:
        if not deliveries.sent:
            yield self.gettext("No post went out.")
        else:
            yield self.ngettext("{count} post went out.", "{count} posts went out.", deliveries.sent)
            yield from self._lateness(deliveries)

    def _lateness(self, deliveries: Deliveries) -> Iterator[str]:
        if not deliveries.late:
            yield self.gettext("All of them on time.")
        else:
            yield self.ngettext(
                "{count} of them was late by more than a minute.",
                "{count} of them were late by more than a minute.",
                deliveries.late,
            )
        half, most = deliveries.half_within, deliveries.most_within
        if half is None or most is None:
            return
        places = {"half": self.duration(half), "most": self.duration(most)}
        if places["half"] == places["most"]:
            yield self.gettext("99 of 100 stood within {most} of their time.", most=places["most"])
        else:
            yield self.gettext(
                "Half of them stood within {half} of their time, 99 of 100 within {most}.", **places
            )

    def duration(self, seconds: float) -> str:
        """«12 секунд», «3 минуты»: rounded up, after «через»."""
        if seconds <= MINUTE:
            return self.ngettext("{count} second", "{count} seconds", max(1, ceil(seconds)))
        if seconds <= HOUR:
            return self.ngettext("{count} minute", "{count} minutes", ceil(seconds / MINUTE))
        return self.ngettext("{count} hour", "{count} hours", ceil(seconds / HOUR))

    def _problems(self, figures: WeekFigures) -> Section:
        told = [
            *self._undelivered(figures.deliveries),
            *map(self._broken, figures.broken),
            *map(self._gap, figures.gaps[:MOST_GAPS]),
        ]
        more = len(figures.gaps) - MOST_GAPS
        if more > 0:
            told.append(
                self.ngettext(
                    "And {count} more gap in the counts.", "And {count} more gaps in the counts.", more
                )
            )
        return Section(
            heading=self.gettext("What is not in order"),
            sentences=tuple(told) or (self.gettext("Everything is in order."),),
        )

    def _undelivered(self, deliveries: Deliveries) -> Iterator[str]:
        if deliveries.failed:
            yield self.ngettext("{count} operation failed.", "{count} operations failed.", deliveries.failed)
        if deliveries.waiting:
            yield self.ngettext(
                "{count} operation waits for a person's decision.",
                "{count} operations wait for a person's decision.",
                deliveries.waiting,
            )

    def _broken(self, broken: Broken) -> str:
        if broken.kind == "account":
            text = self.gettext("Account “{name}” does not work.", name=broken.name)
        else:
            text = self.gettext("Channel “{name}” does not work.", name=broken.name)
        return f"{text} {translate_reason(broken.reason, self.language)}".strip()

    def _gap(self, gap: CountGap) -> str:
        first, last = self._moment(gap.first_at), self._moment(gap.last_at)
        cause = self.gettext(words_of(gap.code))
        if first == last:
            text = self.gettext("“{name}” was not counted on {first}.", name=gap.channel, first=first)
        else:
            text = self.gettext(
                "“{name}” was not counted from {first} to {last}.", name=gap.channel, first=first, last=last
            )
        return f"{text} {cause}"

    # What the charts show, for those who do not see them

    def _total_alt(self, figures: WeekFigures) -> str:
        if figures.total is None:
            return ""
        return self.gettext(
            "Chart: subscribers of all channels over eight weeks, {total} at the end.",
            total=self.number(figures.total),
        )

    def _changes_alt(self, figures: WeekFigures) -> str:
        known = [c for c in figures.compared if c.change]
        shown = sorted(known, key=lambda c: -abs(c.change or 0))[:MOST_CHANNELS]
        named = ", ".join(f"{c.title} {self.signed(c.change or 0)}" for c in shown)
        return self.gettext("Chart: change by channel, the largest first: {named}.", named=named)

    # Language

    def _names(self, names: Sequence[str]) -> str:
        more = len(names) - MOST_NAMES
        shown = ", ".join(
            f"«{name}»" if self.language == "ru" else f"“{name}”" for name in names[:MOST_NAMES]
        )
        if more <= 0:
            return shown
        return f"{shown} {self.ngettext('and {count} more', 'and {count} more', more)}"

    def _moment(self, second: int) -> str:
        moment = datetime.fromtimestamp(second, self.zone)
        pattern = "d MMMM, HH:mm"
        return str(format_datetime(moment, pattern, tzinfo=self.zone, locale=self.language))

    # Named as gettext's tools look for them.

    def gettext(self, message: str, **places: str) -> str:
        """The msgid in the language, its {places} filled."""
        text = self._texts.gettext(message)
        return text.format(**places) if places else text

    def ngettext(self, one: str, many: str, count: int, **places: str) -> str:
        """The form that the number asks for; {count} is the number itself."""
        return self._texts.ngettext(one, many, count).format(count=self.number(count), **places)


def plain_lines(story: Story, address: str = "") -> Iterable[str]:
    """The story for a terminal and for the letter's text part; `address` makes whole links."""
    yield story.title
    for section in story.sections:
        yield from ("", section.heading.upper(), *section.sentences)
        for table in section.tables:
            yield from ("", f"{table.caption}:")
            for row in table.rows:
                first, *rest = row
                named = ", ".join(
                    f"{name.lower()} {cell.text}" for name, cell in zip(table.header[1:], rest, strict=True)
                )
                link = f" {address}{first.path}" if address and first.path else ""
                name = f"{first.text} ({first.note})" if first.note else first.text
                yield f"– {name}: {named}{link}"
