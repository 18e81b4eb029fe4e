"""What is in the archive, what is not, and what a further run changes; the rows come from both databases."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from publisher.core.platforms import Realm
from publisher.core.states import ItemStatus, OperationState
from publisher.errors import StoreError
from publisher.store.archive.layout import DESCRIBED, VIEWS
from publisher.store.archive.read import find_facts
from publisher.store.archive.words import SEARCH
from publisher.store.archive.write import OutOfDate
from publisher.store.locks import hold_lock
from publisher.store.models import AudienceDay, Post, PostMetric
from publisher.store.session import Store
from tests.builders import NOW, add_account, add_channel, add_item, add_operation, add_post
from tests.store.archived import DAY, Newsroom, bytes_of

MONDAY = date(2026, 11, 30)


@pytest.fixture
def newsroom(store: Store, tmp_path: Path) -> Newsroom:
    """An office with one real channel."""
    return Newsroom(store, tmp_path / "open" / "newsroom.db")


@pytest.fixture
def embedded(sqlite_store: Store, tmp_path: Path) -> Newsroom:
    """The same where the database makes no difference."""
    return Newsroom(sqlite_store, tmp_path / "open" / "newsroom.db")


# What is in it


def test_a_published_item_is_in_it_with_text_post_and_figures(newsroom: Newsroom) -> None:
    newsroom.publish()
    made = newsroom.archive()
    assert (made.items, made.posts) == (1, 1)
    assert newsroom.read("SELECT title, text, tags, source, state, published_at, published_on FROM item") == [
        (
            "Ремонт дороги", "На улице Мира начался ремонт.", '["город"]', "Пресс-служба", "published",
            "2026-12-01T06:00:00Z", "2026-12-01",
        )
    ]  # fmt: skip
    assert newsroom.read("SELECT number, html FROM version") == [
        (1, "<p>На улице <b>Мира</b> начался ремонт.</p>")
    ]
    joined = """
        SELECT desk.title, channel.title, channel.handle, post.permalink, post.state, age, views, reactions
        FROM post JOIN item ON item.id = item_id JOIN desk ON desk.id = item.desk_id
        JOIN channel ON channel.id = channel_id JOIN post_metric ON post_id = post.id
    """
    assert newsroom.read(joined) == [
        ("Пресс-служба", "Новости города", "krd_news", "https://t.me/krd_news/1", "live", 600, 120, None)
    ]


def test_counts_lie_by_day_and_a_day_without_counts_is_no_row(newsroom: Newsroom) -> None:
    newsroom.count(MONDAY, 100, 90, 130)
    newsroom.count(MONDAY + 2 * DAY, 140)
    assert newsroom.archive().days == 2
    assert newsroom.read("SELECT day, opening, closing, low, high, samples FROM audience_day") == [
        ("2026-11-30", 100, 130, 90, 130, 3),
        ("2026-12-02", 140, 140, 140, 140, 1),
    ]


def test_appeals_are_totals_by_day_source_and_topic(newsroom: Newsroom) -> None:
    for source, topic in [("Телефон", "ямы"), ("Телефон", "ЯМЫ"), ("сайт", "Ямы"), ("Ёлка", "а")]:
        newsroom.add_appeals(MONDAY, source, topic, 7)
    newsroom.archive()
    assert len(newsroom.read("SELECT * FROM appeal_total")) == 4
    assert not newsroom.archive().changes


def test_pictures_are_facts_with_their_captions(newsroom: Newsroom) -> None:
    item = newsroom.publish()
    newsroom.add_picture(item, alt="Новая дорога")
    newsroom.archive()
    shown = "SELECT alt, kind, mime, size FROM version_media JOIN media ON media.id = media_id"
    assert newsroom.read(shown) == [("Новая дорога", "photo", "image/jpeg", 9)]


def test_a_channels_own_text_is_what_readers_saw(newsroom: Newsroom) -> None:
    item = newsroom.publish(title="Общий заголовок", body="<p>Общий текст</p>")
    newsroom.override(item, "<p>Свой заголовок</p><p>Свой текст</p>")
    newsroom.archive()
    # No channel has shown the common text: it is not public.
    assert newsroom.read("SELECT title, text FROM item") == [
        ("Свой заголовок", "Свой заголовок\n\nСвой текст")
    ]
    assert newsroom.read("SELECT own_text FROM post") == [("Свой заголовок\n\nСвой текст",)]


def test_every_table_column_and_view_is_described(embedded: Newsroom) -> None:
    embedded.archive()
    found = {name for (name,) in embedded.read("SELECT name FROM about WHERE description <> ''")}
    columns = {f"{table.name}.{column.name}" for table in DESCRIBED for column in table.columns}
    assert found == {"newsroom", *(table.name for table in DESCRIBED), *columns, *VIEWS}
    in_file = {name for (name,) in embedded.read("SELECT name FROM pragma_table_list WHERE schema = 'main'")}
    assert {name for name in in_file if "_fts" not in name and not name.startswith("sqlite_")} == {
        *(table.name for table in DESCRIBED), *VIEWS
    }  # fmt: skip


def test_views_add_up_days_months_and_posts(newsroom: Newsroom) -> None:
    newsroom.publish()
    newsroom.count(date(2026, 11, 1), 100)
    newsroom.count(MONDAY, 150, 160)
    newsroom.count(date(2026, 12, 1), 200)
    newsroom.archive()
    assert newsroom.read("SELECT * FROM items_by_day") == [("2026-12-01", 1, 1)]
    growth = "SELECT month, channel, opening, closing, change, days FROM growth_by_month"
    assert newsroom.read(growth) == [
        ("2026-12", "Новости города", 200, 200, 0, 1),
        ("2026-11", "Новости города", 100, 160, 60, 2),
    ]
    earned = "SELECT item, views, subscribers, views_per_thousand FROM post_earnings"
    assert newsroom.read(earned) == [("Ремонт дороги", 120, 200, 600.0)]


def test_its_days_are_those_of_the_city(newsroom: Newsroom) -> None:
    item = newsroom.publish()
    late = NOW.replace(hour=22)
    with newsroom.store.begin() as session:
        session.execute(update(Post).where(Post.item_id == item).values(published_at=late))
    newsroom.archive()
    assert newsroom.read("SELECT published_on FROM item") == [("2026-12-02",)]


@pytest.mark.parametrize("asked", ["ремонта", "дорогами", "Дорога", "улица мира", "ремонт дороги мира"])
def test_any_sqlite_searches_it_by_word_forms(embedded: Newsroom, asked: str) -> None:
    embedded.publish(title="Ремонт дороги на улице Мира", body="<p>Начали ремонтировать.</p>")
    embedded.publish(title="Праздник в парке", body="<p>Ёлки и ярмарка.</p>")
    embedded.archive()
    with closing(sqlite3.connect(embedded.file)) as connection:
        found = connection.execute(SEARCH, {"q": asked}).fetchall()
    assert [title for _, _, title, _ in found] == ["Ремонт дороги на улице Мира"]


@pytest.mark.parametrize("asked", ["", " ", '"', "жираф", "ремонт жираф", "\\", "ёлка*", "a-b", "-", "NEAR("])
def test_searching_takes_whatever_is_typed(embedded: Newsroom, asked: str) -> None:
    embedded.publish()
    embedded.archive()
    with closing(sqlite3.connect(embedded.file)) as connection:
        assert connection.execute(SEARCH, {"q": asked}).fetchall() == []


@pytest.mark.parametrize("asked", ["ёлка", "елка", "ЁЛКИ"])
def test_searching_takes_e_for_yo(embedded: Newsroom, asked: str) -> None:
    embedded.publish(title="Новогодние ёлки")
    embedded.archive()
    with closing(sqlite3.connect(embedded.file)) as connection:
        assert connection.execute(SEARCH, {"q": asked}).fetchall()


def test_it_is_one_file_that_opens_unchanging(embedded: Newsroom) -> None:
    embedded.publish()
    embedded.archive()
    assert [file.name for file in embedded.file.parent.iterdir() if not file.name.startswith(".")] == [
        "newsroom.db"
    ]
    assert embedded.read("PRAGMA journal_mode") == [("delete",)]
    assert embedded.read("PRAGMA integrity_check") == [("ok",)]
    assert embedded.read("PRAGMA foreign_key_check") == []


def test_it_says_what_is_in_it(embedded: Newsroom) -> None:
    embedded.publish()
    embedded.kill(embedded.publish())
    embedded.count(MONDAY, 1)
    embedded.archive(now=NOW + DAY)
    facts = find_facts(embedded.file)
    assert facts
    assert (facts.items, facts.withdrawn, facts.posts, facts.days) == (1, 1, 2, 1)
    assert (facts.made_at, facts.size) == (NOW + DAY, embedded.file.stat().st_size)


# What is not in it


def test_what_never_went_out_is_not_in_it(newsroom: Newsroom) -> None:
    with newsroom.store.begin() as session:
        for status in (
            ItemStatus.DRAFT, ItemStatus.IN_REVIEW, ItemStatus.APPROVED, ItemStatus.SCHEDULED,
            ItemStatus.SPIKED, ItemStatus.KILLED,
        ):  # fmt: skip
            item, version = add_item(session, newsroom.desk, newsroom.channel, title=status.value)
            item.status = status
            add_operation(session, version, newsroom.channel, state=OperationState.PLANNED, due=NOW + DAY)
    newsroom.archive()
    assert newsroom.read("SELECT * FROM item") == []
    assert newsroom.read("SELECT * FROM version") == []


def test_an_embargoed_item_is_not_in_it_until_the_embargo_ends(newsroom: Newsroom) -> None:
    newsroom.publish(embargo=NOW + DAY)
    newsroom.archive()
    assert newsroom.read("SELECT * FROM item") == newsroom.read("SELECT * FROM post") == []
    newsroom.archive(now=NOW + DAY)
    assert len(newsroom.read("SELECT * FROM item")) == 1


def test_a_version_that_nobody_has_seen_is_not_in_it(newsroom: Newsroom) -> None:
    item = newsroom.publish(title="Вышло")
    newsroom.save(item, "Не вышло")
    newsroom.archive()
    assert (
        newsroom.read("SELECT title FROM version") == newsroom.read("SELECT title FROM item") == [("Вышло",)]
    )


def test_a_channel_that_never_had_a_post_or_a_count_is_not_in_it(newsroom: Newsroom) -> None:
    newsroom.archive()
    assert newsroom.read("SELECT * FROM channel") == newsroom.read("SELECT * FROM desk") == []


def test_training_is_not_in_the_real_archive_and_says_so_in_its_own(newsroom: Newsroom) -> None:
    newsroom.publish(title="Настоящая")
    with newsroom.store.begin() as session:
        channel = add_channel(session, add_account(session, realm=Realm.SANDBOX), newsroom.desk)
        item, version = add_item(session, newsroom.desk, channel, title="Учебная")
        item.status = ItemStatus.PUBLISHED
        add_post(session, add_operation(session, version, channel, state=OperationState.SENT, sent_at=NOW))
    newsroom.archive()
    assert newsroom.read("SELECT title FROM item") == [("Настоящая",)]
    assert newsroom.read("SELECT realm, notice FROM archive") == [("real", None)]
    newsroom.file = newsroom.file.with_name("training.db")
    newsroom.archive(realm=Realm.SANDBOX)
    assert newsroom.read("SELECT title FROM item") == [("Учебная",)]
    [(realm, notice)] = newsroom.read("SELECT realm, notice FROM archive")
    assert realm == "training"
    assert "Training data" in notice
    assert "Training data" in newsroom.read("SELECT description FROM about WHERE name = 'newsroom'")[0][0]


# A further run


def test_a_withdrawn_item_leaves_only_that_it_was_there(newsroom: Newsroom) -> None:
    item = newsroom.publish(title="Опровержимое", body="<p>Клевета о человеке</p>")
    newsroom.add_picture(item, alt="Портрет")
    newsroom.publish()
    newsroom.archive()
    before = newsroom.file.read_bytes()
    secrets = bytes_of(["Опровержимое", "опровержимое", "Клевета", "клевета", "Портрет", f"{item:064x}"])
    assert all(secret in before for secret in bytes_of(["Опровержимое", "клевета", "Портрет"])[::3])
    newsroom.kill(item)
    newsroom.archive()
    assert newsroom.read(
        "SELECT state, title, text, version_id, withdrawn_at FROM item WHERE id = ?", item
    ) == [("withdrawn", None, None, None, "2026-12-02T06:00:00Z")]
    assert newsroom.read("SELECT version_id, permalink, state FROM post WHERE item_id = ?", item) == [
        (None, "", "withdrawn")
    ]
    assert newsroom.read("SELECT views FROM post_metric") == [(120,), (120,)]
    left = newsroom.file.read_bytes()
    assert [secret for secret in secrets if secret in left] == []


def test_a_corrected_item_gets_its_new_version(newsroom: Newsroom) -> None:
    item = newsroom.publish(title="Первый")
    newsroom.archive()
    newsroom.correct(item, "Второй")
    made = newsroom.archive()
    assert newsroom.read("SELECT number, title FROM version ORDER BY number") == [
        (1, "Первый"),
        (2, "Второй"),
    ]
    assert newsroom.read("SELECT title, state FROM item") == [("Второй", "corrected")]
    assert newsroom.read("SELECT title FROM post JOIN version ON version.id = version_id") == [("Второй",)]
    assert (made.changes.added, made.changes.changed, made.changes.removed) == (1, 2, 0)


@pytest.fixture
def touched(newsroom: Newsroom) -> None:
    """An archive that notes every row that is written in it: table and row id."""
    newsroom.count(MONDAY, 100)
    for number in range(3):
        newsroom.add_picture(newsroom.publish(title=f"Новость {number}"))
    newsroom.archive()
    with closing(sqlite3.connect(newsroom.file, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE touched (name TEXT, number INTEGER)")
        for table in DESCRIBED:
            for act, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")):
                connection.execute(
                    f"CREATE TRIGGER touch_{table.name}_{act} AFTER {act} ON {table.name} BEGIN"  # noqa: S608 - our names
                    f" INSERT INTO touched VALUES ('{table.name}', {row}.rowid); END"
                )


def what_was_touched(newsroom: Newsroom) -> list[str]:
    """The tables in which the last run wrote, once for each row; what describes the file aside."""
    rows = newsroom.read(
        "SELECT name FROM touched WHERE name NOT IN ('archive', 'about', 'word') ORDER BY name"
    )
    return [name for (name,) in rows]


@pytest.mark.usefixtures("touched")
def test_a_second_run_writes_nothing_when_nothing_is_new(newsroom: Newsroom) -> None:
    made = newsroom.archive(now=NOW + DAY)
    assert not made.changes
    assert newsroom.read("SELECT name FROM touched") == [("archive",)]


@pytest.mark.usefixtures("touched")
def test_a_second_run_adds_only_what_is_new(newsroom: Newsroom) -> None:
    newsroom.publish(title="Новейшая")
    newsroom.count(MONDAY + DAY, 120)
    made = newsroom.archive()
    assert (made.changes.added, made.changes.changed, made.changes.removed) == (5, 0, 0)
    # The item is written once, and once more when it takes over its version's text.
    assert what_was_touched(newsroom) == ["audience_day", "item", "item", "post", "post_metric", "version"]


@pytest.mark.usefixtures("touched")
def test_a_second_run_changes_only_what_has_changed(newsroom: Newsroom) -> None:
    with newsroom.store.begin() as session:
        session.execute(update(AudienceDay).values(closing=500))
        post_id = session.query(Post).order_by(Post.id).first()
        assert post_id
        session.add(PostMetric(post_id=post_id.id, age=3600, taken_at=NOW, views=1))
    newsroom.archive()
    assert what_was_touched(newsroom) == ["audience_day", "post_metric"]


@pytest.mark.usefixtures("touched")
def test_what_is_no_longer_there_goes(newsroom: Newsroom) -> None:
    with newsroom.store.begin() as session:
        session.query(AudienceDay).delete()
    assert newsroom.archive().changes.removed == 1
    assert newsroom.read("SELECT * FROM audience_day") == []


def test_many_runs_give_what_one_would(newsroom: Newsroom) -> None:
    newsroom.archive()
    items = [newsroom.publish(title=f"Новость номер {number}") for number in range(4)]
    newsroom.archive()
    newsroom.correct(items[0], "Исправленная")
    newsroom.count(MONDAY, 5, 6)
    newsroom.archive()
    newsroom.kill(items[1])
    newsroom.correct(items[0], "Ещё раз исправленная")
    newsroom.archive()
    after_many = dump(newsroom.file)
    newsroom.archive(anew=True)
    assert after_many == dump(newsroom.file)


def dump(file: Path) -> list[tuple[object, ...]]:
    """Every row of every table of ours."""
    with closing(sqlite3.connect(file)) as connection:
        return [
            (table.name, *row)
            for table in DESCRIBED
            for row in connection.execute(f"SELECT * FROM {table.name} ORDER BY {', '.join(table.keys)}")  # noqa: S608 - ours
        ]


# Files that are in the way


def test_a_file_of_somebody_else_is_never_overwritten(embedded: Newsroom) -> None:
    database = embedded.file.parent.parent / "newsroom.sqlite"
    for content in (b"letters", database.read_bytes()):
        embedded.file.parent.mkdir(exist_ok=True)
        embedded.file.write_bytes(content)
        for anew in (False, True):
            with pytest.raises(StoreError, match="no archive of this program"):
                embedded.archive(anew=anew)
        assert embedded.file.read_bytes() == content


def test_a_damaged_archive_is_said_and_built_again_when_asked(embedded: Newsroom) -> None:
    embedded.publish()
    embedded.archive()
    whole = embedded.file.read_bytes()
    embedded.file.write_bytes(whole[:4096] + b"\xff" * 8192 + whole[12288:])
    with pytest.raises(OutOfDate, match="--anew"):
        embedded.archive()
    embedded.archive(anew=True)
    assert embedded.read("PRAGMA integrity_check") == [("ok",)]


def test_an_archive_of_another_layout_is_said_and_built_again_when_asked(embedded: Newsroom) -> None:
    embedded.archive()
    with closing(sqlite3.connect(embedded.file)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(OutOfDate, match="layout of another version"):
        embedded.archive()
    embedded.archive(anew=True)
    assert find_facts(embedded.file)


def test_an_archive_of_the_other_realm_is_not_mixed_up(embedded: Newsroom) -> None:
    embedded.archive()
    with pytest.raises(OutOfDate, match="another office or realm"):
        embedded.archive(realm=Realm.SANDBOX)


def test_an_archive_is_refused_while_another_run_is_at_it(embedded: Newsroom) -> None:
    embedded.archive()
    before = embedded.file.read_bytes()
    with (
        closing(hold_lock(embedded.file.with_name(".newsroom.db.lock"), "publisher archive")),
        pytest.raises(StoreError, match="is already running"),
    ):
        embedded.archive()
    assert embedded.file.read_bytes() == before


def test_what_a_killed_run_left_is_cleared_away(embedded: Newsroom) -> None:
    embedded.publish()
    embedded.file.parent.mkdir()
    left = embedded.file.with_name(".newsroom.db.unfinished")
    left.write_bytes(b"half of it")
    embedded.archive()
    assert not left.exists()
    assert embedded.read("SELECT count(*) FROM item") == [(1,)]


def test_a_folder_that_cannot_be_written_is_said_in_words(embedded: Newsroom) -> None:
    embedded.file.parent.write_bytes(b"a file where the folder should be")
    with pytest.raises(StoreError, match="cannot write the archive"):
        embedded.archive()
