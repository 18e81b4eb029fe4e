"""`publisher item`: add, show, correct, kill."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.cli.terminal import Terminal
from tests.files import picture

ITEM_KEYS = ["id", "slug", "status", "version", "operations"]
OPERATION_KEYS = [
    "id", "kind", "channel", "network", "state", "due", "sent_at", "attempts", "key", "external_ids",
    "permalink", "error",
]  # fmt: skip
CITY = ZoneInfo("Europe/Moscow")


def tomorrow() -> datetime:
    """Nine o'clock of the city's next day."""
    return datetime.now(CITY).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)


def test_an_item_stays_a_draft_when_no_time_is_given(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    added = terminal.read("item", "add", terminal.story(), "--to-all", "--json")
    assert (added["status"], added["operations"]) == ("draft", [])


def test_the_json_has_exactly_the_keys_that_scripts_rely_on(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    added = terminal.read("item", "add", terminal.story(), "--to", "telegram:@krd_news", "--now", "--json")
    assert list(added) == ITEM_KEYS
    (operation,) = added["operations"]
    assert list(operation) == OPERATION_KEYS
    assert {name: operation[name] for name in ("kind", "channel", "network", "state", "attempts")} == {
        "kind": "publish", "channel": "telegram:@krd_news", "network": "telegram", "state": "planned",
        "attempts": 0,
    }  # fmt: skip
    assert added == terminal.read("item", "show", str(added["id"]), "--json")


def test_now_means_now_without_the_undo(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    added = terminal.read("item", "add", terminal.story(), "--to-all", "--now", "--json")
    due = datetime.fromisoformat(added["operations"][0]["due"])
    assert datetime.now(UTC) - timedelta(seconds=10) < due <= datetime.now(UTC)


def test_at_is_a_time_by_the_clock_of_the_city(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    at = f"{tomorrow():%Y-%m-%d %H:%M}"
    added = terminal.read("item", "add", terminal.story(), "--to-all", "--at", at, "--json")
    assert added["status"] == "scheduled"
    assert datetime.fromisoformat(added["operations"][0]["due"]) == tomorrow()


def test_to_names_single_channels_each_once(terminal: Terminal) -> None:
    terminal.add_channels("krd_news", "krd_roads", "krd_parks")
    chosen = ("--to", "telegram:@krd_roads", "--to", "telegram:krd_parks", "--to", "telegram:@krd_roads")
    added = terminal.read("item", "add", terminal.story(), *chosen, "--now", "--json")
    assert sorted(o["channel"] for o in added["operations"]) == ["telegram:@krd_parks", "telegram:@krd_roads"]


def test_a_picture_goes_with_the_item(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    photo = terminal.write("park.jpg", picture())
    terminal.done("item", "add", terminal.story(), "--to-all", "--media", photo, "--now")
    assert any(path.is_file() for path in (terminal.data / "media").rglob("*"))


def test_an_item_is_shown_by_number_and_by_slug(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    terminal.done("item", "add", terminal.story(slug="roads"), "--to-all", "--now")
    shown = terminal.done("item", "show", "roads")
    assert shown == terminal.done("item", "show", "1")
    head, row = shown.splitlines()
    assert head == "1  roads  Scheduled, version 1"
    assert row.startswith("telegram:@krd_news  Publication  Queued  ")


def test_a_correction_replaces_what_has_not_gone_out(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    terminal.done("item", "add", terminal.story(), "--to-all", "--now")
    said = terminal.done("item", "correct", "1", terminal.story(body="From **Tuesday** on."))
    assert said == "“road-works”, version 2: corrections planned: 0, replaced before sending: 1."
    shown = terminal.read("item", "show", "1", "--json")
    assert (shown["version"], len(shown["operations"])) == (2, 1)


def test_a_correction_of_what_nobody_has_is_refused(terminal: Terminal) -> None:
    terminal.done("item", "add", terminal.story())
    said = terminal.refused("item", "correct", "1", terminal.story(body="Later."))
    assert said == "Nobody has this item: there is nothing to correct."


def test_a_kill_cancels_what_has_not_gone_out(terminal: Terminal) -> None:
    terminal.add_channels("krd_news", "krd_roads")
    terminal.done("item", "add", terminal.story(), "--to-all", "--now")
    said = terminal.done("item", "kill", "road-works", "--reason", "Called off")
    assert said == "“road-works” is withdrawn: withdrawals planned: 0, cancelled before sending: 2."
    killed = terminal.read("item", "show", "1", "--json")
    assert killed["status"] == "killed"
    assert {operation["state"] for operation in killed["operations"]} == {"cancelled"}


def test_a_second_kill_is_refused(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    terminal.done("item", "add", terminal.story(), "--to-all", "--now")
    terminal.done("item", "kill", "1", "--reason", "Called off")
    assert terminal.refused("item", "kill", "1", "--reason", "Again") == "The item is already withdrawn."


def test_a_kill_without_a_reason_is_a_usage_error(terminal: Terminal) -> None:
    assert "--reason" in terminal.misused("item", "kill", "1")


def test_an_item_that_is_not_there_is_named(terminal: Terminal) -> None:
    assert terminal.refused("item", "show", "77") == "There is no item 77."
    assert terminal.refused("item", "show", "no-such", "--json") == "There is no item no-such."


def test_a_channel_that_is_not_there_points_to_the_list(terminal: Terminal) -> None:
    said = terminal.refused("item", "add", terminal.story(), "--to", "telegram:@nowhere", "--now")
    assert (
        said == "There is no channel telegram:@nowhere. `publisher channel list` shows those that there are."
    )


def test_nothing_is_written_when_a_channel_is_not_there(terminal: Terminal) -> None:
    terminal.refused("item", "add", terminal.story(), "--to", "telegram:@nowhere")
    assert terminal.refused("item", "show", "1") == "There is no item 1."


def test_publishing_to_no_channel_is_refused(terminal: Terminal) -> None:
    assert terminal.refused("item", "add", terminal.story(), "--now") == "Choose at least one channel."


@pytest.mark.parametrize(
    "options", [("--to", "telegram:@a", "--to-all"), ("--now", "--at", "2030-01-01 09:00")]
)
def test_options_that_exclude_each_other_are_a_usage_error(
    terminal: Terminal, options: tuple[str, ...]
) -> None:
    assert " or " in terminal.misused("item", "add", terminal.story(), *options)


def test_an_unreadable_file_is_named(terminal: Terminal) -> None:
    assert terminal.refused("item", "add", "no.md") == "no.md cannot be read: No such file or directory."
    folder = str(terminal.folder)
    assert terminal.refused("item", "add", folder) == f"{folder} cannot be read: Is a directory."


def test_a_file_in_another_encoding_is_named(terminal: Terminal) -> None:
    file = terminal.write("old.md", "---\ntitle: Дорога\n---\n".encode("cp1251"))
    assert terminal.refused("item", "add", file) == f"{file} is not a text in UTF-8."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Road works", "Line 1: the file begins with a line “---”, then title: … and “---” again."),
        (
            "---\ntitle: A\n",
            "Line 2: the front matter does not end: a line “---” is missing before the text.",
        ),
        ("---\nslug: a\n---\n", "Line 1: the title is missing. Write title: …"),
        (
            "---\ntitle: A\nautor: B\n---\n",
            "Line 3: there is no field “autor”. The fields are title, slug, desk, tags, source, layout.",
        ),
        ("---\ntitle: A\ntitle: B\n---\n", "Line 3: “title” stands twice."),
        (
            "---\ntitle: [A\n---\n",
            "Line 2: this cannot be read. Put a value with a colon or a bracket in quotes.",
        ),
    ],
)
def test_a_bad_front_matter_is_refused_with_its_line(terminal: Terminal, text: str, said: str) -> None:
    assert terminal.refused("item", "add", terminal.write("bad.md", text)) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2020-01-01 09:00", "This time has already passed."),
        ("tomorrow", "Write the time as 2026-12-01 09:00."),
        ("2026-12-01", "Write the time as 2026-12-01 09:00."),
        ("2099-01-01 09:00", "This is more than a year ahead."),
    ],
)
def test_a_time_that_cannot_be_is_refused(terminal: Terminal, at: str, said: str) -> None:
    terminal.add_channels("krd_news")
    assert terminal.refused("item", "add", terminal.story(), "--to-all", "--at", at) == said


def test_a_time_in_the_gap_of_a_clock_change_is_refused(terminal: Terminal) -> None:
    terminal.set_up('[office]\nlanguage = "en"\ntimezone = "Europe/Berlin"\n')
    said = terminal.refused("item", "add", terminal.story(), "--at", "2027-03-28 02:30")
    assert said == "The clocks are put forward that night: this time does not exist."


def test_a_time_that_comes_twice_needs_its_offset(terminal: Terminal) -> None:
    terminal.set_up('[office]\nlanguage = "en"\ntimezone = "Europe/Berlin"\n')
    said = terminal.refused("item", "add", terminal.story(), "--at", "2026-10-25 02:30")
    assert said == (
        "The clocks are put back that night: this time comes twice. "
        "Say which one with its offset, as in “2026-10-25 02:30+03:00”."
    )
    again = terminal.refused("item", "add", terminal.story(), "--at", "2020-10-25 02:30+01:00")
    assert again == "Choose at least one channel."


def test_a_text_too_long_for_the_channel_is_refused_with_the_figures(terminal: Terminal) -> None:
    terminal.add_channels("krd_news")
    said = terminal.refused("item", "add", terminal.story(body="а" * 4100), "--to-all", "--now")
    assert said.startswith("“krd_news” takes 4,096 characters; the text with its headline has 4,1")


def test_a_file_that_lies_about_its_type_is_refused(terminal: Terminal) -> None:
    page = terminal.write("photo.jpg", "<html><script>alert(1)</script></html>")
    said = terminal.refused("item", "add", terminal.story(), "--media", page)
    assert said.startswith("“photo.jpg” is called .jpg, but its content is")


def test_a_media_file_that_is_not_there_is_named(terminal: Terminal) -> None:
    said = terminal.refused("item", "add", terminal.story(), "--media", "no.jpg")
    assert said == "no.jpg cannot be read: No such file or directory."


def test_a_desk_that_is_not_there_is_named(terminal: Terminal) -> None:
    assert terminal.refused("item", "add", terminal.story(desk="moon")) == "There is no desk moon."
