"""Comparing two texts word by word."""

import time

from hypothesis import given
from hypothesis import strategies as st

from publisher.core.changes import Change, Stretch, compare_texts

KEPT, ADDED, REMOVED = Change.KEPT, Change.ADDED, Change.REMOVED


def stretch(change: Change, text: str) -> Stretch:
    """Short for tests."""
    return Stretch(change=change, text=text)


def test_a_changed_word_stands_beside_what_it_was() -> None:
    assert compare_texts("Закрыто до вечера.", "Закрыто до утра.") == [
        stretch(KEPT, "Закрыто до "),
        stretch(REMOVED, "вечера"),
        stretch(ADDED, "утра"),
        stretch(KEPT, "."),
    ]


def test_neighbouring_changed_words_are_one_phrase() -> None:
    changes = compare_texts("вечера пятницы, ждите", "утра субботы, ждите")
    assert changes[:2] == [stretch(REMOVED, "вечера пятницы"), stretch(ADDED, "утра субботы")]


def test_times_and_figures_change_as_wholes() -> None:
    changes = compare_texts("в 10:30, цена 1,5", "в 12:00, цена 2,5")
    assert [s.text for s in changes if s.change is not KEPT] == ["10:30", "12:00", "1,5", "2,5"]


def test_equal_texts_have_no_change() -> None:
    assert compare_texts("Одно и то же", "Одно и то же") == [stretch(KEPT, "Одно и то же")]
    assert compare_texts("", "") == []


TEXTS = st.lists(st.sampled_from(["дом", "мост", " ", "\n", ".", "до", "👍", "1"]), max_size=30).map("".join)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_out_of_the_comparison(old: str, new: str) -> None:
    changes = compare_texts(old, new)
    assert "".join(s.text for s in changes if s.change is not REMOVED) == new
    assert "".join(s.text for s in changes if s.change is not ADDED) == old


def test_long_texts_are_compared_by_line_and_in_no_time() -> None:
    lines = [f"Строка {number}: мост закрыт, а паром ходит.\n" for number in range(2000)]
    began = time.process_time()
    shown = compare_texts("".join(lines), "".join([*lines[:1000], "Новая строка.\n", *lines[1000:]]))
    assert [stretch.text for stretch in shown if stretch.change is Change.ADDED] == ["Новая строка.\n"]
    assert len(compare_texts("а\n" * 50_000, "а\n" * 49_999 + "б\n")) == 3
    assert time.process_time() - began < 2
