"""The search page: what it finds and marks, what it is narrowed by, and the ways out of finding nothing."""

import html
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import delete, select
from webtest import TestResponse

from publisher.actions.save import ItemForm, create_item, save_item
from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import ItemStatus, Role
from publisher.store.models import Desk, Item, SearchEntry, SearchProgress
from publisher.store.search import WINDOW
from publisher.store.search_index import begin_anew, fill_piece
from tests.builders import add_item
from tests.web.desk import DeskOffice


class Searcher:
    """Somebody who writes and looks for things."""

    def __init__(self, office: DeskOffice, role: Role = Role.EDITOR) -> None:
        self.office = office
        self.visitor = office.visitor(role)

    def write(self, title: str, body: str = "<p>Текст</p>", desk: Desk | None = None) -> int:
        """A new item's id."""
        with self.office.store.begin() as session:
            form = ItemForm(title=title, body=body, desk_id=(desk or self.office.desk).id)
            return create_item(session, COMMAND_LINE, form, self.office.now).id

    def rewrite(self, item_id: int, title: str) -> None:
        """The next version."""
        with self.office.store.begin() as session:
            item = session.get_one(Item, item_id)
            form = ItemForm(title=title, body="<p>Иначе</p>", desk_id=item.desk_id, base=item.head)
            save_item(session, COMMAND_LINE, item_id, form, self.office.now)

    def search(self, words: str, **fields: object) -> TestResponse:
        """The page for these words."""
        return self.visitor.get(f"/search?{urlencode({'q': words, **fields})}")

    def titles(self, words: str, **fields: object) -> list[str]:
        """What the page lists, by title."""
        return [
            " ".join(hit.get_text().split()) for hit in self.search(words, **fields).html.select(".hit-title")
        ]


@pytest.fixture
def searcher(office: DeskOffice) -> Searcher:
    """An editor of the press office."""
    return Searcher(office)


def marks(page: TestResponse) -> list[str]:
    """The marked words."""
    return [mark.get_text() for mark in page.html.select("#found mark")]


def test_an_item_is_found_by_another_form_and_marked_as_it_was_written(searcher: Searcher) -> None:
    item_id = searcher.write("Ремонт дороги", "<p>Завтра <b>дорогу</b> закроют.</p>")
    page = searcher.search("дорогами")
    assert page.html.select_one(".hit-title")["href"] == f"/items/{item_id}"
    assert marks(page) == ["дороги", "дорогу"]


def test_what_was_written_never_becomes_markup(searcher: Searcher) -> None:
    searcher.write("Ремонт <script>alert(1)</script>", "<p>&lt;mark&gt;ремонт&lt;/mark&gt;</p>")
    page = searcher.search("ремонт <img>")
    assert "<script>alert" not in page
    assert marks(searcher.search("ремонт")) == ["Ремонт", "ремонт"]


def test_an_older_version_leads_to_itself(searcher: Searcher) -> None:
    item_id = searcher.write("Ремонт моста")
    searcher.rewrite(item_id, "Открытие моста")
    page = searcher.search("ремонт")
    assert page.html.select_one(".hit-title")["href"] == f"/items/{item_id}/versions/1"
    assert "прежняя версия 1 из 2" in page
    searcher.visitor.get(f"/items/{item_id}/versions/1")


def test_an_item_is_found_by_its_label(searcher: Searcher) -> None:
    searcher.write("Ремонт моста")
    page = searcher.search("remont-mosta")
    assert marks(page) == ["remont-mosta"]
    assert searcher.titles("remont-mosta") == ["Ремонт моста"]


def test_channels_are_found(office: DeskOffice, searcher: Searcher) -> None:
    channel = office.add_channel("krd_news", title="Новости Краснодара")
    page = searcher.search("https://t.me/krd_news")
    assert page.html.select_one(".hit-title")["href"] == f"/channels/{channel.id}"
    assert marks(page) == ["krd", "news"]


def test_everybody_finds_what_the_list_of_items_shows_them(office: DeskOffice, searcher: Searcher) -> None:
    searcher.write("Чужой черновик", desk=office.add_desk("other", "Другой отдел"))
    author = Searcher(office, Role.AUTHOR)
    assert "Чужой черновик" in author.visitor.get("/items")
    assert author.titles("черновик") == ["Чужой черновик"]


def test_a_stranger_finds_nothing(office: DeskOffice) -> None:
    answer = office.visitor(None).get("/search?q=x")
    assert answer.status_int == 302


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["Свой мост", "Чужой мост"]),
        ({"desk": "own"}, ["Свой мост"]),
        ({"tab": "out"}, ["Чужой мост"]),
        ({"since": "2026-12-02"}, []),
        ({"until": "2026-12-01"}, ["Свой мост", "Чужой мост"]),
        ({"kind": "older"}, []),
        ({"kind": "nonsense", "desk": "x", "since": "x", "page": "-1"}, ["Свой мост", "Чужой мост"]),
        ({"page": "99"}, ["Свой мост", "Чужой мост"]),
    ],
)
def test_the_address_narrows_what_is_found(
    office: DeskOffice, searcher: Searcher, fields: dict[str, str], expected: list[str]
) -> None:
    theirs = searcher.write("Чужой мост", desk=office.add_desk("other", "Другой отдел"))
    searcher.write("Свой мост")
    with office.store.begin() as session:
        session.get_one(Item, theirs).status = ItemStatus.PUBLISHED
    assert searcher.titles("мост", **fields) == expected


def test_the_form_keeps_what_was_chosen(searcher: Searcher) -> None:
    page = searcher.search("мост", kind="older", sort="newest", since="2026-11-01")
    [form] = [form for form in page.forms.values() if "q" in form.fields]
    values = {name: form[name].value for name in ("q", "kind", "sort", "since")}
    assert values == {"q": "мост", "kind": "older", "sort": "newest", "since": "2026-11-01"}


def test_many_results_come_in_pages(searcher: Searcher) -> None:
    for number in range(25):
        searcher.write(f"Мост {number}")
    first = searcher.search("мост")
    second = searcher.visitor.get(first.html.select_one("a[rel=next]")["href"])
    titles = [hit.get_text() for page in (first, second) for hit in page.html.select(".hit-title")]
    assert titles == [f"Мост {number}" for number in reversed(range(25))]
    assert "Найдено: 25." in first


@pytest.mark.parametrize(
    ("typed", "way"),
    [
        ("htvjyn", "ремонт"),
        ("ремнот", "ремонт"),
        ("рмонта", "ремонт"),
        ("реммонт", "ремонт"),
        ("ремонт жирафа", "ремонт"),
        ("ремонт -моста", None),
    ],
)
def test_nothing_found_offers_what_would_be_found(searcher: Searcher, typed: str, way: str | None) -> None:
    searcher.write("Ремонт моста")
    page = searcher.search(typed)
    assert "Ничего не нашлось" in page
    ways = [link["href"] for link in page.html.select(".ways a")]
    assert ways == ([f"/search?{urlencode({'q': way})}"] if way else [])
    if way:
        assert searcher.titles(way) == ["Ремонт моста"]


def test_filters_that_hide_everything_can_be_dropped(searcher: Searcher) -> None:
    searcher.write("Ремонт моста")
    page = searcher.search("ремонт", tab="out")
    [way] = page.html.select(".ways a")
    assert way["href"] == f"/search?{urlencode({'q': 'ремонт'})}"


HOSTILE = [
    '"', '""', "'", "*", "**", "a*", "NEAR(a b)", "NEAR", "AND", "OR", "NOT", "a AND", "(", ")", "((a)", "^a",
    "a^", "title:a", "{title} : a", "a:*", "a & b", "a | !b", "<->", "a <-> b", "%", "_", "\\", "a\0b", "\0",
    "--", "-", "; DROP TABLE item", "' OR 1=1 --", "a" * 10_000, "а " * 5_000, "«", "“", "\u200b", "🙂", "[",
    "e\u0301", "\ufffd", "ﷺ", "½", "١٢٣", "ß", "İ", "t.me/", "https://", "@", "]", "a\nb", "\t", "+", "a-b-c",
    '-"', '-"a',
]  # fmt: skip


def test_whatever_is_typed_is_only_looked_for(searcher: Searcher) -> None:
    searcher.write("Ремонт моста")
    # One office for all of them; the visitor fails at any answer that is not a page.
    pages = [searcher.search(typed) for typed in HOSTILE]
    assert all(len(page.html.select_one("#f-q")["value"]) <= 200 for page in pages)


def test_an_empty_page_says_how_to_search(searcher: Searcher) -> None:
    page = searcher.visitor.get("/search")
    assert "Последнее слово можно не дописывать" in page
    assert page.html.select(".hit-title") == []


def test_only_excluded_words_ask_for_one_that_must_be_there(searcher: Searcher) -> None:
    assert "Добавьте слово" in searcher.search("-мост")


def test_an_index_that_is_not_whole_says_so(office: DeskOffice, searcher: Searcher) -> None:
    searcher.write("Ремонт моста")
    with office.store.begin() as session:
        session.execute(delete(SearchEntry))
        session.get_one(SearchProgress, 1).scheme = 0
    assert "Указатель строится: готово 0 %" in html.unescape(searcher.search("ремонт").text)


def test_the_number_is_there_for_those_who_listen(searcher: Searcher) -> None:
    searcher.write("Ремонт моста")
    found = searcher.search("ремонт").html.select_one("#found")
    assert found["data-said"] == "Найдено: 1."
    assert re.search(r'role="status"', searcher.search("ремонт").text)


def test_the_search_goes_on_from_headlines_to_texts(office: DeskOffice, searcher: Searcher) -> None:
    with office.store.begin() as session:
        desk = session.get_one(Desk, office.desk.id)
        for number in range(WINDOW):
            add_item(session, desk, title=f"Мост {number}")
        begin_anew(session)
        fill_piece(session, WINDOW + 1)
    searcher.write("Другая", "<p>О мосте</p>")
    last = searcher.search("мост", page=99)
    assert "Пока просмотрены только заголовки" in last
    [further] = [link["href"] for link in last.html.select(".note a")]
    page = searcher.visitor.get(further)
    assert [hit.get_text() for hit in page.html.select(".hit-title")] == ["Другая"]


def test_a_result_says_when_readers_get_it_and_not_when_it_was_written(
    office: DeskOffice, searcher: Searcher
) -> None:
    searcher.write("Мост открыт")
    searcher.write("Мост откроют")
    searcher.write("Мост в проекте")
    with office.store.begin() as session:
        out, planned, _ = session.scalars(select(Item).order_by(Item.id))
        out.status, out.published_at = ItemStatus.PUBLISHED, office.now - timedelta(days=40)
        planned.status, planned.due = ItemStatus.SCHEDULED, office.now + timedelta(days=1)
    said = [" ".join(time.text.split()) for time in searcher.search("мост").html.select(".hit-about time")]
    assert [text.partition(":")[0].split()[0] for text in said] == ["написана", "выйдет", "опубликована"]
