"""`publisher search`: what it prints, and an index built anew."""

from datetime import UTC, datetime

from sqlalchemy import delete

from publisher.config import Settings
from publisher.store.models import SearchEntry, SearchProgress
from publisher.store.session import open_store
from tests.cli.terminal import Terminal


def lose_index(terminal: Terminal) -> None:
    """Leave the database as one that was never searched."""
    store = open_store(Settings(data=terminal.data).database_url, datetime.now(UTC))
    with store.begin() as session:
        session.execute(delete(SearchEntry))
        session.execute(delete(SearchProgress))
    store.close()


def test_items_and_channels_are_found(terminal: Terminal) -> None:
    terminal.add_channels("road_news")
    terminal.done("item", "add", terminal.story())
    found = terminal.read("search", "find", "roads", "--json")
    assert found["complete"] is True
    assert [item["slug"] for item in found["items"]] == ["road-works"]
    assert [channel["channel"] for channel in found["channels"]] == ["telegram:@road_news"]
    assert "road-works" in terminal.done("search", "find", "roads")


def test_nothing_found_is_said(terminal: Terminal) -> None:
    assert terminal.done("search", "find", "giraffe") == "Nothing found."


def test_a_lost_index_is_said_and_built_anew(terminal: Terminal) -> None:
    terminal.done("item", "add", terminal.story())
    lose_index(terminal)
    assert terminal.done("search", "find", "roads").startswith("The index is being built")
    assert terminal.done("search", "rebuild") == "The index is built anew."
    found = terminal.read("search", "find", "roads", "--json")
    assert (found["complete"], len(found["items"])) == (True, 1)
