"""Headers that keep a page from doing anything we did not write: a strict policy with a nonce, no framing."""

import secrets

from flask import Flask, Response, g, request


def nonce() -> str:
    """The nonce of this answer's scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    value: str = g.csp_nonce
    return value


def add_security_headers(response: Response) -> Response:
    """The policy for every answer; a view that set a stricter one (served media) keeps its own."""
    response.headers.setdefault("Content-Security-Policy", _policy())
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        # Pages are for the person who asked; the back button may show them, a shared cache may not.
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _policy() -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce()}'",
            "style-src 'self'",
            # blob: shows a picture that is being uploaded.
            "img-src 'self' blob:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "object-src 'none'",
        )
    )


def init_app(app: Flask) -> None:
    """Put the headers on every answer and `csp_nonce()` into templates."""
    app.after_request(add_security_headers)
    app.jinja_env.globals["csp_nonce"] = nonce
