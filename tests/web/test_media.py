"""Uploads: taken in with the form or one by one, refused in the editor's words, given out harmlessly."""

from pathlib import Path
from typing import Any

import pytest
from webtest import TestResponse, Upload

from publisher.core.states import OperationState, Role
from tests.files import EXE, HTML, PDF, bomb, picture
from tests.web.desk import DeskOffice, Visitor
from tests.web.test_composer import NEW, composer, newest, operations, press, written


def send(visitor: Visitor, name: str, content: bytes, **options: Any) -> TestResponse:
    """Upload a file as the page's script does."""
    return visitor.post("/media", {"file": Upload(name, content)}, **options)


def test_a_file_goes_up_with_the_form(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor)
    form["files"] = [Upload("most.jpg", picture()), Upload("plan.pdf", PDF)]
    page = press(editor, form, "upload")
    rows = page.html.select(".media-row")
    assert [bool(row.img) for row in rows] == [True, False]
    form = composer(page)
    form["alt-1"], form["credit-1"] = "Мост", "Пресс-служба"
    press(editor, form, "save")
    placed = newest(office, 1)
    with office.store.reading() as session:
        version = session.merge(placed)
        assert [(p.media.name, p.alt, p.credit) for p in version.media] == [
            ("most.jpg", "Мост", "Пресс-служба"), ("plan.pdf", "", ""),
        ]  # fmt: skip


def test_a_picture_is_published_at_the_first_press(office: DeskOffice) -> None:
    channel = office.add_channel()
    editor = office.visitor()
    form = written(editor, channel.id)
    form["files"] = [Upload("most.jpg", picture())]
    assert press(editor, form, "publish").status_int == 303
    (operation,) = operations(office, OperationState.PLANNED)
    assert operation.edition["messages"][0]["media"][0]["name"] == "most.jpg"  # type: ignore[index]  # a publish has its edition


def test_files_are_moved_and_removed(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor)
    form["files"] = [Upload(f"{size}.jpg", picture(size, size)) for size in (40, 50, 60)]
    page = press(editor, form, "upload")
    page = press(editor, composer(page), "up-3")
    page = press(editor, composer(page), "remove-1")
    assert [field.value for field in composer(page).fields["media"]] == ["3", "2"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("big.jpg", b"\xff\xd8\xff" + bytes(40 * 1024 * 1024), "30 МБ"),
        ("bomb.png", bomb(12_000), "80 Мп"),
        ("photo.jpg", PDF, "PDF"),
        ("letter.docx", HTML, "letter.docx"),
        ("photo.png", EXE, "photo.png"),
        ("half.jpg", picture(400, 300)[:2000], "half.jpg"),
    ],
    ids=["too large", "bomb", "lies about its type", "HTML", "program", "cut off"],
)
def test_a_bad_file_is_refused_at_the_media_field(
    office: DeskOffice, name: str, content: bytes, words: str
) -> None:
    editor = office.visitor()
    form = written(editor)
    form["files"] = [Upload(name, content), Upload("good.jpg", picture())]
    page = press(editor, form, "save", status=422)
    assert words in page.html.find(id="e-media").text
    assert composer(page)["body"].value == "Мост **закрыт** до вечера."
    assert len(page.html.select(".media-row")) == 1
    answer = send(editor, name, content, status=422)
    assert words in answer.json["error"]


def test_a_full_disk_is_said_at_the_media_field(office: DeskOffice) -> None:
    (office.settings.data / "media").symlink_to("/dev/full")
    editor = office.visitor()
    form = written(editor)
    form["files"] = [Upload("most.jpg", picture())]
    page = press(editor, form, "save", status=422)
    assert "Сообщите администратору" in page.html.find(id="e-media").text
    assert composer(page)["title"].value == "Ремонт моста"


def test_a_single_upload_answers_with_its_row(office: DeskOffice) -> None:
    answer = send(office.visitor(Role.AUTHOR), "most.jpg", picture())
    assert 'name="alt-1"' in answer.json["row"]


def test_a_caption_that_is_too_long_is_offered_its_ways_out(office: DeskOffice) -> None:
    channel = office.add_channel()
    editor = office.visitor()
    form = written(editor, channel.id, body="а" * 1500)
    form["files"] = [Upload("most.jpg", picture())]
    page = press(editor, form, "publish", status=422)
    assert page.html.find(id="e-layout")
    assert page.html.select_one(".counter.is-over").text.strip() == "1\xa0514 из 1\xa0024"
    form = composer(page)
    form["layout"] = "media_first"
    assert press(editor, form, "publish").status_int == 303
    edition = operations(office)[0].edition
    assert [bool(message["media"]) for message in edition["messages"]] == [True, False]  # type: ignore[index]  # a publish has its edition


def stored(office: DeskOffice, visitor: Visitor, name: str, content: bytes) -> str:
    """The SHA-256 of an upload."""
    send(visitor, name, content)
    found = [p for p in Path(office.settings.data / "media").rglob("*") if len(p.name) == 64]
    return found[0].name


def test_a_picture_is_given_out_so_that_nothing_runs(office: DeskOffice) -> None:
    editor = office.visitor()
    sha256 = stored(office, editor, "most.jpg", picture(600, 400))
    for path in (f"/media/{sha256}", f"/media/{sha256}/thumbnail"):
        answer = editor.get(path)
        assert answer.content_type == "image/jpeg"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Cache-Control"].startswith("private")


def test_a_document_is_downloaded(office: DeskOffice) -> None:
    editor = office.visitor()
    sha256 = stored(office, editor, "План.pdf", PDF)
    answer = editor.get(f"/media/{sha256}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.body == PDF
    editor.get(f"/media/{sha256}/thumbnail", status=404)


def test_files_are_only_for_who_is_signed_in(office: DeskOffice) -> None:
    sha256 = stored(office, office.visitor(), "most.jpg", picture())
    stranger = office.visitor(None)
    stranger.get(f"/media/{sha256}", status=302)
    stranger.get(f"/media/{sha256}/thumbnail", headers={"Sec-Fetch-Mode": "no-cors"}, status=401)


@pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fkey", "x"])
def test_a_file_that_is_not_there_is_not_found(office: DeskOffice, name: str) -> None:
    office.visitor().get(f"/media/{name}", status=404)


def test_the_composer_shows_pictures_of_a_saved_item(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor)
    form["files"] = [Upload("most.jpg", picture())]
    page = press(editor, form, "save").follow(headers=editor.headers)
    source = page.html.select_one(".media-row img")["src"]
    assert editor.get(source).content_type == "image/jpeg"
    assert NEW not in page.request.url
