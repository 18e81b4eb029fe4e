"""The body of an item: one canonical HTML subset, and the tree of blocks and runs behind every edition."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape, unescape
from html.parser import HTMLParser
from itertools import groupby

import nh3

from publisher.core.richtext import Entity, Mark, RichText, length_utf16


class BlockKind(StrEnum):
    """What a block is; the value is its tag, with the expandable quote's attribute."""

    PARAGRAPH = "p"
    QUOTE = "blockquote"
    EXPANDABLE_QUOTE = "blockquote expandable"
    BULLETS = "ul"
    NUMBERS = "ol"


LISTS = frozenset({BlockKind.BULLETS, BlockKind.NUMBERS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of text that looks the same throughout; a newline in it is a line break.

    `emoji_id` makes the text the fallback of a custom emoji.
    """

    text: str
    marks: frozenset[Mark] = frozenset()
    link: str | None = None
    emoji_id: str | None = None


Line = tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph or quote has one line of runs; a list has one per entry."""

    kind: BlockKind
    lines: tuple[Line, ...]


Body = tuple[Block, ...]

MARKS = {
    "b": Mark.BOLD, "strong": Mark.BOLD, "i": Mark.ITALIC, "em": Mark.ITALIC, "u": Mark.UNDERLINE,
    "ins": Mark.UNDERLINE, "s": Mark.STRIKE, "del": Mark.STRIKE, "strike": Mark.STRIKE,
    "tg-spoiler": Mark.SPOILER, "code": Mark.CODE,
}  # fmt: skip
# The fixed nesting, outermost first.
TAGS = {
    Mark.BOLD: "b", Mark.ITALIC: "i", Mark.UNDERLINE: "u", Mark.STRIKE: "s", Mark.SPOILER: "tg-spoiler",
    Mark.CODE: "code",
}  # fmt: skip
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
CONTAINERS = frozenset({"ul", "ol", "blockquote"})
BLOCKS = HEADINGS | CONTAINERS | {
    "p", "div", "section", "article", "header", "footer", "main", "aside", "figure", "figcaption", "pre",
    "table", "tr", "td", "th", "hr", "address", "dl", "dt", "dd", "li",
}  # fmt: skip
KNOWN = {*MARKS, *BLOCKS, "a", "br", "tg-emoji"}
LINK = re.compile(r"(?:https?://[^\s/?#]\S*|mailto:\S+@\S+|tel:\+?[\d()-]+|tg://\S+)\Z", re.IGNORECASE)
# HTML's white space; a no-break space is none of it, it is a character of the text.
SPACE = re.compile(r"[ \t\n\r\f]+")
LINE_END = re.compile(r"</(?:p|li|blockquote)>|<br>")
TAG = re.compile(r"<[^>]*>")
# What no network shows and no XML or UTF-8 takes.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def canonical(html: str) -> str:
    """Any HTML in the one canonical form; of what the subset does not know only the text stays.

    Scripts, styles and comments go with their content; a link that is no web, mail, phone or Telegram address
    loses its target. canonical(canonical(x)) == canonical(x).
    """
    return to_html(parse(html))


def parse(html: str) -> Body:
    """The tree of any HTML, cleaned on the way in."""
    cleaned = nh3.clean(
        CONTROL.sub("", html),
        tags=KNOWN,
        attributes={"a": {"href"}, "blockquote": {"expandable"}, "tg-emoji": {"emoji-id"}},
        url_schemes={"http", "https", "mailto", "tel", "tg"},
        link_rel=None,
    )
    reader = _Reader()
    reader.feed(cleaned)
    reader.close()
    return reader.body()


def to_html(body: Body) -> str:
    """The canonical form."""
    return "".join(_block_html(block) for block in body)


def to_plain(body: Body) -> str:
    """The text alone, laid out as in a message: a blank line between blocks, bullets and numbers."""
    return to_rich_text(body).text


def skim(html: str) -> str:
    """The text of a canonical body, one line for each line of it: not through the tree, for many at once."""
    return unescape(TAG.sub("", LINE_END.sub("\n", html))).strip()


def to_rich_text(body: Body) -> RichText:
    """The text of a message and its entities in UTF-16 units, ordered by offset, longer ones first."""
    writer = _Writer()
    for place, block in enumerate(body):
        if place:
            writer.write("\n\n")
        writer.block(block)
    return writer.finish()


class _Reader(HTMLParser):
    """Builds blocks from clean HTML. Every block-level tag ends the line; one container is open at a time,
    what is nested in it is flattened into its lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[Block] = []
        self._runs: list[Run] = []
        self._entries: list[list[Run]] = []
        self._container: BlockKind | None = None
        self._depth = 0
        # How many open tags ask for each mark: clipboards nest the same one many times.
        self._marks: Counter[Mark] = Counter()
        self._links: list[str | None] = []
        self._emoji_id: str | None = None

    def body(self) -> Body:
        """What was read."""
        self._end_line()
        self._end_container()
        return tuple(self._blocks)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag in MARKS:
            self._marks[MARKS[tag]] += 1
        elif tag == "a":
            self._links.append(_target(attributes.get("href")))
        elif tag == "br":
            self._runs.append(Run(text="\n"))
        elif tag == "tg-emoji":
            self._emoji_id = _emoji_id(attributes.get("emoji-id"))
        elif tag in BLOCKS:
            self._end_line()
            self._open(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if tag in MARKS:
            self._close_mark(MARKS[tag])
        elif tag == "a" and self._links:
            self._links.pop()
        elif tag == "tg-emoji":
            self._emoji_id = None
        elif tag in BLOCKS:
            self._end_line()
            self._close(tag)

    def handle_data(self, data: str) -> None:
        links = [link for link in self._links if link]
        self._runs.append(
            Run(
                text=SPACE.sub(" ", data),
                marks=frozenset(mark for mark, count in self._marks.items() if count),
                # A custom emoji is none of the link's words.
                link=links[-1] if links and not self._emoji_id else None,
                emoji_id=self._emoji_id,
            )
        )

    def _close_mark(self, mark: Mark) -> None:
        self._marks[mark] = max(0, self._marks[mark] - 1)

    def _open(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag in HEADINGS:
            self._marks[Mark.BOLD] += 1
        elif tag == "li" and self._container in LISTS:
            self._entries.append([])
        elif tag in CONTAINERS:
            self._depth += 1
            if self._depth == 1:
                expandable = tag == "blockquote" and "expandable" in attributes
                self._container = BlockKind.EXPANDABLE_QUOTE if expandable else BlockKind(tag)

    def _close(self, tag: str) -> None:
        if tag in HEADINGS:
            self._close_mark(Mark.BOLD)
        elif tag in CONTAINERS and self._depth:
            self._depth -= 1
            if not self._depth:
                self._end_container()

    def _end_line(self) -> None:
        runs, self._runs = self._runs, []
        for line in _lines(runs):
            if self._container is None:
                self._blocks.append(Block(kind=BlockKind.PARAGRAPH, lines=(line,)))
                continue
            if not self._entries:
                self._entries.append([])
            entry = self._entries[-1]
            entry += [Run(text="\n"), *line] if entry else line

    def _end_container(self) -> None:
        kind, self._container = self._container, None
        entries, self._entries = self._entries, []
        lines = tuple(_joined(entry) for entry in entries if entry)
        if kind is not None and lines:
            self._blocks.append(Block(kind=kind, lines=lines))


def _target(href: str | None) -> str | None:
    href = (href or "").strip()
    return href if LINK.match(href) and not href.startswith("tg://emoji") else None


def _emoji_id(text: str | None) -> str | None:
    return text if text and text.isascii() and text.isdigit() else None


def _lines(runs: Sequence[Run]) -> Iterable[Line]:
    """The paragraphs that runs make: an empty line between two breaks is a boundary.

    White space is folded across runs and taken from both ends of each line; equal neighbours are joined.
    """
    rows: list[list[Run]] = [[]]
    for run in runs:
        if run.text == "\n":
            rows.append([])
        else:
            rows[-1].append(run)
    paragraph: list[Run] = []
    for row in rows:
        tidy = _folded(row)
        if tidy and paragraph:
            paragraph.append(Run(text="\n"))
        if not tidy and paragraph:
            yield _joined(paragraph)
            paragraph = []
        paragraph += tidy
    if paragraph:
        yield _joined(paragraph)


def _folded(row: Sequence[Run]) -> list[Run]:
    """One line: inner white space folded; at its ends every kind goes, as networks trim it there."""
    pieces: list[Run] = []
    for run in row:
        text = run.text
        if not pieces:
            text = text.lstrip()
        elif pieces[-1].text.endswith(" "):
            text = text.lstrip(" ")
        if text:
            pieces.append(replace(run, text=text))
    while pieces:
        last = pieces.pop()
        if text := last.text.rstrip():
            return [*pieces, replace(last, text=text)]
    return pieces


def _joined(pieces: Sequence[Run]) -> Line:
    """Equal neighbours as one run. A break belongs to the run before it when both sides look the same, and is
    plain otherwise, so that a mark which spans it and one which does not are told apart by its neighbours."""
    dressed = list(pieces)
    for place in range(1, len(pieces) - 1):
        before, run, after = dressed[place - 1], pieces[place], pieces[place + 1]
        if run.text == "\n" and _look(before) == _look(after) and before.emoji_id is None:
            dressed[place] = replace(before, text="\n")
    looks = [(_look(run), place if run.emoji_id else None) for place, run in enumerate(dressed)]
    groups = groupby(zip(looks, dressed, strict=True), key=lambda pair: pair[0])
    return tuple(
        replace(run, text=run.text + "".join(other.text for other in rest))
        for run, *rest in ([run for _, run in group] for _, group in groups)
    )


def _look(run: Run) -> tuple[frozenset[Mark], str | None, str | None]:
    return run.marks, run.link, run.emoji_id


def _block_html(block: Block) -> str:
    inner = [_line_html(line) for line in block.lines]
    if block.kind in LISTS:
        inner = [f"<li>{line}</li>" for line in inner]
    closing = block.kind.value.split(" ")[0]
    return f"<{block.kind}>{''.join(inner)}</{closing}>"


def _line_html(line: Line) -> str:
    return "".join(_run_html(run) for run in line)


def _run_html(run: Run) -> str:
    text = escape(run.text, quote=False).replace("\n", "<br>")
    if run.emoji_id:
        text = f'<tg-emoji emoji-id="{run.emoji_id}">{text}</tg-emoji>'
    for mark in reversed(TAGS):
        if mark in run.marks:
            text = f"<{TAGS[mark]}>{text}</{TAGS[mark]}>"
    return f'<a href="{escape(run.link)}">{text}</a>' if run.link else text


class _Writer:
    """Collects text and entities; neighbours with the same mark become one entity."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._entities: list[Entity] = []

    def write(self, text: str) -> None:
        """Plain text."""
        self._parts.append(text)
        self._length += length_utf16(text)

    def block(self, block: Block) -> None:
        """A block with the entities it makes."""
        start = self._length
        for number, line in enumerate(block.lines, 1):
            if number > 1:
                self.write("\n")
            if block.kind is BlockKind.BULLETS:
                self.write("• ")
            elif block.kind is BlockKind.NUMBERS:
                self.write(f"{number}. ")
            self._line(line)
        if block.kind is BlockKind.QUOTE:
            self._mark(Mark.QUOTE, start, self._length)
        elif block.kind is BlockKind.EXPANDABLE_QUOTE:
            self._mark(Mark.EXPANDABLE_QUOTE, start, self._length)

    def _line(self, line: Line) -> None:
        spans: dict[tuple[Mark, str | None], list[tuple[int, int]]] = {}
        for run in line:
            start = self._length
            self.write(run.text)
            looks: list[tuple[Mark, str | None]] = [(mark, None) for mark in run.marks]
            if run.link:
                looks.append((Mark.LINK, run.link))
            if run.emoji_id:
                looks.append((Mark.EMOJI, run.emoji_id))
            for look in looks:
                _extend(spans.setdefault(look, []), start, self._length, join=look[0] is not Mark.EMOJI)
        for (mark, target), places in spans.items():
            for start, end in places:
                self._mark(mark, start, end, target)

    def _mark(self, mark: Mark, start: int, end: int, target: str | None = None) -> None:
        self._entities.append(Entity(mark=mark, offset=start, length=end - start, target=target))

    def finish(self) -> RichText:
        """The message."""
        order = list(Mark)
        entities = sorted(self._entities, key=lambda e: (e.offset, -e.length, order.index(e.mark)))
        return RichText(text="".join(self._parts), entities=tuple(entities))


def _extend(spans: list[tuple[int, int]], start: int, end: int, *, join: bool) -> None:
    if join and spans and spans[-1][1] == start:
        spans[-1] = (spans[-1][0], end)
    else:
        spans.append((start, end))
