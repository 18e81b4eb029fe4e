"""A newsroom whose delivery is done by hand: tests say what became of each operation."""

from datetime import datetime

from publisher.actions.publish import publish_item
from publisher.actions.save import ItemForm, create_item, save_item
from publisher.config import Delivery
from publisher.core.states import ItemStatus, OperationKind, OperationState, Role
from publisher.store.items import get_item
from publisher.store.models import Operation, Post
from publisher.store.session import Store
from tests.builders import NOW, actor_for, add_account, add_channel, add_desk, add_post, add_user

DELIVERY = Delivery()


class Newsroom:
    """One desk, two channels, a chief; one item published to both."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.begin() as session:
            self.desk = add_desk(session)
            account = add_account(session)
            self.channels = [add_channel(session, account, self.desk) for _ in range(2)]
            self.chief = actor_for(add_user(session, Role.CHIEF))
            self.editor = actor_for(add_user(session, Role.EDITOR, self.desk))
            self.author = actor_for(add_user(session, Role.AUTHOR, self.desk))
            item = create_item(session, self.chief, self.form("Первый текст"), NOW)
            publish_item(session, self.chief, item.id, DELIVERY, NOW)
            self.item_id = item.id

    def form(self, text: str, base: int = 0, **values: object) -> ItemForm:
        """A version of the item."""
        return ItemForm(
            title="Новость",
            body=f"<p>{text}</p>",
            desk_id=self.desk.id,
            channel_ids=tuple(channel.id for channel in self.channels),
            base=base,
            **values,  # type: ignore[arg-type]  # the form's own fields
        )

    def save(self, text: str, **values: object) -> None:
        """A newer version."""
        with self.store.begin() as session:
            head = get_item(session, self.item_id).head
            save_item(session, self.chief, self.item_id, self.form(text, base=head, **values), NOW)

    def deliver(self, place: int, state: OperationState, at: datetime = NOW) -> None:
        """Say what became of the publish in channel `place`; a sent one stands from `at` on."""
        with self.store.begin() as session:
            operation = session.get_one(Operation, self.operations(place)[0].id)
            operation.state = state
            operation.wake_at = None
            if state is OperationState.SENT:
                add_post(session, operation).published_at = at
                get_item(session, self.item_id).status = ItemStatus.PUBLISHED

    def operations(self, place: int) -> list[Operation]:
        """The lane of the item in channel `place`."""
        channel_id = self.channels[place].id
        with self.store.reading() as session:
            rows = session.query(Operation).filter_by(item_id=self.item_id, channel_id=channel_id)
            return list(rows.order_by(Operation.id))

    def lane(self, place: int) -> list[tuple[OperationKind, OperationState]]:
        """The same, short."""
        return [(operation.kind, operation.state) for operation in self.operations(place)]

    def text(self, operation: Operation) -> str:
        """What the operation would put up."""
        assert operation.edition is not None
        return str(operation.edition["messages"][-1]["text"]["text"])

    def posts(self) -> list[Post]:
        """What stands or stood."""
        with self.store.reading() as session:
            return list(session.query(Post).order_by(Post.id))
