"""What growth is read from: causes of gaps, what posts earn, appeal totals; whose turn a periodic job is."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.create_table(
        "audience_miss",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_audience_miss_channel_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel_id", "first_at", name=op.f("pk_audience_miss")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "post_metric",
        sa.Column("post_id", BIG_ID, nullable=False),
        sa.Column("age", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("views", sa.Integer(), nullable=True),
        sa.Column("forwards", sa.Integer(), nullable=True),
        sa.Column("reactions", sa.Integer(), nullable=True),
        sa.Column("comments", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name=op.f("fk_post_metric_post_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("post_id", "age", name=op.f("pk_post_metric")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "appeal_total",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "source", "topic", name=op.f("pk_appeal_total")),
    )
    op.create_table(
        "turn",
        sa.Column("job", sa.String(length=40), nullable=False),
        sa.Column("period", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker", sa.String(length=32), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_turn")),
    )
    op.add_column("post", sa.Column("next_measure_at", sa.DateTime(timezone=True), nullable=True))
    # What already stands is measured from here on; the ages that are past stay unknown.
    op.execute("UPDATE post SET next_measure_at = published_at")
    op.create_index(
        "ix_post_next_measure_at",
        "post",
        ["next_measure_at"],
        unique=False,
        sqlite_where=sa.text("next_measure_at IS NOT NULL"),
        postgresql_where=sa.text("next_measure_at IS NOT NULL"),
    )
