"""The sandbox over HTTP: the page that people look at, its controls, the control in JSON.

The page's templates and its style and script lie beside this file, in templates/ and static/: the sandbox
shares nothing with the desk, not even a stylesheet.
"""

import asyncio

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from publisher.sandbox.access import Access
from publisher.sandbox.bridge import Bridge
from publisher.sandbox.control import control_pages
from publisher.sandbox.drill import drill_pages
from publisher.sandbox.inbox import inbox_pages
from publisher.sandbox.page import look_pages, page_context
from publisher.sandbox.telegram import Telegram

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
BIGGEST_FORM = 1024 * 1024


def create_app(telegram: Telegram, loop: asyncio.AbstractEventLoop, access: Access) -> Flask:
    """The application over a running world."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = BIGGEST_FORM
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    bridge = Bridge(telegram, loop)
    app.before_request(access.check_host)
    app.after_request(_protect)
    app.context_processor(lambda: page_context(access))
    app.register_error_handler(HTTPException, _say_what_is_wrong)
    app.register_blueprint(look_pages(bridge, access))
    app.register_blueprint(inbox_pages(bridge, access))
    app.register_blueprint(drill_pages(bridge, access))
    app.register_blueprint(control_pages(bridge, access))
    return app


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _say_what_is_wrong(error: HTTPException) -> tuple[str, int] | HTTPException:
    keys = {403: "not_allowed", 404: "not_found"}
    if error.code is None or error.code < 400:
        return error
    return render_template("error.html", key=keys.get(error.code, "wrong"), error=error), error.code
