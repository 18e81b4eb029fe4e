"""The page's own words."""

import re
from pathlib import Path

import pytest

from publisher.sandbox import words as module
from publisher.sandbox.words import WORDS, Words

SANDBOX = Path(module.__file__).parent
METHODS = {key for key in WORDS if "." in key}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 подписчиков"), (1, "1 подписчик"), (2, "2 подписчика"), (5, "5 подписчиков"),
        (11, "11 подписчиков"), (21, "21 подписчик"), (112, "112 подписчиков"),
        (12_902, "12\u202f902 подписчика"),
    ],
)  # fmt: skip
def test_readers_are_counted_in_russian(number: int, text: str) -> None:
    assert Words("ru").subscribers(number) == text


def test_readers_are_counted_in_english() -> None:
    assert [Words("en").subscribers(n) for n in (1, 2, 12_902)] == [
        "1 subscriber", "2 subscribers", "12,902 subscribers",
    ]  # fmt: skip


def test_large_numbers_are_shortened_as_in_the_messenger() -> None:
    assert [Words("ru").short(n) for n in (999, 1000, 12_345, 1_250_000)] == [
        "999", "1 тыс.", "12,3 тыс.", "1,2 млн",
    ]  # fmt: skip
    assert Words("en").short(12_345) == "12.3K"


def test_every_word_is_said_somewhere_and_no_other() -> None:
    sources = [path.read_text("utf-8") for path in SANDBOX.rglob("*") if path.suffix in {".html", ".py"}]
    said = set(re.findall(r"""say\(\s*["']([a-z_]+)["'](?!\s*~)""", "\n".join(sources)))
    built = {
        key for key in WORDS if key.startswith(("kind_", "when_", "answered_", "answer_", "duplicates_"))
    }
    spoken = said | built | METHODS | {"limits", "offline", "not_allowed", "not_found", "wrong"}
    assert spoken == set(WORDS)
