"""Small words of the item's pages: outcomes of tries, spans of time, the body as HTML, what was typed."""

from datetime import timedelta

from babel.dates import format_timedelta
from flask import request
from flask_babel import gettext
from markupsafe import Markup

from publisher.core.messages import N_
from publisher.store.models import Attempt
from publisher.web.context import language

# The words under which attempts are stored (core/receipts.py) -> what the editor reads.
OUTCOMES = {
    "sent": N_("done"),
    "limited": N_("the network asked to wait"),
    "refused": N_("the network refused it"),
    "forbidden": N_("the account has no right to do it"),
    "gone": N_("the channel or the post is not there"),
    "signedout": N_("the account is signed out"),
    "unreachable": N_("no connection"),
    "unconfirmed": N_("no answer"),
    "stands": N_("found: the post stands"),
    "absent": N_("looked: the post is not there"),
    "unknown": N_("looked: it could not be told"),
    "nothing_stands": N_("nothing to change: the post is gone"),
}


def outcome_text(attempt: Attempt) -> str:
    """What a try came to."""
    known = OUTCOMES.get(attempt.outcome)
    return str(gettext(known)) if known else attempt.outcome


def span(duration: timedelta) -> str:
    """«2 часа», «15 минут»."""
    return format_timedelta(duration, threshold=1.5, locale=language())


def body_html(body: str) -> Markup:
    """A version's body in a page: canonical HTML, cleaned when it was saved (core/body.py)."""
    return Markup(body)  # noqa: S704 - see above


def typed(name: str) -> str:
    """What a form that came back had in this field."""
    return request.form.get(name, "")
