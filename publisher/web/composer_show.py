"""Drawing the composer: the page, and what every part of it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import render_template, url_for
from sqlalchemy.orm import Session

from publisher.actions.editions import WORDS
from publisher.core.editions import Finding
from publisher.core.platforms import PLATFORMS
from publisher.errors import RuleError
from publisher.store.models import Draft, Item, Version
from publisher.web import auth
from publisher.web.bubble import bubble_html
from publisher.web.comparison import Comparison
from publisher.web.composer_form import (
    OWN,
    Typed,
    TypedTime,
    folds,
    read_time,
    slip_errors,
)
from publisher.web.composer_page import (
    Shown,
    read_page,
    settle,
)
from publisher.web.context import actor, language, now, person, settings, zone
from publisher.web.errors import errors_of
from publisher.web.formats import local_input
from publisher.wording import translate

Errors = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """What somebody else saved meanwhile, and what it changed in the version the person began with."""

    version: Version
    changes: Comparison


def show_composer(
    session: Session,
    item: Item | None,
    typed: Typed,
    *,
    errors: Errors | None = None,
    drafts: Sequence[Draft] = (),
    theirs: Theirs | None = None,
    older: int | None = None,
) -> str:
    """The page with the form as it was typed; call it inside the transaction that read the rest.

    `older` is the number of the version that the form was filled with to bring it back.
    """
    settled, gone = settle(session, typed)
    if errors and "due" in errors:
        # The error stands at the time, which is hidden for “at once”.
        settled = replace(settled, is_later=True)
    return render_template(
        "composer/compose.html",
        **preview_values(settled),
        page=read_page(session, actor(), settled, item, gone),
        errors=errors or {},
        drafts=drafts,
        theirs=theirs,
        older=older,
        author=auth.author_token(person().id),
        action=url_for(".save", item_id=item.id) if item else url_for(".create"),
    )


def preview_values(typed: Typed) -> Mapping[str, object]:
    """What every part of the composer's page needs besides the page."""
    return {
        "typed": typed,
        "due": _instant(typed.due),
        "due_folds": folds(typed.due, zone()),
        "embargo_folds": folds(typed.embargo, zone()),
        "slips": [(slip.field, errors_of(slip)[slip.field]) for slip in slip_errors(typed)],
        "suggestion": local_input(now().replace(minute=0) + timedelta(hours=1)),
        "networks": PLATFORMS,
        "media_limits": settings().media,
        "own_prefix": OWN,
        "bubble_html": bubble_html,
        "finding_text": _finding_text,
        "offset": _offset,
    }


def _finding_text(finding: Finding, shown: Shown) -> str:
    """What is wrong with an edition, in the person's language: the limit is the network's."""
    name = shown.channels[0].title if len(shown.channels) == 1 else shown.platform.title
    words = {"channel": name, "length": finding.length, "limit": finding.limit}
    return translate(WORDS[finding.problem][1], words, language())


def _offset(instant: datetime) -> str:
    """«UTC+03:00» of the city's clock at that instant."""
    text = f"{instant.astimezone(zone()):%z}"
    return f"UTC{text[:3]}:{text[3:]}"


def _instant(time: TypedTime) -> datetime | None:
    """The instant for the words of a button; None while the time cannot be used."""
    try:
        return read_time(time, zone(), "due")
    except RuleError:
        return None
