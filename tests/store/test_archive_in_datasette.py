"""The archive in the real Datasette, as a stranger looks at it."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from datasette.utils import tilde_encode

from publisher.store.archive.layout import DESCRIBED, VIEWS
from publisher.store.archive.metadata import write_metadata
from publisher.store.session import Store
from tests.store.archived import LABELS, Newsroom
from tests.store.test_archive import MONDAY


class Stranger:
    """Somebody at a Datasette that serves the file, read-only and unchanging."""

    def __init__(self, file: Path) -> None:
        described = json.loads(write_metadata(file, LABELS).read_text("utf-8"))
        self.loop = asyncio.new_event_loop()
        self.datasette = Datasette([], immutables=[str(file)], metadata=described)
        self.loop.run_until_complete(self.datasette.invoke_startup())

    def get(self, path: str) -> Any:
        """The answer of a page."""
        return self.loop.run_until_complete(self.datasette.client.get(path))

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The rows of a page's JSON."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["rows"]
        return found

    def leave(self) -> None:
        """Let go of the file."""
        for database in self.datasette.databases.values():
            database.close()
        self.datasette.executor.shutdown()
        self.loop.close()


@pytest.fixture
def stranger(sqlite_store: Store, tmp_path: Path) -> Iterator[Stranger]:
    """A reader of an archive with one item of each kind."""
    newsroom = Newsroom(sqlite_store, tmp_path / "open" / "newsroom.db")
    newsroom.add_picture(newsroom.publish(title="Ремонт дороги на улице Мира"))
    newsroom.publish(title="Праздник в парке", body="<p>Ярмарка и концерт.</p>")
    newsroom.correct(newsroom.publish(title="Первый"), "Второй")
    newsroom.kill(newsroom.publish(title="Отозванная"))
    newsroom.count(MONDAY, 100, 120)
    newsroom.add_appeals(MONDAY, "Телефон", "ямы", 3)
    newsroom.archive()
    stranger = Stranger(newsroom.file)
    yield stranger
    stranger.leave()


@pytest.mark.parametrize("name", [*(table.name for table in DESCRIBED), *VIEWS])
def test_every_table_and_view_has_its_page(stranger: Stranger, name: str) -> None:
    page = stranger.get(f"/newsroom/{name}")
    assert page.status_code == 200
    assert stranger.rows(f"/newsroom/{name}.json?_shape=objects")


def test_every_row_has_its_page(stranger: Stranger) -> None:
    for table in DESCRIBED:
        for row in stranger.rows(f"/newsroom/{table.name}.json?_shape=objects&_labels=off"):
            key = ",".join(tilde_encode(str(row[name])) for name in table.keys)
            assert stranger.get(f"/newsroom/{table.name}/{key}").status_code == 200


def test_links_between_tables_carry_the_names_of_what_they_lead_to(stranger: Stranger) -> None:
    [post, *_] = stranger.rows("/newsroom/post.json?_shape=objects&_labels=on&_sort=id")
    assert post["channel_id"]["label"] == "Новости города"
    assert post["item_id"]["label"] == post["version_id"]["label"] == "Ремонт дороги на улице Мира"
    page = stranger.get("/newsroom/post").text
    assert f'<a href="/newsroom/item/{post["item_id"]["value"]}">Ремонт дороги на улице Мира</a>' in page
    [item, *_] = stranger.rows("/newsroom/item.json?_shape=objects&_labels=on&_sort=id")
    assert item["desk_id"]["label"] == "Пресс-служба"


def test_an_item_leads_to_its_versions_and_posts(stranger: Stranger) -> None:
    page = stranger.get("/newsroom/item/3").text
    assert "/newsroom/version?item_id=3" in page
    assert "/newsroom/post?item_id=3" in page


def test_its_search_box_finds_by_word(stranger: Stranger) -> None:
    assert 'name="_search"' in stranger.get("/newsroom/item").text
    found = stranger.rows("/newsroom/item.json?_shape=objects&_search=ДОРОГИ")
    assert [row["title"] for row in found] == ["Ремонт дороги на улице Мира"]
    assert stranger.rows("/newsroom/item.json?_shape=objects&_search=отозванная") == []


@pytest.mark.parametrize("asked", ["дорогой", "ремонта", "улицу", "РЕМОНТОМ дорог"])
def test_its_own_query_finds_by_word_forms(stranger: Stranger, asked: str) -> None:
    found = stranger.rows(f"/newsroom/search.json?_shape=objects&q={asked}")
    assert [row["title"] for row in found] == ["Ремонт дороги на улице Мира"]


def test_columns_are_described_on_their_pages(stranger: Stranger) -> None:
    page = stranger.get("/newsroom/audience_day").text
    assert "last count (subscribers)" in page
