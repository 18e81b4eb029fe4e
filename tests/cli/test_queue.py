"""`publisher queue`: what is to go out, and the big switch."""

from tests.cli.terminal import Terminal


def test_an_empty_queue_says_so(terminal: Terminal) -> None:
    assert terminal.done("queue") == "Nothing waits."
    assert terminal.read("queue", "--json") == {"paused": False, "operations": []}


def test_the_queue_lists_what_is_to_go_out(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    terminal.done("item", "add", terminal.story(), "--to-all", "--now")
    assert terminal.done("queue").endswith("  Queued  Publication  road-works  telegram:@krd_news")
    (operation,) = terminal.read("queue", "--json")["operations"]
    assert (operation["item"], operation["slug"], operation["state"]) == (1, "road-works", "planned")


def test_a_pause_is_seen_in_the_queue_until_it_ends(terminal: Terminal) -> None:
    terminal.done("queue", "pause")
    assert terminal.read("queue", "--json")["paused"] is True
    assert terminal.done("queue").splitlines()[0].startswith("Everything is paused")
    assert terminal.done("queue", "resume") == "Everything runs again."
    assert terminal.read("queue", "--json")["paused"] is False


def test_resuming_shows_what_goes_out_at_once(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    terminal.done("queue", "pause")
    terminal.done("item", "add", terminal.story(), "--to-all", "--now")
    first, row = terminal.done("queue", "resume").splitlines()
    assert first == "Everything runs again."
    assert row.endswith("road-works  telegram:@krd_news")


def test_pausing_twice_is_harmless(terminal: Terminal) -> None:
    terminal.done("queue", "pause")
    terminal.done("queue", "pause")
    terminal.done("queue", "resume")
    assert terminal.read("queue", "--json")["paused"] is False
