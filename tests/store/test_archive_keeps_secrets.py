"""Nothing gets out that is not published: every column of every table is marked, and the file is searched for
the marks.

A new column belongs to nobody here, so the first test fails until somebody has decided about it.
"""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    DateTime,
    Enum,
    LargeBinary,
    String,
    Table,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from publisher.core.platforms import Realm
from publisher.core.states import ItemStatus, OperationState, Role
from publisher.store.models import Base
from publisher.store.session import Store
from tests.builders import NOW, add_account, add_channel, add_item, add_operation, add_post, add_user
from tests.store.archived import DAY, Newsroom

# What the archive tells of a row that is published.
PUBLIC = {
    "desk": "id title",
    "channel": "id desk_id network handle title opened_on retired_at",
    "item": "id desk_id status",
    "version": "id item_id title body tags source",
    "media": "id sha256 kind mime size width height",
    "version_media": "version_id position media_id alt credit",
    "edition_override": "version_id channel_id body",
    "operation": "item_id version_id channel_id kind state sent_at",
    "post": "id item_id channel_id state permalink published_at edited_at withdrawn_at",
    "post_metric": "post_id age taken_at views forwards reactions comments",
    "audience_day": "channel_id day opening closing low high samples",
    "appeal_total": "day source topic value",
    # Only as a hash, and only whether it is the real or the training one.
    "installation": "uid",
    "account": "realm",
}
# What it never tells, of any row.
PRIVATE = {
    "installation": "id fingerprint created_at paused_at pause_reason paused_by_id",
    "desk": "slug demo",
    "membership": "user_id desk_id",
    "user": "id email name role language password active gets_digest fs_uniquifier created_at demo",
    "sign_in_link": "token_hash user_id expires_at used_at",
    "web_session": "uid user_id created_at seen_at ended_at agent",
    "audit_event": "id at user_id actor action subject detail",
    "account": "id network name credentials session state reason remote_name checked_at created_at demo",
    "channel": "id account_id address state reason checked_at created_at demo",
    "media": "name created_at created_by_id demo",
    "item": (
        "slug priority head embargo due kill_reason created_at created_by_id updated_at published_at demo"
    ),
    "item_channel": "item_id channel_id",
    "version": ("number layout link_preview silent hash created_at created_by_id approved_at approved_by_id"),
    "draft": "uid user_id item_id base form updated_at",
    "submission": "token user_id at result",
    "operation": (
        "id target_id priority key edition due latest wake_at hold_reason error cost attempts first_sent_at"
        " claimed_by claimed_at external_ids created_at created_by_id"
    ),
    "attempt": ("id operation_id number worker started_at finished_at outcome code detail external_ids"),
    "post": "operation_id standing_id external_ids checked_at checks next_check_at next_measure_at",
    "worker": "uid realm host pid started_at heartbeat_at stopped_at",
    "account_lease": "account_id worker token expires_at",
    "request": "id kind realm subject_id created_at done_at result",
    "turn": "job period worker taken_at done_at",
    "audience_count": "channel_id taken_at value source",
    "audience_day": "first_at last_at",
    "audience_miss": "channel_id first_at last_at code",
    "digest": "id realm week made_at figures",
    "digest_chart": "digest_id name png",
    "digest_letter": "digest_id user_id state attempts changed_at error",
    "search_entry": "id title body media",
    "search_progress": "id scheme top below",
}
MARK = re.compile(rb"zq[a-z0-9_]+?qz")


def decided() -> set[str]:
    """Every column that stands above."""
    return {
        f"{table}.{column}"
        for known in (PUBLIC, PRIVATE)
        for table, columns in known.items()
        for column in columns.split()
    }


def test_somebody_has_decided_about_every_column() -> None:
    columns = {
        f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns
    }
    assert decided() == columns


def mark(table: Table, column: Column[Any], row: str) -> str:
    """A word that says where it comes from; the search index takes it for one word."""
    return f"zq{table.name}_{column.name}_{row}qz"


def plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type as the database has it."""
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind


def marked(table: Table, column: Column[Any], row: str) -> Any:
    """A marked value for this column; None where it holds no text."""
    kind, word = plain(column.type), mark(table, column, row)
    if isinstance(kind, Enum):
        return None
    if isinstance(kind, LargeBinary):
        return word.encode()
    if isinstance(kind, JSON):
        return [word] if column.name == "tags" else {"text": word}
    if column.name == "body" and table.name in {"version", "edition_override"}:
        return f"<p>{word}</p>"
    return word if isinstance(kind, String) else None


def anything(table: Table, column: Column[Any]) -> Any:
    """A value for a row that no builder makes; what it refers to is the first row there."""
    kind = plain(column.type)
    if isinstance(kind, Enum):
        return next(iter(kind.enum_class)) if kind.enum_class else kind.enums[0]
    if isinstance(kind, DateTime):
        return NOW
    if isinstance(kind, Date):
        return date(2026, 11, 30)
    found = marked(table, column, "1")
    return 1 if found is None else found


def fill_empty_tables(connection: Connection) -> None:
    """One row in every table that has none."""
    for table in Base.metadata.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is None:
            values = {column.name: anything(table, column) for column in table.columns}
            connection.execute(insert(table).values(values))


def mark_all(connection: Connection) -> None:
    """A mark in every column that holds text, telling the rows apart."""
    for trigger in (
        connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    ):
        # They keep the journal from being changed, and the search index equal to its entries.
        connection.execute(text(f'DROP TRIGGER "{trigger}"'))
    for table in Base.metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        for number, row in enumerate(connection.execute(select(*keys).order_by(*keys)).all(), 1):
            values = {
                column.name: value
                for column in table.columns
                if not column.foreign_keys
                and (value := marked(table, column, str(number))) is not None
                and table.name not in {"turn", "request"}
            }
            if values:
                here = [key == value for key, value in zip(keys, row, strict=True)]
                connection.execute(update(table).where(*here).values(values))


@pytest.fixture
def newsroom(sqlite_store: Store, tmp_path: Path) -> Newsroom:
    """News in every state, each text of it marked. Public is the first version of the first item only."""
    newsroom = Newsroom(sqlite_store, tmp_path / "open" / "newsroom.db")
    shown = newsroom.publish()
    newsroom.add_picture(shown)
    newsroom.save(shown, "Ещё не вышло")
    newsroom.override(shown, "<p>Тоже не вышло</p>")
    newsroom.publish(embargo=NOW + DAY)
    newsroom.kill(newsroom.publish())
    with newsroom.store.begin() as session:
        for status in (
            ItemStatus.DRAFT, ItemStatus.IN_REVIEW, ItemStatus.APPROVED, ItemStatus.SCHEDULED,
            ItemStatus.SPIKED,
        ):  # fmt: skip
            item, version = add_item(session, newsroom.desk, newsroom.channel)
            item.status = status
            add_operation(session, version, newsroom.channel, state=OperationState.PLANNED)
        add_user(session, Role.CHIEF, newsroom.desk)
        training = add_channel(session, add_account(session, realm=Realm.SANDBOX))
        item, version = add_item(session, newsroom.desk, training)
        item.status = ItemStatus.PUBLISHED
        add_post(session, add_operation(session, version, training, state=OperationState.SENT, sent_at=NOW))
    with newsroom.store.engine.begin() as connection:
        fill_empty_tables(connection)
        mark_all(connection)
    return newsroom


EXPECTED = {
    f"zq{name}_1qz"
    for name in (
        "version_title", "version_body", "version_tags", "version_source", "channel_title", "channel_handle",
        "media_sha256", "media_mime", "version_media_alt", "version_media_credit", "desk_title",
        "post_permalink", "appeal_total_source", "appeal_total_topic",
    )
}  # fmt: skip


def marks_in(content: bytes) -> set[str]:
    """The marks in the bytes of a file, in whatever coding they stand there."""
    without_zeros = content.replace(b"\0", b"")
    return {found.decode() for form in (content, without_zeros) for found in MARK.findall(form)}


def test_the_file_holds_the_marks_of_what_is_published_and_no_other(newsroom: Newsroom) -> None:
    newsroom.archive()
    assert marks_in(newsroom.file.read_bytes()) == EXPECTED


def test_the_marks_reach_every_text_of_the_newsroom(newsroom: Newsroom) -> None:
    # Else the test above would prove nothing.
    database = newsroom.store.engine.url.database
    newsroom.store.close()
    assert database
    marks = {found.rpartition("_")[0] for found in marks_in(Path(database).read_bytes())}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if marked(table, column, "1") is not None and not column.foreign_keys:
                assert f"zq{table.name}_{column.name}" in marks


def test_nothing_of_it_lies_beside_the_file_either(newsroom: Newsroom) -> None:
    newsroom.archive()
    for file in newsroom.file.parent.iterdir():
        assert marks_in(file.read_bytes()) <= EXPECTED
