"""The composer's form: what a person typed, as it was typed, and the item that it means."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from publisher.actions.drafts import UID, Restored
from publisher.actions.save import ChosenMedia, ItemForm
from publisher.core.body import parse, to_html
from publisher.core.editions import Layout
from publisher.core.light import find_slips, from_light, to_light
from publisher.core.messages import N_
from publisher.core.schedule import AmbiguousTime, parse_local
from publisher.core.states import Priority
from publisher.errors import RuleError
from publisher.store.models import Item, Version

# Not part of what was typed: marks of the page, and the button that was pressed.
MARKS = frozenset({"csrf_token", "author", "do", "token", "uid", "restored", "restored_at"})
OWN = "own-"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedMedia:
    """A stored file in its place, and what was typed about it."""

    media_id: int
    alt: str = ""
    credit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedTime:
    """A local time as an input has it; `fold` chooses where the clock shows it twice."""

    text: str = ""
    fold: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Everything in the form. Texts are light markup; `own` holds own texts by channel id.

    `base` is the version that the person began with, 0 for a new item. `uid` names this composer's draft,
    `token` this form for double presses.
    """

    title: str = ""
    body: str = ""
    desk_id: int | None = None
    channel_ids: tuple[int, ...] = ()
    media: tuple[TypedMedia, ...] = ()
    tags: str = ""
    source: str = ""
    slug: str = ""
    layout: Layout = Layout.CAPTION
    link_preview: bool = True
    silent: bool = False
    priority: Priority = Priority.NORMAL
    confirmed: bool = False
    is_later: bool = False
    due: TypedTime = TypedTime()
    embargo: TypedTime = TypedTime()
    own: Mapping[int, str] = field(default_factory=dict)
    base: int = 0
    uid: str = field(default_factory=lambda: secrets.token_hex(16))
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    restored: Restored | None = None


def read_form(form: "MultiDict[str, str]") -> Typed:
    """What was typed. Nothing is refused here: what makes no sense is left out."""
    media = {media_id: _media(form, media_id) for media_id in _numbers(form.getlist("media"))}
    own = {
        channel_id: text
        for name, text in form.items()
        if name.startswith(OWN)
        for channel_id in _numbers([name[len(OWN) :]])
    }
    fresh = Typed()
    return Typed(
        title=form.get("title", ""),
        body=_lines(form.get("body", "")),
        desk_id=next(iter(_numbers([form.get("desk_id", "")])), None),
        channel_ids=tuple(_numbers(form.getlist("channels"))),
        media=tuple(media.values()),
        tags=form.get("tags", ""),
        source=form.get("source", ""),
        slug=form.get("slug", ""),
        layout=Layout.MEDIA_FIRST if form.get("layout") == Layout.MEDIA_FIRST else Layout.CAPTION,
        link_preview="link_preview" in form,
        silent="silent" in form,
        priority=_priority(form.get("priority", "")),
        confirmed="confirmed" in form,
        is_later=form.get("when") == "later",
        due=_time(form, "due"),
        embargo=_time(form, "embargo"),
        own={channel_id: _lines(text) for channel_id, text in own.items()},
        base=next(iter(_numbers([form.get("base", "")])), 0),
        uid=_mark(form.get("uid", "")) or fresh.uid,
        token=_mark(form.get("token", "")) or fresh.token,
        restored=_restored(form),
    )


def typed_version(item: Item, version: Version, due: str, embargo: str) -> Typed:
    """A saved version as the form shows it; times are the values of their inputs."""
    return Typed(
        title=version.title,
        body=to_light(parse(version.body)),
        desk_id=item.desk_id,
        channel_ids=tuple(channel.id for channel in item.channels),
        media=tuple(
            TypedMedia(media_id=place.media_id, alt=place.alt, credit=place.credit) for place in version.media
        ),
        tags=", ".join(version.tags),
        source=version.source,
        slug=item.slug,
        layout=version.layout,
        link_preview=version.link_preview,
        silent=version.silent,
        priority=item.priority,
        is_later=bool(due),
        due=TypedTime(text=due),
        embargo=TypedTime(text=embargo),
        own={override.channel_id: to_light(parse(override.body)) for override in version.overrides},
        base=version.number,
    )


def typed_draft(kept: Mapping[str, Sequence[str]], restored: Restored) -> Typed:
    """A kept draft in a composer of its own, so that two tabs with the same beginning stay apart."""
    form = MultiDict((name, value) for name, values in kept.items() for value in values)
    fresh = Typed()
    return replace(read_form(form), uid=fresh.uid, token=fresh.token, restored=restored)


def copied(typed: Typed) -> Typed:
    """The same for a new item: an own slug and time it finds by itself."""
    return replace(
        typed, slug="", base=0, is_later=False, due=TypedTime(), embargo=TypedTime(), confirmed=False
    )


def form_values(form: "MultiDict[str, str]") -> dict[str, list[str]]:
    """What is kept as a draft: every value of every name."""
    return {name: form.getlist(name) for name in form if name not in MARKS}


def fingerprint(form: "MultiDict[str, str]") -> str:
    """What a form says, in 32 characters: two presses with the same one are one press."""
    text = repr(sorted((name, tuple(values)) for name, values in form_values(form).items()))
    return sha256(f"{form.get('do')}{text}".encode()).hexdigest()[:32]


def body_html(text: str) -> str:
    """The canonical form of what was typed: the one way from this form into the store."""
    return to_html(from_light(text))


def body_text(html: str) -> str:
    """The inverse: a canonical body as the textarea shows it."""
    return to_light(parse(html))


def slip_errors(typed: Typed) -> Iterable[RuleError]:
    """What is probably a slip of the pen, at the text it stands in."""
    for name, text in (("body", typed.body), *((f"{OWN}{key}", text) for key, text in typed.own.items())):
        for slip in find_slips(text):
            if slip.mark:
                message = N_(
                    "Line {line}: “{mark}” is opened and not closed. Close it in the same paragraph, or put "
                    "a backslash before it."
                )
            else:
                message = N_("Line {line}: “{target}” is no address. Begin with https://")
            yield RuleError(name, message, line=slip.line, mark=slip.mark, target=slip.target)


def tag_list(text: str) -> tuple[str, ...]:
    """Tags between commas, each once; a # in front is left out."""
    tags = (tag.strip().removeprefix("#").strip() for tag in text.replace("\n", ",").split(","))
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def read_time(time: TypedTime, zone: ZoneInfo, name: str) -> datetime | None:
    """The instant, or None for an empty input. Raises RuleError, AmbiguousTime."""
    return parse_local(time.text, zone, time.fold, field=name) if time.text.strip() else None


def folds(time: TypedTime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Both instants of a time that the clock shows twice."""
    try:
        parse_local(time.text, zone)
    except AmbiguousTime:
        return parse_local(time.text, zone, 0), parse_local(time.text, zone, 1)
    except RuleError:
        pass
    return None


def item_form(typed: Typed, embargo: datetime | None) -> ItemForm:
    """What is saved."""
    return ItemForm(
        title=typed.title,
        body=body_html(typed.body),
        desk_id=typed.desk_id or 0,
        channel_ids=typed.channel_ids,
        media=tuple(
            ChosenMedia(media_id=media.media_id, alt=media.alt.strip(), credit=media.credit.strip())
            for media in typed.media
        ),
        tags=tag_list(typed.tags),
        source=typed.source,
        slug=typed.slug.strip(),
        layout=typed.layout if typed.media else Layout.CAPTION,
        link_preview=typed.link_preview,
        silent=typed.silent,
        embargo=embargo,
        priority=typed.priority,
        overrides={channel_id: body_html(text) for channel_id, text in typed.own.items()},
        base=typed.base,
    )


def _media(form: "MultiDict[str, str]", media_id: int) -> TypedMedia:
    return TypedMedia(
        media_id=media_id,
        alt=form.get(f"alt-{media_id}", ""),
        credit=form.get(f"credit-{media_id}", ""),
    )


def number_in(text: str) -> int | None:
    """The id or version that a name or value of the form has in it, if it can be one."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _numbers(texts: Iterable[str]) -> Iterable[int]:
    return dict.fromkeys(number for text in texts if (number := number_in(text)) is not None)


def _priority(text: str) -> Priority:
    numbers = list(_numbers([text]))
    return Priority(numbers[0]) if numbers and numbers[0] in set(Priority) else Priority.NORMAL


def _time(form: "MultiDict[str, str]", name: str) -> TypedTime:
    fold = form.get(f"{name}_fold", "")
    return TypedTime(text=form.get(name, ""), fold=int(fold) if fold in {"0", "1"} else None)


def _restored(form: "MultiDict[str, str]") -> Restored | None:
    try:
        at = datetime.fromisoformat(form.get("restored_at", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    uid = form.get("restored", "")
    return Restored(uid=uid, at=at) if uid else None


def _mark(text: str) -> str:
    return text if UID.match(text) else ""


def _lines(text: str) -> str:
    # Forms send CRLF; inside there is one kind of line end.
    return text.replace("\r\n", "\n").replace("\r", "\n")
