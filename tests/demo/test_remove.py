"""Taking the demo city away: everything of it, and nothing else."""

import pytest

from tests.cli.terminal import API_HASH, BOT_TOKEN
from tests.demo.city import DemoCity
from tests.files import picture
from tests.sandbox_process import running_sandbox

OWN_STORY = "---\ntitle: Наша новость\nslug: own\n---\nТекст.\n"


@pytest.fixture
def worked_in(own_office: DemoCity) -> DemoCity:
    """An office with an account, a channel, a person and an item with a picture of its own."""
    folder = own_office.folder
    files = {"hash": API_HASH, "token": BOT_TOKEN, "own.md": OWN_STORY}
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "own.jpg").write_bytes(picture())
    secrets = ("--api-hash-file", str(folder / "hash"), "--bot-token-file", str(folder / "token"))
    own_office.run("account", "add", "telegram", "--name", "Наш бот", "--api-id", "1234", *secrets)
    own_office.run("channel", "add", "telegram", "--account", "Наш бот", "--handle", "our_news")
    own_office.run(
        "user", "add", "a@example.org", "--name", "Дежурный", "--role", "editor", "--desk", "press"
    )
    own_office.run("item", "add", str(folder / "own.md"), "--to-all", "--media", str(folder / "own.jpg"))
    return own_office


def test_nothing_but_the_demo_is_gone(worked_in: DemoCity) -> None:
    rows, files = worked_in.rows(), worked_in.files()
    worked_in.run("demo", "load")
    assert len(worked_in.rows()["channel"]) == 28
    assert worked_in.files() > files
    assert worked_in.run("demo", "remove").startswith("Удалено: каналов 27, новостей 77.\n")
    assert worked_in.rows() == rows
    assert worked_in.files() == files
    with running_sandbox(worked_in.data / "sandbox") as sandbox:
        assert sandbox.all_posts() == {}


def test_what_the_office_put_into_the_demo_city_stays(own_office: DemoCity) -> None:
    own_office.run("demo", "load")
    story = own_office.folder / "own.md"
    story.write_text(OWN_STORY, "utf-8")
    own_office.run("item", "add", str(story), "--to", "telegram:@demo_gorod", "--now")
    own_office.run("channel", "add", "telegram", "--account", "Бот округов", "--handle", "our_news")
    said = own_office.run("demo", "remove").splitlines()
    assert "Остались учётные записи с вашими каналами: Бот округов." in said
    assert said[-1].endswith("снова одобрены: own.")
    assert "own  Одобрена" in own_office.run("item", "show", "own")
    assert "our_news" in own_office.run("channel", "list")


def test_there_is_nothing_to_remove_where_no_demo_is(own_office: DemoCity) -> None:
    assert own_office.run("demo", "remove") == "Демонстрационного города здесь нет.\n"


def test_the_demo_can_be_loaded_again_after_it_was_removed(own_office: DemoCity) -> None:
    own_office.run("demo", "load")
    first = _titles(own_office)
    own_office.run("demo", "remove")
    own_office.run("demo", "load")
    assert _titles(own_office) == first


def _titles(office: DemoCity) -> list[str]:
    return sorted(row[3] for row in office.rows()["version"] if isinstance(row[3], str))
