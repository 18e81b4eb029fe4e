"""Pages for what goes wrong. What a person typed and could not be carried out stays on the page."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask, flash, redirect, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response

from publisher.errors import NotAllowed, NotFound, RuleError, StoreError
from publisher.web.auth import safe_path
from publisher.web.context import language
from publisher.wording import translate_error

Answer = str | Response | tuple[str, int]
# Never written into a page again; the person types them once more.
SECRETS = frozenset({"password", "new_password", "new_password_confirm", "bot_token", "api_hash"})
NOT_KEPT = SECRETS | {"csrf_token"}


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(NotAllowed, not_allowed)
    app.register_error_handler(NotFound, not_found)
    app.register_error_handler(RuleError, rule_broken)
    app.register_error_handler(OperationalError, database_busy)
    app.register_error_handler(StoreError, store_failed)
    app.register_error_handler(CSRFError, form_expired)
    app.register_error_handler(HTTPException, http_error)


def errors_of(error: RuleError) -> dict[str, str]:
    """A broken rule as a form shows it: the field ("" for the whole form) and the text."""
    return {error.field: translate_error(error, language())}


def not_allowed(error: NotAllowed) -> Answer:
    """The person may not do this."""
    return _page("errors/message.html", 403, gettext("Not allowed"), translate_error(error, language()))


def not_found(_error: NotFound) -> Answer:
    """What the address names does not exist."""
    return _page(
        "errors/message.html", 404, gettext("Not found"), gettext("There is no such page, or no more.")
    )


def rule_broken(error: RuleError) -> Answer:
    """A rule that no form showed at its field: back to where the button was, or a page of its own."""
    text = translate_error(error, language())
    if back := safe_path(request.form.get("back")):
        flash(text, "error")
        return redirect(back, 303)
    return _page("errors/message.html", 422, gettext("This could not be done"), text)


def database_busy(error: OperationalError) -> Answer:
    """The database did not take the change: the page keeps it, and offers to try again."""
    if "disk is full" in str(error.orig) or "No space left" in str(error.orig):
        text = gettext("The disk of the desk is full. Tell the administrator; what you entered is kept here.")
    else:
        text = gettext("The database is busy. What you entered is kept here: try again in a moment.")
    return _keep(503, gettext("Not saved yet"), text)


def store_failed(_error: StoreError) -> Answer:
    """The data folder cannot be used."""
    text = gettext("The desk cannot write its data. Tell the administrator; what you entered is kept here.")
    return _keep(503, gettext("Not saved yet"), text)


def form_expired(_error: CSRFError) -> Answer:
    """The form's mark is missing or old. Only our own pages get to repeat what was posted."""
    if not _from_here():
        return _forged()
    text = gettext("The page was open for too long. What you entered is kept here: send it once more.")
    return _keep(400, gettext("Not saved yet"), text)


def http_error(error: HTTPException) -> Answer | HTTPException:
    """Everything else that HTTP has a number for."""
    if error.response is not None or (error.code or 500) < 400:
        return error
    if isinstance(error, SecurityError):
        # Asked under a name that is not ours: no address can be made for it, and so no page either.
        return error
    match error.code:
        case 401:
            return _signed_out()
        case 403:
            title, text = gettext("Not allowed"), gettext("Your role or desk does not allow this.")
        case 404:
            title, text = gettext("Not found"), gettext("There is no such page, or no more.")
        case 413:
            title, text = gettext("Too large"), gettext("This is more than the desk takes at once.")
        case 429:
            title = gettext("Too many attempts")
            text = gettext("Wait a quarter of an hour, or ask the administrator for a sign-in link.")
        case code if code is not None and code >= 500:
            title = gettext("Something went wrong")
            return _keep(
                code, title, gettext("The fault is noted in the log. What you entered is kept here.")
            )
        case _:
            title, text = gettext("Not carried out"), gettext("The desk does not understand this request.")
    return _page("errors/message.html", error.code or 500, title, text)


def _forged() -> Answer:
    text = gettext("This request did not come from a page of the desk.")
    return _page("errors/message.html", 400, gettext("Not carried out"), text)


def _signed_out() -> Answer:
    if request.method == "POST" and not _from_here():
        return _forged()
    text = gettext(
        "You are no longer signed in. Sign in in another tab, then press “Try again”: "
        "what you entered is kept here."
    )
    return _keep(401, gettext("Sign in again"), text, sign_in=True)


def _page(template: str, status: int, title: str, text: str) -> tuple[str, int]:
    return render_template(template, title=title, text=text), status


def _keep(status: int, title: str, text: str, *, sign_in: bool = False) -> tuple[str, int]:
    posted = request.method == "POST"
    body = render_template(
        "errors/keep.html",
        title=title,
        text=text,
        sign_in=sign_in,
        posted=posted,
        action=request.full_path.rstrip("?"),
        kept=list(_kept()) if posted else [],
        asked=sorted(SECRETS & set(request.form)) if posted else [],
        files=posted and any(file.filename for file in request.files.values()),
    )
    return body, status


def _kept() -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in request.form.items(multi=True) if name not in NOT_KEPT)


def _from_here() -> bool:
    """Whether the browser says that a page of ours posted this. Old browsers say nothing: then no."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    return urlsplit(origin).netloc == request.host
