"""Telegram's entities as HTML, by the sandbox's own code."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.sandbox.markup import Labels, to_html

LABELS = Labels(hidden="Показать", more="Развернуть")


def html(text: str, *entities: dict[str, Any]) -> str:
    return str(to_html(text, entities, LABELS))


def mark(kind: str, offset: int, length: int, **values: object) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **values}


@pytest.mark.parametrize(
    ("kind", "tag"),
    [("bold", "b"), ("italic", "i"), ("underline", "u"), ("strike", "s"), ("code", "code"), ("pre", "pre")],
)
def test_each_mark_has_its_tag(kind: str, tag: str) -> None:
    assert html("раз два три", mark(kind, 4, 3)) == f"раз <{tag}>два</{tag}> три"


def test_offsets_count_utf16_units() -> None:
    assert html("🏛🎉 жирно", mark("bold", 5, 5)) == "🏛🎉 <b>жирно</b>"


def test_a_mark_may_cover_a_single_emoji() -> None:
    shown = html("а👍б", mark("customEmoji", 1, 2, document_id=5368))
    assert shown == 'а<span class="emoji" data-emoji="5368">👍</span>б'


def test_markup_in_the_text_is_shown_as_text() -> None:
    text = '<script>alert("1")</script> & <b>'
    shown = html(text, mark("bold", 0, 8))
    assert shown == "<b>&lt;script&gt;</b>alert(&#34;1&#34;)&lt;/script&gt; &amp; &lt;b&gt;"


@pytest.mark.parametrize(
    "kind", ["code", "pre", "textUrl", "spoiler", "blockquote", "hashtag", "customEmoji"]
)
def test_markup_inside_an_entity_is_shown_as_text(kind: str) -> None:
    entity = mark(kind, 0, 13, url="https://example.org", document_id='"><script>')
    assert "<script" not in html("<script>&amp;", entity)
    assert "&lt;script&gt;&amp;amp;" in html("<script>&amp;", entity)


def test_marks_nest() -> None:
    shown = html("абвгд", mark("italic", 1, 2), mark("bold", 0, 5))
    assert shown == "<b>а<i>бв</i>гд</b>"


def test_marks_that_overlap_are_cut_in_two() -> None:
    shown = html("абвгд", mark("bold", 0, 3), mark("italic", 2, 3))
    assert shown == "<b>аб<i>в</i></b><i>гд</i>"


def test_marks_over_the_same_stretch_all_count() -> None:
    assert html("аб", mark("bold", 0, 2), mark("italic", 0, 2)) == "<b><i>аб</i></b>"


def test_a_quote_lies_outside_the_marks_over_the_same_stretch() -> None:
    shown = html("аб", mark("bold", 0, 2), mark("blockquote", 0, 2))
    assert shown == '<blockquote class="quote"><b>аб</b></blockquote>'


def test_a_quote_ends_its_line_by_itself() -> None:
    shown = html("до\n\nцитата\n\nпосле", mark("blockquote", 4, 6))
    assert shown == 'до\n\n<blockquote class="quote">цитата</blockquote>\nпосле'


def test_a_long_quote_can_be_unfolded() -> None:
    shown = html("много строк", mark("blockquote", 0, 11, collapsed=True))
    assert shown.startswith('<blockquote class="quote quote-long"><div class="quote-text">много строк</div>')
    assert 'aria-expanded="false">Развернуть</button>' in shown


def test_a_spoiler_is_hidden_until_it_is_asked_for() -> None:
    shown = html("тут тайна", mark("spoiler", 4, 5))
    assert shown == (
        'тут <span class="spoiler"><button type="button" class="spoiler-show">Показать</button>'
        '<span class="spoiler-text" inert>тайна</span></span>'
    )


def test_a_link_leads_out_and_gives_nothing_away() -> None:
    shown = html("сайт", mark("textUrl", 0, 4, url='https://example.org/?a=1&b="2"'))
    assert 'href="https://example.org/?a=1&amp;b=&#34;2&#34;"' in shown
    assert 'rel="noopener noreferrer nofollow"' in shown


def test_a_link_without_a_scheme_gets_one() -> None:
    assert 'href="https://t.me/gorod"' in html("тут", mark("textUrl", 0, 3, url="t.me/gorod"))


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", " javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "tg://x", "http://["],
)
def test_a_link_of_any_other_scheme_leads_nowhere(url: str) -> None:
    assert "<a" not in html("тут", mark("textUrl", 0, 3, url=url))


def test_hashtags_names_and_addresses_are_found() -> None:
    shown = html("#дороги, @gorod: https://example.org/a_(b)?c=1. Почта a@example.org, стр#1")
    assert '<span class="tag">#дороги</span>, <span class="tag">@gorod</span>:' in shown
    assert ">https://example.org/a_(b)?c=1</a>. Почта a@example.org, стр#1" in shown


def test_nothing_is_found_inside_code_and_links() -> None:
    shown = html("#тег и #тег", mark("code", 0, 4), mark("textUrl", 7, 4, url="https://example.org"))
    assert "tag" not in shown


def test_an_entity_that_reaches_past_the_end_is_cut_short() -> None:
    assert html("аб", mark("bold", 1, 9)) == "а<b>б</b>"


def test_an_unknown_entity_shows_its_text() -> None:
    assert html("аб", mark("somethingNew", 0, 2)) == "аб"


@given(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.lists(
        st.tuples(
            st.sampled_from(["bold", "italic", "spoiler", "blockquote", "code", "customEmoji", "strange"]),
            st.integers(0, 60),
            st.integers(1, 60),
        ),
        max_size=8,
    ),
)
def test_no_text_is_lost_whatever_the_entities(text: str, wanted: list[tuple[str, int, int]]) -> None:
    places, place = [0], 0
    for char in text:
        place += 2 if ord(char) > 0xFFFF else 1
        places.append(place)
    entities = []
    for kind, start, size in wanted:
        first = places[start % len(places)]
        later = [p for p in places if p > first]
        if later:
            entities.append(mark(kind, first, later[size % len(later)] - first))
    told: list[str] = []
    _read(html(text.replace("@", "a"), *entities), told)
    assert "".join(told).replace("\n", "") == text.replace("@", "a").replace("\n", "")


def _read(shown: str, told: list[str]) -> None:
    """The text of the HTML, without the labels of buttons."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        in_button = False

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.in_button = self.in_button or tag == "button"

        def handle_endtag(self, tag: str) -> None:
            self.in_button = self.in_button and tag != "button"

        def handle_data(self, data: str) -> None:
            if not self.in_button:
                told.append(data)

    reader = Reader(convert_charrefs=True)
    reader.feed(shown)
    reader.close()
