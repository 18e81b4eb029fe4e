"""A message as readers see it, from the text and entities that are sent."""

import re
from html import unescape

import pytest
from hypothesis import given

from publisher.core.body import Body, to_rich_text
from publisher.core.light import from_light
from publisher.web.bubble import bubble_html
from tests.strategies import bodies


@pytest.mark.parametrize(
    ("light", "html"),
    [
        ("👍 **раз //два// три**", "👍 <b>раз </b><b><i>два</i></b><b> три</b>"),
        ("a < b & ||c||", 'a &lt; b &amp; <span class="spoiler">c</span>'),
        ("до\n\n> цитата\n\nпосле", 'до<blockquote class="quote">цитата</blockquote>после'),
        (">> раз\n>> два", '<blockquote class="quote-long">раз\nдва</blockquote>'),
        ("- раз\n- два", "• раз\n• два"),
    ],
)
def test_marks_stand_where_they_were_put(light: str, html: str) -> None:
    assert bubble_html(to_rich_text(from_light(light))) == html


def test_a_link_opens_apart_and_knows_nothing_of_us() -> None:
    html = bubble_html(to_rich_text(from_light('[сайт](https://krd.ru/?a=1&b="2)')))
    assert 'href="https://krd.ru/?a=1&amp;b=&#34;2"' in html
    assert 'rel="noopener noreferrer"' in html


@given(bodies)
def test_every_word_of_the_message_is_shown(body: Body) -> None:
    rich = to_rich_text(body)
    shown = unescape(re.sub(r"<[^>]*>", "", bubble_html(rich)))
    assert shown.replace("\n", "") == rich.text.replace("\n", "")
