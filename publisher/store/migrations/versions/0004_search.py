"""What searching goes by: the stems of versions. A worker fills in what was written before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STEMS = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")

# The full-text table keeps no copy: what it holds is read from search_entry. Stems come as words of letters
# and digits, which the plainest tokenizer takes as they are. The lengths of texts are not asked for.
SQLITE = (
    """CREATE VIRTUAL TABLE search_words USING fts5(
        title, body, media, content='search_entry', content_rowid='id', tokenize='ascii', prefix='3 4 5 6 7',
        columnsize=0
    )""",
    """CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN
        INSERT INTO search_words (rowid, title, body, media) VALUES (new.id, new.title, new.body, new.media);
    END""",
    """CREATE TRIGGER search_entry_removed AFTER DELETE ON search_entry BEGIN
        INSERT INTO search_words (search_words, rowid, title, body, media)
        VALUES ('delete', old.id, old.title, old.body, old.media);
    END""",
    """CREATE TRIGGER search_entry_changed AFTER UPDATE ON search_entry BEGIN
        INSERT INTO search_words (search_words, rowid, title, body, media)
        VALUES ('delete', old.id, old.title, old.body, old.media);
        INSERT INTO search_words (rowid, title, body, media) VALUES (new.id, new.title, new.body, new.media);
    END""",
)
# The same expression as store/search.py asks by.
POSTGRESQL = """CREATE INDEX search_entry_words ON search_entry
    USING gin ((setweight(title, 'A') || setweight(body, 'B') || setweight(media, 'C')))"""


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.create_table(
        "search_entry",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", STEMS, nullable=False),
        sa.Column("body", STEMS, nullable=False),
        sa.Column("media", STEMS, nullable=False),
        sa.ForeignKeyConstraint(["id"], ["version.id"], name=op.f("fk_search_entry_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
    )
    op.create_table(
        "search_progress",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.Integer(), nullable=False),
        sa.Column("top", sa.Integer(), nullable=False),
        sa.Column("below", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_progress")),
    )
    op.create_index("ix_version_created_at", "version", ["created_at"], unique=False)
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if is_sqlite else (POSTGRESQL,):
        op.execute(statement)
