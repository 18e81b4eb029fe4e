"""The buttons of the composer: those that change the form, and those that save it and send it on its way."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.drafts import forget_drafts, keep_draft
from publisher.actions.media import add_media
from publisher.actions.replan import replan_item
from publisher.actions.review import approve_item, submit_item
from publisher.actions.save import create_item, save_item
from publisher.core.messages import N_
from publisher.core.permissions import Act, may
from publisher.core.states import ItemStatus, Priority
from publisher.errors import EditConflict, NotAllowed, RuleError
from publisher.store.channels import list_channels
from publisher.store.drafts import (
    claim_submission,
    find_submission,
    get_submission_result,
    set_submission_result,
)
from publisher.store.items import get_item, get_version
from publisher.store.models import Item, Submission
from publisher.web.comparison import compare_versions
from publisher.web.composer_form import (
    Typed,
    TypedMedia,
    fingerprint,
    form_values,
    item_form,
    number_in,
    read_form,
    read_time,
    slip_errors,
)
from publisher.web.composer_page import (
    derived_text,
    may_choose,
    settle,
)
from publisher.web.composer_show import Errors, Theirs, show_composer
from publisher.web.context import actor, begin, now, person, reading, settings, zone
from publisher.web.errors import errors_of
from publisher.web.formats import moment
from publisher.web.frame import is_stopped
from publisher.web.media import take_upload

Answer = str | BaseResponse | tuple[str, int]

# Buttons that end the writing; all others only change the form.
GOES_OUT = frozenset({"publish", "schedule"})
FINISHED = GOES_OUT | {"submit", "approve", "correct"}
ACTS = FINISHED | {"save"}
# Where a carried out form led: to its item.
RESULT = re.compile(r"/items/(\d+)")


def press(item_id: int | None) -> Answer:
    """Take in what came with the form, then do what the button says."""
    typed, errors = _with_uploads(read_form(request.form))
    do = request.form.get("do", "preview")
    act, _, over = do.partition("-")
    if act == "over" and (base := number_in(over)) is not None:
        act, typed = "save", replace(typed, base=base)
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
        return show_composer(session, item, typed, errors=errors), 422 if errors else 200


def _rearranged(session: Session, typed: Typed, do: str) -> Typed:
    """The form after one of the buttons that work without scripts."""
    verb, _, key = do.partition("-")
    number = number_in(key) or 0
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
    key = typed.token + fingerprint(request.form)
    try:
        with begin() as session:
            settled, gone = settle(session, typed)
            if gone:
                raise RuleError(
                    "channels", N_("Closed meanwhile and no longer chosen: {names}."), names=", ".join(gone)
                )
            if not claim_submission(session, key, person().id, now()):
                return redirect(get_submission_result(session, key), 303)
            if item_id is None and find_submission(session, typed.token, but=key):
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
    if act == "publish" and is_stopped():
        return str(gettext("Everything is paused: it goes out when sending is resumed."))
    if due:
        return str(gettext("It goes out %(moment)s.", moment=moment(due)))
    return str(texts[act])


def _refused(item_id: int | None, typed: Typed, error: RuleError, status: int) -> Answer:
    with reading() as session:
        item = get_item(session, item_id) if item_id else None
        return show_composer(session, item, typed, errors=errors_of(error)), status


def _conflict(item_id: int | None, typed: Typed, error: RuleError) -> Answer:
    """Both texts: the person's own stays in the form, the other one is shown with what changed in it."""
    with reading() as session:
        item = get_item(session, item_id or 0)
        theirs = _theirs(session, item, typed)
        return show_composer(session, item, typed, errors=errors_of(error), theirs=theirs), 409


def _theirs(session: Session, item: Item, typed: Typed) -> Theirs:
    newest = get_version(session, item)
    begun = get_version(session, item, typed.base) if 0 < typed.base < item.head else newest
    return Theirs(version=newest, changes=compare_versions(begun, newest))


def _take_theirs(item_id: int, typed: Typed) -> BaseResponse:
    """Go on with the saved version; the person's own text stays among their drafts."""
    with begin() as session:
        keep_draft(
            session, person().id, typed.uid, item_id, typed.base, form_values(request.form), now(),
            typed.restored,
        )  # fmt: skip
    flash(gettext("You see the saved version. Your text is kept above it, among what is not saved."), "info")
    return redirect(url_for(".edit", item_id=item_id, draft="none"), 303)


def item_of(sent: Submission | None) -> int | None:
    """The item that a carried out form made or changed."""
    match = RESULT.search(sent.result) if sent else None
    return int(match[1]) if match else None


def _sent_before(typed: Typed) -> Answer:
    """Back, changed, pressed again: the item exists by now, and this becomes its next version."""
    with reading() as session:
        found = find_submission(session, typed.token)
        made = item_of(found) if found and found.user_id == person().id else None
        if made is None:
            abort(400)
        item = get_item(session, made)
        fresh = Typed()
        typed = replace(typed, base=item.head, uid=fresh.uid, token=fresh.token)
        note = gettext("This item is saved already. Save what you changed since as its next version.")
        return show_composer(session, item, typed, errors={"": note}), 409
