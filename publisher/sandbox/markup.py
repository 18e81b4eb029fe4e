"""A text with Telegram's entities as HTML: what came over the wire, as readers see it.

It shares no line with the code that made the entities: if both agree, the post is right.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

Entity = Mapping[str, Any]

SPOILER = Markup(
    '<span class="spoiler"><button type="button" class="spoiler-show">{}</button>'
    '<span class="spoiler-text" inert>{}</span></span>'
)
LONG_QUOTE = Markup(
    '<blockquote class="quote quote-long"><div class="quote-text">{}</div>'
    '<button type="button" class="quote-more" aria-expanded="false">{}</button></blockquote>'
)
TAGS = {"bold": "b", "italic": "i", "underline": "u", "strike": "s", "code": "code", "pre": "pre"}
BLOCKS = {"blockquote", "pre"}
# In these nothing is found by itself.
LITERAL = {"code", "pre", "textUrl", "url", "email"}
# What Telegram finds in a text by itself: addresses, hashtags, names.
FOUND = re.compile(r"(?P<link>https?://[^\s<>«»]*[^\s<>«».,;:!?)\]])|(?<![\w#@/])(?P<tag>[#@]\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a person who cannot see hears of hidden and shortened text."""

    hidden: str
    more: str


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    entity: Entity

    @property
    def kind(self) -> str:
        """The entity's type."""
        return str(self.entity["type"])


def to_html(text: str, entities: Sequence[Entity], labels: Labels) -> Markup:
    """The text as HTML; offsets are in UTF-16 units, entities may overlap, nothing of the text is markup."""
    painter = _Painter(text.encode("utf-16-le", "surrogatepass"), labels)
    spans = [_Span(e["offset"], min(e["offset"] + e["length"], painter.length), e) for e in entities]
    return painter.paint(0, painter.length, _in_order([s for s in spans if 0 <= s.start < s.end]))


@dataclass(frozen=True, slots=True)
class _Painter:
    units: bytes
    labels: Labels

    @property
    def length(self) -> int:
        """UTF-16 units of the text."""
        return len(self.units) // 2

    def paint(self, start: int, end: int, spans: Sequence[_Span], *, literal: bool = False) -> Markup:
        """A stretch of the text with the spans in it, which lie within it and in order."""
        parts = []
        while spans:
            span, *others = spans
            inner, spans = _cut(others, span.end)
            is_block = span.kind in BLOCKS
            parts.append(self._plain(start, span.start, literal=literal))
            content = self.paint(span.start, span.end, inner, literal=literal or span.kind in LITERAL)
            parts.append(self._wrap(span, content))
            start = span.end
            # A block ends its line by itself.
            if is_block and self._text(start, start + 1) == "\n" and not (spans and spans[0].start == start):
                start += 1
        parts.append(self._plain(start, end, literal=literal))
        return Markup("").join(parts)

    def _text(self, start: int, end: int) -> str:
        return self.units[2 * start : 2 * end].decode("utf-16-le", "replace")

    def _plain(self, start: int, end: int, *, literal: bool) -> Markup:
        text = self._text(start, end)
        return escape(text) if literal else _with_found(text)

    def _wrap(self, span: _Span, content: Markup) -> Markup:
        match span.kind:
            case "spoiler":
                return SPOILER.format(self.labels.hidden, content)
            case "blockquote" if span.entity.get("collapsed"):
                return LONG_QUOTE.format(content, self.labels.more)
            case "blockquote":
                return Markup('<blockquote class="quote">{}</blockquote>').format(content)
            case "textUrl":
                return _link(str(span.entity["url"]), content)
            case "url":
                return _link(self._text(span.start, span.end), content)
            case "hashtag" | "mention" | "email" | "cashtag":
                return Markup('<span class="tag">{}</span>').format(content)
            case "customEmoji":
                return Markup('<span class="emoji" data-emoji="{}">{}</span>').format(
                    span.entity.get("document_id", ""), content
                )
            case kind if kind in TAGS:
                tag = Markup(TAGS[kind])  # noqa: S704 - a constant of ours
                return Markup("<{0}>{1}</{0}>").format(tag, content)
        return content


def _in_order(spans: Sequence[_Span]) -> list[_Span]:
    """The outer ones before what they contain; of two over the same stretch, the block is outside."""
    return sorted(spans, key=lambda span: (span.start, -span.end, span.kind not in BLOCKS))


def _cut(spans: Sequence[_Span], at: int) -> tuple[list[_Span], list[_Span]]:
    """What lies before and what lies after a place; a span across it is cut in two."""
    before = [replace(span, end=min(span.end, at)) for span in spans if span.start < at]
    after = [replace(span, start=max(span.start, at)) for span in spans if span.end > at]
    return _in_order(before), _in_order(after)


def _with_found(text: str) -> Markup:
    parts, place = [], 0
    for found in FOUND.finditer(text):
        parts.append(escape(text[place : found.start()]))
        if found["link"]:
            parts.append(_link(found["link"], escape(found["link"])))
        else:
            parts.append(Markup('<span class="tag">{}</span>').format(found["tag"]))
        place = found.end()
    return Markup("").join([*parts, escape(text[place:])])


def _link(address: str, content: Markup) -> Markup:
    """A link that may be followed; any other scheme than http and https is shown and leads nowhere."""
    try:
        scheme = urlsplit(address).scheme.lower()
    except ValueError:
        return content
    if not scheme:
        address = f"https://{address}"
    elif scheme not in {"http", "https"}:
        return Markup('<span class="dead-link" title="{}">{}</span>').format(address, content)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>').format(
        address, content
    )
