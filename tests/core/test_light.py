"""Light markup: what an editor types is what is meant, and nothing is lost on the way back."""

import time

import pytest
from hypothesis import HealthCheck, given, settings

from publisher.core.body import Body, canonical, parse, to_html
from publisher.core.light import find_slips, from_light, to_light
from tests.strategies import bodies, light_texts


@given(bodies)
@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
def test_every_body_survives_light_markup(body: Body) -> None:
    assert from_light(to_light(body)) == body


@given(light_texts)
@settings(max_examples=300)
def test_every_text_means_something_that_stays(text: str) -> None:
    body = from_light(text)
    assert canonical(to_html(body)) == to_html(body)
    assert from_light(to_light(body)) == body


@pytest.mark.parametrize(
    ("light", "html"),
    [
        ("**Ж** //к// __п__ ~~з~~ ||с|| ``м``",
         "<p><b>Ж</b> <i>к</i> <u>п</u> <s>з</s> <tg-spoiler>с</tg-spoiler> <code>м</code></p>"),
        ("[сайт](https://krd.ru/)", '<p><a href="https://krd.ru/">сайт</a></p>'),
        ("Раз\nДва\n\nТри", "<p>Раз<br>Два</p><p>Три</p>"),
        ("Список:\n- раз\n- два\n  дальше", "<p>Список:</p><ul><li>раз</li><li>два<br>дальше</li></ul>"),
        ("1. раз\n2. два", "<ol><li>раз</li><li>два</li></ol>"),
        ("> цитата\n> дальше", "<blockquote>цитата<br>дальше</blockquote>"),
        (">> длинная", "<blockquote expandable>длинная</blockquote>"),
        (r"5\*\*3", "<p>5**3</p>"),
        ("https://krd.ru/a__b//c", "<p>https://krd.ru/a__b//c</p>"),
        ("**https://krd.ru/a__b**", "<p><b>https://krd.ru/a__b</b></p>"),
        ("[плохо](javascript:alert(1))", "<p>[плохо](javascript:alert(1))</p>"),
        ("[👍](tg://emoji?id=12)", '<p><tg-emoji emoji-id="12">👍</tg-emoji></p>'),
        ("**всё жирно", "<p><b>всё жирно</b></p>"),
    ],
)  # fmt: skip
def test_what_is_typed_is_what_is_meant(light: str, html: str) -> None:
    assert to_html(from_light(light)) == html


def test_ordinary_text_gets_no_backslashes() -> None:
    text = "В 2024 году — 71 936 обращений (км/ч, 5*3): https://krd.ru/a__b//c, mail@krd.ru."
    assert to_light(parse(canonical(f"<p>{text}</p>"))) == text


@pytest.mark.parametrize(
    ("light", "slips"),
    [
        ("Раз **два** три", []),
        ("Раз\n\nдва **три\n\n**четыре", [(3, "**", ""), (5, "**", "")]),
        ("- раз\n- два\n  и //три\n- четыре//", [(3, "//", ""), (4, "//", "")]),
        ("> ||раз\n> два||", []),
        (r"2\**10", []),
        (r"2**10 и 3\*\*4", [(1, "**", "")]),
        ("https://krd.ru/a__b//c", []),
        ("\r\n\r\n[сайт](www.krd.ru)", [(3, "", "www.krd.ru")]),
        ("[сайт](https://krd.ru) и [👍](tg://emoji?id=12)", []),
        ("[**сайт](https://krd.ru)", [(1, "**", "")]),
    ],
)  # fmt: skip
def test_slips_are_found_by_their_line(light: str, slips: list[tuple[int, str, str]]) -> None:
    assert [(slip.line, slip.mark, slip.target) for slip in find_slips(light)] == slips


@given(bodies)
def test_what_we_write_ourselves_has_no_open_marks(body: Body) -> None:
    assert not [slip for slip in find_slips(to_light(body)) if slip.mark]


@pytest.mark.parametrize("piece", ["а\n", "**а\n", "[", "](", "- а\n  б\n", ">> ", "https://", "\\"])
def test_no_text_keeps_the_desk_busy(piece: str) -> None:
    text = piece * (50_000 // len(piece))
    began = time.process_time()
    find_slips(text)
    assert from_light(to_light(from_light(text))) is not None
    assert time.process_time() - began < 4
