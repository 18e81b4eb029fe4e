"""A run that is killed at any moment: the old archive stays whole, and the next run finishes the work."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from publisher.store.session import Store
from tests.store.archived import DAY, Newsroom
from tests.store.test_archive import MONDAY, dump

ROUNDS = 12
ITEMS = 250
# Runs without end, as a worker does night by night; each run is said before it begins.
RUNS = """
import sys
from pathlib import Path
from publisher.core.platforms import Realm
from publisher.store.archive.write import write_archive
from publisher.store.session import open_store
from tests.builders import NOW
from tests.store.archived import LABELS
store = open_store(sys.argv[1], NOW)
while True:
    print("run", flush=True)
    write_archive(store, Path(sys.argv[2]), Realm.REAL, LABELS, NOW, anew=len(sys.argv) > 3)
"""


@pytest.fixture
def newsroom(sqlite_store: Store, tmp_path: Path) -> Newsroom:
    """An office with enough news for a run to take its time."""
    newsroom = Newsroom(sqlite_store, tmp_path / "open" / "newsroom.db")
    for number in range(ITEMS):
        newsroom.publish(title=f"Новость номер {number}", body="<p>Ремонт дороги на улице.</p>" * 30)
        newsroom.count(MONDAY - number * DAY, number, number + 1)
    newsroom.archive()
    return newsroom


def kill_a_run(newsroom: Newsroom, after: float, *, anew: bool) -> None:
    """Start runs, and kill their process so many seconds after the first has begun."""
    arguments = [str(newsroom.store.engine.url), str(newsroom.file), *(["anew"] if anew else [])]
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", RUNS, *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "run\n"
        time.sleep(after)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)


def test_a_run_killed_at_any_moment_leaves_a_whole_file(newsroom: Newsroom) -> None:
    dice = random.Random(2024)  # noqa: S311 - moments, not a secret
    unfinished = newsroom.file.with_name(".newsroom.db.unfinished")
    started = time.monotonic()
    newsroom.archive(anew=True)
    longest = time.monotonic() - started
    left = 0
    for number in range(ROUNDS):
        before = newsroom.read("SELECT count(*) FROM item")[0][0]
        newsroom.publish(title=f"Круг {number}")
        # The first run of a process also loads the library.
        kill_a_run(newsroom, dice.uniform(0, 2 * longest), anew=number % 2 == 1)
        left += unfinished.exists()
        assert newsroom.read("PRAGMA integrity_check") == [("ok",)]
        assert newsroom.read("SELECT count(*) FROM item")[0][0] in {before, ITEMS + number + 1}
    # Else none of them was in the middle of its work.
    assert left
    newsroom.archive()
    assert not unfinished.exists()
    grown = dump(newsroom.file)
    newsroom.archive(anew=True)
    assert dump(newsroom.file) == grown
