"""FILE.md as an editor writes it, and what is said about one that cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.editions import Layout
from publisher.core.frontmatter import parse_story
from publisher.errors import RuleError

WHOLE = """---
title: "Итоги года: 71 тыс. 936 обращений"
slug: itogi-2024
desk: press
tags: [итоги, "#обращения", итоги]
source: Центр управления
layout: media_first
---
Первый абзац с **важным**.

> Слова центра
"""


def test_every_field_and_the_body_are_read() -> None:
    story = parse_story(WHOLE)
    assert story.title == "Итоги года: 71 тыс. 936 обращений"
    assert (story.slug, story.desk, story.source) == ("itogi-2024", "press", "Центр управления")
    assert story.tags == ("итоги", "обращения")
    assert story.layout is Layout.MEDIA_FIRST
    assert story.body == "<p>Первый абзац с <b>важным</b>.</p><blockquote>Слова центра</blockquote>"


def test_only_a_title_is_enough() -> None:
    story = parse_story("\ufeff---\r\ntitle: Коротко\r\n---\r\nТекст")
    assert (story.title, story.body, story.tags, story.layout) == ("Коротко", "<p>Текст</p>", (), None)


@pytest.mark.parametrize("written", ["2024-12-01", "12:30", "no", "0x1F", "1_000"])
def test_values_stay_as_written_when_yaml_would_make_something_else_of_them(written: str) -> None:
    assert parse_story(f"---\ntitle: {written}\n---\n").title == written


@pytest.mark.parametrize("tags", ["итоги, город", "[итоги, город]", "\n  - итоги\n  - '#город'"])
def test_tags_are_a_list_or_a_text_with_commas(tags: str) -> None:
    assert parse_story(f"---\ntitle: Т\ntags: {tags}\n---\n").tags == ("итоги", "город")


@pytest.mark.parametrize(
    ("text", "line", "about"),
    [
        ("", 1, "begins with"),
        ("Просто текст", 1, "begins with"),
        ("---\ntitle: Т\nТекст без конца", 3, "does not end"),
        ("---\n---\nТекст", 1, "title is missing"),
        ("---\nslug: t\ntitle:\n---\n", 3, "title is missing"),
        ("---\nslug: t\ntitle: Итоги: год\n---\n", 3, "in quotes"),
        ("---\ntitle: Т\nheadline: Т\n---\n", 3, "no field “headline”"),
        ("---\ntitle: Т\nslug: t\nslug: u\n---\n", 4, "stands twice"),
        ("---\ntitle: Т\nslug: [a, b]\n---\n", 3, "one text"),
        ("---\ntitle: Т\nsource: {a: b}\n---\n", 3, "is a text"),
        ("---\ntitle: Т\nlayout: sideways\n---\n", 3, "caption / media_first"),
        ("---\n- title\n---\n", 2, "name: value"),
    ],
)
def test_an_error_names_the_line_when_the_file_cannot_be_read(text: str, line: int, about: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_story(text)
    assert caught.value.field == "file"
    assert str(caught.value).startswith(f"Line {line}:")
    assert about in str(caught.value)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_a_story_or_a_rule_error(front: str, body: str) -> None:
    try:
        story = parse_story(f"---\n{front}\n---\n{body}")
    except RuleError:
        return
    assert story.title
