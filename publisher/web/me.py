"""One's own page: language, theme, password, and the browsers in which one is signed in."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from publisher.actions.people import choose_digest, choose_language, end_web_session
from publisher.store.people import get_user, list_open_sessions
from publisher.web.auth import safe_path
from publisher.web.context import actor, begin, now, person, reading, settings

blueprint = Blueprint("me", __name__, url_prefix="/me")


# By the marks that browsers and systems put into their name; many carry those of others, so the order counts.
BROWSERS = (
    ("YaBrowser/", "Яндекс Браузер"), ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser_name(agent: str) -> str:
    """«Firefox, Windows» for what a browser says of itself; its own words when they are unknown to us."""
    known = (next((name for mark, name in marks if mark in agent), None) for marks in (BROWSERS, SYSTEMS))
    return ", ".join(name for name in known if name) or agent


@blueprint.get("")
def index() -> str:
    """The page."""
    since = now() - timedelta(hours=settings().web.session_hours)
    with reading() as rows:
        return render_template(
            "me/index.html",
            user=get_user(rows, person().id),
            sessions=list_open_sessions(rows, person().id, since),
            current=session.get("web_session"),
            browser_name=browser_name,
        )


@blueprint.post("/language")
def language() -> Response:
    """Read the desk in another language."""
    with begin() as rows:
        choose_language(rows, actor(), request.form.get("language", ""))
    return redirect(safe_path(request.form.get("back")) or url_for(".index"), 303)


@blueprint.post("/digest")
def digest() -> Response:
    """Get the week's digest as a letter, or no longer."""
    gets_it = request.form.get("gets_digest") == "1"
    with begin() as rows:
        choose_digest(rows, actor(), person().id, now(), gets_it=gets_it)
    flash(gettext("Saved."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/sessions/<uid>/end")
def end_session(uid: str) -> Response:
    """Sign another browser of one's own out."""
    with begin() as rows:
        end_web_session(rows, actor(), uid, now())
    flash(gettext("That browser is signed out."), "success")
    return redirect(url_for(".index"), 303)
