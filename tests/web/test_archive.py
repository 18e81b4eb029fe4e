"""The archive's page: how it stands, asking for it, taking it along."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from publisher.core.platforms import Realm
from publisher.core.states import ItemStatus, OperationState, Role
from publisher.store.archive.metadata import write_metadata
from publisher.store.archive.read import archive_file
from publisher.store.archive.write import write_archive
from publisher.store.models import Item
from tests.builders import add_operation, add_post
from tests.store.archived import LABELS
from tests.web.desk import DeskOffice, Visitor, form_to
from tests.web.worker import answer, begin_work, open_requests


@pytest.fixture
def admin(office: DeskOffice) -> Visitor:
    """An administrator."""
    return office.visitor(Role.ADMIN)


def make_archive(office: DeskOffice) -> Path:
    """What a worker does: the archive of an office with one published item."""
    channel = office.add_channel("krd_news")
    item, version = office.add_item(channel, title="Ремонт дороги")
    with office.store.begin() as session:
        session.get_one(Item, item.id).status = ItemStatus.PUBLISHED
        operation = add_operation(session, version, channel, state=OperationState.SENT, sent_at=office.now)
        add_post(session, operation)
    file = archive_file(office.settings.data, Realm.SANDBOX)
    write_archive(office.store, file, Realm.SANDBOX, LABELS, office.now)
    write_metadata(file, LABELS)
    return file


def test_the_page_says_that_there_is_none_yet(admin: Visitor) -> None:
    page = admin.get("/archive")
    assert "Архива ещё нет" in page.text
    admin.get("/archive/newsroom.db", status=404)


def test_the_page_says_how_the_archive_stands(office: DeskOffice, admin: Visitor) -> None:
    make_archive(office)
    page = admin.get("/archive").text
    assert "сегодня, 09:00" in page
    assert "учебные данные" in page
    assert "кБ" in page


def test_update_now_asks_a_worker_once(office: DeskOffice, admin: Visitor) -> None:
    begin_work(office)
    page = admin.get("/archive")
    page = admin.send(form_to(page, "/archive/update"))
    admin.send(form_to(page, "/archive/update"))
    [asked] = open_requests(office)
    assert (asked.kind, asked.realm) == ("make_archive", Realm.SANDBOX)
    assert "Архив обновляется" in page.text
    live = admin.get("/archive/live")
    assert live.headers["X-Live-Seconds"] == "1"


def test_the_page_says_when_no_worker_runs(admin: Visitor) -> None:
    page = admin.send(form_to(admin.get("/archive"), "/archive/update"))
    assert "publisher worker --realm sandbox" in page.text


def test_the_page_says_how_the_last_run_ended(office: DeskOffice, admin: Visitor) -> None:
    admin.send(form_to(admin.get("/archive"), "/archive/update"))
    answer(office, ok=True, added=1204, changed=2, removed=0)
    assert "добавлено строк 1 204, изменено 2, убрано 0" in admin.get("/archive/live").text.replace(
        "\xa0", " "
    )


def test_the_page_keeps_saying_why_a_run_failed(office: DeskOffice, admin: Visitor) -> None:
    make_archive(office)
    admin.send(form_to(admin.get("/archive"), "/archive/update"))
    message = "no room for the archive {file}: the old one stays"
    answer(office, ok=False, message=message, params={"file": "newsroom.db"})
    office.pass_time(hours=3)
    page = admin.get("/archive").text
    assert "Последний раз обновить не удалось" in page
    assert "нет места" in page
    assert "Скачать архив" in page


def test_the_archive_is_given_out_whole(office: DeskOffice, admin: Visitor, tmp_path: Path) -> None:
    file = make_archive(office)
    given = admin.get("/archive/newsroom.db")
    assert given.content_type == "application/vnd.sqlite3"
    assert given.headers["Content-Disposition"] == "attachment; filename=newsroom-training.db"
    assert given.body == file.read_bytes()
    copy = tmp_path / "copy.db"
    copy.write_bytes(given.body)
    with closing(sqlite3.connect(copy)) as archive:
        assert archive.execute("SELECT title FROM item").fetchall() == [("Ремонт дороги",)]


def test_a_download_goes_on_where_it_stopped(office: DeskOffice, admin: Visitor) -> None:
    whole = make_archive(office).read_bytes()
    etag = admin.get("/archive/newsroom.db").headers["ETag"]
    rest = admin.get("/archive/newsroom.db", headers={"Range": "bytes=1000-", "If-Range": etag}, status=206)
    assert rest.body == whole[1000:]
    admin.get("/archive/newsroom.db", headers={"If-None-Match": etag}, status=304)


def test_what_datasette_needs_is_given_out_too(office: DeskOffice, admin: Visitor) -> None:
    make_archive(office)
    assert "newsroom-training" in admin.get("/archive/newsroom.metadata.json").json["databases"]


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.EDITOR, Role.CHIEF])
def test_only_administrators_have_the_page(office: DeskOffice, role: Role) -> None:
    visitor = office.visitor(role)
    for path in ("/archive", "/archive/live", "/archive/newsroom.db", "/archive/newsroom.metadata.json"):
        visitor.get(path, status=403)
    visitor.post("/archive/update", status=403)
    assert open_requests(office) == []
