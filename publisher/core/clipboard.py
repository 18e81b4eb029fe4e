"""What other programs put on the clipboard as HTML, read as a body: their looks become our marks."""

import re
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser

from publisher.core.body import Body, parse

# The looks that a style can ask for, and the tag that means the same.
LOOKS = (
    ("b", re.compile(r"font-weight:\s*(?:bold|bolder|[6-9]00)")),
    ("i", re.compile(r"font-style:\s*(?:italic|oblique)")),
    ("u", re.compile(r"text-decoration[a-z-]*:[^;]*underline")),
    ("s", re.compile(r"text-decoration[a-z-]*:[^;]*line-through")),
)
# Google Docs wraps everything in a <b> that says of itself that it is not bold.
NOT_BOLD = re.compile(r"font-weight:\s*(?:normal|[1-4]00)")
VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "wbr", "source", "area", "base"})
SILENT = frozenset({"script", "style", "title", "noscript", "template", "xml"})


def from_clipboard(html: str) -> Body:
    """The body that pasted HTML means: text, marks and links (core/body.py); scripts never survive."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return parse("".join(reader.parts))


class _Reader(HTMLParser):
    """Writes the same HTML with tags in place of styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        # Tags that are open, each with those that were written for it.
        self._open: list[tuple[str, tuple[str, ...]]] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._silent += 1
            return
        attributes = dict(attrs)
        written = tuple(_tags(tag, (attributes.get("style") or "").lower()))
        self.parts += [_start(name, attributes if name == tag else {}) for name in written]
        if tag not in VOID:
            self._open.append((tag, written))

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(0, self._silent - 1)
            return
        if tag not in {name for name, _ in self._open}:
            return
        while self._open:
            name, written = self._open.pop()
            self.parts += [f"</{inner}>" for inner in reversed(written)]
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._silent:
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
