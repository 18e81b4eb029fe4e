"""Slugs and the hash that an approval signs."""

from hypothesis import given
from hypothesis import strategies as st

from publisher.core.items import SLUG, SLUG_LENGTH, make_slug, version_hash


def test_a_slug_is_the_title_in_latin_letters() -> None:
    assert make_slug("Итоги года: 71 тыс. обращений") == "itogi-goda-71-tys-obrascheniy"
    assert make_slug("Объезд, подъём и «Ёлка»") == "obezd-podem-i-elka"


@given(st.text())
def test_every_title_has_a_valid_slug(title: str) -> None:
    slug = make_slug(title)
    assert SLUG.fullmatch(slug)
    assert len(slug) <= SLUG_LENGTH


def test_a_hash_changes_with_every_word_and_every_file() -> None:
    content = {"title": "Заголовок", "body": "<p>Текст</p>"}
    first = version_hash(content, [("ab", "", "")])
    assert first == version_hash(dict(reversed(content.items())), [("ab", "", "")])
    assert first != version_hash({**content, "title": "Заголовок."}, [("ab", "", "")])
    assert first != version_hash(content, [("ab", "alt", "")])
