"""`publisher channel`: add, list."""

from tests.cli.terminal import Terminal

ADD = ("channel", "add", "telegram", "--account", "bot", "--handle")


def test_a_channel_is_written_down_for_a_worker_to_find(terminal: Terminal) -> None:
    terminal.add_account()
    said = terminal.done(*ADD, "@krd_news", "--title", "City news", "--created", "2020-02-03")
    assert said == "Channel telegram:@krd_news is written down. A worker of its realm will look for it."
    (channel,) = terminal.read("channel", "list", "--json")
    assert channel == {
        "channel": "telegram:@krd_news",
        "network": "telegram",
        "handle": "krd_news",
        "title": "City news",
        "desk": "press",
        "account": "bot",
        "realm": "real",
        "opened": "2020-02-03",
        "state": "new",
        "reason": None,
        "checked_at": None,
    }


def test_a_channel_belongs_to_the_desk_that_is_named(terminal: Terminal) -> None:
    terminal.add_account()
    assert terminal.done(*ADD, "krd_roads", "--desk", "roads").splitlines()[0] == "New desk roads."
    assert terminal.read("channel", "list", "--json")[0]["desk"] == "roads"


def test_the_list_is_by_title(terminal: Terminal) -> None:
    terminal.add_channels("zoo_news", "art_news")
    assert [line.split()[0] for line in terminal.done("channel", "list").splitlines()] == [
        "telegram:@art_news",
        "telegram:@zoo_news",
    ]


def test_an_empty_list_says_so(terminal: Terminal) -> None:
    assert terminal.done("channel", "list") == "There is no channel yet."


def test_a_channel_is_connected_once(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    assert terminal.refused(*ADD, "krd_news") == "This channel is already connected as “krd_news”."


def test_a_name_that_no_channel_can_have_is_refused(terminal: Terminal) -> None:
    terminal.add_account()
    assert terminal.refused(*ADD, "?") == "“?” cannot be the name of a channel there."


def test_an_account_that_is_not_there_points_to_the_list(terminal: Terminal) -> None:
    said = terminal.refused(*ADD, "krd_news")
    assert said == "There is no account bot. `publisher account list` shows those that there are."


def test_a_day_that_does_not_exist_is_a_usage_error(terminal: Terminal) -> None:
    assert "'2020-02-31'" in terminal.misused(*ADD, "krd_news", "--created", "2020-02-31")
