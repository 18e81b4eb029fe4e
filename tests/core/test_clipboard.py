"""The clipboard's HTML as other programs write it."""

import time

import pytest
from hypothesis import given

from publisher.core.body import Body, parse, to_html
from publisher.core.clipboard import from_clipboard
from publisher.core.light import to_light
from tests.strategies import bodies


@pytest.mark.parametrize(
    ("html", "light"),
    [
        ('<b style="font-weight:normal"><span style="font-weight:700">Раз</span> два</b>', "**Раз** два"),
        ('<span style="font-style: italic; font-weight:400">Раз</span>', "//Раз//"),
        ('<p><span style="text-decoration:line-through">Раз</span></p>', "~~Раз~~"),
        ('<a href="https://krd.ru" style="text-decoration:underline">Раз</a>', "[Раз](https://krd.ru)"),
        ("<style>p{color:red}</style><title>Имя</title><p>Раз</p>", "Раз"),
        ("<p>Раз<p>два<br>три", "Раз\n\nдва\nтри"),
        ("<ul><li>раз<li>два</ul>", "- раз\n- два"),
        ("<table><tr><td>раз</td><td>два</td></tr></table>", "раз\n\nдва"),
        ("1 &lt; 2 &amp; 3", "1 < 2 & 3"),
        ("<!--StartFragment--><p>Раз</p><!--EndFragment-->", "Раз"),
        ("<p>Раз</b></p></div>", "Раз"),
        ("", ""),
    ],
)
def test_looks_become_marks(html: str, light: str) -> None:
    assert to_light(from_clipboard(html)) == light


@pytest.mark.parametrize(
    "html",
    [
        "<p>Раз<script>alert(1)</script></p>",
        "<p>Раз<img src=x onerror=alert(1)></p>",
        '<p onclick="alert(1)">Раз</p>',
        '<a href="javascript:alert(1)">Раз</a>',
        "<svg><script>alert(1)</script></svg><p>Раз</p>",
        '<p>Раз</p><iframe srcdoc="<script>alert(1)</script>"></iframe>',
    ],
)
def test_nothing_that_runs_survives(html: str) -> None:
    written = to_html(from_clipboard(html))
    assert "Раз" in written
    assert "alert" not in written


@pytest.mark.parametrize(
    "piece",
    [
        "<b>",
        "<p>",
        "<ul><li>",
        "<b></i>",
        "<div>",
        "<a ",
        '<a href="',
        '<b style="',
        "<!--",
        "<!",
        "</",
        "<",
        "&",
    ],
)
def test_what_no_program_writes_is_read_in_no_time(piece: str) -> None:
    began = time.process_time()
    from_clipboard(piece * (100_000 // len(piece)) + "Раз")
    assert time.process_time() - began < 2


def test_a_deep_document_is_read_and_one_without_end_is_not() -> None:
    deep, endless = ("<div>" * depth + "Раз" + "</div>" * depth for depth in (400, 1000))
    assert to_light(from_clipboard(deep)) == "Раз"
    assert from_clipboard(endless) == ()


@given(bodies)
def test_our_own_html_comes_back_as_it_was(body: Body) -> None:
    html = to_html(body)
    assert from_clipboard(html) == parse(html)
