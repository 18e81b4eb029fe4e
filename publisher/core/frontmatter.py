"""FILE.md: a front matter of a few fields between two lines `---`, and a body in light markup."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from publisher.core.body import to_html
from publisher.core.editions import Layout
from publisher.core.light import from_light
from publisher.core.messages import N_
from publisher.errors import RuleError

FENCE = "---"
FIELDS = ("title", "slug", "desk", "tags", "source", "layout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the file says. `body` is canonical HTML; what the file leaves out is empty, `layout` None."""

    title: str
    body: str
    slug: str = ""
    desk: str = ""
    tags: tuple[str, ...] = ()
    source: str = ""
    layout: Layout | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A field of the front matter: its line in the file, one text or several."""

    line: int
    texts: tuple[str, ...] = field(default=())
    is_list: bool = False


def parse_story(text: str) -> Story:
    """The story that the text of a FILE.md tells.

    Values are taken as they are written: `12:30` stays a text. Raises RuleError at "file" naming the line.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    end = _end_of_front_matter(lines)
    entries = _read_entries("\n".join(lines[1:end]))
    title = _one(entries, "title")
    if not title:
        line = entries["title"].line if "title" in entries else 1
        raise RuleError("file", N_("Line {line}: the title is missing. Write title: …"), line=line)
    return Story(
        title=title,
        slug=_one(entries, "slug"),
        desk=_one(entries, "desk"),
        tags=_tags(entries),
        source=_one(entries, "source"),
        layout=_layout(entries),
        body=to_html(from_light("\n".join(lines[end + 1 :]))),
    )


def _end_of_front_matter(lines: list[str]) -> int:
    if not lines or lines[0].rstrip() != FENCE:
        raise RuleError(
            "file", N_("Line 1: the file begins with a line “---”, then title: … and “---” again.")
        )
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == FENCE:
            return number
    message = N_("Line {line}: the front matter does not end: a line “---” is missing before the text.")
    raise RuleError("file", message, line=len(lines))


def _read_entries(front: str) -> dict[str, _Entry]:
    try:
        # Composed, not constructed: a date or “no” in a title must stay what the editor wrote.
        root = yaml.compose(front, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = N_("Line {line}: this cannot be read. Put a value with a colon or a bracket in quotes.")
        raise RuleError("file", message, line=_line(mark)) from error
    except yaml.YAMLError as error:
        raise RuleError("file", N_("Line 1: the front matter has characters that no text has.")) from error
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        message = N_("Line {line}: the front matter has lines of the form “name: value”.")
        raise RuleError("file", message, line=_line(root.start_mark))
    return dict(_entries(root))


def _entries(root: yaml.MappingNode) -> Iterator[tuple[str, _Entry]]:
    seen: set[str] = set()
    for key, value in root.value:
        name, line = str(key.value), _line(key.start_mark)
        if name not in FIELDS:
            message = N_("Line {line}: there is no field “{name}”. The fields are {known}.")
            raise RuleError("file", message, line=line, name=name, known=", ".join(FIELDS))
        if name in seen:
            raise RuleError("file", N_("Line {line}: “{name}” stands twice."), line=line, name=name)
        seen.add(name)
        yield name, _entry(name, value, line)


def _entry(name: str, value: yaml.Node, line: int) -> _Entry:
    if isinstance(value, yaml.ScalarNode):
        return _Entry(line=line, texts=(value.value.strip(),))
    if isinstance(value, yaml.SequenceNode) and all(isinstance(v, yaml.ScalarNode) for v in value.value):
        return _Entry(line=line, texts=tuple(v.value.strip() for v in value.value), is_list=True)
    raise RuleError("file", N_("Line {line}: “{name}” is a text."), line=line, name=name)


def _one(entries: dict[str, _Entry], name: str) -> str:
    entry = entries.get(name)
    if entry is None:
        return ""
    if entry.is_list:
        raise RuleError(
            "file", N_("Line {line}: “{name}” is one text, not a list."), line=entry.line, name=name
        )
    return entry.texts[0]


def _tags(entries: dict[str, _Entry]) -> tuple[str, ...]:
    """A list, or one text with commas; a # in front is left out."""
    entry = entries.get("tags")
    if entry is None:
        return ()
    texts = entry.texts if entry.is_list else tuple(entry.texts[0].split(","))
    tags = (text.strip().removeprefix("#").strip() for text in texts)
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _layout(entries: dict[str, _Entry]) -> Layout | None:
    chosen = _one(entries, "layout")
    if not chosen:
        return None
    try:
        return Layout(chosen)
    except ValueError as error:
        message = N_("Line {line}: the layout is {known}.")
        known = " / ".join(Layout)
        raise RuleError("file", message, line=entries["layout"].line, known=known) from error


def _line(mark: yaml.Mark | None) -> int:
    """The file's line: the mark counts from 0 and does not know the first line `---`."""
    return mark.line + 2 if mark else 2
