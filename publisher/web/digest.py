"""«Сводка»: the past week on one page, as its letter has it; earlier weeks; the running one so far."""

from dataclasses import dataclass
from datetime import date, datetime, time

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.digest import ask_for_digest, may_see_letters, send_letter_again
from publisher.core.digest import ONE_WEEK, figures_from_json, week_of, week_to_sum_up
from publisher.core.platforms import Realm
from publisher.core.schedule import parse_day
from publisher.store.channels import list_live_workers, list_realms_in_use
from publisher.store.digest import (
    find_chart,
    find_digest,
    find_newest_digest,
    list_chart_names,
    list_letters,
    list_weeks,
)
from publisher.store.models import Digest
from publisher.store.people import get_user
from publisher.tracking.digest import sum_up, this_week
from publisher.tracking.digest_words import Story, Teller
from publisher.web.asked import read_asked
from publisher.web.context import actor, begin, language, now, person, reading, settings, zone
from publisher.web.frame import SILENT_FOR
from publisher.web.live import Pace, fragment

blueprint = Blueprint("digest", __name__, url_prefix="/digest")

# Two years of weeks to choose from.
MOST_WEEKS = 104
KIND = "send_digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A week on the page. `digest` is None for the running week, which is summed up as it is looked at."""

    week: date
    story: Story
    digest: Digest | None
    charts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """The past week's digest: whether it is there or not due yet, and whether a worker could make it."""

    is_there: bool
    has_worker: bool

    @property
    def pace(self) -> Pace:
        """How soon the page should look again."""
        return Pace.CALM if self.is_there else Pace.SOON


@blueprint.get("")
def index() -> str:
    """The newest digest; while there is none, the running week."""
    with reading() as session:
        realm = _realm(session)
        digest = find_newest_digest(session, realm)
        return _page(session, realm, _frozen(session, digest) if digest else _running(session, realm))


@blueprint.get("/now")
def running() -> str:
    """The week so far."""
    with reading() as session:
        realm = _realm(session)
        return _page(session, realm, _running(session, realm))


@blueprint.get("/<week>")
def show(week: str) -> str:
    """An earlier week."""
    with reading() as session:
        realm = _realm(session)
        monday = _monday(week)
        digest = find_digest(session, realm, monday)
        if digest is not None:
            return _page(session, realm, _frozen(session, digest))
        if monday == this_week(zone(), now()):
            # A copy that one had sent to oneself points here while the week is not over.
            return _page(session, realm, _running(session, realm))
        abort(404)


@blueprint.get("/<week>/<any(total, changes):name>.png")
def chart(week: str, name: str) -> Response:
    """A frozen chart: it never changes, and is nothing but a picture."""
    with reading() as session:
        png = find_chart(session, _realm(session), _monday(week), name)
    if png is None:
        abort(404)
    answer = make_response(png)
    answer.headers["Content-Type"] = "image/png"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


@blueprint.get("/live")
def live() -> Response:
    """What became of a letter to oneself, for a page that is open."""
    with reading() as session:
        realm = _realm(session)
        asked = read_asked(session, KIND, realm, person().id)
        return fragment(render_template("digest/_copy.html", asked=asked), asked.pace)


@blueprint.get("/awaited")
def awaited() -> Response:
    """Whether the past week's digest has come, for a page that is open."""
    with reading() as session:
        realm = _realm(session)
        found = _look_for_past_week(session, realm)
        return fragment(render_template("digest/_awaited.html", awaited=found, realm=realm), found.pace)


@blueprint.post("/copy")
def send_me() -> BaseResponse:
    """Ask for the digest to oneself, now."""
    with begin() as session:
        realm = _realm(session)
        ask_for_digest(session, actor(), realm, now(), has_server=_has_server(realm))
    return redirect(url_for(".index", realm=realm), 303)


@blueprint.post("/letters/<int:digest_id>/<int:user_id>/again")
def send_again(digest_id: int, user_id: int) -> BaseResponse:
    """Let a letter go out once more."""
    confirmed = request.form.get("confirmed") == "1"
    with begin() as session:
        send_letter_again(session, actor(), digest_id, user_id, now(), confirmed=confirmed)
        digest = session.get_one(Digest, digest_id)
        return redirect(url_for(".show", week=digest.week, realm=digest.realm), 303)


def _page(session: Session, realm: Realm, shown: Shown) -> str:
    sees_letters = may_see_letters(actor()) and shown.digest is not None
    letters = list_letters(session, shown.digest.id) if sees_letters and shown.digest else []
    past = _look_for_past_week(session, realm)
    return render_template(
        "digest/index.html",
        shown=shown,
        awaited=None if shown.digest or past.is_there else past,
        realm=realm,
        realms=list_realms_in_use(session),
        weeks=list_weeks(session, realm, MOST_WEEKS),
        days_of=_days_of,
        this_week=this_week(zone(), now()),
        next_at=_next_at(),
        first_at=_first_at(),
        letters=letters,
        sees_letters=sees_letters,
        has_server=_has_server(realm),
        gets_digest=get_user(session, person().id).gets_digest,
        asked=read_asked(session, KIND, realm, person().id),
    )


def _frozen(session: Session, digest: Digest) -> Shown:
    story = _teller().tell(figures_from_json(digest.figures))
    return Shown(week=digest.week, story=story, digest=digest, charts=list_chart_names(session, digest.id))


def _running(session: Session, realm: Realm) -> Shown:
    week = this_week(zone(), now())
    story = _teller().tell(sum_up(session, realm, week, zone(), now()))
    return Shown(week=week, story=story, digest=None, charts=frozenset())


def _teller() -> Teller:
    return Teller(language(), zone())


def _days_of(week: date) -> str:
    """«16–22 ноября 2026»."""
    return _teller().days(week, week + ONE_WEEK - date.resolution)


def _next_at() -> datetime:
    """When the running week's digest is made."""
    return datetime.combine(this_week(zone(), now()) + ONE_WEEK, _time_of_day(), zone())


def _first_at() -> datetime:
    """When the first digest of all is made: on an early Monday it is still today's."""
    is_early = week_to_sum_up(now(), zone(), _time_of_day()) is None
    return _next_at() - ONE_WEEK if is_early else _next_at()


def _time_of_day() -> time:
    return time.fromisoformat(settings().routine.digest_time)


def _look_for_past_week(session: Session, realm: Realm) -> Awaited:
    """Before its Monday's time it is not awaited, as little as once it is there."""
    week = week_to_sum_up(now(), zone(), _time_of_day())
    is_there = week is None or find_digest(session, realm, week) is not None
    workers = list_live_workers(session, now(), SILENT_FOR)
    return Awaited(is_there=is_there, has_worker=any(worker.realm is realm for worker in workers))


def _monday(text: str) -> date:
    try:
        day = parse_day(text)
    except ValueError:
        abort(404)
    return week_of(day)


def _realm(session: Session) -> Realm:
    """The realm that the address names; else the real one where the office has it."""
    known = list_realms_in_use(session)
    asked = request.args.get("realm", "")
    if asked in {realm.value for realm in Realm}:
        return Realm(asked)
    return known[0] if known else Realm.REAL


def _has_server(realm: Realm) -> bool:
    return realm is Realm.SANDBOX or bool(settings().mail.server)
