"""Light markup: what an editor types where there is no rich editor. Loses nothing either way.

`**bold** //italic// __underline__ ~~strike~~ ||spoiler|| ``code`` [text](url)`, `> quote`,
`>> expandable quote`, `- list`, `1. list`, a blank line between blocks, a backslash before what is meant
literally. Marks are toggles. A custom emoji is `[👍](tg://emoji?id=123)`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from publisher.core.body import LINK, LISTS, Block, BlockKind, Body, Line, Run, parse, to_html
from publisher.core.richtext import Mark

TOKENS = {
    "**": Mark.BOLD, "//": Mark.ITALIC, "__": Mark.UNDERLINE, "~~": Mark.STRIKE, "||": Mark.SPOILER,
    "``": Mark.CODE,
}  # fmt: skip
EMOJI = "tg://emoji?id="
PREFIX = re.compile(r"(?P<quote>>>?) ?|(?P<bullet>-) |(?P<number>\d+)\. ")
CONTINUED = re.compile(r" {2,}")
LINK_END = re.compile(r"\]\(((?:\\.|[^\s()\\])+)\)")
# An address in running text keeps its slashes and underscores; a mark right behind it still closes.
ADDRESS = re.compile(r"https?://(?:(?!\*\*|~~|\|\||``)[^\s\[\]()\\<>])+", re.IGNORECASE)
ESCAPABLE = frozenset("\\*/_~|`[]()>-.:")
SPECIAL = frozenset("*/_~|`")
# Where a link's text ends, where its target ends, and the target.
LinkEnd = tuple[int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What is probably a slip of the pen: a mark that is never closed, or a link to what is no address.

    `line` counts from 1; `mark` is the token, `target` the address that will not do; the other one is empty.
    """

    line: int
    mark: str = ""
    target: str = ""


def from_light(text: str) -> Body:
    """The body that a text in light markup means. Every text means something."""
    blocks = [block for _, paragraph in _paragraphs(text) for block in _blocks(paragraph)]
    return parse(to_html(tuple(blocks)))


def find_slips(text: str) -> list[Slip]:
    """What an editor should look at again, by line. Marks close within their paragraph or entry."""
    slips: list[Slip] = []
    for line, paragraph in _paragraphs(text):
        for _, entries in _grouped(paragraph):
            for entry in entries:
                slips += _entry_slips(entry, line)
                line += entry.count("\n") + 1
    return sorted(slips, key=lambda slip: slip.line)


def to_light(body: Body) -> str:
    """The light markup of a canonical body, as an editor would write it: no backslash more than needed."""
    plain = _write(body, strict=False)
    return plain if from_light(plain) == body else _write(body, strict=True)


def _paragraphs(text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines up to the next blank one, and the number of the first of them."""
    lines: list[str] = []
    number = 0
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line.strip():
            lines.append(line)
        elif lines:
            yield number - len(lines), lines
            lines = []
    if lines:
        yield number - len(lines) + 1, lines


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    return (_block(kind, entries) for kind, entries in _grouped(lines))


def _grouped(lines: Sequence[str]) -> Iterator[tuple[BlockKind, list[str]]]:
    """Neighbouring lines of one kind make one block; an entry keeps its line breaks."""
    kind = BlockKind.PARAGRAPH
    entries: list[str] = []
    for line in lines:
        found, content = _kind_of(line)
        if found is BlockKind.PARAGRAPH and kind in LISTS and CONTINUED.match(line):
            entries[-1] += "\n" + line.strip(" ")
            continue
        if found is not kind and entries:
            yield kind, entries
            entries = []
        kind = found
        if kind in LISTS or not entries:
            entries.append(content)
        else:
            entries[-1] += "\n" + content
    yield kind, entries


def _kind_of(line: str) -> tuple[BlockKind, str]:
    match = PREFIX.match(line)
    if match is None:
        return BlockKind.PARAGRAPH, line
    content = line[match.end() :]
    if quote := match["quote"]:
        return (BlockKind.QUOTE if quote == ">" else BlockKind.EXPANDABLE_QUOTE), content
    return (BlockKind.BULLETS if match["bullet"] else BlockKind.NUMBERS), content


def _block(kind: BlockKind, entries: Sequence[str]) -> Block:
    return Block(kind=kind, lines=tuple(tuple(_runs(entry)) for entry in entries))


def _runs(text: str) -> Iterator[Run]:
    """Runs of one look; pieces inside one pair of brackets stay together, which a custom emoji needs."""
    for (marks, link), pieces in groupby(_pieces(text), key=lambda piece: piece[1:]):
        words = "".join(piece for piece, *_ in pieces)
        target = link[2] if link else None
        if target and target.startswith(EMOJI):
            yield Run(text=words, marks=marks, emoji_id=target[len(EMOJI) :])
        else:
            yield Run(text=words, marks=marks, link=target)


def _pieces(text: str) -> Iterator[tuple[str, frozenset[Mark], LinkEnd | None]]:
    marks: frozenset[Mark] = frozenset()
    link: LinkEnd | None = None
    place = 0
    while place < len(text):
        if link and place == link[0]:
            place, link = link[1], None
            continue
        piece, place, toggled = _next(text, place)
        if toggled is not None:
            marks ^= {toggled}
        elif piece == "[" and link is None and (link := _find_link_end(text, place)):
            continue
        else:
            yield _unescaped(piece), marks, link


def _next(text: str, place: int) -> tuple[str, int, Mark | None]:
    """The next piece of the source, where it ends, and the mark it toggles if it is a token."""
    if text[place] == "\\" and text[place + 1 : place + 2] in ESCAPABLE and place + 1 < len(text):
        return text[place : place + 2], place + 2, None
    if address := ADDRESS.match(text, place):
        end = place + len(_without_tokens(address[0]))
        return text[place:end], end, None
    token = text[place : place + 2]
    if token in TOKENS:
        return token, place + 2, TOKENS[token]
    return text[place], place + 1, None


def _without_tokens(address: str) -> str:
    while address.endswith(("__", "//")) and not address.endswith("://"):
        address = address[:-2]
    return address


def _find_link_end(text: str, start: int) -> LinkEnd | None:
    """The end of a link that starts here; None when this is no link."""
    place = start
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        if text[place] == "[":
            return None
        if match := LINK_END.match(text, place):
            return place, match.end(), re.sub(r"\\(.)", r"\1", match[1])
        place += 1
    return None


def _entry_slips(text: str, first_line: int) -> Iterator[Slip]:
    opened: dict[Mark, int] = {}
    link: LinkEnd | None = None
    line, counted = first_line, 0
    place = 0
    while place < len(text):
        if link and place == link[0]:
            place, link = link[1], None
            continue
        line, counted = line + text.count("\n", counted, place), place
        piece, place, toggled = _next(text, place)
        if toggled is not None and toggled in opened:
            del opened[toggled]
        elif toggled is not None:
            opened[toggled] = line
        elif piece == "[" and link is None and (link := _find_link_end(text, place)) and not _leads(link[2]):
            yield Slip(line=line, target=link[2])
    tokens = {mark: token for token, mark in TOKENS.items()}
    yield from (Slip(line=line, mark=tokens[mark]) for mark, line in opened.items())


def _leads(target: str) -> bool:
    return bool(LINK.match(target)) or target.startswith(EMOJI)


def _unescaped(piece: str) -> str:
    return piece[1] if len(piece) == 2 and piece[0] == "\\" else piece


def _write(body: Body, *, strict: bool) -> str:
    return "\n\n".join(_write_block(block, strict=strict) for block in body)


def _write_block(block: Block, *, strict: bool) -> str:
    rows: list[str] = []
    for number, line in enumerate(block.lines, 1):
        first, *more = _write_line(line, strict=strict).split("\n")
        match block.kind:
            case BlockKind.PARAGRAPH:
                rows += [_guarded(row) for row in (first, *more)]
            case BlockKind.BULLETS:
                rows += [f"- {first}", *(f"  {_guarded(row)}" for row in more)]
            case BlockKind.NUMBERS:
                rows += [f"{number}. {first}", *(f"   {_guarded(row)}" for row in more)]
            case BlockKind.QUOTE:
                rows += [f"> {row}" for row in (first, *more)]
            case BlockKind.EXPANDABLE_QUOTE:
                rows += [f">> {row}" for row in (first, *more)]
    return "\n".join(rows)


def _guarded(row: str) -> str:
    """A line that would read as a list or quote, with a backslash before what makes it one."""
    match = PREFIX.match(row)
    if match is None:
        return row
    number = match["number"] or ""
    return f"{number}\\{row[len(number) :]}"


def _write_line(line: Line, *, strict: bool) -> str:
    out: list[str] = []
    marks: frozenset[Mark] = frozenset()
    link: str | None = None
    for run in (*line, Run(text="")):
        target = f"{EMOJI}{run.emoji_id}" if run.emoji_id else run.link
        if link is not None and (target != link or run.emoji_id):
            out.append(f"]({_escaped_target(link)})")
            link = None
        out += [token for token, mark in TOKENS.items() if mark in marks ^ run.marks]
        marks = run.marks
        if target is not None and link is None:
            out.append("[")
            link = target
        out.append(_strict(run.text) if strict else _pretty(run.text))
    return "".join(out)


def _escaped_target(target: str) -> str:
    return re.sub(r"([()\\])", r"\\\1", target)


def _strict(text: str) -> str:
    return "".join(f"\\{c}" if c in ESCAPABLE and c not in "-.>()" else c for c in text)


def _pretty(text: str) -> str:
    """Backslashes only before what would be read as markup."""
    out: list[str] = []
    place = 0
    while place < len(text):
        if address := ADDRESS.match(text, place):
            url = _without_tokens(address[0])
            out.append(url)
            place += len(url)
            continue
        char = text[place]
        edge = place in {0, len(text) - 1}
        doubled = char in SPECIAL and (text[place - 1 : place] == char or text[place + 1 : place + 2] == char)
        if char in "\\[]" or doubled or (edge and char in SPECIAL | {":"}):
            out.append("\\")
        out.append(char)
        place += 1
    return "".join(out)
