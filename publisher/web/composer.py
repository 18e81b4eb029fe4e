"""The composer: a news item is written, shown as it will stand, and sent on its way from one form."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.drafts import Restored, discard_draft, forget_drafts, keep_draft
from publisher.actions.editions import WORDS
from publisher.actions.media import add_media
from publisher.actions.replan import replan_item
from publisher.actions.review import approve_item, submit_item
from publisher.actions.save import create_item, save_item
from publisher.core.changes import Stretch, compare_texts
from publisher.core.clipboard import from_clipboard
from publisher.core.editions import Finding
from publisher.core.items import can_edit
from publisher.core.light import to_light
from publisher.core.messages import N_
from publisher.core.permissions import Act, may
from publisher.core.platforms import PLATFORMS
from publisher.core.states import ItemStatus, Priority
from publisher.errors import EditConflict, NotAllowed, NotFound, RuleError
from publisher.store.channels import list_channels
from publisher.store.drafts import (
    claim_submission,
    find_submission,
    get_submission_result,
    list_drafts,
    list_drafts_of_item,
    set_submission_result,
)
from publisher.store.items import get_item, get_version
from publisher.store.models import Draft, Item, Version
from publisher.web import auth
from publisher.web.bubble import bubble_html
from publisher.web.composer_form import (
    OWN,
    Typed,
    TypedMedia,
    body_text,
    copied,
    fingerprint,
    folds,
    form_values,
    item_form,
    read_form,
    read_time,
    slip_errors,
    typed_draft,
    typed_version,
)
from publisher.web.composer_page import (
    Shown,
    derived_text,
    may_choose,
    read_page,
    settle,
    writable_desks,
)
from publisher.web.context import actor, begin, language, now, person, reading, settings, zone
from publisher.web.errors import errors_of
from publisher.web.formats import clock, local_input, moment
from publisher.web.media import take_upload
from publisher.wording import translate

blueprint = Blueprint("composer", __name__)

Answer = str | BaseResponse | tuple[str, int]
Errors = dict[str, str]

# Buttons that end the writing; all others only change the form.
GOES_OUT = frozenset({"publish", "schedule"})
FINISHED = GOES_OUT | {"submit", "approve", "correct"}
ACTS = FINISHED | {"save"}
RESULT = re.compile(r"/items/(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """What somebody else saved meanwhile, and how it differs from what the person began with."""

    version: Version
    text: str
    title_changes: list[Stretch]
    text_changes: list[Stretch]


@blueprint.get("/items/new")
def new() -> Answer:
    """An empty composer, one with a draft (`?draft=`), or with a copy of another item (`?from=`)."""
    with reading() as session:
        if reason := _why_not_write(session):
            return render_template("composer/nowhere.html", reason=reason)
        drafts = _worth_showing(list_drafts(session, person().id))
        wanted = request.args.get("draft", "")
        if found := next((d for d in drafts if d.uid == wanted), None):
            typed = copied(_restored(found)) if found.item_id else _restored(found)
            return _show(session, None, typed, drafts=[d for d in drafts if d is not found])
        if source := request.args.get("from", type=int):
            return _show(session, None, copied(_saved(session, get_item(session, source))), drafts=drafts)
        return _show(session, None, _blank(session), drafts=drafts)


@blueprint.get("/items/<int:item_id>/edit")
def edit(item_id: int) -> Answer:
    """The item's newest version, or what the person typed over it last and did not save."""
    with reading() as session:
        item = get_item(session, item_id)
        if not (can_edit(item.status) and may(actor(), Act.WRITE, item.desk_id)):
            return _locked(session, item)
        drafts = _worth_showing(list_drafts_of_item(session, person().id, item_id))
        wanted = request.args.get("draft")
        found = next((d for d in drafts if wanted in {None, d.uid}), None)
        typed = _restored(found) if found else _saved(session, item)
        return _show(session, item, typed, drafts=[d for d in drafts if d is not found])


@blueprint.post("/items/new")
def create() -> Answer:
    """A press of a button in the composer of a new item."""
    return _pressed(None)


@blueprint.post("/items/<int:item_id>/edit")
def save(item_id: int) -> Answer:
    """A press of a button in the composer of an item."""
    return _pressed(item_id)


@blueprint.post("/preview")
def preview() -> str:
    """How the form would stand in its channels: a fragment for the page's script."""
    with reading() as session:
        item_id = request.form.get("item", type=int)
        item = get_item(session, item_id) if item_id else None
        typed, gone = settle(session, read_form(request.form))
        page = read_page(session, actor(), typed, item, gone)
        return render_template("composer/_preview.html", **_view(page_typed=typed), page=page, errors={})


@blueprint.post("/paste")
def paste() -> Response:
    """What the clipboard's HTML says, in light markup; scripts and styles stay outside."""
    return jsonify(text=to_light(from_clipboard(request.form.get("html", ""))))


@blueprint.post("/drafts/<uid>")
@auth.public
@auth.csrf.exempt  # type: ignore[untyped-decorator]  # the library has no types
def autosave(uid: str) -> Response | tuple[Response, int]:
    """Keep what was typed, also for a person whose session ended: the page's signed note says who writes."""
    user_id = auth.read_author_token(request.form.get("author", ""))
    if user_id is None:
        return jsonify(error=gettext("The page is too old to keep the text: copy it and open it anew.")), 403
    typed = read_form(request.form)
    try:
        with begin() as session:
            if not _was_carried_out(session, typed):
                keep_draft(
                    session, user_id, uid, request.form.get("item", type=int), typed.base,
                    form_values(request.form), now(), typed.restored,
                )  # fmt: skip
    except RuleError as error:
        return jsonify(error=errors_of(error)[""]), 422
    text = gettext("Draft kept at %(time)s.", time=clock(now()))
    return auth.no_store(jsonify(text=text, signed_in=person() is not None))


@blueprint.post("/drafts/<uid>/discard")
def discard(uid: str) -> BaseResponse:
    """Throw away what was typed and not saved."""
    with begin() as session:
        draft = discard_draft(session, person().id, uid)
        item_id = draft.item_id
    flash(gettext("The unsaved text is thrown away."), "success")
    return redirect(url_for(".edit", item_id=item_id) if item_id else url_for(".new"), 303)


def _pressed(item_id: int | None) -> Answer:
    """Take in what came with the form, then do what the button says."""
    typed, errors = _with_uploads(read_form(request.form))
    do = request.form.get("do", "preview")
    act, _, over = do.partition("-")
    if act == "over" and over.isdecimal():
        act, typed = "save", replace(typed, base=int(over))
    if act == "theirs" and item_id:
        return _take_theirs(item_id, typed)
    if errors or act not in ACTS:
        return _again(item_id, typed, errors, do)
    return _carry_out(item_id, typed, act)


def _with_uploads(typed: Typed) -> tuple[Typed, Errors]:
    """The form with the files that were sent along; what cannot be taken is said at the field."""
    errors: list[str] = []
    for file in request.files.getlist("files"):
        if not file.filename:
            continue
        try:
            stored = take_upload(file)
            with begin() as session:
                media_id = add_media(session, actor(), stored, now()).id
        except RuleError as error:
            errors.append(errors_of(error)["media"])
            continue
        if media_id not in {chosen.media_id for chosen in typed.media}:
            typed = replace(typed, media=(*typed.media, TypedMedia(media_id=media_id)))
    return typed, {"media": " ".join(errors)} if errors else {}


def _again(item_id: int | None, typed: Typed, errors: Errors, do: str) -> Answer:
    """The same page with everything kept, after a button that changes only the form, or with errors."""
    with reading() as session:
        item = get_item(session, item_id) if item_id else None
        typed = _rearranged(session, typed, do)
        return _show(session, item, typed, errors=errors), 422 if errors else 200


def _rearranged(session: Session, typed: Typed, do: str) -> Typed:
    """The form after one of the buttons that work without scripts."""
    verb, _, key = do.partition("-")
    number = int(key) if key.isdecimal() else 0
    match verb:
        case "up" | "down" | "remove":
            return replace(typed, media=_moved(typed.media, number, verb))
        case "all" | "none" | "desk":
            return replace(typed, channel_ids=_ticked(session, typed, verb, number))
        case "own":
            channel = next((c for c in list_channels(session) if c.id == number), None)
            if channel is None or number in typed.own:
                return typed
            return replace(typed, own={**typed.own, number: derived_text(session, typed, channel.network)})
        case "derive":
            return replace(typed, own={k: text for k, text in typed.own.items() if k != number})
    return typed


def _moved(media: tuple[TypedMedia, ...], media_id: int, verb: str) -> tuple[TypedMedia, ...]:
    order = list(media)
    place = next((i for i, chosen in enumerate(order) if chosen.media_id == media_id), None)
    if place is None:
        return media
    moved = order.pop(place)
    if verb != "remove":
        order.insert(max(0, place - 1 if verb == "up" else place + 1), moved)
    return tuple(order)


def _ticked(session: Session, typed: Typed, verb: str, desk_id: int) -> tuple[int, ...]:
    """Everything, nothing, or a desk's channels in addition; a desk that is complete is taken out again."""
    if verb == "none":
        return ()
    allowed = [channel for channel in list_channels(session) if may_choose(actor(), channel)]
    wanted = [c.id for c in allowed if verb == "all" or (c.desk_id or 0) == desk_id]
    if verb == "desk" and set(wanted) <= set(typed.channel_ids):
        return tuple(key for key in typed.channel_ids if key not in wanted)
    return tuple(dict.fromkeys((*typed.channel_ids, *wanted)))


def _carry_out(item_id: int | None, typed: Typed, act: str) -> Answer:
    """Save, and do what the button says, in one transaction; a second press leads where the first one did."""
    errors, due, embargo = _check(typed, act)
    if errors:
        return _again(item_id, typed, errors, "")
    key = typed.token[:32] + fingerprint(request.form)
    try:
        with begin() as session:
            settled, gone = settle(session, typed)
            if gone:
                raise RuleError(
                    "channels", N_("Closed meanwhile and no longer chosen: {names}."), names=", ".join(gone)
                )
            if not claim_submission(session, key, person().id, now()):
                return redirect(get_submission_result(session, key), 303)
            if item_id is None and _was_carried_out(session, typed, but=key):
                raise _Repeated
            target = _perform(session, item_id, settled, act, due, embargo)
            set_submission_result(session, key, target)
            forget_drafts(session, person().id, typed.uid, typed.restored)
    except _Repeated:
        return _sent_before(typed)
    except EditConflict as error:
        return _conflict(item_id, typed, error)
    except NotAllowed as error:
        return _refused(item_id, typed, error, 422 if error.field else 403)
    except RuleError as error:
        return _refused(item_id, typed, error, 422)
    return redirect(target, 303)


class _Repeated(Exception):
    """The form of a new item was carried out before, with another content."""


def _check(typed: Typed, act: str) -> tuple[Errors, datetime | None, datetime | None]:
    """Everything that can be said at once, before the first rule is asked; and the times that were typed."""
    errors: Errors = {}

    def attempt(rule: Callable[[], datetime | None]) -> datetime | None:
        try:
            return rule()
        except RuleError as error:
            errors.setdefault(error.field, errors_of(error)[error.field])
            return None

    embargo = attempt(lambda: read_time(typed.embargo, zone(), "embargo"))
    due = attempt(lambda: read_time(typed.due, zone(), "due")) if act == "schedule" else None
    for field, message in _missing(typed, act):
        errors.setdefault(field, gettext(message))
    if act in FINISHED:
        for slip in slip_errors(typed):
            errors.setdefault(slip.field, errors_of(slip)[slip.field])
    return errors, due, embargo


def _missing(typed: Typed, act: str) -> list[tuple[str, str]]:
    """What the act needs and the form lacks."""
    emergency = typed.priority is Priority.EMERGENCY
    needs = (
        (True, typed.title.strip(), "title", N_("Write a headline.")),
        (act in FINISHED, typed.body.strip(), "body", N_("Write the text.")),
        (act in GOES_OUT, typed.channel_ids, "channels", N_("Choose at least one channel.")),
        (act == "schedule", typed.due.text.strip(), "due", N_("Choose the time at which it goes out.")),
        (
            act in GOES_OUT and emergency and may(actor(), Act.EMERGENCY),
            typed.confirmed,
            "confirmed",
            N_("An emergency goes out at once and ahead of everything else: confirm it."),
        ),
    )
    return [(field, message) for needed, given, field, message in needs if needed and not given]


def _perform(
    session: Session,
    item_id: int | None,
    typed: Typed,
    act: str,
    due: datetime | None,
    embargo: datetime | None,
) -> str:
    """Save and act; where to go next."""
    form = item_form(typed, embargo)
    if item_id is None:
        item = create_item(session, actor(), form, now())
    else:
        save_item(session, actor(), item_id, form, now())
        item = get_item(session, item_id)
    match act:
        case "submit" if item.status is not ItemStatus.IN_REVIEW:
            submit_item(session, actor(), item.id, now())
        case "approve" if item.status is not ItemStatus.APPROVED:
            approve_item(session, actor(), item.id, item.head, now())
        case "publish" | "schedule":
            replan_item(session, actor(), item.id, settings().delivery, now(), due=due, undo=due is None)
        case "correct":
            return url_for("item.preview_correction", item_id=item.id)
        case "save":
            flash(gettext("Version %(number)s is saved.", number=item.head), "success")
            return url_for(".edit", item_id=item.id)
    flash(_done(act, item, due), "success")
    return url_for("item.show", item_id=item.id)


def _done(act: str, item: Item, due: datetime | None) -> str:
    texts = {
        "submit": gettext("Handed in for review."),
        "approve": gettext("Approved."),
        "publish": gettext("It is going out."),
    }
    if due:
        return str(gettext("It goes out %(moment)s.", moment=moment(due)))
    return str(texts[act])


def _refused(item_id: int | None, typed: Typed, error: RuleError, status: int) -> Answer:
    with reading() as session:
        item = get_item(session, item_id) if item_id else None
        return _show(session, item, typed, errors=errors_of(error)), status


def _conflict(item_id: int | None, typed: Typed, error: RuleError) -> Answer:
    """Both texts: the person's own stays in the form, the other one is shown with what changed in it."""
    with reading() as session:
        item = get_item(session, item_id or 0)
        theirs = _theirs(session, item, typed)
        return _show(session, item, typed, errors=errors_of(error), theirs=theirs), 409


def _theirs(session: Session, item: Item, typed: Typed) -> Theirs:
    version = get_version(session, item)
    text = body_text(version.body)
    try:
        begun = get_version(session, item, typed.base or None)
        old_title, old_text = begun.title, body_text(begun.body)
    except NotFound:
        old_title, old_text = typed.title, typed.body
    return Theirs(
        version=version,
        text=text,
        title_changes=compare_texts(old_title, version.title),
        text_changes=compare_texts(old_text, text),
    )


def _take_theirs(item_id: int, typed: Typed) -> BaseResponse:
    """Go on with the saved version; the person's own text stays among their drafts."""
    with begin() as session:
        keep_draft(
            session, person().id, typed.uid, item_id, typed.base, form_values(request.form), now(),
            typed.restored,
        )  # fmt: skip
    flash(gettext("You see the saved version. Your text is kept above it, among what is not saved."), "info")
    return redirect(url_for(".edit", item_id=item_id, draft="none"), 303)


def _was_carried_out(session: Session, typed: Typed, but: str = "") -> bool:
    found = find_submission(session, typed.token)
    return found is not None and found.token != but


def _sent_before(typed: Typed) -> Answer:
    """Back, changed, pressed again: the item exists by now, and this becomes its next version."""
    with reading() as session:
        found = find_submission(session, typed.token)
        match = RESULT.match(found.result) if found and found.user_id == person().id else None
        if match is None:
            abort(400)
        item = get_item(session, int(match[1]))
        fresh = Typed()
        typed = replace(typed, base=item.head, uid=fresh.uid, token=fresh.token)
        note = gettext("This item is saved already. Save what you changed since as its next version.")
        return _show(session, item, typed, errors={"": note}), 409


def _show(
    session: Session,
    item: Item | None,
    typed: Typed,
    *,
    errors: Errors | None = None,
    drafts: Sequence[Draft] = (),
    theirs: Theirs | None = None,
) -> str:
    settled, gone = settle(session, typed)
    if errors and "due" in errors:
        # The error stands at the time, which is hidden for “at once”.
        settled = replace(settled, is_later=True)
    return render_template(
        "composer/compose.html",
        **_view(settled),
        page=read_page(session, actor(), settled, item, gone),
        errors=errors or {},
        drafts=drafts,
        theirs=theirs,
        author=auth.author_token(person().id),
        action=url_for(".save", item_id=item.id) if item else url_for(".create"),
    )


def _view(page_typed: Typed) -> Mapping[str, object]:
    """What every part of the composer's page needs besides the page."""
    return {
        "typed": page_typed,
        "due": _instant(page_typed, "due"),
        "due_folds": folds(page_typed.due, zone()),
        "embargo_folds": folds(page_typed.embargo, zone()),
        "slips": [(slip.field, errors_of(slip)[slip.field]) for slip in slip_errors(page_typed)],
        "suggestion": local_input(now().replace(minute=0) + timedelta(hours=1)),
        "networks": PLATFORMS,
        "media_limits": settings().media,
        "own_prefix": OWN,
        "bubble_html": bubble_html,
        "finding_text": _finding_text,
        "offset": _offset,
    }


def _finding_text(finding: Finding, shown: Shown) -> str:
    """What is wrong with an edition, in the person's language: the limit is the network's."""
    name = shown.channels[0].title if len(shown.channels) == 1 else shown.platform.title
    words = {"channel": name, "length": finding.length, "limit": finding.limit}
    return translate(WORDS[finding.problem][1], words, language())


def _offset(instant: datetime) -> str:
    """«UTC+03:00» of the city's clock at that instant."""
    text = f"{instant.astimezone(zone()):%z}"
    return f"UTC{text[:3]}:{text[3:]}"


def _instant(typed: Typed, name: str) -> datetime | None:
    try:
        return read_time(getattr(typed, name), zone(), name)
    except RuleError:
        return None


def _blank(session: Session) -> Typed:
    """An empty form: for the person's own desk, or the first one they may write for."""
    desks = writable_desks(session, actor())
    own = next((desk for desk in desks if desk.id in actor().desk_ids), desks[0])
    return Typed(desk_id=own.id)


def _saved(session: Session, item: Item) -> Typed:
    due = item.due if item.status is ItemStatus.SCHEDULED else None
    # The moment of “publish now” is no plan to be shown.
    planned = local_input(due) if due and due > now() else ""
    return typed_version(item, get_version(session, item), planned, local_input(item.embargo))


def _worth_showing(drafts: Sequence[Draft]) -> list[Draft]:
    """Those in which something was written or added."""
    return [d for d in drafts if any("".join(d.form.get(name, ())) for name in ("title", "body", "media"))]


def _restored(draft: Draft) -> Typed:
    return typed_draft(draft.form, Restored(uid=draft.uid, at=draft.updated_at))


def _why_not_write(session: Session) -> str:
    """Why the person cannot write anything, and what to do; empty when they can."""
    if writable_desks(session, actor()):
        return ""
    if may(actor(), Act.WRITE):
        text = gettext("There is no desk yet. Add the first one: items, channels and people belong to desks.")
    else:
        text = gettext("You are on no desk. Ask the administrator to put you on one: items belong to desks.")
    return str(text)


def _locked(session: Session, item: Item) -> Answer:
    """An item that this person, or nobody, can change any more."""
    ended = not can_edit(item.status)
    page = render_template(
        "composer/locked.html",
        item=item,
        version=get_version(session, item),
        ended=ended,
        drafts=_worth_showing(list_drafts_of_item(session, person().id, item.id)),
    )
    return page, 200 if ended else 403
