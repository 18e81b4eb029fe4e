"""The interface's texts: all there, all in Russian, none in doubt."""

from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bootstrap import TRANSLATIONS, collect_messages

RUSSIAN = TRANSLATIONS / "ru" / "LC_MESSAGES" / "messages.po"


@pytest.fixture(scope="module")
def russian() -> Catalog:
    """The Russian catalogue."""
    return read(RUSSIAN)


def read(file: Path) -> Catalog:
    """A .po or .pot file."""
    with file.open("rb") as opened:
        return read_po(opened, locale="ru")


def forms(message: Message) -> list[str]:
    """The translation: one text, or one for each plural form; empty where it is missing."""
    string = message.string
    return [form or "" for form in ([string] if isinstance(string, str) else string or [""])]


def places(text: str) -> set[str | None]:
    """The names in {braces}."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_the_catalogue_has_the_texts_of_the_code_and_no_others(tmp_path: Path, russian: Catalog) -> None:
    collect_messages(tmp_path / "messages.pot")
    wanted = {message.id for message in read(tmp_path / "messages.pot") if message.id}
    assert {message.id for message in russian if message.id} == wanted, "run `make messages`"


def test_every_text_is_translated_and_none_is_a_guess(russian: Catalog) -> None:
    assert [m.id for m in russian if m.id and (m.fuzzy or not all(forms(m)))] == []


def test_a_translation_has_the_places_of_its_text(russian: Catalog) -> None:
    braced = [m for m in russian if m.id and "python-brace-format" in m.flags]
    wrong = [m.id for m in braced for form in forms(m) if form and places(form) - places(str(m.id))]
    assert wrong == []
