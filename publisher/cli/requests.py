"""Waiting for a worker: commands leave a request, the worker's answer comes in the same row."""

import time
from collections.abc import Sequence
from typing import Any

import click

from publisher.core.messages import N_
from publisher.core.platforms import Realm
from publisher.errors import RuleError
from publisher.store.channels import get_request
from publisher.store.models import Request
from publisher.store.session import Store

LOOK_EVERY = 0.1

wait_option = click.option(
    "--wait",
    type=click.IntRange(0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for a worker.",
)

NO_WORKER = {
    Realm.REAL: N_("No worker answered within {seconds} s: start one with `publisher worker`."),
    Realm.SANDBOX: N_(
        "No worker answered within {seconds} s: start one with `publisher worker --realm sandbox`, "
        "or everything with `publisher run`."
    ),
}


def wait_for(store: Store, requests: Sequence[Request], wait: int) -> list[dict[str, Any]]:
    """The workers' answers, in the order of the requests; `wait` are the seconds for all of them.

    Raises RuleError when one of them stays without an answer; the requests stay for the next worker.
    """
    deadline = time.monotonic() + wait
    return [_answer(store, request, deadline, wait) for request in requests]


def _answer(store: Store, request: Request, deadline: float, wait: int) -> dict[str, Any]:
    while True:
        with store.reading() as session:
            answer = get_request(session, request.id).result
        if answer is not None:
            return answer
        if time.monotonic() >= deadline:
            raise RuleError("", NO_WORKER[request.realm], seconds=wait)
        time.sleep(LOOK_EVERY)
