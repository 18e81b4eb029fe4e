"""The tables. Models stand nowhere else; rules do not stand here."""

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator, TypeEngine

from publisher.core.editions import Layout, MediaKind
from publisher.core.platforms import Network, Realm
from publisher.core.states import (
    AccountState,
    ChannelState,
    CountSource,
    HoldReason,
    ItemStatus,
    LetterState,
    OperationKind,
    OperationState,
    PostState,
    Priority,
    Role,
)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC. SQLite hands back naive values; this column never does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values: they are a bug of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive instant {value}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class NumberEnum(TypeDecorator[Any]):
    """An IntEnum kept as a small number."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, kind: type[Priority] | type[CountSource]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """The number; anything that is no member raises ValueError."""
        return None if value is None else int(self.kind(value))

    def process_result_value(self, value: int | None, dialect: Dialect) -> Any:
        """The member."""
        return None if value is None else self.kind(value)


class Stems(TypeDecorator[str]):
    """Stems with blanks between them, in the order of the text: what the search index is made of.

    SQLite keeps them so, beside its full-text table; PostgreSQL as a tsvector. Read back, neither is a text.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column of this database."""
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Stems are of letters and digits only, so that none needs quotes."""
        if value is None or dialect.name != "postgresql":
            return value
        # The first place stays free: where columns are put together, no phrase reaches across.
        return " ".join(f"{stem}:{place}" for place, stem in enumerate(value.split(), 2))


def words(kind: type) -> Enum:
    """A StrEnum kept as its word, without a CHECK so that a new word needs no table rebuild."""
    return Enum(
        kind, native_enum=False, create_constraint=False, length=20,
        values_callable=lambda members: [member.value for member in members],
    )  # fmt: skip


Document = JSON().with_variant(JSONB(), "postgresql")
BigId = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """The registry of all tables; constraints get names that migrations can refer to."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime,
        dict[str, Any]: Document,
        list[Any]: Document,
        Network: words(Network),
        Realm: words(Realm),
        Layout: words(Layout),
        MediaKind: words(MediaKind),
        ItemStatus: words(ItemStatus),
        OperationKind: words(OperationKind),
        OperationState: words(OperationState),
        HoldReason: words(HoldReason),
        LetterState: words(LetterState),
        PostState: words(PostState),
        AccountState: words(AccountState),
        ChannelState: words(ChannelState),
        Role: words(Role),
        Priority: NumberEnum(Priority),
        CountSource: NumberEnum(CountSource),
    }


class Installation(Base):
    """The one row that says which installation this database is, and whether everything is paused.

    `fingerprint` ties the row to the place where the data lies (store/session.py): when it differs, the data
    was copied or restored, and nothing may speak until a person has looked.
    """

    __tablename__ = "installation"
    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(32))
    fingerprint: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None] = mapped_column(String(20))
    paused_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


# People and desks


class Desk(Base):
    """A structural unit with its editors and channels."""

    __tablename__ = "desk"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    demo: Mapped[bool] = mapped_column(default=False)


class Membership(Base):
    """A person's place on a desk."""

    __tablename__ = "membership"
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id", ondelete="CASCADE"), primary_key=True)


class User(Base):
    """A person of the office. `fs_uniquifier` changes to end all sessions at once."""

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role]
    language: Mapped[str | None] = mapped_column(String(5))
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    gets_digest: Mapped[bool] = mapped_column(default=False, server_default=false())
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    demo: Mapped[bool] = mapped_column(default=False)
    desks: Mapped[list[Desk]] = relationship(secondary="membership", order_by=Desk.title)


class SignInLink(Base):
    """A link that signs a person in once. Only the token's SHA-256 is kept."""

    __tablename__ = "sign_in_link"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WebSession(Base):
    """A signed-in browser, so that its owner can see and end it."""

    __tablename__ = "web_session"
    uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    agent: Mapped[str] = mapped_column(String(200), default="")


class AuditEvent(Base):
    """Who did what, for ever: triggers refuse changes (store/migrations)."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_at_id", "at", "id"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    detail: Mapped[dict[str, Any]]


# Where things go


class Account(Base):
    """Credentials on a network; `credentials` and `session` are encrypted (publisher/secrets.py)."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    network: Mapped[Network]
    realm: Mapped[Realm]
    name: Mapped[str] = mapped_column(String(120), unique=True)
    credentials: Mapped[bytes] = mapped_column(LargeBinary)
    session: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[AccountState] = mapped_column(default=AccountState.NEW)
    reason: Mapped[dict[str, Any] | None]
    remote_name: Mapped[str | None] = mapped_column(String(200))
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    demo: Mapped[bool] = mapped_column(default=False)
    channels: Mapped[list["Channel"]] = relationship(back_populates="account", order_by="Channel.title")


class Channel(Base):
    """One page that we own on one network. `address` is what the adapter needs to reach it with its account
    (Telegram: channel id and access hash); null until a worker has resolved the handle."""

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("network", "handle"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    desk_id: Mapped[int | None] = mapped_column(ForeignKey("desk.id"), index=True)
    network: Mapped[Network]
    handle: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    opened_on: Mapped[date | None]
    address: Mapped[dict[str, Any] | None]
    state: Mapped[ChannelState] = mapped_column(default=ChannelState.NEW)
    reason: Mapped[dict[str, Any] | None]
    checked_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    demo: Mapped[bool] = mapped_column(default=False)
    account: Mapped[Account] = relationship(back_populates="channels")
    desk: Mapped[Desk | None] = relationship()


# What is written


class Media(Base):
    """A stored file, re-encoded and stripped on the way in; the bytes lie in the media folder by SHA-256."""

    __tablename__ = "media"
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[MediaKind]
    mime: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    demo: Mapped[bool] = mapped_column(default=False)


class Item(Base):
    """A piece of news: its label, its place in the life cycle, its newest version and where it is to go."""

    __tablename__ = "item"
    __table_args__ = (
        Index("ix_item_status_updated_at", "status", "updated_at"),
        Index("ix_item_desk_id_updated_at", "desk_id", "updated_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"))
    status: Mapped[ItemStatus] = mapped_column(default=ItemStatus.DRAFT)
    priority: Mapped[Priority] = mapped_column(default=Priority.NORMAL)
    head: Mapped[int] = mapped_column(default=0)
    embargo: Mapped[datetime | None]
    due: Mapped[datetime | None] = mapped_column(index=True)
    kill_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    updated_at: Mapped[datetime] = mapped_column(index=True)
    published_at: Mapped[datetime | None]
    demo: Mapped[bool] = mapped_column(default=False)
    desk: Mapped[Desk] = relationship()
    created_by: Mapped[User | None] = relationship()
    channels: Mapped[list[Channel]] = relationship(secondary="item_channel", order_by="Channel.title")
    versions: Mapped[list["Version"]] = relationship(back_populates="item", order_by="Version.number")


class ItemChannel(Base):
    """A channel chosen for an item."""

    __tablename__ = "item_channel"
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True, index=True)


class Version(Base):
    """An immutable saved state of an item. `body` is canonical HTML; `hash` is what an approval signs."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("item_id", "number"), Index("ix_version_created_at", "created_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[Any]]
    source: Mapped[str] = mapped_column(Text, default="")
    layout: Mapped[Layout] = mapped_column(default=Layout.CAPTION)
    link_preview: Mapped[bool] = mapped_column(default=True)
    silent: Mapped[bool] = mapped_column(default=False)
    hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    approved_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    item: Mapped[Item] = relationship(back_populates="versions")
    created_by: Mapped[User | None] = relationship(foreign_keys=created_by_id)
    approved_by: Mapped[User | None] = relationship(foreign_keys=approved_by_id)
    media: Mapped[list["VersionMedia"]] = relationship(order_by="VersionMedia.position")
    overrides: Mapped[list["EditionOverride"]] = relationship()


class VersionMedia(Base):
    """A file's place in a version, with what is said about it."""

    __tablename__ = "version_media"
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"), index=True)
    alt: Mapped[str] = mapped_column(Text, default="")
    credit: Mapped[str] = mapped_column(Text, default="")
    media: Mapped[Media] = relationship()


class EditionOverride(Base):
    """An editor's own text (canonical HTML, headline included) for one channel in place of the template's."""

    __tablename__ = "edition_override"
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True)
    body: Mapped[str] = mapped_column(Text)


class Draft(Base):
    """What a person has typed and not saved: the composer's form as it is, kept from the first key."""

    __tablename__ = "draft"
    uid: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), index=True)
    base: Mapped[int] = mapped_column(default=0)
    form: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class Submission(Base):
    """A form that was carried out: its second press leads to the first one's result."""

    __tablename__ = "submission"
    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int | None]
    at: Mapped[datetime]
    result: Mapped[str] = mapped_column(Text, default="")


# What is found


class SearchEntry(Base):
    """The words of a version, as stems. `id` is the version's: what was written last has the highest, so that
    a search meets it first.

    SQLite searches the full-text table `search_words`, which triggers keep equal to this one.
    """

    __tablename__ = "search_entry"
    id: Mapped[int] = mapped_column(
        ForeignKey("version.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    title: Mapped[str] = mapped_column(Stems)
    body: Mapped[str] = mapped_column(Stems)
    media: Mapped[str] = mapped_column(Stems)


class SearchProgress(Base):
    """How far the index is: versions with an id below `below` are still to be put in, 0 when all are.

    `top` is where it began; `scheme` is the way of making stems that the entries were made by.
    """

    __tablename__ = "search_progress"
    id: Mapped[int] = mapped_column(primary_key=True)
    scheme: Mapped[int]
    top: Mapped[int]
    below: Mapped[int]


# What goes out


class Operation(Base):
    """One intended change at one destination, finished and keyed before anything leaves (the outbox).

    `wake_at` is when delivery next has something to do with it; null when nothing or only a person moves it.
    `target_id` is the publish operation whose post an edit or delete changes. A delete's `edition` is the
    notice for networks that no longer delete. `cost` is how many messages the network counts.
    `first_sent_at` starts the window in which the key is recognised.
    """

    __tablename__ = "operation"
    __table_args__ = (
        Index(
            "ix_operation_lane", "channel_id", "priority", "wake_at", "id",
            sqlite_where=text("wake_at IS NOT NULL"), postgresql_where=text("wake_at IS NOT NULL"),
        ),
        Index(
            "ix_operation_wake_at", "wake_at",
            sqlite_where=text("wake_at IS NOT NULL"), postgresql_where=text("wake_at IS NOT NULL"),
        ),
        Index("ix_operation_item_id_channel_id", "item_id", "channel_id", "id"),
        Index("ix_operation_state_due", "state", "due"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    target_id: Mapped[int | None] = mapped_column(ForeignKey("operation.id"), index=True)
    kind: Mapped[OperationKind]
    state: Mapped[OperationState]
    priority: Mapped[Priority]
    key: Mapped[str] = mapped_column(String(32), unique=True)
    edition: Mapped[dict[str, Any] | None]
    due: Mapped[datetime]
    latest: Mapped[datetime | None]
    wake_at: Mapped[datetime | None]
    hold_reason: Mapped[HoldReason | None]
    error: Mapped[dict[str, Any] | None]
    cost: Mapped[int] = mapped_column(default=1)
    attempts: Mapped[int] = mapped_column(default=0)
    first_sent_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(String(32))
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    external_ids: Mapped[list[Any] | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    item: Mapped[Item] = relationship()
    version: Mapped[Version] = relationship()
    channel: Mapped[Channel] = relationship()


class Attempt(Base):
    """One try, with what the network answered. `outcome` is a word of core/receipts.py."""

    __tablename__ = "attempt"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    worker: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(80), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    external_ids: Mapped[list[Any] | None]


class Post(Base):
    """What stands on the network as the result of a publish operation. `standing_id` is the operation whose
    edition the readers see now; `next_check_at` is when reconcile reads it back, `next_measure_at` when its
    views are counted next."""

    __tablename__ = "post"
    __table_args__ = (
        Index("ix_post_channel_id_published_at", "channel_id", "published_at"),
        Index(
            "ix_post_next_check_at", "next_check_at",
            sqlite_where=text("next_check_at IS NOT NULL"),
            postgresql_where=text("next_check_at IS NOT NULL"),
        ),
        Index(
            "ix_post_next_measure_at", "next_measure_at",
            sqlite_where=text("next_measure_at IS NOT NULL"),
            postgresql_where=text("next_measure_at IS NOT NULL"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id"), unique=True)
    standing_id: Mapped[int] = mapped_column(ForeignKey("operation.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    external_ids: Mapped[list[Any]]
    permalink: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[PostState] = mapped_column(default=PostState.LIVE)
    published_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(default=0)
    next_check_at: Mapped[datetime | None]
    next_measure_at: Mapped[datetime | None]


# Who works


class Worker(Base):
    """A worker process, alive while its heartbeat is young."""

    __tablename__ = "worker"
    uid: Mapped[str] = mapped_column(String(32), primary_key=True)
    realm: Mapped[Realm]
    host: Mapped[str] = mapped_column(String(200))
    pid: Mapped[int]
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]


class AccountLease(Base):
    """Which worker speaks for an account, and until when. `token` grows with every change of hands."""

    __tablename__ = "account_lease"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    worker: Mapped[str] = mapped_column(String(32))
    token: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime]


class Request(Base):
    """Something a screen or a command asks of a worker: check an account, resolve a channel, count now."""

    __tablename__ = "request"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    realm: Mapped[Realm]
    subject_id: Mapped[int | None]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    result: Mapped[dict[str, Any] | None]


class Turn(Base):
    """A periodic job's newest run: which period it was for, who took it (null: given back), when it ended."""

    __tablename__ = "turn"
    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    period: Mapped[datetime]
    worker: Mapped[str] = mapped_column(String(32))
    taken_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


# Who reads


class AudienceCount(Base):
    """Subscribers of a channel at a moment (epoch seconds). Rows lie in key order: no row id on SQLite."""

    __tablename__ = "audience_count"
    __table_args__ = (CheckConstraint("value >= 0", name="value"), {"sqlite_with_rowid": False})
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    taken_at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    value: Mapped[int]
    source: Mapped[CountSource]


class AudienceDay(Base):
    """A channel's day in the city's zone, rolled up from the counts: first, last, lowest, highest, how many.

    `first_at` and `last_at` (epoch seconds) say which counts gave `opening` and `closing`.
    """

    __tablename__ = "audience_day"
    __table_args__ = ({"sqlite_with_rowid": False},)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    first_at: Mapped[int] = mapped_column(BigInteger)
    opening: Mapped[int]
    last_at: Mapped[int] = mapped_column(BigInteger)
    closing: Mapped[int]
    low: Mapped[int]
    high: Mapped[int]
    samples: Mapped[int]


class AudienceMiss(Base):
    """Ticks in a row at which a channel could not be counted, and why: the cause of a gap in its counts.

    `first_at` and `last_at` are the first and last missed tick in epoch seconds; `code` is the network's.
    """

    __tablename__ = "audience_miss"
    __table_args__ = ({"sqlite_with_rowid": False},)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    first_at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_at: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str] = mapped_column(String(80))


class PostMetric(Base):
    """What a post had earned at an age: `age` is the planned one in seconds, `taken_at` when it was read.

    A counter that the network does not show is null, never zero.
    """

    __tablename__ = "post_metric"
    __table_args__ = ({"sqlite_with_rowid": False},)
    post_id: Mapped[int] = mapped_column(BigId, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)
    age: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    taken_at: Mapped[datetime]
    views: Mapped[int | None]
    forwards: Mapped[int | None]
    reactions: Mapped[int | None]
    comments: Mapped[int | None]


class AppealTotal(Base):
    """How many appeals came on a day from a source about a topic. Totals only, no citizen's data."""

    __tablename__ = "appeal_total"
    day: Mapped[date] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(120), primary_key=True)
    topic: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[int]


# What the office reads


class Digest(Base):
    """The week as it was summed up on its Monday. `week` is the Monday on which the week began; `figures` is
    the document that the page and the letter show (tracking/digest.py), frozen."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("realm", "week"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    realm: Mapped[Realm]
    week: Mapped[date]
    made_at: Mapped[datetime]
    figures: Mapped[dict[str, Any]]
    charts: Mapped[list["DigestChart"]] = relationship()
    letters: Mapped[list["DigestLetter"]] = relationship()


class DigestChart(Base):
    """A chart of a digest as a PNG."""

    __tablename__ = "digest_chart"
    digest_id: Mapped[int] = mapped_column(ForeignKey("digest.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)


class DigestLetter(Base):
    """A digest's way to one reader. Mail has no key: what may have been taken is never sent again unasked."""

    __tablename__ = "digest_letter"
    digest_id: Mapped[int] = mapped_column(ForeignKey("digest.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[LetterState]
    attempts: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
    error: Mapped[dict[str, Any] | None]
