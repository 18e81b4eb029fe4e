"""Words and stems, what was typed, and where a text has it."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from publisher.core.body import parse, skim, to_html
from publisher.core.marking import find_matches, has_marks, mark, snippet
from publisher.core.misspelling import near_stems, other_layout
from publisher.core.query import LONGEST_QUERY, MOST_TERMS, parse_query
from publisher.core.words import LONGEST, WORD, plain_word, plain_words, stem, stems_of

WORDS = [
    "ремонт", "ремонта", "дороги", "дорогами", "моста", "ёлка", "елки", "парк", "news", "krd", "12", "2024",
    "и", "Ремонтировать", "до\u0301рога", "трамваи\u0306",
]  # fmt: skip
texts = st.one_of(
    st.text(max_size=300), st.lists(st.sampled_from([*WORDS, ".", "\n", "—", "@"])).map(" ".join)
)
queries = st.lists(st.sampled_from([*WORDS, '"ремонт дороги"', "-парк", "рем"]), max_size=4).map(" ".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("дорога", "дорогами"), ("ремонт", "ремонта"), ("ёлка", "елки"), ("Мост", "МОСТЫ"),
        ("concert", "concerts"), ("до\u0301рога", "дорога"), ("трамваи\u0306", "трамвай"),
    ],
)  # fmt: skip
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stems_of(one) == stems_of(other)


def test_words_are_letters_and_digits() -> None:
    assert plain_words("Пишите: @krd_news, t.me/krd — 8 (861) 255-43-21!") == [
        "пишите", "krd", "news", "t", "me", "krd", "8", "861", "255", "43", "21",
    ]  # fmt: skip


@given(st.text())
def test_a_plain_word_has_nothing_that_a_database_could_misread(text: str) -> None:
    for word in plain_words(text):
        assert word.isalnum()
        assert len(word) <= LONGEST
        assert plain_word(word) == word
        assert stem(word).isalnum()


@given(st.text(max_size=1_000))
def test_any_text_is_a_query(text: str) -> None:
    query = parse_query(text)
    assert len(query.wanted) + len(query.unwanted) <= MOST_TERMS
    for term in (*query.wanted, *query.unwanted):
        assert term.words
        assert term.endings


@given(queries)
def test_a_query_reads_as_what_it_was_typed_as(typed: str) -> None:
    query = parse_query(f"{typed} ")
    assert [term.words for term in parse_query(f"{query.typed} ").wanted] == [t.words for t in query.wanted]


def test_only_the_last_word_may_be_unfinished() -> None:
    first, last = parse_query("ремонт доро").wanted
    assert not first.is_open
    assert last.is_open
    assert not parse_query("ремонт доро ").wanted[1].is_open
    assert not parse_query('"ремонт доро"').wanted[0].is_open
    assert not parse_query("парк -мос").unwanted[0].is_open


def test_small_words_do_not_count_beside_others() -> None:
    assert [term.words for term in parse_query("ремонт на дороге").wanted] == [("ремонт",), ("дороге",)]
    assert [term.words for term in parse_query("на").wanted] == [("на",)]
    assert parse_query('"на дороге"').wanted[0].words == ("на", "дороге")


def test_what_is_too_long_is_cut() -> None:
    assert parse_query("а" * 10_000).wanted[0].words == ("а" * LONGEST,)
    assert len(parse_query("слово " * 5_000).wanted) == MOST_TERMS
    assert LONGEST_QUERY >= MOST_TERMS


@given(texts, queries)
def test_marking_never_changes_the_text(text: str, typed: str) -> None:
    assert "".join(piece.text for piece in mark(text, parse_query(typed))) == text


@given(texts, queries)
def test_only_whole_words_are_marked(text: str, typed: str) -> None:
    for piece in mark(text, parse_query(typed)):
        assert not piece.is_marked or WORD.fullmatch(piece.text)


@given(texts, queries)
def test_a_snippet_is_a_stretch_of_the_text_with_a_mark_if_there_is_one(text: str, typed: str) -> None:
    query = parse_query(typed)
    pieces = snippet(text, query)
    shown = "".join(piece.text for piece in pieces if piece.text not in {"… ", " …"})
    assert shown in text
    assert has_marks(pieces) == has_marks(mark(text, query))


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30), st.data())
def test_every_word_of_a_text_finds_and_marks_it(written: list[str], data: st.DataObject) -> None:
    text = " ".join(written)
    asked = data.draw(st.sampled_from(written))
    query = parse_query(asked)
    assume(query)
    marked = [text[match.start : match.end] for match in find_matches(text, query)]
    assert asked in marked


@pytest.mark.parametrize(
    "word", ["ремонтировать", "ремонтируют", "дорогами", "администрация", "строительство"]
)
def test_a_word_is_not_lost_while_it_is_typed(word: str) -> None:
    for length in range(3, len(word) + 1):
        assert has_marks(mark(word, parse_query(word[:length]))), word[:length]


def test_a_snippet_shows_where_most_is_met() -> None:
    text = "Ремонт. " + "Ничего нового. " * 40 + "Начался ремонт дороги у парка. " + "Ничего. " * 40
    shown = "".join(piece.text for piece in snippet(text, parse_query("ремонт дороги парк")))
    assert "Начался ремонт дороги у парка." in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("htvjyn", "ремонт"), ("Ljhjuf", "Дорога"), ("сщтсуке", "concert"), ("а-b", ""), ("", "")],
)
def test_the_other_layout_is_the_same_keys(typed: str, meant: str) -> None:
    assert other_layout(typed) == meant


@pytest.mark.parametrize("slip", ["ремнот", "рмонт", "реммонт", "римонт", "емонт", "ремон"])
def test_one_slip_is_near(slip: str) -> None:
    assert "ремонт" in near_stems(slip)


@pytest.mark.parametrize(
    "html",
    [
        "<p>Раз<br>два &amp; <b>три</b></p><p>четыре</p>",
        "<ul><li>раз</li><li>два</li></ul><blockquote>три</blockquote>",
        "<p>a &lt;b&gt; c</p>",
    ],
)
def test_skimming_reads_the_same_words_as_the_tree(html: str) -> None:
    assert to_html(parse(html)) == html
    assert plain_words(skim(html)) == plain_words(" ".join(_lines(html)))


def _lines(html: str) -> list[str]:
    return ["".join(run.text for run in line) for block in parse(html) for line in block.lines]
