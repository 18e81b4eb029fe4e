"""A message as readers see it: rich text to HTML, made from the very entities that are sent."""

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from publisher.core.richtext import Entity, Mark, RichText

QUOTES = frozenset({Mark.QUOTE, Mark.EXPANDABLE_QUOTE})
# An editor may try the link; its scheme was checked on the way in (core/body.py).
LINK = Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>')
# Outermost first, so that neighbouring pieces look the same.
TAGS = {
    Mark.LINK: LINK,
    Mark.BOLD: Markup("<b>{}</b>"),
    Mark.ITALIC: Markup("<i>{}</i>"),
    Mark.UNDERLINE: Markup("<u>{}</u>"),
    Mark.STRIKE: Markup("<s>{}</s>"),
    Mark.SPOILER: Markup('<span class="spoiler">{}</span>'),
    Mark.CODE: Markup("<code>{}</code>"),
}


def bubble_html(rich: RichText) -> Markup:
    """The text with its marks; line breaks are kept by the stylesheet (`white-space: pre-wrap`)."""
    units = rich.text.encode("utf-16-le")
    inline = [entity for entity in rich.entities if entity.mark in TAGS]
    parts: list[Markup] = []
    place = 0
    for quote in (entity for entity in rich.entities if entity.mark in QUOTES):
        parts.append(_stretch(units, inline, place, quote.offset, trim=True))
        end = quote.offset + quote.length
        kind = "quote-long" if quote.mark is Mark.EXPANDABLE_QUOTE else "quote"
        inner = _stretch(units, inline, quote.offset, end)
        parts.append(Markup('<blockquote class="{}">{}</blockquote>').format(kind, inner))
        place = end
    parts.append(_stretch(units, inline, place, len(units) // 2, trim=bool(place)))
    return Markup("").join(parts)


def _stretch(units: bytes, entities: Sequence[Entity], start: int, end: int, *, trim: bool = False) -> Markup:
    """The piece from start to end; `trim` drops the line breaks beside a quote, which stands apart anyway."""
    edges = {edge for e in entities for edge in (e.offset, e.offset + e.length) if start < edge < end}
    html = Markup("").join(
        _piece(units[2 * left : 2 * right].decode("utf-16-le"), _over(entities, left))
        for left, right in pairwise(sorted({start, end} | edges))
    )
    return Markup(html.strip("\n")) if trim else html  # noqa: S704 - made of escaped pieces above


def _over(entities: Sequence[Entity], place: int) -> dict[Mark, Entity]:
    return {e.mark: e for e in entities if e.offset <= place < e.offset + e.length}


def _piece(text: str, entities: dict[Mark, Entity]) -> Markup:
    html = escape(text)
    for mark in reversed(TAGS):
        if mark is Mark.LINK and mark in entities:
            html = LINK.format(entities[mark].target, html)
        elif mark in entities:
            html = TAGS[mark].format(html)
    return html
