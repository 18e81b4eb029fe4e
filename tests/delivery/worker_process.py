"""A worker of the sandbox realm, as the command line runs it, for processes that tests start and kill."""

from jobs import JOBS
from publisher.config import Settings
from publisher.core.platforms import Realm
from publisher.worker import run_worker


def work(settings: Settings) -> None:
    """Run until signalled."""
    run_worker(settings, Realm.SANDBOX, JOBS)
