"""A worker of the sandbox realm, as the command line runs it, for processes that tests start and kill."""

import logging
from pathlib import Path

from jobs import JOBS
from publisher.config import Settings
from publisher.core.platforms import Realm
from publisher.worker import run_worker


def work(settings: Settings, log: Path) -> None:
    """Run until signalled; what it says goes to the end of `log`."""
    logging.basicConfig(filename=log, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    run_worker(settings, Realm.SANDBOX, JOBS)
