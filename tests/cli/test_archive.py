"""`publisher archive`."""

import json
import sqlite3
from contextlib import closing

from publisher.core.states import ItemStatus, OperationState
from publisher.store.models import Channel, Item, Version
from tests.builders import NOW, add_operation, add_post
from tests.cli.terminal import Terminal


def publish(terminal: Terminal) -> None:
    """An item that stands in a channel."""
    terminal.add_channels("krd_news")
    terminal.done("item", "add", terminal.story(title="Road works"))
    with terminal.open_store() as store, store.begin() as session:
        version, channel = session.query(Version).one(), session.query(Channel).one()
        session.query(Item).one().status = ItemStatus.PUBLISHED
        add_post(session, add_operation(session, version, channel, state=OperationState.SENT, sent_at=NOW))


def titles(file: str) -> list[str]:
    """The headlines in an archive."""
    with closing(sqlite3.connect(file)) as connection:
        return [title for (title,) in connection.execute("SELECT title FROM item")]


def test_it_says_what_is_in_the_file_and_what_was_written(terminal: Terminal) -> None:
    publish(terminal)
    file = str(terminal.folder / "newsroom.db")
    assert terminal.done("archive", file).splitlines() == [
        f"{file}: items 1, posts 1, days with counts 0.",
        "Rows added 5, changed 0, removed 0; the others stayed as they were.",
    ]
    assert titles(file) == ["Road works"]
    assert terminal.done("archive", file).splitlines()[1].startswith("Rows added 0, changed 0, removed 0;")


def test_without_a_name_it_lies_in_the_data_folder(terminal: Terminal) -> None:
    publish(terminal)
    terminal.done("archive")
    assert titles(str(terminal.data / "archive" / "newsroom.db")) == ["Road works"]


def test_what_datasette_needs_to_know_lies_beside_it(terminal: Terminal) -> None:
    publish(terminal)
    terminal.done("archive", str(terminal.folder / "city.db"))
    described = json.loads((terminal.folder / "city.metadata.json").read_text("utf-8"))
    assert described["databases"]["city"]["queries"]["search"]["params"] == ["q"]
    assert described["databases"]["city"]["tables"]["item"]["columns"]["title"]


def test_an_office_that_only_trains_gets_training_data_and_is_told(terminal: Terminal) -> None:
    terminal.add_account("bot", "--sandbox")
    said = terminal.done("archive")
    assert str(terminal.data / "archive" / "newsroom-training.db") in said
    assert said.splitlines()[-1] == "These are training data: nothing of it was ever public."


def test_the_realm_can_be_chosen(terminal: Terminal) -> None:
    publish(terminal)
    assert "items 0" in terminal.done("archive", "--realm", "sandbox")


def test_a_file_of_somebody_else_is_refused(terminal: Terminal) -> None:
    terminal.done("init")
    database = terminal.data / "newsroom.sqlite"
    refusal = f"{database} is no archive of this program: choose another name"
    assert terminal.refused("archive", str(database)) == refusal
    assert terminal.refused("archive", str(database), "--anew") == refusal


def test_a_damaged_archive_is_built_again_when_asked(terminal: Terminal) -> None:
    publish(terminal)
    terminal.done("archive")
    file = terminal.data / "archive" / "newsroom.db"
    file.write_bytes(file.read_bytes()[:5000])
    assert "--anew" in terminal.refused("archive")
    terminal.done("archive", "--anew")
    assert titles(str(file)) == ["Road works"]
