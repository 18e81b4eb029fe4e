"""A newsroom with news of all kinds, and its archive as a stranger reads it."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from publisher.core.editions import MediaKind
from publisher.core.platforms import Realm
from publisher.core.states import ItemStatus, OperationKind, OperationState, PostState
from publisher.store.archive.write import Labels, Made, write_archive
from publisher.store.models import (
    AppealTotal,
    AudienceDay,
    Channel,
    EditionOverride,
    Item,
    Media,
    Operation,
    Post,
    PostMetric,
    Version,
    VersionMedia,
)
from publisher.store.session import Store
from tests.builders import NOW, add_account, add_channel, add_desk, add_item, add_operation, add_post

LABELS = Labels(office="Администрация города", zone=ZoneInfo("Europe/Moscow"))
DAY = timedelta(days=1)


class Newsroom:
    """Rows as the office has them, and the archive that is made of them."""

    def __init__(self, store: Store, file: Path) -> None:
        self.store = store
        self.file = file
        with store.begin() as session:
            self.desk = add_desk(session, title="Пресс-служба")
            account = add_account(session, realm=Realm.REAL)
            self.channel = add_channel(session, account, self.desk, "krd_news", title="Новости города")

    def archive(self, *, anew: bool = False, now: datetime = NOW, realm: Realm = Realm.REAL) -> Made:
        """Bring the archive up to date."""
        return write_archive(self.store, self.file, realm, LABELS, now, anew=anew)

    def read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the file, opened as a published file is: read-only and unchanging."""
        with closing(sqlite3.connect(f"{self.file.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            return connection.execute(sql, values).fetchall()

    def publish(
        self,
        title: str = "Ремонт дороги",
        body: str = "<p>На улице <b>Мира</b> начался ремонт.</p>",
        **values: Any,
    ) -> int:
        """An item that went out; its id."""
        with self.store.begin() as session:
            channel = session.get_one(Channel, self.channel.id)
            item, version = add_item(session, self.desk, channel, title=title, body=body)
            item.status = ItemStatus.PUBLISHED
            version.tags, version.source = ["город"], "Пресс-служба"
            for name, value in values.items():
                setattr(item, name, value)
            post = add_post(session, self._sent(session, version), permalink="https://t.me/krd_news/1")
            session.add(
                PostMetric(
                    post_id=post.id,
                    age=600,
                    taken_at=NOW,
                    views=120,
                    forwards=3,
                    reactions=None,
                    comments=None,
                )
            )
            return item.id  # fmt: skip

    def save(self, item_id: int, title: str, body: str = "<p>Новый текст</p>") -> Version:
        """A further version that nobody has seen yet."""
        with self.store.begin() as session:
            item = session.get_one(Item, item_id)
            item.head += 1
            version = Version(
                item_id=item.id, number=item.head, title=title, body=body, tags=[], hash=title, created_at=NOW
            )
            session.add(version)
            return version

    def correct(self, item_id: int, title: str) -> None:
        """The further version went out to all who had the first."""
        version = self.save(item_id, title)
        with self.store.begin() as session:
            session.get_one(Item, item_id).status = ItemStatus.CORRECTED
            for post in session.query(Post).filter_by(item_id=item_id):
                edit = self._sent(session, version, OperationKind.EDIT, target_id=post.operation_id)
                post.standing_id, post.edited_at = edit.id, NOW + DAY

    def kill(self, item_id: int) -> None:
        """The item was withdrawn."""
        with self.store.begin() as session:
            item = session.get_one(Item, item_id)
            item.status, item.kill_reason = ItemStatus.KILLED, "Ошибка"
            for post in session.query(Post).filter_by(item_id=item_id):
                post.state, post.withdrawn_at = PostState.WITHDRAWN, NOW + DAY

    def add_picture(self, item_id: int, alt: str = "Дорога") -> None:
        """The item's versions show a picture."""
        with self.store.begin() as session:
            media = Media(
                sha256=f"{item_id:064x}", kind=MediaKind.PHOTO, mime="image/jpeg", name="IMG_1.jpg", size=9,
                created_at=NOW,
            )  # fmt: skip
            session.add(media)
            session.flush()
            for version in session.query(Version).filter_by(item_id=item_id):
                session.add(VersionMedia(version_id=version.id, position=0, media_id=media.id, alt=alt))

    def override(self, item_id: int, body: str) -> None:
        """The channel got a text of its own instead of the newest version's."""
        with self.store.begin() as session:
            version = session.query(Version).filter_by(item_id=item_id).order_by(Version.id.desc()).first()
            assert version
            session.add(EditionOverride(version_id=version.id, channel_id=self.channel.id, body=body))

    def count(self, day: date, *values: int, channel: Channel | None = None) -> None:
        """Subscribers on a day, in the order they were counted."""
        with self.store.begin() as session:
            session.add(
                AudienceDay(
                    channel_id=(channel or self.channel).id, day=day, first_at=1, opening=values[0],
                    last_at=2, closing=values[-1], low=min(values), high=max(values), samples=len(values),
                )
            )  # fmt: skip

    def add_appeals(self, day: date, source: str, topic: str, value: int) -> None:
        """Citizens' appeals of a day."""
        with self.store.begin() as session:
            session.add(AppealTotal(day=day, source=source, topic=topic, value=value))

    def _sent(
        self,
        session: Session,
        version: Version,
        kind: OperationKind = OperationKind.PUBLISH,
        **values: Any,
    ) -> Operation:
        return add_operation(
            session, version, self.channel, kind, OperationState.SENT, sent_at=NOW, **values
        )  # fmt: skip


def bytes_of(words: Sequence[str]) -> list[bytes]:
    """The words as they could stand in a file."""
    return [word.encode(coding) for word in words for coding in ("utf-8", "utf-16-le", "utf-16-be")]
