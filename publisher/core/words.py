"""Words of a text, and the stem that all forms of a word share: what searching compares."""

import re
import unicodedata
from functools import cache, lru_cache
from threading import Lock
from typing import Any

# Letters and digits, with the accents and breves that some programs write as signs of their own.
WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
RUSSIAN = re.compile(r"[а-я]+\Z")
ENGLISH = re.compile(r"[a-z]+\Z")
# Longer ones are no words: a key, a signature, a picture pasted as text.
LONGEST = 40
KNOWN_WORDS = 100_000
# What every text has and nobody looks for, as people type it.
COMMON = frozenset(
    "а без бы в во для до же за и из или к как ко ли на над не но "  # noqa: SIM905 - forty quotes more
    "о об от по под при про с со то у что это a an and as at by for from in is of on or the to with".split()
)


def plain_words(text: str) -> list[str]:
    """The words of a text in their order, each in the form in which words are compared."""
    return [word for word in map(plain_word, WORD.findall(text)) if word]


def stems_of(text: str) -> list[str]:
    """The stems of a text's words in their order."""
    return [found for found in map(stem_as_written, WORD.findall(text)) if found]


@lru_cache(maxsize=KNOWN_WORDS)
def stem_as_written(word: str) -> str:
    """The stem of a word as it stands in a text; nothing for a sign that is no letter after all."""
    return stem(plain_word(word))


@lru_cache(maxsize=KNOWN_WORDS)
def plain_word(word: str) -> str:
    """The word in small letters, «ё» as «е», without accents; all that can be typed in more than one way."""
    composed = unicodedata.normalize("NFKC", word.replace("\u0301", "")).lower().replace("ё", "е")
    return "".join(letter for letter in composed if letter.isalnum())[:LONGEST]


@lru_cache(maxsize=KNOWN_WORDS)
def stem(word: str) -> str:
    """The stem of a plain word: Russian or English by its letters; figures and mixtures stay as they are."""
    if RUSSIAN.match(word):
        return _cut("russian", word)
    if ENGLISH.match(word):
        return _cut("english", word)
    return word


# A stemmer keeps the word it is at in itself.
_at_it = Lock()


def _cut(language: str, word: str) -> str:
    with _at_it:
        found: str = _stemmer(language).stemWord(word)
    return found


@cache
def _stemmer(language: str) -> Any:
    # A start without any search does without the library.
    import snowballstemmer

    return snowballstemmer.stemmer(language)


# Endings that a word being typed may be in the middle of.
ENDINGS = tuple(
    "ами ями ого его ому ему ыми ими ать ять ить еть оть уть ает яет "  # noqa: SIM905 - as above
    "ует ают яют уют ешь ишь ете ите ала яла ила ела али или ели ало ило ело аем уем ание ение ания ения "
    "ости остью ировать ировал ированный ующий ающий ейший ться".split()
)
SHORTEST_STEM = 3


@lru_cache(maxsize=1_000)
def stems_of_beginning(typed: str) -> frozenset[str]:
    """Stems shorter than what was typed, of words that begin with it: «ремонтироват» is on its way to
    «ремонтировать», whose stem ends before the «т»."""
    found = set()
    for ending in ENDINGS if RUSSIAN.match(typed) else ():
        for length in range(1, len(ending)):
            head = typed[:-length]
            if len(head) >= SHORTEST_STEM and typed.endswith(ending[:length]):
                whole = stem(head + ending)
                if typed.startswith(whole):
                    found.add(whole)
    return frozenset(found)
