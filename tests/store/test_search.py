"""Searching: what is found by which words, the same on both databases, and an index that is always true."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from publisher.actions.accounts import add_channel as connect_channel
from publisher.actions.channels import change_channel, retire_channel
from publisher.actions.correct import correct_item
from publisher.actions.kill import kill_item
from publisher.actions.publish import publish_item
from publisher.actions.save import ChosenMedia, ItemForm, create_item, save_item
from publisher.config import Delivery
from publisher.core.editions import MediaKind
from publisher.core.permissions import Actor
from publisher.core.query import parse_query
from publisher.core.states import ItemStatus, Role
from publisher.errors import EditConflict
from publisher.store.models import (
    Account,
    Channel,
    Desk,
    Item,
    Media,
    SearchEntry,
    SearchProgress,
    Version,
)
from publisher.store.search import (
    BEGINNING,
    WINDOW,
    Kind,
    Order,
    SearchFilter,
    Start,
    find_channels,
    find_versions,
    list_found,
    list_known_stems,
)
from publisher.store.search_index import begin_anew, fill_piece, read_filling
from publisher.store.session import Store
from tests.builders import NOW, actor_for, add_account, add_desk, add_item, add_user

DELIVERY = Delivery()


class Office:
    """A chief who writes, one desk, one account."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.begin() as session:
            self.desk: Desk = add_desk(session)
            self.other: Desk = add_desk(session, title="Дороги")
            self.account: Account = add_account(session)
            self.chief: Actor = actor_for(add_user(session, Role.CHIEF))
            self.admin: Actor = actor_for(add_user(session, Role.ADMIN))

    def write(self, title: str, body: str = "Текст", **values: object) -> int:
        """A new item's id."""
        with self.store.begin() as session:
            return create_item(session, self.chief, self.form(title, body, **values), NOW).id

    def rewrite(self, item_id: int, title: str, body: str = "Текст", **values: object) -> None:
        """The next version of the item."""
        with self.store.begin() as session:
            form = self.form(title, body, base=session.get_one(Item, item_id).head, **values)
            save_item(session, self.chief, item_id, form, NOW)

    def form(self, title: str, body: str, **values: object) -> ItemForm:
        """What the composer would send."""
        fields: dict[str, object] = {"desk_id": self.desk.id, **values}
        return ItemForm(title=title, body=f"<p>{body}</p>", **fields)  # type: ignore[arg-type]  # its own fields

    def connect(self, handle: str, title: str) -> int:
        """A new channel's id."""
        with self.store.begin() as session:
            account = session.get_one(Account, self.account.id)
            return connect_channel(session, self.admin, account, handle, NOW, title=title).id

    def titles(self, words: str, order: Order = Order.NEWEST, **chosen: object) -> list[str]:
        """The headlines of what is found."""
        with self.store.reading() as session:
            found = find_versions(session, parse_query(words), SearchFilter(**chosen), order)  # type: ignore[arg-type]  # its own fields
            return [version.title for version in list_found(session, found.version_ids)]

    def channels(self, words: str, **chosen: object) -> list[str]:
        """The titles of the channels that are found."""
        with self.store.reading() as session:
            found = find_channels(session, parse_query(words), SearchFilter(**chosen))  # type: ignore[arg-type]  # its own fields
            return [channel.title for channel in found]


@pytest.fixture
def office(store: Store) -> Office:
    """An office on both databases."""
    return Office(store)


def index(session: Session) -> Sequence[tuple[object, ...]]:
    """Every entry."""
    return [tuple(row) for row in session.execute(select(SearchEntry.__table__).order_by(SearchEntry.id))]


def fill(store: Store, size: int = 250) -> None:
    """Build the index to its end, piece by piece."""
    for _ in range(100):
        with store.begin() as session:
            if fill_piece(session, size).is_complete:
                return
    raise AssertionError("the index is never complete")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Ремонт дороги", "ремонта"),
        ("Ремонт дороги", "дорогами"),
        ("Ремонт дороги", "ДОРОГА ремонт"),
        ("Ёлка на площади", "елки"),
        ("Елка на площади", "ёлку"),
        ("Открыта новая до\u0301рога", "дорога"),
        ("Новый трамвай", "трамваи\u0306"),
        ("Concerts in the park", "concert"),
        ("Телефон 8 861 255-43-21", "255-43-21"),
        ("Бюджет 24.11.2026 принят", "24.11.2026"),
        ("Пишите в @krd_news", "@krd_news"),
        ("Пишите в @krd_news", "https://t.me/krd_news"),
        ("Пишите на t.me/krd_news", "@krd_news"),
        ("Подробно на krd.ru/news", "https://krd.ru/news"),
        ("Дороги ремонтируют", "ремонтируют"),
        ("Ремонтировать будут ночью", "ремонтироват"),
        ("Ремонт дороги", "рем"),
        ("Ремонт дороги", "дорог рем"),
        ("Ремонт дороги на Красной", "ремонт на красной"),
        ("О чём говорили", "о"),
    ],
)
def test_an_item_is_found_by_what_people_type(office: Office, written: str, asked: str) -> None:
    office.write("Жираф", "Совсем другой текст")
    office.write(written)
    assert office.titles(asked) == [written]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Ремонт дороги", "рем дороги"),
        ("Ремонт дороги", "ремонт моста"),
        ("Ремонт дороги", "ре"),
        ("Ремонт дороги и моста", '"ремонт моста"'),
        ("Ремонт дороги", "ремонт -дороги"),
        ("Ремонт дороги", '-"ремонт дороги" ремонт'),
        ("Ремонт дороги", "-парк"),
        ("Ремонт дороги", ""),
        ("Ремонт дороги", "*"),
        ("Новости krd и другие news", "@krd_news"),
    ],
)
def test_an_item_is_not_found_by_other_words(office: Office, written: str, asked: str) -> None:
    office.write(written)
    assert office.titles(asked) == []


def test_a_phrase_is_found_in_any_forms_of_its_words(office: Office) -> None:
    office.write("О ремонте мостов", "Моста ремонт")
    office.write("О мостах и ремонте")
    assert office.titles('"ремонт моста"') == ["О ремонте мостов"]


def test_no_phrase_reaches_from_the_headline_into_the_text(office: Office) -> None:
    office.write("Начался ремонт", "Моста больше нет")
    assert office.titles('"ремонт моста"') == []


def test_words_may_stand_in_different_places_of_a_version(office: Office) -> None:
    office.write("Начался ремонт", "Дорогу закроют", tags=("транспорт",), source="Штаб")
    assert office.titles("ремонт дороги транспорт штаб") == ["Начался ремонт"]


def test_what_is_said_about_a_picture_is_found(office: Office) -> None:
    with office.store.begin() as session:
        photo = Media(
            sha256="a" * 64,
            kind=MediaKind.PHOTO,
            mime="image/jpeg",
            name="bridge.jpg",
            size=1,
            created_at=NOW,
        )
        session.add(photo)
        session.flush()
    chosen = ChosenMedia(media_id=photo.id, alt="Рабочие на мосту", credit="Фото пресс-службы")
    office.write("Новость", media=(chosen,))
    office.write("Рабочие встали")
    assert office.titles("рабочий", kind=Kind.MEDIA) == ["Новость"]
    assert office.titles("bridge.jpg") == ["Новость"]
    assert office.titles("фото") == ["Новость"]


def test_an_own_text_of_a_channel_is_found(office: Office) -> None:
    channel_id = office.connect("krd_news", "Краснодар")
    office.write("Новость", channel_ids=(channel_id,), overrides={channel_id: "<p>Коротко о трамвае</p>"})
    assert office.titles("трамвай") == ["Новость"]


def test_an_item_is_shown_once_by_its_newest_version_with_the_words(office: Office) -> None:
    item_id = office.write("Ремонт моста", "Первый")
    office.rewrite(item_id, "Ремонт моста", "Второй")
    office.rewrite(item_id, "Открытие моста", "Третий")
    assert office.titles("ремонт") == ["Ремонт моста"]
    assert office.titles("моста") == ["Открытие моста"]
    assert office.titles("ремонт", kind=Kind.NEWS) == []
    assert office.titles("моста", kind=Kind.OLDER) == ["Ремонт моста"]
    with office.store.reading() as session:
        [found] = find_versions(session, parse_query("ремонт"), SearchFilter(), Order.BEST).version_ids
        assert session.get_one(Version, found).number == 2


def test_headlines_come_before_texts_when_the_best_are_asked_for(office: Office) -> None:
    office.write("Ремонт моста")
    office.write("Другая", "О ремонте моста")
    assert office.titles("ремонт моста", Order.BEST) == ["Ремонт моста", "Другая"]
    assert office.titles("ремонт моста", Order.NEWEST) == ["Другая", "Ремонт моста"]


def test_filters_narrow_what_is_found(office: Office) -> None:
    channel_id = office.connect("krd_news", "Краснодар")
    own = office.write("Своя новость", channel_ids=(channel_id,))
    office.write("Чужая новость", desk_id=office.other.id)
    with office.store.begin() as session:
        session.get_one(Item, own).status = ItemStatus.PUBLISHED
    assert office.titles("новость", desk_ids=frozenset({office.other.id})) == ["Чужая новость"]
    assert office.titles("новость", channel_id=channel_id) == ["Своя новость"]
    assert office.titles("новость", statuses=frozenset({ItemStatus.PUBLISHED})) == ["Своя новость"]
    assert office.titles("новость", author_id=office.chief.user_id) == ["Чужая новость", "Своя новость"]
    assert office.titles("новость", author_id=office.admin.user_id) == []


def test_a_period_is_that_of_writing(office: Office) -> None:
    with office.store.begin() as session:
        for days in (400, 40, 4):
            form = office.form(f"Новость {days}", "Текст")
            create_item(session, office.chief, form, NOW - timedelta(days=days))
    since, until = NOW - timedelta(days=100), NOW - timedelta(days=10)
    assert office.titles("новость", since=since) == ["Новость 4", "Новость 40"]
    assert office.titles("новость", until=until) == ["Новость 40", "Новость 400"]
    assert office.titles("новость", since=since, until=until) == ["Новость 40"]


def test_the_search_goes_on_where_the_window_ended(office: Office) -> None:
    with office.store.begin() as session:
        for _ in range(WINDOW + 5):
            add_item(session, session.get_one(Desk, office.desk.id), title="Новость")
        begin_anew(session)
    fill(office.store)
    query = parse_query("новость")
    with office.store.reading() as session:
        first = find_versions(session, query, SearchFilter(), Order.BEST)
        assert first.further is not None
        rest = find_versions(session, query, SearchFilter(), Order.BEST, start=first.further)
    assert (len(first.version_ids), first.further) == (WINDOW, Start(before=first.version_ids[-1]))
    assert (len(rest.version_ids), rest.further) == (5, None)
    assert not set(first.version_ids) & set(rest.version_ids)


@pytest.mark.parametrize("window", [1, 2, 3, 10])
def test_headlines_come_first_and_everything_once_however_far_each_look_goes(
    office: Office, window: int
) -> None:
    office.write("Ремонт моста 1")
    for number in (2, 3):
        office.write(f"Другая {number}", "О ремонте моста")
        office.write(f"Ремонт моста {number}", "И снова ремонт моста")
    query, titles, start = parse_query("ремонт моста"), [], BEGINNING
    with office.store.reading() as session:
        for _ in range(10):
            found = find_versions(session, query, SearchFilter(), Order.BEST, start=start, window=window)
            titles += [version.title for version in list_found(session, found.version_ids)]
            if found.further is None:
                break
            start = found.further
    assert titles == ["Ремонт моста 3", "Ремонт моста 2", "Ремонт моста 1", "Другая 3", "Другая 2"]


def test_a_channel_is_found_by_title_and_name_as_they_are_now(office: Office) -> None:
    channel_id = office.connect("krd_news", "Новости Краснодара")
    with office.store.begin() as session:
        change_channel(
            session, office.admin, channel_id, NOW,
            handle="krd_gorod", title="Город Краснодар", desk=None, opened_on=None,
        )  # fmt: skip
    assert office.channels("краснодаре") == ["Город Краснодар"]
    assert office.channels("@krd_gorod") == ["Город Краснодар"]
    assert office.channels("krd_news") == []
    assert office.channels("город", kind=Kind.NEWS) == []
    assert office.channels("город", author_id=1) == []


def tell_a_story(office: Office) -> None:
    """All that happens to items and channels, by the actions that people use."""
    channel_id = office.connect("krd_news", "Новости")
    retired = office.connect("krd_old", "Старый")
    item_id = office.write("Ремонт моста", channel_ids=(channel_id,))
    office.rewrite(item_id, "Ремонт дороги", channel_ids=(channel_id,))
    # The same words again: no new version.
    office.rewrite(
        item_id, "Ремонт дороги", channel_ids=(channel_id,), desk_id=office.other.id, slug="doroga"
    )
    with office.store.begin() as session:
        publish_item(session, office.chief, item_id, DELIVERY, NOW)
    office.rewrite(item_id, "Ремонт проспекта", channel_ids=(channel_id,))
    with office.store.begin() as session:
        correct_item(session, office.chief, item_id, DELIVERY, NOW)
    with office.store.begin() as session:
        kill_item(session, office.chief, item_id, "Ошибка", DELIVERY, NOW)
    with office.store.begin() as session:
        change_channel(
            session, office.admin, channel_id, NOW,
            handle="krd_city", title="Город", desk=None, opened_on=None,
        )  # fmt: skip
        retire_channel(session, office.admin, retired, NOW)


def test_the_index_equals_a_rebuilt_one_after_every_action(office: Office) -> None:
    tell_a_story(office)
    with office.store.reading() as session:
        kept = index(session)
        assert session.scalar(select(func.count()).select_from(Version)) == 3
    with office.store.begin() as session:
        session.execute(delete(SearchEntry))
        begin_anew(session)
    fill(office.store, size=2)
    with office.store.reading() as session:
        assert index(session) == kept
        assert len(kept) == 3


def test_the_full_text_table_of_sqlite_equals_the_entries(sqlite_store: Store) -> None:
    tell_a_story(Office(sqlite_store))
    with sqlite_store.begin() as session:
        # Raises DatabaseError where the two differ.
        session.execute(text("INSERT INTO search_words (search_words, rank) VALUES ('integrity-check', 1)"))


def write_and_fail(office: Office) -> None:
    """A transaction whose second act is refused."""
    with office.store.begin() as session:
        item = create_item(session, office.chief, office.form("Ремонт моста", "Текст"), NOW)
        save_item(session, office.chief, item.id, office.form("Ремонт", "Текст"), NOW)


def test_what_is_rolled_back_leaves_no_trace(office: Office) -> None:
    with pytest.raises(EditConflict):
        write_and_fail(office)
    assert office.titles("ремонт") == []
    with office.store.reading() as session:
        assert index(session) == []


def test_what_is_deleted_is_found_no_more(office: Office) -> None:
    item_id = office.write("Ремонт моста")
    channel_id = office.connect("krd_news", "Новости")
    with office.store.begin() as session:
        session.execute(delete(Version).where(Version.item_id == item_id))
        session.execute(delete(Channel).where(Channel.id == channel_id))
    with office.store.reading() as session:
        assert index(session) == []
    assert office.titles("ремонт") == []
    assert office.channels("новости") == []


def test_an_older_installation_is_filled_in_pieces_the_newest_first(office: Office) -> None:
    with office.store.begin() as session:
        session.execute(delete(SearchProgress))
        for number in range(5):
            add_item(session, session.get_one(Desk, office.desk.id), title=f"Новость {number}")
    with office.store.reading() as session:
        assert read_filling(session).percent == 0
    with office.store.begin() as session:
        filling = fill_piece(session, 2)
    assert not filling.is_complete
    assert 0 < filling.percent < 100
    assert office.titles("новость") == ["Новость 4", "Новость 3"]
    # Somebody goes on writing meanwhile.
    office.write("Новость 5")
    fill(office.store, size=2)
    assert office.titles("новость") == [f"Новость {number}" for number in (5, 4, 3, 2, 1, 0)]
    with office.store.reading() as session:
        assert read_filling(session).is_complete


def test_entries_of_another_scheme_are_made_anew(office: Office) -> None:
    office.write("Ремонт моста")
    with office.store.begin() as session:
        session.get_one(SearchProgress, 1).scheme = 0
        session.execute(update(SearchEntry).values(title="устарело"))
    fill(office.store)
    assert office.titles("ремонт") == ["Ремонт моста"]
    assert office.titles("устарело") == []


def test_a_new_installation_has_nothing_to_fill(office: Office) -> None:
    with office.store.reading() as session:
        assert read_filling(session).is_complete


def test_stems_that_somebody_used_are_known(office: Office) -> None:
    office.write("Ремонт моста", "and not or near")
    with office.store.reading() as session:
        asked = ["ремонт", "мост", "парк", "and", "not", "или", "near"]
        assert list_known_stems(session, asked) == ["ремонт", "мост", "and", "not", "near"]
