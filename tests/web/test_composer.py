"""The composer without scripts: written, shown, sent on its way from one form."""

from typing import Any

from webtest import TestResponse

from publisher.core.states import ItemStatus, OperationState, Role
from publisher.store.models import Item, Operation, Version
from tests.web.desk import DeskOffice, Visitor, form_to

NEW = "/items/new"


def composer(page: TestResponse) -> Any:
    """The composer's form on the page."""
    return next(form for form in page.forms.values() if form.fields.get("token"))


def written(visitor: Visitor, *channel_ids: int, **values: str) -> Any:
    """A new item's form, filled in."""
    form = composer(visitor.get(NEW))
    for name, value in {"title": "Ремонт моста", "body": "Мост **закрыт** до вечера.", **values}.items():
        form[name] = value
    for box in form.fields.get("channels", []):
        box.checked = int(box._value) in channel_ids
    return form


def press(visitor: Visitor, form: Any, act: str, **options: Any) -> TestResponse:
    """Press the button with this act, without following."""
    return form.submit("do", value=act, headers=visitor.headers, **options)


def items(office: DeskOffice) -> list[Item]:
    """All items."""
    with office.store.reading() as session:
        return list(session.query(Item).order_by(Item.id))


def newest(office: DeskOffice, item_id: int) -> Version:
    """The newest version."""
    with office.store.reading() as session:
        return session.query(Version).filter_by(item_id=item_id).order_by(Version.number.desc()).first()


def operations(office: DeskOffice, *states: OperationState) -> list[Operation]:
    """The operations in these states, or all."""
    with office.store.reading() as session:
        rows = session.query(Operation).order_by(Operation.id)
        return [row for row in rows if not states or row.state in states]


def test_publishing_saves_the_item_and_plans_it_for_the_chosen_channels(office: DeskOffice) -> None:
    first, _second = office.add_channel(), office.add_channel()
    editor = office.visitor()
    answer = press(editor, written(editor, first.id), "publish")
    assert answer.status_int == 303, answer.showbrowser
    assert answer.location.endswith("/items/1")
    assert newest(office, 1).body == "<p>Мост <b>закрыт</b> до вечера.</p>"
    assert [op.channel_id for op in operations(office)] == [first.id]
    assert items(office)[0].status is ItemStatus.SCHEDULED
