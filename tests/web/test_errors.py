"""What goes wrong below a page: it says so, keeps what was typed, and lets it be sent once more."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import event, make_url
from webtest import TestResponse

from publisher.core.states import OperationState
from tests.web.desk import DeskOffice, form_to
from tests.web.test_composer import NEW, items, operations, press, written


def set_pragma(office: DeskOffice, pragma: str) -> None:
    """A limit of SQLite's own for every connection of the desk."""
    event.listen(
        office.store.engine, "checkout", lambda connection, *_: connection.execute(f"PRAGMA {pragma}")
    )


@contextmanager
def locked(office: DeskOffice) -> Iterator[None]:
    """Another program writes, for longer than the desk waits for it."""
    set_pragma(office, "busy_timeout = 50")
    file = make_url(office.settings.database_url).database
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def kept(page: TestResponse) -> dict[str, str]:
    """What the page would send once more."""
    return {name: field.value for name, field in form_to(page, NEW).fields.items() for field in field[:1]}


def test_what_was_typed_stays_while_the_database_is_locked_and_goes_in_afterwards(office: DeskOffice) -> None:
    channel = office.add_channel()
    editor = office.visitor()
    form = written(editor, channel.id, body="Мост закрыт.\n\nОбъезд по «набережной».")
    with locked(office):
        page = press(editor, form, "publish", status=503)
    assert "База данных занята" in page
    assert kept(page)["title"] == "Ремонт моста"
    assert items(office) == []
    editor.send(form_to(page, NEW))
    assert [item.slug for item in items(office)] == ["remont-mosta"]
    assert [operation.state for operation in operations(office)] == [OperationState.PLANNED]
    assert "«набережной»" in str(operations(office)[0].edition)


def test_pages_are_read_while_the_database_is_locked(office: DeskOffice) -> None:
    item, _ = office.add_item(title="Мост")
    editor = office.visitor()
    with locked(office):
        for path in ("/", "/items", f"/items/{item.id}", f"/items/{item.id}/edit", "/queue", "/audience"):
            assert editor.get(path).status_int == 200


def test_a_button_pressed_while_the_database_is_locked_can_be_pressed_again(office: DeskOffice) -> None:
    item, _ = office.add_item(office.add_channel())
    editor = office.visitor()
    path = f"/items/{item.id}/publish"
    form = form_to(editor.get(f"/items/{item.id}"), path)
    with locked(office):
        page = form.submit(headers=editor.headers, status=503)
    editor.send(form_to(page, path))
    assert len(operations(office)) == 1


def test_a_full_disk_is_said_and_the_text_stays(office: DeskOffice) -> None:
    editor = office.visitor()
    form = written(editor, body="Очень длинная новость. " * 20_000)
    set_pragma(office, "max_page_count = 1")
    page = press(editor, form, "save", status=503)
    assert "нет места" in page
    assert kept(page)["body"].startswith("Очень длинная новость.")
    assert items(office) == []
