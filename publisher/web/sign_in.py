"""Signing in by a link that works once. The password screen is Flask-Security's with our template."""

from flask import (
    Blueprint,
    Response,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as BaseResponse

from publisher.actions.people import check_sign_in_link, use_sign_in_link
from publisher.errors import RuleError
from publisher.web import auth
from publisher.web.context import begin, language, now, person, reading
from publisher.web.errors import errors_of
from publisher.web.frame import THEMES
from publisher.wording import LANGUAGES

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in/link/<token>")
@auth.public
def link(token: str) -> Response | tuple[Response, int]:
    """A button. Looking at the link, as previews of messengers do, does not use it up."""
    try:
        with reading() as session:
            user = check_sign_in_link(session, token, now())
    except RuleError as error:
        return _dead_link(error)
    return auth.no_store(make_response(render_template("sign-in/link.html", token=token, name=user.name)))


@blueprint.post("/sign-in/link/<token>")
@auth.public
def use_link(token: str) -> BaseResponse | tuple[Response, int]:
    """Sign in; the link is used up."""
    try:
        with begin() as session:
            user = use_sign_in_link(session, token, now())
    except RuleError as error:
        return _dead_link(error)
    auth.sign_in(user, "link")
    if user.password is None:
        flash(gettext("Set a password now: next time you sign in with it."), "info")
        return redirect(url_for("security.change_password"), 303)
    return redirect(url_for("today.index"), 303)


@blueprint.get("/session")
@auth.public
def session_state() -> Response:
    """Whether this browser is signed in, and a fresh mark for its forms: scripts ask before they give up."""
    return auth.no_store(jsonify(signed_in=person() is not None, csrf=generate_csrf()))


@blueprint.post("/appearance")
@auth.public
def appearance() -> BaseResponse:
    """Theme (light, dark, or the system's) and, before signing in, the language: kept in this browser."""
    response = redirect(auth.safe_path(request.form.get("back")) or url_for("today.index"), 303)
    for name, known in (("theme", THEMES), ("language", LANGUAGES)):
        chosen = request.form.get(name)
        if chosen in known:
            response.set_cookie(name, chosen, max_age=365 * 86400, httponly=True, samesite="Lax")
        elif chosen is not None:
            response.delete_cookie(name)
    return response


def _dead_link(error: RuleError) -> tuple[Response, int]:
    page = render_template("sign-in/dead_link.html", error=errors_of(error)[""], language=language)
    return auth.no_store(make_response(page)), 410
