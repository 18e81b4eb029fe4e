"""What may have been meant by a word that nobody wrote."""

from collections.abc import Iterator

RUSSIAN = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
ENGLISH = "abcdefghijklmnopqrstuvwxyz"
# The same keys in both layouts.
LATIN_KEYS = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.~QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>"
RUSSIAN_KEYS = "ёйцукенгшщзхъфывапролджэячсмитьбюЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ"
TO_RUSSIAN = str.maketrans(LATIN_KEYS, RUSSIAN_KEYS)
TO_LATIN = str.maketrans(RUSSIAN_KEYS, LATIN_KEYS)
SHORTEST = 4


def other_layout(text: str) -> str:
    """The text as the same keys give it in the other layout: «htvjyn» is «ремонт»; nothing for a mixture."""
    letters = [letter for letter in text if letter.isalpha()]
    if letters and all(letter.isascii() for letter in letters):
        return text.translate(TO_RUSSIAN)
    if letters and all(letter in RUSSIAN_KEYS for letter in letters):
        return text.translate(TO_LATIN)
    return ""


def near_stems(stem: str) -> list[str]:
    """All that is one slip away: two letters changed over, one missing, one too many, one wrong; short stems
    are near to too much."""
    if len(stem) < SHORTEST:
        return []
    letters = RUSSIAN if stem[0] in RUSSIAN else ENGLISH
    return list(dict.fromkeys(near for near in _near(stem, letters) if near != stem))


def _near(stem: str, letters: str) -> Iterator[str]:
    cuts = [(stem[:place], stem[place:]) for place in range(len(stem) + 1)]
    for head, tail in cuts:
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        if tail:
            yield head + tail[1:]
        yield from (head + letter + tail for letter in letters)
        if tail:
            yield from (head + letter + tail[1:] for letter in letters)
