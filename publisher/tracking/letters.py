"""The week's digest made, and its letters on their way. Mail has no key: a letter that may have been taken is
never sent again by itself."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from json import loads
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from publisher.channels.mail import Letter, MailServer, Picture, cid_of, send_letter
from publisher.config import Settings
from publisher.core.digest import (
    ONE_WEEK,
    WeekFigures,
    figures_from_json,
    figures_to_json,
    last_try,
    week_to_sum_up,
)
from publisher.core.messages import N_
from publisher.core.platforms import Realm
from publisher.core.states import LetterState
from publisher.errors import ChannelError, ConfigError, SignedOut, Unconfirmed, Unreachable
from publisher.rendering import render_letter
from publisher.store.digest import (
    ClaimedLetter,
    add_digest,
    add_letters,
    claim_letter,
    find_digest,
    find_newest_digest,
    find_waiting_letter,
    get_installation_uid,
    give_up_lost_letters,
    is_copy,
    is_paused,
    list_readers,
    list_wanted_copies,
    read_charts,
    settle_letter,
)
from publisher.store.models import Digest, Request
from publisher.store.people import get_user
from publisher.store.thread import StoreThread
from publisher.store.turns import end_turn, give_turn_back, take_turn
from publisher.tracking.charts import Bar, ChartsFailed, Wanted, draw_apart
from publisher.tracking.digest import read_totals, sum_up, this_week
from publisher.tracking.digest_words import Teller, plain_lines

log = logging.getLogger(__name__)

# Between the tries of a letter that was surely not taken.
PAUSES = (timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=1))
# Longer than a try can take; then whoever was at it has died.
LONGEST_TRY = timedelta(minutes=10)
LONGEST_MAKING = timedelta(minutes=10)
SANDBOX_SENDER = "publisher@example.org"

REASONS: Mapping[str, str] = {
    "MAIL_ADDRESS": N_("This is no address that letters can go to."),
    "MAIL_REFUSED": N_("The mail server refused the letter."),
    "MAIL_LATER": N_("The mail server asks to try later."),
    "MAIL_PASSWORD": N_("The mail server does not accept the name or the password."),
    "MAIL_NOT_SUPPORTED": N_("The mail server does not offer what the settings ask for."),
    "MAIL_NOT_TRUSTED": N_("The mail server's certificate is not trusted."),
    "MAIL_UNREACHABLE": N_("The mail server could not be reached."),
    "MAIL_UNCONFIRMED": N_("The mail server took the letter's content and then fell silent."),
    "MAIL_LOST": N_("The worker stopped amid sending."),
    "MAIL_PAUSED": N_("Everything is paused: no letter leaves."),
    "MAIL_SETTINGS": N_("The mail settings cannot be used."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOffice:
    """What one realm's digests need."""

    database: StoreThread
    settings: Settings
    realm: Realm
    worker: str
    clock: Callable[[], datetime]

    @property
    def job(self) -> str:
        """The turn that one worker takes for all."""
        return f"digest-{self.realm}"

    @property
    def has_server(self) -> bool:
        """Whether letters can be sent at all."""
        return self.realm is Realm.SANDBOX or bool(self.settings.mail.server)


async def make_digest(office: PostOffice) -> bool:
    """Sum the past week up, once, when its Monday's time has come; whether this call did."""
    zone, now = office.settings.office.zone, office.clock()
    week = week_to_sum_up(now, zone, time.fromisoformat(office.settings.routine.digest_time))
    if week is None or not await office.database.write(partial(_begin, office=office, week=week, now=now)):
        return False
    back = partial(give_turn_back, job=office.job, period=_period(week), worker=office.worker)
    try:
        await _make(office, week, now)
    except BaseException:
        await office.database.write(back)
        raise
    return True


async def send_letters(office: PostOffice) -> int:
    """Send what waits, one after the other; how many were handed over."""
    lost = partial(
        give_up_lost_letters, realm=office.realm, before=office.clock() - LONGEST_TRY,
        error=_reason("MAIL_LOST"), now=office.clock(),
    )  # fmt: skip
    await office.database.write(lost)
    sent = 0
    while (letter := await office.database.write(partial(_claim_next, office=office))) is not None:
        state, error = await _try(office, letter)
        await office.database.write(
            partial(settle_letter, letter=letter, state=state, error=error, now=office.clock())
        )
        sent += state is LetterState.SENT
        log.info("digest letter", extra={"reader": letter.user_id, "state": state.value})
    return sent


def claim_copy(session: Session, office: PostOffice) -> Request | None:
    """A request for a copy that is this worker's to answer now."""
    for request in list_wanted_copies(session, office.realm):
        job = f"digest-copy-{request.subject_id}-{office.realm}"
        if take_turn(session, job, request.created_at, office.worker, office.clock(), LONGEST_TRY):
            return request
    return None


async def send_copy(office: PostOffice, user_id: int, request_id: int) -> dict[str, Any]:
    """Send one person the newest digest, the running week's while there is none; the answer to a request."""
    try:
        server = mail_server(office.settings, office.realm)
        if server is None:
            return {"ok": False, **_reason("MAIL_SETTINGS")}
        if await office.database.read(is_paused):
            return {"ok": False, **_reason("MAIL_PAUSED")}
        email, language, figures, charts = await office.database.read(
            partial(_read_copy, office=office, user_id=user_id)
        )
        drawn = await _draw(office, figures) if charts is None else charts
        name = f"digest-copy.{request_id}"
        letter = await office.database.read(
            partial(_compose, office=office, server=server, to=email, language=language,
                    figures=figures, charts=drawn, name=name)
        )  # fmt: skip
        await send_letter(server, letter)
    except (ChannelError, ConfigError) as error:
        return {"ok": False, **describe(error)}
    return {"ok": True}


def mail_server(settings: Settings, realm: Realm) -> MailServer | None:
    """The realm's mail server: the sandbox says in a file where its own is, the real one is in the settings;
    None where there is none. Raises ConfigError for a password that cannot be read."""
    mail = settings.mail
    if realm is Realm.SANDBOX:
        return _sandbox_server(settings)
    if not mail.server:
        return None
    host, _, port = mail.server.rpartition(":")
    return MailServer(
        host=host, port=int(port), sender=mail.sender, security=mail.security, user=mail.user,
        password=_password(mail.password_file) if mail.user else "",
        ca_file=Path(mail.ca_file) if mail.ca_file else None,
    )  # fmt: skip


def describe(error: ChannelError | ConfigError) -> dict[str, Any]:
    """The stored form of what went wrong with a letter."""
    if isinstance(error, ConfigError):
        return _reason("MAIL_SETTINGS", str(error))
    return _reason(error.code, error.detail)


# Making


def _begin(session: Session, office: PostOffice, week: date, now: datetime) -> bool:
    if find_digest(session, office.realm, week) is not None:
        return False
    return take_turn(session, office.job, _period(week), office.worker, now, LONGEST_MAKING)


async def _make(office: PostOffice, week: date, now: datetime) -> None:
    zone = office.settings.office.zone
    figures = await office.database.read(partial(sum_up, realm=office.realm, week=week, zone=zone, now=now))
    charts = await _draw(office, figures)
    await office.database.write(partial(_freeze, office=office, figures=figures, charts=charts, now=now))
    log.info("digest made", extra={"week": week.isoformat(), "realm": office.realm.value})


def _freeze(
    session: Session, office: PostOffice, figures: WeekFigures, charts: Mapping[str, bytes], now: datetime
) -> None:
    """Figures, charts, letters and the end of the turn, all or nothing."""
    digest = add_digest(session, office.realm, figures.week, figures_to_json(figures), charts, now)
    # A copy makes the digest for its page; the letters are the original's.
    if office.has_server and not is_copy(session):
        add_letters(session, digest.id, [user.id for user in list_readers(session, office.realm)], now)
    end_turn(session, office.job, _period(figures.week), office.worker, now)


async def _draw(office: PostOffice, figures: WeekFigures) -> Mapping[str, bytes]:
    """The charts; without them the digest still says everything in words."""
    totals = await office.database.read(
        partial(read_totals, realm=office.realm, week=figures.week, zone=office.settings.office.zone)
    )
    wanted = Wanted(
        language=office.settings.office.language,
        total=totals if figures.total is not None else (),
        changes=[Bar(name=c.title, value=c.change) for c in figures.compared if c.change is not None],
    )
    try:
        return await draw_apart(wanted)
    except (ChartsFailed, OSError):
        log.exception("the digest's charts could not be drawn")
        return {}


def _period(week: date) -> datetime:
    """The turn of the week's digest: any instant that is the same for every worker."""
    return datetime.combine(week + ONE_WEEK, time.min, UTC)


# Sending


def _claim_next(session: Session, office: PostOffice) -> ClaimedLetter | None:
    now = office.clock()
    while (found := find_waiting_letter(session, office.realm, now, PAUSES)) is not None:
        if (letter := claim_letter(session, *found, now)) is not None:
            return letter
    return None


async def _try(office: PostOffice, letter: ClaimedLetter) -> tuple[LetterState, dict[str, Any] | None]:
    """What becomes of the letter, and why."""
    try:
        server = mail_server(office.settings, office.realm)
        if server is None:
            return LetterState.FAILED, _reason("MAIL_SETTINGS")
        composed = await office.database.read(
            partial(_compose_claimed, office=office, server=server, claimed=letter)
        )
        await send_letter(server, composed)
    except Unconfirmed as error:
        return LetterState.UNCONFIRMED, describe(error)
    except (Unreachable, SignedOut, ConfigError) as error:
        # A password or a setting that a person mends in time is no reason to give the letter up.
        deadline = await office.database.read(partial(_deadline, office=office, letter=letter))
        is_late = office.clock() >= deadline
        return (LetterState.FAILED if is_late else LetterState.WAITING), describe(error)
    except ChannelError as error:
        return LetterState.FAILED, describe(error)
    return LetterState.SENT, None


def _deadline(session: Session, office: PostOffice, letter: ClaimedLetter) -> datetime:
    week = session.get_one(Digest, letter.digest_id).week
    return last_try(week, office.settings.office.zone)


def _compose_claimed(
    session: Session, office: PostOffice, server: MailServer, claimed: ClaimedLetter
) -> Letter:
    digest = session.get_one(Digest, claimed.digest_id)
    return _compose(
        session, office, server, claimed.email, claimed.language, figures_from_json(digest.figures),
        read_charts(session, digest.id), f"digest.{office.realm}.{digest.week}.{claimed.user_id}",
    )  # fmt: skip


def _read_copy(
    session: Session, office: PostOffice, user_id: int
) -> tuple[str, str | None, WeekFigures, Mapping[str, bytes] | None]:
    """To whom, in which language, what; the charts are None where they are still to be drawn."""
    user, digest = get_user(session, user_id), find_newest_digest(session, office.realm)
    if digest is not None:
        return user.email, user.language, figures_from_json(digest.figures), read_charts(session, digest.id)
    zone, now = office.settings.office.zone, office.clock()
    return user.email, user.language, sum_up(session, office.realm, this_week(zone, now), zone, now), None


def _compose(
    session: Session,
    office: PostOffice,
    server: MailServer,
    to: str,
    language: str | None,
    figures: WeekFigures,
    charts: Mapping[str, bytes],
    name: str,
) -> Letter:
    """The letter; the same `name` makes the same letter, which mail servers recognise."""
    settings = office.settings
    teller = Teller(language or settings.office.language, settings.office.zone)
    story, desk = teller.tell(figures), settings.public_url
    is_training = office.realm is Realm.SANDBOX
    values = {
        "story": story,
        "language": teller.language,
        "office": settings.office.name,
        "desk": desk,
        "address": f"{desk}/digest/{figures.week}?realm={office.realm}",
        "charts": {chart: cid_of(chart) for chart in charts},
        "lines": list(plain_lines(story, desk)),
        "training": teller.gettext("Training: these are not real networks.") if is_training else "",
        "open": teller.gettext("Open the digest on the desk"),
        "why": teller.gettext("You get this letter every Monday because your page says so."),
        "change": teller.gettext("Change it"),
    }
    mark, domain = get_installation_uid(session)[:12], server.sender.rpartition("@")[2]
    return Letter(
        to=to,
        subject=teller.gettext("Training: {title}", title=story.title) if is_training else story.title,
        text=render_letter("digest.txt", **values),
        html=render_letter("digest.html", **values),
        pictures=tuple(Picture(name=chart, png=png) for chart, png in charts.items()),
        message_id=f"{name}.{mark}@{domain}",
        written_at=office.clock().replace(microsecond=0),
        sender_name=settings.office.name,
    )


def _sandbox_server(settings: Settings) -> MailServer | None:
    file = settings.data / "sandbox" / "sandbox.json"
    try:
        sandbox = loads(file.read_text("utf-8"))
    except OSError:
        return None
    return MailServer(
        host=sandbox["host"], port=sandbox["mail_port"], sender=settings.mail.sender or SANDBOX_SENDER,
        security="none",
    )  # fmt: skip


def _password(file: str) -> str:
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("mail.password_file", file, "a readable file with the password") from error


def _reason(code: str, detail: str = "") -> dict[str, Any]:
    return {"code": code, "message": REASONS[code], "params": {}, "detail": detail}
