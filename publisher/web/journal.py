"""The journal: who did what, newest first. Nothing in it can be changed or removed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from string import Formatter
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from publisher.core.messages import N_
from publisher.core.permissions import COMMAND_LINE, Act, require
from publisher.core.schedule import parse_day
from publisher.core.states import Role
from publisher.store.audience import day_bounds
from publisher.store.audit import ActFilter, list_acts, name_subjects
from publisher.store.models import AuditEvent
from publisher.store.people import list_users
from publisher.web.context import actor, now, reading, zone
from publisher.web.formats import moment, number
from publisher.web.frame import state_word
from publisher.web.row_ids import row_id

blueprint = Blueprint("journal", __name__, url_prefix="/journal")

PAGE = 50
BY_COMMAND = "command"

# What an act looks like in words. A sentence without the person fits everybody, whatever their gender.
SENTENCES: Mapping[str, str] = {
    "item.create": N_("Created: item {subject}"),
    "item.save": N_("Saved: version {version} of item {subject}"),
    "item.submit": N_("Handed in for review: item {subject}"),
    "item.return": N_("Given back to the author: item {subject}"),
    "item.approve": N_("Approved: version {version} of item {subject}"),
    "item.publish": N_("Sent out: item {subject}, channels: {operations}"),
    "item.schedule": N_("Scheduled for {due}: item {subject}, channels: {operations}"),
    "item.reschedule": N_("Moved to {due}: item {subject}"),
    "item.take_back": N_("Taken back before it went out: item {subject}, channels: {operations}"),
    "item.correct": N_("Corrected: item {subject}, version {version}"),
    "item.kill": N_("Withdrawn: item {subject}. Reason: “{reason}”"),
    "item.spike": N_("Put aside: item {subject}"),
    "item.restore": N_("Taken up again: item {subject}"),
    "media.add": N_("Uploaded: file “{name}”"),
    "operation.send_again": N_("Let go out again: {subject}"),
    "operation.check_again": N_("Looked for on the network once more: {subject}"),
    "operation.confirm": N_("Confirmed that it stands: {subject}"),
    "operation.cancel": N_("Cancelled: {subject}"),
    "post.put_back": N_("Our text put back after a change on the network: {subject}"),
    "post.publish_anew": N_("Published anew after a deletion on the network: {subject}"),
    "post.accept_deleted": N_("Deletion on the network accepted: {subject}"),
    "queue.pause": N_("Everything paused"),
    "queue.resume": N_("Everything resumed"),
    "queue.release_restored": N_("Released from a copy of the data: operations: {operations}"),
    "channel.add": N_("Connected: channel {subject}"),
    "channel.change": N_("Changed: channel {subject}"),
    "channel.retire": N_("Taken out of use: channel {subject}, operations cancelled: {cancelled}"),
    "channel.return": N_("Put back to work: channel {subject}"),
    "account.add": N_("Added: account {subject}"),
    "account.rename": N_("Renamed: account {subject}, before: “{before}”"),
    "account.replace": N_("Credentials replaced: account {subject}"),
    "account.delete": N_("Deleted: account “{name}”"),
    "desk.add": N_("Added: desk {subject}"),
    "desk.rename": N_("Renamed: desk {subject}, before: “{before}”"),
    "desk.delete": N_("Deleted: desk “{title}”"),
    "user.add": N_("Added: {subject}, role: {role}"),
    "user.change": N_("Changed: {subject}, role: {role}"),
    "user.invite": N_("New sign-in link made for: {subject}"),
    "user.activate": N_("Switched on again: {subject}"),
    "user.deactivate": N_("Switched off: {subject}"),
    "user.digest_on": N_("Gets the week's digest: {subject}"),
    "user.digest_off": N_("No longer gets the week's digest: {subject}"),
    "user.digest_again": N_("Digest letter sent again to: {subject}"),
    "import.counts": N_("Imported: subscribers from “{name}”, new: {new}, changed: {changed}"),
    "import.appeals": N_("Imported: totals of appeals from “{name}”, new: {new}, changed: {changed}"),
    "demo.load": N_("Demo city loaded"),
    "demo.remove": N_("Demo city removed, channels: {channels}, items: {items}"),
}

GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "items": (N_("News"), ("item.", "media.")),
    "sending": (N_("Operations and queue"), ("operation.", "post.", "queue.")),
    "channels": (N_("Channels and accounts"), ("channel.", "account.")),
    "people": (N_("People and desks"), ("user.", "desk.")),
    "imports": (N_("Imports"), ("import.",)),
    "demo": (N_("Demo city"), ("demo.",)),
}

PAGES: Mapping[str, Callable[[int], str]] = {
    "item": lambda id_: url_for("item.show", item_id=id_),
    "operation": lambda id_: url_for("operations.show", operation_id=id_),
    "channel": lambda id_: url_for("channels.show", channel_id=id_),
    "account": lambda id_: url_for("accounts.show", account_id=id_),
    "desk": lambda id_: url_for("desks.show", desk_id=id_),
    "user": lambda id_: url_for("people.show", user_id=id_),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An event as it is read."""

    at: datetime
    who: str
    user_id: int | None
    what: Markup


@blueprint.before_request
def only_administrators() -> None:
    """Nobody else sees this page."""
    require(actor(), Act.ADMINISTER)


@blueprint.get("")
def index() -> str:
    """A page of events, narrowed by the address."""
    args = {name: request.args.get(name, "").strip() for name in ("person", "group", "subject", "day")}
    day, wrong_day = _day(args["day"])
    with reading() as session:
        events = list_acts(
            session, _filter(args, day), limit=PAGE + 1, before=request.args.get("before", type=row_id)
        )
        names = name_subjects(session, {event.subject for event in events} | {args["subject"]})
        return render_template(
            "journal/index.html",
            lines=[_line(event, names) for event in events[:PAGE]],
            older=events[PAGE - 1].id if len(events) > PAGE else None,
            newest="before" not in request.args,
            args={name: value for name, value in args.items() if value},
            subject=_subject(args["subject"], names) if args["subject"] else None,
            errors={"day": gettext("Write the day as 2026-12-31.")} if wrong_day else {},
            today=now().astimezone(zone()).date(),
            person_options=_people(session),
            group_options=[(key, gettext(title)) for key, (title, _) in GROUPS.items()],
        )


def _filter(args: Mapping[str, str], day: date | None) -> ActFilter:
    since, until = (None, None) if day is None else _bounds(day)
    return ActFilter(
        user_id=request.args.get("person", type=row_id),
        only_command_line=args["person"] == BY_COMMAND,
        prefixes=GROUPS[args["group"]][1] if args["group"] in GROUPS else (),
        subject=args["subject"],
        since=since,
        until=until,
    )


def _day(text: str) -> tuple[date | None, bool]:
    """The day, and whether the text was none."""
    try:
        return (parse_day(text) if text else None), False
    except ValueError:
        return None, True


def _bounds(day: date) -> tuple[datetime, datetime]:
    start, end = (datetime.fromtimestamp(second, UTC) for second in day_bounds(day, zone()))
    return start, end


def _people(session: Session) -> list[tuple[str, str]]:
    people = [(str(user.id), user.name) for user in list_users(session)]
    return [*people, (BY_COMMAND, gettext("Command line"))]


def _line(event: AuditEvent, names: Mapping[str, tuple[str, ...]]) -> Line:
    by_command = event.user_id is None and event.actor == COMMAND_LINE.name
    return Line(
        at=event.at,
        who=gettext("Command line") if by_command else event.actor,
        user_id=event.user_id,
        what=_sentence(event, names),
    )


def _sentence(event: AuditEvent, names: Mapping[str, tuple[str, ...]]) -> Markup:
    """The act in words, with a link to what it was about; an act without words of its own by its name."""
    text = gettext(SENTENCES[event.action]) if event.action in SENTENCES else f"{event.action}: {{subject}}"
    values: dict[str, Any] = {name: _value(name, value) for name, value in event.detail.items()}
    values["subject"] = _subject(event.subject, names)
    wanted = {name for _, name, _, _ in Formatter().parse(text) if name}
    return escape(text).format(**{name: values.get(name, "—") for name in wanted})


def _subject(subject: str, names: Mapping[str, tuple[str, ...]]) -> Markup:
    kind, _, id_ = subject.partition(":")
    if subject not in names:
        return escape(gettext("no. %(number)s (no longer there)", number=id_) if id_ else subject)
    text = gettext("“%(name)s”", name=names[subject][0])
    if kind == "operation":
        text = gettext("“%(item)s” in “%(channel)s”", item=names[subject][0], channel=names[subject][1])
    return Markup('<a href="{}">{}</a>').format(PAGES[kind](int(id_)), text)


def _value(name: str, value: Any) -> str:
    if name == "due":
        return moment(datetime.fromisoformat(value))
    if name == "role":
        return state_word(Role(value))
    if isinstance(value, list):
        return number(len(value))
    return number(value) if type(value) is int else str(value)
