"""One's own page: language, theme, password, and the browsers in which one is signed in."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from publisher.actions.people import choose_language, end_web_session
from publisher.store.people import get_user, list_open_sessions
from publisher.web.auth import safe_path
from publisher.web.context import actor, begin, now, person, reading, settings

blueprint = Blueprint("me", __name__, url_prefix="/me")


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
        )


@blueprint.post("/language")
def language() -> Response:
    """Read the desk in another language."""
    with begin() as rows:
        choose_language(rows, actor(), request.form.get("language", ""))
    return redirect(safe_path(request.form.get("back")) or url_for(".index"), 303)


@blueprint.post("/sessions/<uid>/end")
def end_session(uid: str) -> Response:
    """Sign another browser of one's own out."""
    with begin() as rows:
        end_web_session(rows, actor(), uid, now())
    flash(gettext("That browser is signed out."), "success")
    return redirect(url_for(".index"), 303)
