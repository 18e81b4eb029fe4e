"""The canonical body, and the text with entities that is made of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.body import Body, canonical, parse, to_html, to_plain, to_rich_text
from publisher.core.richtext import Mark, RichText, length_utf16
from tests.strategies import bodies, soups


@given(soups | st.text())
@settings(max_examples=400)
def test_the_canonical_form_of_anything_is_its_own_canonical_form(html: str) -> None:
    once = canonical(html)
    assert canonical(once) == once
    assert parse(once) == parse(html)


@given(bodies)
def test_a_body_survives_its_html(body: Body) -> None:
    assert parse(to_html(body)) == body


@given(bodies)
@settings(max_examples=300)
def test_entities_lie_inside_the_text_and_never_cut_a_character(body: Body) -> None:
    rich = to_rich_text(body)
    units = rich.text.encode("utf-16-le")
    assert rich.text == rich.text.strip()
    for entity in rich.entities:
        assert entity.offset >= 0
        assert entity.length > 0
        piece = units[2 * entity.offset : 2 * (entity.offset + entity.length)]
        assert len(piece) == 2 * entity.length
        piece.decode("utf-16-le")


@given(bodies)
def test_rich_text_survives_being_stored(body: Body) -> None:
    rich = to_rich_text(body)
    assert RichText.from_json(rich.to_json()) == rich


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("<script>alert(1)</script><p onclick='x()'>Текст</p>", "<p>Текст</p>"),
        ("<a href='javascript:alert(1)'>тут</a>", "<p>тут</p>"),
        ("<a href='data:text/html,x'>тут</a>", "<p>тут</p>"),
        ("<img src=x onerror=alert(1)>Текст", "<p>Текст</p>"),
        ("<style>p{}</style><div style='x'>Один<div>Два</div></div>", "<p>Один</p><p>Два</p>"),
        ("<h2>Шапка</h2><p>Текст</p>", "<p><b>Шапка</b></p><p>Текст</p>"),
        ("Раз<br><br>Два<br>Три", "<p>Раз</p><p>Два<br>Три</p>"),
        ("<strong>Ж</strong> <em>к</em> <del>з</del>", "<p><b>Ж</b> <i>к</i> <s>з</s></p>"),
        ("<b><i>а</i></b><i><b>б</b></i>", "<p><b><i>аб</i></b></p>"),
        ("<ul><li>а<ul><li>б</li></ul></li></ul>", "<ul><li>а</li><li>б</li></ul>"),
        (
            "<blockquote expandable><p>а</p><p>б</p></blockquote>",
            "<blockquote expandable>а<br>б</blockquote>",
        ),
        ("72\u00a0тыс.", "<p>72\u00a0тыс.</p>"),
        ("<p> </p><p>\u00a0</p>", ""),
        ("2 < 3 & 4", "<p>2 &lt; 3 &amp; 4</p>"),
    ],
)
def test_what_is_pasted_is_cleaned(pasted: str, kept: str) -> None:
    assert canonical(pasted) == kept


def test_a_message_has_blank_lines_bullets_and_numbers() -> None:
    body = parse("<p>Итоги</p><ul><li>раз</li><li>два</li></ul><ol><li>а</li><li>б</li></ol>")
    assert to_plain(body) == "Итоги\n\n• раз\n• два\n\n1. а\n2. б"


def test_offsets_count_utf16_units() -> None:
    rich = to_rich_text(parse("<p>👍 <b>жирно</b> <a href='https://krd.ru/'>сайт</a></p>"))
    assert length_utf16("👍") == 2
    found = [(e.mark, e.offset, e.length, e.target) for e in rich.entities]
    assert found == [(Mark.BOLD, 3, 5, None), (Mark.LINK, 9, 4, "https://krd.ru/")]


def test_a_quote_is_one_entity_over_its_lines() -> None:
    rich = to_rich_text(parse("<p>До</p><blockquote>Раз<br>Два</blockquote>"))
    (quote,) = rich.entities
    assert (quote.mark, quote.offset, quote.length) == (Mark.QUOTE, 4, 7)
