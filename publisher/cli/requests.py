"""Waiting for a worker: commands leave a request, the worker's answer comes in the same row."""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from publisher.core.messages import N_
from publisher.core.platforms import Realm
from publisher.errors import RuleError
from publisher.store.channels import get_request
from publisher.store.models import Request
from publisher.store.session import Store

WAIT = timedelta(seconds=60)
LOOK_EVERY = 0.1

NO_WORKER = {
    Realm.REAL: N_("No worker answered within {seconds} s: start one with `publisher worker`."),
    Realm.SANDBOX: N_(
        "No worker answered within {seconds} s: start one with `publisher worker --realm sandbox`, "
        "or everything with `publisher run`."
    ),
}


def wait_for(store: Store, requests: Sequence[Request], wait: timedelta = WAIT) -> list[dict[str, Any]]:
    """The workers' answers, in the order of the requests.

    Raises RuleError when one of them stays without an answer; the requests stay for the next worker.
    """
    deadline = time.monotonic() + wait.total_seconds()
    return [_answer(store, request, deadline, wait) for request in requests]


def _answer(store: Store, request: Request, deadline: float, wait: timedelta) -> dict[str, Any]:
    while True:
        with store.reading() as session:
            answer = get_request(session, request.id).result
        if answer is not None:
            return answer
        if time.monotonic() >= deadline:
            raise RuleError("", NO_WORKER[request.realm], seconds=int(wait.total_seconds()))
        time.sleep(LOOK_EVERY)
