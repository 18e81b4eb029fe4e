"""Forms that add something: pressed twice, they add it once, and both presses lead to the same page."""

import secrets
from collections.abc import Callable

from flask import request
from sqlalchemy.orm import Session

from publisher.store.drafts import claim_submission, get_submission_result, set_submission_result
from publisher.web.context import begin, now, person


def submission() -> str:
    """The mark of a form, to be posted as `submission`; a form that comes back keeps its own."""
    return request.form.get("submission") or secrets.token_hex(16)


def carry_out_once(act: Callable[[Session], str]) -> str:
    """Do what the form asks for in one transaction. Gives the address it leads to, as `act` does."""
    key = f"{person().id}:{request.form.get('submission', '')}"[:64]
    with begin() as session:
        if not claim_submission(session, key, person().id, now()):
            return get_submission_result(session, key)
        target = act(session)
        set_submission_result(session, key, target)
    return target
