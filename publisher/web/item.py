"""The page of an item: what stands where and what goes on, its history, and every act on it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.correct import correct_item, preview_correction
from publisher.actions.kill import kill_item, preview_kill, restore_item, spike_item
from publisher.actions.publish import publish_item
from publisher.actions.repair import accept_deleted, publish_anew, put_back
from publisher.actions.resolve import send_all_again
from publisher.actions.review import approve_item, return_item, submit_item
from publisher.actions.schedule import reschedule_item, take_back
from publisher.core.items import can_edit
from publisher.core.permissions import Act, may, require
from publisher.core.schedule import AmbiguousTime, parse_local
from publisher.errors import NotAllowed, RuleError
from publisher.store.items import get_item, get_version, list_versions
from publisher.store.models import Item
from publisher.store.outbox import Carried, list_rows
from publisher.web.comparison import Comparison, compare_versions
from publisher.web.context import actor, begin, language, now, reading, settings, zone
from publisher.web.effects import correction_effects, kill_effects, notice_parts, problems_of, touched
from publisher.web.errors import errors_of
from publisher.web.formats import moment
from publisher.web.frame import is_stopped
from publisher.web.item_metrics import earned_html
from publisher.web.item_page import glance, read_page
from publisher.web.item_view import body_html, outcome_text, span, typed
from publisher.web.lanes import build_lanes, outdated
from publisher.web.live import marked_fragment, tag_of, unchanged
from publisher.wording import translate_error

blueprint = Blueprint("item", __name__, url_prefix="/items/<int:item_id>")

blueprint.add_app_template_filter(outcome_text, "outcome")
blueprint.add_app_template_filter(span)
blueprint.add_app_template_filter(body_html)
blueprint.add_app_template_global(typed)

LONGEST_NOTE = 1_000

Page = str | tuple[str, int] | BaseResponse
Done = TypeVar("Done")


@blueprint.get("")
def show(item_id: int) -> str:
    """The page."""
    return _page(item_id)


@blueprint.get("/live")
def live(item_id: int) -> Response:
    """The part of the page that moves by itself."""
    with reading() as session:
        seen = glance(session, item_id)
        if answer := unchanged(seen.mark, seen.pace):
            return answer
        page = read_page(session, item_id)
        read = request.args.get("read", page.item.head, type=int)
        html = render_template("item/_live.html", page=page, read=read, **NOTHING_TYPED)
    return marked_fragment(html, seen.mark, seen.pace)


@blueprint.get("/versions/<int:number>")
def version(item_id: int, number: int) -> str:
    """One version, with what it changed in the one before."""
    with reading() as session:
        item = get_item(session, item_id)
        shown = get_version(session, item, number)
        before = get_version(session, item, number - 1) if number > 1 else None
        return render_template(
            "item/version.html", item=item, version=shown, before=before,
            changes=compare_versions(before, shown) if before else None,
            can_write=can_edit(item.status) and may(actor(), Act.WRITE, item.desk_id),
        )  # fmt: skip


@blueprint.post("/submit")
def submit(item_id: int) -> Page:
    """Hand in for review."""
    deed = partial(submit_item, actor=actor(), item_id=item_id, now=now())
    return _carry_out(item_id, deed, gettext("Handed in for review."))


@blueprint.post("/return")
def send_back(item_id: int) -> Page:
    """Give back to the author, with a word on what is to be mended."""
    note = request.form.get("note", "").strip()[:LONGEST_NOTE]
    deed = partial(return_item, actor=actor(), item_id=item_id, now=now(), note=note)
    return _carry_out(item_id, deed, gettext("Given back to the author as a draft."))


@blueprint.post("/approve")
def approve(item_id: int) -> Page:
    """Approve the version that the page showed."""
    deed = partial(approve_item, actor=actor(), item_id=item_id, number=_read() or 0, now=now())
    return _carry_out(item_id, deed, gettext("Approved."))


@blueprint.post("/publish")
def publish(item_id: int) -> Page:
    """Publish now, with the time to take it back, or plan for a time."""
    later = request.form.get("when") == "later"

    def deed(session: Session) -> Carried:
        due = _due() if later else None
        delivery = settings().delivery
        return publish_item(session, actor(), item_id, delivery, now(), due=due, undo=True, number=_read())

    def said(carried: Carried) -> str:
        if later:
            return str(gettext("Planned for %(moment)s.", moment=moment(_due())))
        if is_stopped():
            return str(gettext("Everything is paused: it goes out when sending is resumed."))
        count = len(carried.added)
        return str(ngettext("It goes out to %(num)s channel.", "It goes out to %(num)s channels.", count))

    return _carry_out(item_id, deed, said, form="schedule")


@blueprint.post("/reschedule")
def reschedule(item_id: int) -> Page:
    """Another time for what has not left."""

    def deed(session: Session) -> datetime:
        due = _due()
        reschedule_item(session, actor(), item_id, due, settings().delivery, now())
        return due

    def said(due: datetime) -> str:
        return str(gettext("Moved to %(moment)s.", moment=moment(due)))

    return _carry_out(item_id, deed, said, form="reschedule")


@blueprint.post("/take-back", endpoint="take_back")
def call_off(item_id: int) -> Page:
    """Call off what has not left."""

    def said(count: int) -> str:
        return str(
            ngettext(
                "Taken back: %(num)s channel gets nothing.",
                "Taken back: %(num)s channels get nothing.",
                count,
            )
        )

    undo = bool(request.form.get("undo"))
    return _carry_out(item_id, partial(take_back, actor=actor(), item_id=item_id, now=now(), undo=undo), said)


@blueprint.get("/correct", endpoint="preview_correction")
def correction(item_id: int) -> str:
    """What correcting would do where."""
    return _correction(item_id, {})


@blueprint.post("/correct")
def correct(item_id: int) -> Page:
    """Bring the newest version to everyone who got an older one."""

    def deed(session: Session) -> Carried:
        reissue = bool(request.form.get("reissue"))
        delivery = settings().delivery
        return correct_item(session, actor(), item_id, delivery, now(), reissue=reissue, number=_read())

    return _carry_out(item_id, deed, _said_of, again=_correction)


@blueprint.get("/kill", endpoint="preview_kill")
def withdrawal(item_id: int) -> str:
    """What withdrawing would do where, and the reason to be given."""
    return _withdrawal(item_id, {})


@blueprint.post("/kill")
def kill(item_id: int) -> Page:
    """Withdraw the item from everyone."""

    def deed(session: Session) -> None:
        reason = request.form.get("reason", "")
        kill_item(session, actor(), item_id, reason, settings().delivery, now())

    return _carry_out(item_id, deed, gettext("The item is being withdrawn everywhere."), again=_withdrawal)


@blueprint.post("/spike")
def spike(item_id: int) -> Page:
    """Put aside what never ran."""
    deed = partial(spike_item, actor=actor(), item_id=item_id, now=now())
    return _carry_out(item_id, deed, gettext("The item is put aside."))


@blueprint.post("/restore")
def restore(item_id: int) -> Page:
    """Take up again what was put aside."""
    deed = partial(restore_item, actor=actor(), item_id=item_id, now=now())
    return _carry_out(item_id, deed, gettext("The item is a draft again."))


@blueprint.post("/send-again")
def send_again(item_id: int) -> Page:
    """Let everything go out that failed or is on hold."""

    def deed(session: Session) -> int:
        return send_all_again(session, actor(), item_id, settings().delivery, now())

    def said(count: int) -> str:
        return str(ngettext("Sent again to %(num)s channel.", "Sent again to %(num)s channels.", count))

    return _carry_out(item_id, deed, said)


@blueprint.post("/posts/<int:post_id>/put-back", endpoint="put_back")
def bring_text_back(item_id: int, post_id: int) -> Page:
    """Bring our text back into a post that was altered on the network."""

    def deed(session: Session) -> int:
        return put_back(session, actor(), post_id, settings().delivery, now())

    return _carry_out(item_id, deed, gettext("Our text is on its way back."))


@blueprint.post("/posts/<int:post_id>/publish-anew", endpoint="publish_anew")
def publish_once_more(item_id: int, post_id: int) -> Page:
    """Publish once more where the post was deleted by hand."""

    def deed(session: Session) -> int:
        return publish_anew(session, actor(), post_id, settings().delivery, now())

    return _carry_out(item_id, deed, gettext("It goes out to the channel once more."))


@blueprint.post("/posts/<int:post_id>/accept-deleted", endpoint="accept_deleted")
def note_deleted(item_id: int, post_id: int) -> Page:
    """The post was deleted on purpose."""
    deed = partial(accept_deleted, actor=actor(), post_id=post_id, now=now())
    return _carry_out(item_id, deed, gettext("Noted: the post was deleted on purpose."))


NOTHING_TYPED = {"form": "", "errors": {}, "ambiguous": False}


def _page(
    item_id: int, form: str = "", errors: dict[str, str] | None = None, *, ambiguous: bool = False
) -> str:
    """The page; `form` is the one that came back with `errors`, and shows what was typed."""
    with reading() as session:
        seen = glance(session, item_id)
        page = read_page(session, item_id)
        earned = earned_html(session, item_id)
        return render_template(
            "item/show.html",
            page=page,
            read=page.item.head,
            versions=list_versions(session, page.item),
            pace=seen.pace,
            etag=f'"{tag_of(seen.mark)}"',
            form=form,
            errors=errors or {},
            ambiguous=ambiguous,
            earned=earned,
            earned_tag=tag_of(earned),
        )


def _carry_out(
    item_id: int,
    deed: Callable[[Session], Done],
    said: str | Callable[[Done], str],
    *,
    form: str = "",
    again: Callable[[int, dict[str, str]], str] | None = None,
) -> Page:
    """Do it in one transaction and come back to the page with a toast that says so.

    A rule about a field of `form`, or of the page that `again` makes, brings that back with what was typed.
    """
    try:
        with begin() as session:
            done = deed(session)
    except NotAllowed:
        raise
    except RuleError as error:
        if again is not None and error.field:
            return again(item_id, errors_of(error)), 422
        if form and error.field == "due":
            ambiguous = isinstance(error, AmbiguousTime)
            return _page(item_id, form, errors_of(error), ambiguous=ambiguous), 422
        flash(translate_error(error, language()), "error" if error.field else "info")
    else:
        flash(said if isinstance(said, str) else said(done), "success")
    return redirect(url_for("item.show", item_id=item_id), 303)


def _read() -> int | None:
    """The version that the page showed when the button was pressed."""
    return request.form.get("version", type=int)


def _due() -> datetime:
    fold = request.form.get("fold", type=int)
    return parse_local(request.form.get("due", ""), zone(), fold=fold if fold in {0, 1} else None)


def _correction(item_id: int, errors: dict[str, str]) -> str:
    with reading() as session:
        item = get_item(session, item_id)
        require(actor(), Act.CORRECT, item.desk_id)
        version = get_version(session, item)
        preview = preview_correction(session, item_id)
        effects = correction_effects(preview, version.id, list_rows(session, item.id))
        return render_template(
            "item/correct.html",
            item=item,
            version=version,
            effects=effects,
            touched=touched(effects),
            conflicts=preview.conflicts,
            problems=problems_of(preview.editions),
            changes=_changes(session, item),
            errors=errors,
        )


def _withdrawal(item_id: int, errors: dict[str, str]) -> str:
    with reading() as session:
        item = get_item(session, item_id)
        require(actor(), Act.KILL, item.desk_id)
        effects = kill_effects(session, item_id, preview_kill(session, item_id, "", now()))
        return render_template(
            "item/kill.html",
            item=item,
            version=get_version(session, item),
            effects=effects,
            touched=touched(effects),
            notice=notice_parts(session, item_id, now()),
            reason=request.form.get("reason", ""),
            errors=errors,
        )


def _changes(session: Session, item: Item) -> Comparison | None:
    """What the newest version changes in the oldest one that readers see or are about to see."""
    lanes = build_lanes(list_rows(session, item.id), {}, item.status, actor())
    numbers = [lane.newest for lane in outdated(lanes, item.head) if lane.newest]
    if not numbers:
        return None
    return compare_versions(get_version(session, item, min(numbers)), get_version(session, item))


def _said_of(carried: Carried) -> str:
    parts = []
    if carried.added:
        parts.append(
            ngettext("%(num)s correction is on its way.", "%(num)s corrections are on their way.",
                     len(carried.added))
        )  # fmt: skip
    if carried.replaced:
        parts.append(
            ngettext("Replaced before sending in %(num)s channel.",
                     "Replaced before sending in %(num)s channels.", len(carried.replaced))
        )  # fmt: skip
    return " ".join(parts)
