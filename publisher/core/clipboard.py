"""What other programs put on the clipboard as HTML, read as a body: their looks become our marks."""

import re
from collections import Counter
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser

import nh3

from publisher.core.body import CONTROL, KNOWN, Body, parse

# The looks that a style can ask for, and the tag that means the same.
LOOKS = (
    ("b", re.compile(r"font-weight:\s*(?:bold|bolder|[6-9]00)")),
    ("i", re.compile(r"font-style:\s*(?:italic|oblique)")),
    ("u", re.compile(r"text-decoration[a-z-]*:[^;]*underline")),
    ("s", re.compile(r"text-decoration[a-z-]*:[^;]*line-through")),
)
# Google Docs wraps everything in a <b> that says of itself that it is not bold.
NOT_BOLD = re.compile(r"font-weight:\s*(?:normal|[1-4]00)")
# A style is a few hundred characters; the patterns above would read a made-up one over and over.
LONGEST_STYLE = 2000
SILENT = {"script", "style", "title", "noscript", "template", "xml"}
VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "wbr", "source", "area", "base"})
TAG = re.compile(r"<(/?)([a-z][a-z0-9:-]*)", re.IGNORECASE)
# No document nests deeper; reading takes the square of the depth.
DEEPEST = 500


def from_clipboard(html: str) -> Body:
    """The body that pasted HTML means: text, marks and links (core/body.py); scripts never survive.

    Nothing of what is nested too deep to be a document: the clipboard has its plain text as well.
    """
    if _is_too_deep(html):
        return ()
    # Python's parser takes hours over tags that never end; what comes out of here has none.
    cleaned = nh3.clean(
        CONTROL.sub("", html),
        tags=KNOWN | {"span", "font"},
        clean_content_tags=SILENT,
        attributes={"*": {"style"}, "a": {"href"}, "blockquote": {"expandable"}, "tg-emoji": {"emoji-id"}},
        url_schemes={"http", "https", "mailto", "tel", "tg"},
        link_rel=None,
    )
    reader = _Reader()
    reader.feed(cleaned)
    reader.close()
    return parse("".join(reader.parts))


def _is_too_deep(html: str) -> bool:
    opened: Counter[str] = Counter()
    depth = 0
    for match in TAG.finditer(html):
        name = match[2].lower()
        if not match[1] and name not in VOID:
            opened[name] += 1
            depth += 1
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
        if depth > DEEPEST:
            return True
    return False


class _Reader(HTMLParser):
    """Writes the same well-formed HTML with tags in place of styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        # What was written for each tag that is open.
        self._open: list[tuple[str, ...]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        written = tuple(_tags(tag, (attributes.get("style") or "").lower()[:LONGEST_STYLE]))
        self.parts += [_start(name, attributes if name == tag else {}) for name in written]
        if tag not in VOID:
            self._open.append(written)

    def handle_endtag(self, _tag: str) -> None:
        self.parts += [f"</{name}>" for name in reversed(self._open.pop())]

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data))


def _tags(tag: str, style: str) -> Iterator[str]:
    if not (tag in {"b", "strong"} and NOT_BOLD.search(style)):
        yield tag
    if tag != "a":
        # Links are underlined by habit: that says nothing.
        yield from (look for look, pattern in LOOKS if pattern.search(style))


def _start(tag: str, attributes: dict[str, str | None]) -> str:
    kept = "".join(
        f' {name}="{escape(attributes[name] or "")}"'
        for name in ("href", "expandable", "emoji-id")
        if name in attributes
    )
    return f"<{tag}{kept}>"
