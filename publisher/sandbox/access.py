"""Who may look and who may control.

Everybody who reaches the page may look, under the names it answers to: a foreign name in the Host header
(DNS rebinding) is refused. The page may control when it is opened from this machine itself, or once with the
control token (`/?key=…`), which leaves a cookie. Every form then needs the page's own key, which other sites
cannot read, and must come from the page itself by its Origin. The JSON control takes the token alone.
"""

import hmac
import ipaddress
from dataclasses import dataclass
from hashlib import sha256

from flask import abort, request
from werkzeug.wrappers import Response

COOKIE = "sandbox_control"
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one running sandbox: its control token and the Host headers that it answers to."""

    token: str
    hosts: frozenset[str]

    @property
    def form_key(self) -> str:
        """What every form of a page that may control carries."""
        return self._derive("form")

    def check_host(self) -> None:
        """Refuse a request under a name that is not ours."""
        if request.host not in self.hosts:
            abort(403)

    def check_token(self) -> None:
        """Refuse a request without the control token."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not same(given, self.token):
            abort(401)

    def may_control(self) -> bool:
        """Whether this page gets the controls."""
        return _is_from_here() or same(request.cookies.get(COOKIE, ""), self._derive("cookie"))

    def check_form(self) -> None:
        """Refuse a form that no page of ours with controls has sent."""
        own = f"{request.scheme}://{request.host}"
        if request.headers.get("Origin", own) != own or not self.may_control():
            abort(403)
        if not same(request.form.get("key", ""), self.form_key):
            abort(403)

    def remember(self, response: Response) -> Response:
        """Let this browser control from now on."""
        response.set_cookie(COOKIE, self._derive("cookie"), httponly=True, samesite="Strict")
        return response

    def _derive(self, purpose: str) -> str:
        return hmac.new(self.token.encode(), purpose.encode(), sha256).hexdigest()


def same(given: str, expected: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing."""
    return hmac.compare_digest(given.encode(), expected.encode())


def _is_from_here() -> bool:
    """Whether the browser runs on this machine; one behind a proxy cannot be told apart from others."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
