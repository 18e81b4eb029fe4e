"""Items as pages about them need them: in their channels, each in its own state."""

from datetime import datetime, timedelta

from publisher.actions.editions import editions_of
from publisher.core.editions import Edition, edition_to_json
from publisher.core.states import (
    HoldReason,
    ItemStatus,
    OperationKind,
    OperationState,
    PostState,
    Priority,
)
from publisher.store.items import get_version
from publisher.store.models import Attempt, Channel, EditionOverride, Item, Operation, Post, Version
from tests.builders import NOW, add_operation, add_post, text_edition
from tests.web.desk import DeskOffice

REFUSED = {
    "code": "CHAT_WRITE_FORBIDDEN",
    "message": "The account may not post in the channel: make it an administrator.",
    "params": {},
    "detail": "",
}
UNKNOWN = {
    "code": "UNCONFIRMED",
    "message": "The network did not say whether the post stands.",
    "params": {},
    "detail": "",
}
AT_WORK = {OperationState.SENDING, OperationState.CHECKING, OperationState.RETRYING}


class News:
    """One item of the press office that was published to channels named A, B, C …, one for each state."""

    def __init__(self, office: DeskOffice, *states: OperationState, title: str = "Ремонт моста") -> None:
        self.office = office
        self.channels = [
            office.add_channel(f"news_{letter.lower()}", title=f"Канал {letter}")
            for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZЖ"[: len(states) or 1]
        ]
        item, _ = office.add_item(*self.channels, title=title, body="<p>Мост закрыт до вечера.</p>")
        self.id = item.id
        self.path = f"/items/{item.id}"
        self.operations = [
            self.add(place, OperationKind.PUBLISH, state) for place, state in enumerate(states)
        ]
        if states:
            self.set(ItemStatus.PUBLISHED if OperationState.SENT in states else ItemStatus.SCHEDULED)

    def add(
        self,
        place: int,
        kind: OperationKind,
        state: OperationState,
        *,
        edition: Edition | None = None,
        **values: object,
    ) -> int:
        """One more operation in a channel, with what belongs to its state; its id."""
        with self.office.store.begin() as session:
            item = session.get_one(Item, self.id)
            newest = session.query(Version).filter_by(item_id=item.id, number=item.head).one()
            operation = add_operation(
                session, newest, self.channels[place], kind, state, due=values.pop("due", NOW), **values  # type: ignore[arg-type]  # the model's own fields
            )  # fmt: skip
            operation.edition = edition_to_json(edition or text_edition())
            _dress(operation)
            if state is OperationState.SENT and kind is OperationKind.PUBLISH:
                handle = self.channels[place].handle
                add_post(session, operation, 100 + place, permalink=f"https://t.me/{handle}/{100 + place}")
            return operation.id

    def set(self, status: ItemStatus, **values: object) -> None:
        """Put the item into a state of life."""
        with self.office.store.begin() as session:
            item = session.get_one(Item, self.id)
            item.status = status
            if status in {ItemStatus.PUBLISHED, ItemStatus.CORRECTED}:
                item.published_at = NOW
            for name, value in values.items():
                setattr(item, name, value)

    def save(self, title: str = "Ремонт моста", body: str = "<p>Мост закрыт до утра.</p>") -> None:
        """A newer version."""
        with self.office.store.begin() as session:
            item = session.get_one(Item, self.id)
            item.head += 1
            session.add(
                Version(
                    item_id=item.id, number=item.head, title=title, body=body, tags=[],
                    hash=f"{item.head:064x}", created_at=NOW,
                )
            )  # fmt: skip

    def write_own_text(self, place: int, number: int) -> None:
        """A text of the channel's own in version `number`."""
        with self.office.store.begin() as session:
            version = get_version(session, session.get_one(Item, self.id), number)
            session.add(
                EditionOverride(
                    version_id=version.id, channel_id=self.channels[place].id, body="<p>Свой текст</p>"
                )
            )

    def show(self) -> None:
        """Every post shows exactly what the newest version makes of it."""
        with self.office.store.begin() as session:
            version = get_version(session, session.get_one(Item, self.id))
            made = {e.channel.id: e.edition for e in editions_of(version, self.channels)}
            for number in self.operations:
                operation = session.get_one(Operation, number)
                operation.edition = edition_to_json(made[operation.channel_id])

    def move(self, operation_id: int, state: OperationState, **values: object) -> None:
        """Say what became of an operation."""
        with self.office.store.begin() as session:
            operation = session.get_one(Operation, operation_id)
            operation.state, operation.wake_at, operation.error = state, None, None
            _dress(operation)
            for name, value in values.items():
                setattr(operation, name, value)

    def see(self, place: int, state: PostState) -> int:
        """Reconcile saw the post of a channel in this state; its id."""
        with self.office.store.begin() as session:
            post = session.query(Post).filter_by(channel_id=self.channels[place].id).one()
            post.state, post.checked_at = state, NOW
            return post.id

    def try_(self, operation_id: int, outcome: str, at: datetime = NOW, code: str = "") -> None:
        """A try of an operation."""
        with self.office.store.begin() as session:
            session.add(
                Attempt(
                    operation_id=operation_id, number=1, worker="w", started_at=at, finished_at=at,
                    outcome=outcome, code=code, detail="",
                )
            )  # fmt: skip

    def choose(self, *channels: Channel) -> None:
        """Choose these channels for the item, and no other."""
        with self.office.store.begin() as session:
            chosen = [session.get_one(Channel, channel.id) for channel in channels]
            session.get_one(Item, self.id).channels = chosen

    def hurry(self, priority: Priority) -> None:
        """Give the item another priority."""
        self.set(ItemStatus.DRAFT, priority=priority)

    def states(self) -> list[tuple[str, str]]:
        """Kind and state of every operation, oldest first."""
        with self.office.store.reading() as session:
            rows = session.query(Operation).filter_by(item_id=self.id).order_by(Operation.id)
            return [(operation.kind.value, operation.state.value) for operation in rows]

    def status(self) -> ItemStatus:
        """Where the item is in its life."""
        with self.office.store.reading() as session:
            return session.get_one(Item, self.id).status


def _dress(operation: Operation) -> None:
    """What delivery writes beside a state."""
    if operation.state in AT_WORK and operation.state is not OperationState.SENDING:
        operation.wake_at = NOW + timedelta(minutes=4, seconds=13)
    if operation.state is OperationState.FAILED:
        operation.error = REFUSED
    if operation.state is OperationState.UNCONFIRMED:
        operation.error, operation.first_sent_at = UNKNOWN, NOW
    if operation.state is OperationState.HELD:
        operation.hold_reason = HoldReason.STALE
    if operation.state is OperationState.SENT:
        operation.sent_at = NOW
