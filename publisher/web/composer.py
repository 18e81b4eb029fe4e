"""The composer: a news item is written, shown as it will stand, and sent on its way from one form."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.drafts import Restored, discard_draft, keep_draft
from publisher.core.clipboard import from_clipboard
from publisher.core.items import can_edit
from publisher.core.light import to_light
from publisher.core.permissions import Act, may
from publisher.core.states import ItemStatus
from publisher.errors import RuleError
from publisher.store.drafts import (
    find_submission,
    list_drafts,
    list_drafts_of_item,
)
from publisher.store.items import get_item, get_version
from publisher.store.models import Draft, Item
from publisher.web import auth
from publisher.web.composer_form import (
    Typed,
    copied,
    form_values,
    read_form,
    typed_draft,
    typed_version,
)
from publisher.web.composer_page import (
    read_page,
    settle,
    writable_desks,
)
from publisher.web.composer_press import Answer, item_of, press
from publisher.web.composer_show import preview_values, show_composer
from publisher.web.context import actor, begin, now, person, reading
from publisher.web.errors import errors_of
from publisher.web.formats import clock, local_input
from publisher.web.row_ids import row_id

blueprint = Blueprint("composer", __name__)

JUST_SENT = timedelta(seconds=10)


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
            return show_composer(session, None, typed, drafts=[d for d in drafts if d is not found])
        if source := request.args.get("from", type=row_id):
            return show_composer(
                session, None, copied(_saved(session, get_item(session, source))), drafts=drafts
            )
        return show_composer(session, None, _blank(session), drafts=drafts)


@blueprint.get("/items/<int:item_id>/edit")
def edit(item_id: int) -> Answer:
    """The item's newest version, or what the person typed over it last and did not save.

    With `?from=` an older version's content, to be saved on top of the newest one.
    """
    with reading() as session:
        item = get_item(session, item_id)
        if not (can_edit(item.status) and may(actor(), Act.WRITE, item.desk_id)):
            return _locked(session, item)
        drafts = _worth_showing(list_drafts_of_item(session, person().id, item_id))
        older = request.args.get("from", type=row_id)
        wanted = "none" if older else request.args.get("draft")
        found = next((d for d in drafts if wanted in {None, d.uid}), None)
        typed = _restored(found) if found else _saved(session, item, older)
        rest = [draft for draft in drafts if draft is not found]
        return show_composer(session, item, typed, drafts=rest, older=older)


@blueprint.post("/items/new")
def create() -> Answer:
    """A press of a button in the composer of a new item."""
    return press(None)


@blueprint.post("/items/<int:item_id>/edit")
def save(item_id: int) -> Answer:
    """A press of a button in the composer of an item."""
    return press(item_id)


@blueprint.post("/preview")
def preview() -> str:
    """How the form would stand in its channels: a fragment for the page's script."""
    with reading() as session:
        item_id = request.form.get("item", type=row_id)
        item = get_item(session, item_id) if item_id else None
        typed, gone = settle(session, read_form(request.form))
        page = read_page(session, actor(), typed, item, gone)
        return render_template("composer/_preview.html", **preview_values(typed), page=page, errors={})


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
            sent = find_submission(session, typed.token)
            if sent and now() - sent.at < JUST_SENT:
                # Most likely a late echo of the text that was saved; who really writes on, asks again.
                return jsonify(text="", signed_in=person() is not None), 202
            keep_draft(
                session, user_id, uid, request.form.get("item", type=row_id) or item_of(sent), typed.base,
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


def _why_not_write(session: Session) -> str:
    """Why the person cannot write anything, and what to do; empty when they can."""
    if writable_desks(session, actor()):
        return ""
    if may(actor(), Act.WRITE):
        text = gettext("There is no desk yet. Add the first one: items, channels and people belong to desks.")
    else:
        text = gettext("You are on no desk. Ask the administrator to put you on one: items belong to desks.")
    return str(text)


def _blank(session: Session) -> Typed:
    """An empty form: for the person's own desk, or the office's first one."""
    desks = [desk.id for desk in writable_desks(session, actor())]
    own = next((desk_id for desk_id in desks if desk_id in actor().desk_ids), min(desks))
    return Typed(desk_id=own)


def _saved(session: Session, item: Item, older: int | None = None) -> Typed:
    """What is saved, to be changed; with an older version's number, that version's content in its place."""
    due = item.due if item.status is ItemStatus.SCHEDULED else None
    # The moment of “publish now” is no plan to be shown.
    planned = local_input(due) if due and due > now() else ""
    typed = typed_version(item, get_version(session, item, older), planned, local_input(item.embargo))
    return replace(typed, base=item.head)


def _restored(draft: Draft) -> Typed:
    return typed_draft(draft.form, Restored(uid=draft.uid, at=draft.updated_at))


def _worth_showing(drafts: Sequence[Draft]) -> list[Draft]:
    """Those in which something was written or added."""
    return [d for d in drafts if any("".join(d.form.get(name, ())) for name in ("title", "body", "media"))]


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
