"""Saving, publishing, scheduling, taking back: what an editor's press writes into the outbox."""

from datetime import timedelta

import pytest

from publisher.actions.publish import publish_item
from publisher.actions.save import ItemForm, create_item, save_item
from publisher.actions.schedule import reschedule_item, take_back
from publisher.config import Delivery
from publisher.core.editions import Layout
from publisher.core.permissions import Actor
from publisher.core.states import ItemStatus, OperationState, Priority, Role
from publisher.errors import EditConflict, EmbargoInForce, NotAllowed, RuleError
from publisher.store.items import get_item, get_version
from publisher.store.models import AuditEvent, Operation
from publisher.store.session import Store
from tests.builders import NOW, actor_for, add_account, add_channel, add_desk, add_user

DELIVERY = Delivery()
HOUR = timedelta(hours=1)


class Desktop:
    """A desk with two channels, another desk with one, and an editor of the first."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.begin() as session:
            self.desk, self.other_desk = add_desk(session), add_desk(session, title="Другое")
            account = add_account(session)
            self.channels = [add_channel(session, account, self.desk) for _ in range(2)]
            self.foreign = add_channel(session, account, self.other_desk)
            self.editor = actor_for(add_user(session, Role.EDITOR, self.desk))
            self.author = actor_for(add_user(session, Role.AUTHOR, self.desk))
            self.chief = actor_for(add_user(session, Role.CHIEF))

    def form(self, **values: object) -> ItemForm:
        """A form that can be published as it is."""
        defaults: dict[str, object] = {
            "title": "Ремонт дороги",
            "body": "<p>Улица закрыта до вечера.</p>",
            "desk_id": self.desk.id,
            "channel_ids": tuple(channel.id for channel in self.channels),
        }
        return ItemForm(**{**defaults, **values})  # type: ignore[arg-type]  # the form's own fields

    def create(self, **values: object) -> int:
        """A saved item."""
        with self.store.begin() as session:
            return create_item(session, self.editor, self.form(**values), NOW).id

    def operations(self, item_id: int) -> list[Operation]:
        """The item's operations."""
        with self.store.reading() as session:
            return list(session.query(Operation).filter_by(item_id=item_id).order_by(Operation.id))


@pytest.fixture
def desktop(sqlite_store: Store) -> Desktop:
    """The rules are the same on both databases; one is enough here."""
    return Desktop(sqlite_store)


def publish(desktop: Desktop, item_id: int, actor: Actor | None = None, **values: object) -> None:
    """Press the button."""
    with desktop.store.begin() as session:
        publish_item(session, actor or desktop.editor, item_id, DELIVERY, NOW, **values)  # type: ignore[arg-type]  # its own keywords


def test_publishing_writes_a_finished_keyed_operation_per_channel(desktop: Desktop) -> None:
    item_id = desktop.create()
    publish(desktop, item_id)
    operations = desktop.operations(item_id)
    assert [op.channel_id for op in operations] == [channel.id for channel in desktop.channels]
    assert len({op.key for op in operations}) == 2
    assert all(op.wake_at == NOW and op.latest == NOW + 2 * HOUR for op in operations)
    text = operations[0].edition["messages"][0]["text"]["text"]  # type: ignore[index]  # a publish has its edition
    assert text == "Ремонт дороги\n\nУлица закрыта до вечера."
    with desktop.store.reading() as session:
        assert get_item(session, item_id).status is ItemStatus.SCHEDULED
        assert session.query(AuditEvent).filter_by(action="item.publish").count() == 1


def test_publish_now_on_the_screen_leaves_time_to_take_it_back(desktop: Desktop) -> None:
    item_id = desktop.create()
    publish(desktop, item_id, undo=True)
    assert {op.wake_at for op in desktop.operations(item_id)} == {NOW + timedelta(seconds=15)}
    with desktop.store.begin() as session:
        assert take_back(session, desktop.editor, item_id, NOW) == 2
    assert {op.state for op in desktop.operations(item_id)} == {OperationState.CANCELLED}
    with desktop.store.reading() as session:
        assert get_item(session, item_id).status is ItemStatus.APPROVED
    publish(desktop, item_id)
    assert len(desktop.operations(item_id)) == 4


def test_an_emergency_has_no_undo_and_grows_stale_soon(desktop: Desktop) -> None:
    item_id = desktop.create(priority=Priority.EMERGENCY)
    publish(desktop, item_id, desktop.chief, undo=True)
    operation = desktop.operations(item_id)[0]
    assert (operation.wake_at, operation.priority) == (NOW, Priority.EMERGENCY)
    assert operation.latest == NOW + timedelta(minutes=15)


def test_publishing_again_reaches_only_channels_that_were_added(desktop: Desktop) -> None:
    item_id = desktop.create(channel_ids=(desktop.channels[0].id,))
    publish(desktop, item_id)
    with pytest.raises(RuleError, match="already have"):
        publish(desktop, item_id)
    with desktop.store.begin() as session:
        save_item(session, desktop.editor, item_id, desktop.form(base=1), NOW)
    publish(desktop, item_id)
    assert [op.channel_id for op in desktop.operations(item_id)] == [c.id for c in desktop.channels]


def test_a_scheduled_item_can_be_moved(desktop: Desktop) -> None:
    item_id = desktop.create()
    publish(desktop, item_id, due=NOW + HOUR)
    with desktop.store.begin() as session:
        assert reschedule_item(session, desktop.editor, item_id, NOW + 3 * HOUR, DELIVERY, NOW) == 2
    assert {op.wake_at for op in desktop.operations(item_id)} == {NOW + 3 * HOUR}
    assert {op.latest for op in desktop.operations(item_id)} == {NOW + 5 * HOUR}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"channel_ids": ()}, "channels"),
        ({"body": ""}, "body"),
        ({"body": "<p>" + "а" * 4096 + "</p>"}, "body"),
    ],
)
def test_what_cannot_stand_is_refused_at_its_field(
    desktop: Desktop, values: dict[str, object], field: str
) -> None:
    item_id = desktop.create(**values)
    with pytest.raises(RuleError) as caught:
        publish(desktop, item_id)
    assert caught.value.field == field
    assert desktop.operations(item_id) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "а" * 301}, "title"),
        ({"slug": "Слаг!"}, "slug"),
        ({"slug": "a" * 81}, "slug"),
        ({"desk_id": 999}, "desk_id"),
    ],
)
def test_what_cannot_be_saved_is_refused_at_its_field(
    desktop: Desktop, values: dict[str, object], field: str
) -> None:
    with pytest.raises(RuleError) as caught, desktop.store.begin() as session:
        create_item(session, desktop.chief, desktop.form(**values), NOW)
    assert caught.value.field == field


def test_another_desks_channel_is_refused_by_name(desktop: Desktop) -> None:
    item_id = desktop.create(channel_ids=(desktop.channels[0].id, desktop.foreign.id))
    with pytest.raises(NotAllowed, match=desktop.foreign.title):
        publish(desktop, item_id)
    publish(desktop, item_id, desktop.chief)
    assert len(desktop.operations(item_id)) == 2


def test_what_stands_in_another_desks_channel_is_no_obstacle_to_ones_own(desktop: Desktop) -> None:
    item_id = desktop.create(channel_ids=(desktop.foreign.id,))
    publish(desktop, item_id, desktop.chief)
    with desktop.store.begin() as session:
        chosen = (desktop.foreign.id, desktop.channels[0].id)
        save_item(session, desktop.editor, item_id, desktop.form(base=1, channel_ids=chosen), NOW)
    publish(desktop, item_id)
    assert [op.channel_id for op in desktop.operations(item_id)] == list(chosen)


def test_an_author_may_write_but_not_publish(desktop: Desktop) -> None:
    item_id = desktop.create()
    with pytest.raises(NotAllowed):
        publish(desktop, item_id, desktop.author)


def test_an_emergency_needs_the_chief(desktop: Desktop) -> None:
    item_id = desktop.create(priority=Priority.EMERGENCY)
    with pytest.raises(NotAllowed) as caught:
        publish(desktop, item_id)
    assert caught.value.field == "priority"


def test_nothing_goes_out_before_its_embargo(desktop: Desktop) -> None:
    item_id = desktop.create(embargo=NOW + HOUR)
    with pytest.raises(EmbargoInForce):
        publish(desktop, item_id)
    publish(desktop, item_id, due=NOW + HOUR)
    assert {op.due for op in desktop.operations(item_id)} == {NOW + HOUR}


def test_the_second_of_two_editors_is_told_and_loses_nothing(desktop: Desktop) -> None:
    item_id = desktop.create()
    with desktop.store.begin() as session:
        save_item(session, desktop.editor, item_id, desktop.form(title="Первый", base=1), NOW)
    with pytest.raises(EditConflict) as caught, desktop.store.begin() as session:
        save_item(session, desktop.chief, item_id, desktop.form(title="Второй", base=1), NOW)
    assert caught.value.params["current"] == 2
    with desktop.store.reading() as session:
        assert get_version(session, get_item(session, item_id)).title == "Первый"


def test_an_approval_ends_with_the_next_version(desktop: Desktop) -> None:
    item_id = desktop.create()
    with desktop.store.begin() as session:
        get_item(session, item_id).status = ItemStatus.APPROVED
    with desktop.store.begin() as session:
        same = save_item(session, desktop.editor, item_id, desktop.form(channel_ids=(), base=1), NOW)
        assert (same.number, get_item(session, item_id).status) == (1, ItemStatus.APPROVED)
    with desktop.store.begin() as session:
        save_item(session, desktop.editor, item_id, desktop.form(title="Другое", base=1), NOW)
        assert get_item(session, item_id).status is ItemStatus.DRAFT


def test_an_own_text_for_one_channel_goes_only_there(desktop: Desktop) -> None:
    own = desktop.channels[1].id
    item_id = desktop.create(overrides={own: "<p>Свой текст</p>"}, layout=Layout.CAPTION)
    publish(desktop, item_id)
    texts = {op.channel_id: op.edition["messages"][0]["text"]["text"] for op in desktop.operations(item_id)}  # type: ignore[index]  # a publish has its edition
    assert texts[own] == "Свой текст"
    assert texts[desktop.channels[0].id].startswith("Ремонт дороги")


def test_slugs_stay_unique(desktop: Desktop) -> None:
    with desktop.store.reading() as session:
        slugs = [get_item(session, item_id).slug for item_id in (desktop.create(), desktop.create())]
    assert slugs == ["remont-dorogi", "remont-dorogi-2"]
