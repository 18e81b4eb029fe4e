"""Live fragments: a page asks again with the ETag it has, and hears 304 for as long as nothing changed."""

from enum import IntEnum
from hashlib import sha256

from flask import Response, make_response, request


class Pace(IntEnum):
    """In how many seconds the page asks again."""

    BUSY = 1
    SOON = 5
    CALM = 30


def fragment(html: str, pace: Pace) -> Response:
    """A piece of a page for `data-live`, or 304 when the page already shows it."""
    return _finish(make_response(html), tag_of(html), pace)


def unchanged(mark: str, pace: Pace) -> Response | None:
    """A 304 before anything is rendered, when the page has what `mark` (all the fragment depends on) says."""
    if request.if_none_match.contains(tag_of(mark)):
        return _finish(Response(status=304), tag_of(mark), pace)
    return None


def marked_fragment(html: str, mark: str, pace: Pace) -> Response:
    """The fragment with the mark that `unchanged` compares next time."""
    return _finish(make_response(html), tag_of(mark), pace)


def tag_of(mark: str) -> str:
    """The ETag of a mark, for the page's own `data-live-etag` (there in double quotes)."""
    return sha256(mark.encode()).hexdigest()[:32]


def _finish(response: Response, tag: str, pace: Pace) -> Response:
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Live-Seconds"] = str(int(pace))
    # The seconds since something happened are not a reason to send the page again, nor is the session's age.
    response.headers["Vary"] = "Cookie"
    response.make_conditional(request)
    return response
