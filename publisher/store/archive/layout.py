"""What is in the archive: its tables, columns and views, and what each is to a reader who never saw ours."""

from collections.abc import Mapping
from dataclasses import dataclass

from publisher.core.messages import N_

# "NRAV" in the file's header says that it is ours; the number grows with every change of the layout.
APPLICATION = 0x4E524156
LAYOUT = 1

NEWSROOM, NETWORK, CALCULATED = N_("the newsroom"), N_("the network"), N_("calculated")
SUBSCRIBERS, TIMES = N_("subscribers"), N_("times")
UTC_TIME, DAY = N_("UTC, ISO 8601"), N_("the city's calendar")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: `about`, `unit` and `source` are msgids; `to` is the table that its numbers point into."""

    name: str
    kind: type[int] | type[str]
    about: str
    unit: str = ""
    source: str = NEWSROOM
    to: str = ""
    nullable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; its first `key` columns are its primary key, and rows come sorted by it."""

    name: str
    about: str
    columns: tuple[Column, ...]
    key: int = 1
    # Columns at the end that are calculated here, from the others.
    derived: int = 0
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the primary key's columns."""
        return tuple(column.name for column in self.columns[: self.key])

    @property
    def compared(self) -> tuple[str, ...]:
        """The names of the columns that come from the newsroom's rows, the key first."""
        return tuple(column.name for column in self.columns[: len(self.columns) - self.derived])


def number(about: str, name: str = "id") -> Column:
    """A number that stays the same in every later state of the archive."""
    return Column(name=name, kind=int, about=about)


def text(name: str, about: str, *, nullable: bool = False, source: str = NEWSROOM, unit: str = "") -> Column:
    """A text."""
    return Column(name=name, kind=str, about=about, nullable=nullable, source=source, unit=unit)


def moment(name: str, about: str, *, nullable: bool = True, source: str = NEWSROOM) -> Column:
    """An instant."""
    return Column(name=name, kind=str, about=about, unit=UTC_TIME, nullable=nullable, source=source)


def amount(name: str, about: str, unit: str, *, nullable: bool = False, source: str = NETWORK) -> Column:
    """How many."""
    return Column(name=name, kind=int, about=about, unit=unit, nullable=nullable, source=source)


def link(name: str, to: str, about: str, *, nullable: bool = False) -> Column:
    """A row of another table."""
    return Column(name=name, kind=int, about=about, to=to, nullable=nullable)


DESK = Table(
    name="desk",
    about=N_("Departments of the office that publish news or have channels."),
    columns=(
        number(N_("number of the department")),
        text("title", N_("name of the department")),
    ),
)
CHANNEL = Table(
    name="channel",
    about=N_("Pages of the office on the networks that have had a post or a count of subscribers."),
    columns=(
        number(N_("number of the channel")),
        text("title", N_("name of the channel")),
        text("network", N_("the network it is on")),
        text("handle", N_("its name in the network's addresses")),
        link("desk_id", "desk", N_("the department it belongs to"), nullable=True),
        text("opened_on", N_("day it was opened, where known"), nullable=True, unit=DAY),
        moment("retired_at", N_("when it was given up")),
    ),
    indexes=(("desk_id",),),
)
VERSION = Table(
    name="version",
    about=N_("Every text that readers were shown: the first one, and one for each correction."),
    columns=(
        number(N_("number of the version")),
        link("item_id", "item", N_("the news item")),
        number(N_("1 for the first published text, 2 for the first correction"), "number"),
        text("title", N_("headline")),
        text("html", N_("text with its markup: a small subset of HTML")),
        text("tags", N_("tags, as a JSON list")),
        text("source", N_("where the news comes from, as readers were told")),
        moment("published_at", N_("when readers first saw this version")),
        text("text", N_("the same as plain text"), source=CALCULATED),
    ),
    derived=1,
    indexes=(("item_id", "number"),),
)
ITEM = Table(
    name="item",
    about=N_("News items that went out, with their present text. Withdrawn ones stay as a row without text."),
    columns=(
        number(N_("number of the item")),
        link("desk_id", "desk", N_("the department that published it")),
        text("state", N_("published, corrected or withdrawn")),
        Column(
            name="version_id", kind=int, about=N_("the version that stands; none when withdrawn"),
            nullable=True,
        ),
        moment("published_at", N_("when its first post went out"), nullable=False),
        text("published_on", N_("the same as the city's day"), unit=DAY, source=CALCULATED),
        moment("withdrawn_at", N_("when its last post was withdrawn")),
        text("title", N_("headline of the version that stands"), nullable=True),
        text("text", N_("plain text of the version that stands"), nullable=True),
        text("tags", N_("its tags, as a JSON list"), nullable=True),
        text("source", N_("its source, as readers were told"), nullable=True),
    ),
    derived=4,
    indexes=(("desk_id",), ("version_id",), ("published_on",)),
)  # fmt: skip
MEDIA = Table(
    name="media",
    about=N_("Pictures and files that went out, as facts; the files themselves are not in the archive."),
    columns=(
        number(N_("number of the file")),
        text("sha256", N_("SHA-256 of the file: proves that a copy is the same")),
        text("kind", N_("photo, video or document")),
        text("mime", N_("media type")),
        amount("size", N_("size of the file"), N_("bytes"), source=NEWSROOM),
        amount("width", N_("width of the picture"), N_("pixels"), nullable=True, source=NEWSROOM),
        amount("height", N_("height of the picture"), N_("pixels"), nullable=True, source=NEWSROOM),
    ),
)
VERSION_MEDIA = Table(
    name="version_media",
    about=N_("Which files a version showed, in their order."),
    columns=(
        link("version_id", "version", N_("the version")),
        number(N_("place in the order, from 0"), "position"),
        link("media_id", "media", N_("the file")),
        text("alt", N_("what is in the picture, in words")),
        text("credit", N_("who made the picture")),
    ),
    key=2,
    indexes=(("media_id",),),
)
POST = Table(
    name="post",
    about=N_("What stands on the networks: one item in one channel."),
    columns=(
        number(N_("number of the post")),
        link("item_id", "item", N_("the news item")),
        link("channel_id", "channel", N_("the channel")),
        link("version_id", "version", N_("the version that readers see"), nullable=True),
        text("state", N_("live, altered or missing on the network, or withdrawn")),
        text("permalink", N_("its address; empty when withdrawn"), source=NETWORK),
        text("own_text", N_("the channel's own text, where it is not the version's"), nullable=True),
        moment("published_at", N_("when it went out"), nullable=False),
        text("published_on", N_("the same as the city's day"), unit=DAY, source=CALCULATED),
        moment("edited_at", N_("when it was last corrected")),
        moment("withdrawn_at", N_("when it was withdrawn")),
    ),
    indexes=(("item_id",), ("channel_id", "published_at"), ("version_id",)),
)
POST_METRIC = Table(
    name="post_metric",
    about=N_("What a post had earned at a certain age. Empty: the network does not show it."),
    columns=(
        link("post_id", "post", N_("the post")),
        Column(name="age", kind=int, about=N_("age at which it was read"), unit=N_("seconds")),
        moment("taken_at", N_("when it was read"), nullable=False),
        amount("views", N_("views"), TIMES, nullable=True),
        amount("forwards", N_("forwards"), TIMES, nullable=True),
        amount("reactions", N_("reactions"), TIMES, nullable=True),
        amount("comments", N_("comments"), TIMES, nullable=True),
    ),
    key=2,
)
AUDIENCE_DAY = Table(
    name="audience_day",
    about=N_("Subscribers of a channel on a day. A day without counts has no row: it is a gap, not a zero."),
    columns=(
        link("channel_id", "channel", N_("the channel")),
        text("day", N_("the day"), unit=DAY),
        amount("opening", N_("the day's first count"), SUBSCRIBERS),
        amount("closing", N_("the day's last count"), SUBSCRIBERS),
        amount("low", N_("the day's lowest count"), SUBSCRIBERS),
        amount("high", N_("the day's highest count"), SUBSCRIBERS),
        amount("samples", N_("how many counts the day has"), TIMES),
    ),
    key=2,
    indexes=(("day",),),
)
APPEAL_TOTAL = Table(
    name="appeal_total",
    about=N_("How many appeals of citizens came on a day from a source about a topic. Totals only."),
    columns=(
        text("day", N_("the day"), unit=DAY),
        text("source", N_("where the appeals came in")),
        text("topic", N_("what they were about")),
        amount("value", N_("how many appeals"), N_("appeals"), source=NEWSROOM),
    ),
    key=3,
)
# In the order in which they can be made: what is pointed at comes first.
TABLES = (
    DESK, CHANNEL, ITEM, VERSION, MEDIA, VERSION_MEDIA, POST, POST_METRIC, AUDIENCE_DAY, APPEAL_TOTAL,
)  # fmt: skip

ARCHIVE = Table(
    name="archive",
    about=N_("What this file is: one row."),
    columns=(
        number(N_("always 1")),
        text("office", N_("whose news it is")),
        text("realm", N_("real: real networks; training: exercises in a sandbox, nothing of it was public")),
        text("notice", N_("what to know before using the figures"), nullable=True),
        text("timezone", N_("the zone of the city's days")),
        moment("made_at", N_("when the file was last brought up to date"), nullable=False),
        text("origin", N_("tells the archives of two installations apart"), source=CALCULATED),
        amount("items", N_("news items with text"), N_("items"), source=CALCULATED),
        amount("withdrawn", N_("withdrawn items"), N_("items"), source=CALCULATED),
        amount("posts", N_("posts"), N_("posts"), source=CALCULATED),
        amount("days", N_("days with counts of subscribers"), N_("days"), source=CALCULATED),
    ),
)
ABOUT = Table(
    name="about",
    about=N_("This description: every table, column and view of the file."),
    columns=(
        text("name", N_("table, table.column or view")),
        text("description", N_("what it is")),
        text("unit", N_("unit of its values")),
        text("source", N_("where the values come from")),
    ),
)
WORD = Table(
    name="word",
    about=N_("Words of the texts, with the stem that all forms of a word share: for search by word forms."),
    columns=(
        text("form", N_("the word as it stands in texts, in small letters"), source=CALCULATED),
        text("stem", N_("what its forms have in common"), source=CALCULATED),
    ),
    indexes=(("stem",),),
)
DESCRIBED = (ARCHIVE, *TABLES, WORD, ABOUT)

VIEWS: Mapping[str, tuple[str, str]] = {
    "items_by_day": (
        N_("How many items and posts went out on a day of the city's calendar."),
        """
        SELECT item.published_on AS day, count(DISTINCT item.id) AS items, count(post.id) AS posts
        FROM item LEFT JOIN post ON post.item_id = item.id
        GROUP BY item.published_on ORDER BY day DESC
        """,
    ),
    "growth_by_month": (
        N_("Each channel's months: first and last count and the change between them."),
        """
        SELECT month, channel.title AS channel, first.opening, last.closing,
               last.closing - first.opening AS change, days, channel_id
        FROM (
            SELECT channel_id, substr(day, 1, 7) AS month, min(day) AS first_day, max(day) AS last_day,
                   count(*) AS days
            FROM audience_day GROUP BY channel_id, month
        )
        JOIN channel ON channel.id = channel_id
        JOIN audience_day AS first USING (channel_id)
        JOIN audience_day AS last USING (channel_id)
        WHERE first.day = first_day AND last.day = last_day
        ORDER BY month DESC, channel
        """,
    ),
    "post_earnings": (
        N_("What each post had earned when it was last read, also per thousand subscribers of its day."),
        """
        SELECT post.id AS post_id, item.title AS item, channel.title AS channel, post.published_at,
               metric.age / 3600.0 AS age_hours, metric.views, metric.forwards, metric.reactions,
               metric.comments, day.closing AS subscribers,
               round(1000.0 * metric.views / nullif(day.closing, 0), 1) AS views_per_thousand,
               post.permalink
        FROM post
        JOIN item ON item.id = post.item_id
        JOIN channel ON channel.id = post.channel_id
        JOIN post_metric AS metric ON metric.post_id = post.id
             AND metric.age = (SELECT max(age) FROM post_metric WHERE post_id = post.id)
        LEFT JOIN audience_day AS day ON day.channel_id = post.channel_id
             AND day.day = post.published_on
        """,
    ),
}
