"""Searching 200,000 items against the search page of an office without news.

The offices of bench/pages.py, with texts of a hundred words. Reach: p95 at most three times that of the page
before anything was typed.
"""

import argparse
import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import text, update

from bench.pages import NOW, WORDS, compare, fill, print_line
from publisher.core.states import Role
from publisher.store.models import Version
from publisher.store.search_index import begin_anew, fill_piece
from tests.web.desk import DeskOffice

RARE = "водопроводный жираф фестиваль библиотека дирижабль".split()  # noqa: SIM905 - five quoted words
SYLLABLES = ["ва", "ро", "ми", "ке", "ду", "ла", "но", "ти", "пе", "су", "га", "бо", "ре", "зи", "шу", "ча"]
LENGTH = 100
COMMON_SHARE, RARE_SHARE = 0.25, 0.0002
AT_ONCE = 5_000

ASKED: dict[str, dict[str, str]] = {
    "a common word": {"q": "ремонта"},
    "its beginning": {"q": "рем"},
    "a common word, newest first": {"q": "ремонта", "sort": "newest"},
    "two common words": {"q": "ремонт дорог"},
    "three common words, one left out": {"q": "парк школа мост -бюджет"},
    "a phrase": {"q": '"ремонт дороги"'},
    "a rare word": {"q": "дирижабли"},
    "a rare and a common word": {"q": "дирижабль школы"},
    "a word nobody wrote": {"q": "звездолёт"},
    "a misspelt word": {"q": "дирижбль"},
    "the other layout": {"q": "lbhb;f,km"},
    "two words never together": {"q": "дирижабль жираф"},
    "a common word, one desk": {"q": "ремонт", "desk": "3"},
    "a common word, one channel": {"q": "ремонт", "channel": "3"},
    "a common word, one author": {"q": "ремонт", "author": "5"},
    "a common word, withdrawn": {"q": "ремонт", "tab": "ended"},
    "a common word, two years back": {"q": "ремонт", "until": "2024-12-01"},
    "captions only": {"q": "ремонт", "kind": "media"},
    "page 20": {"q": "ремонт", "page": "20"},
}


def write_texts(office: DeskOffice, items: int) -> None:
    """Texts of a hundred words: common ones, rare ones, and many of no meaning."""
    dice = random.Random(1812)  # noqa: S311 - a model of an office, not a secret
    fillers = ["".join(dice.choices(SYLLABLES, k=3)) for _ in range(20_000)]
    for start in range(1, items + 1, AT_ONCE):
        rows = [
            {
                "id": number,
                "body": f"<p>{_text(dice, fillers)}</p>",
                "created_at": NOW - timedelta(minutes=(items - number) * 13),
            }
            for number in range(start, min(start + AT_ONCE, items + 1))
        ]
        with office.store.begin() as session:
            session.execute(update(Version), rows)


def _text(dice: random.Random, fillers: list[str]) -> str:
    words = dice.choices(fillers, k=LENGTH)
    for word in WORDS:
        if dice.random() < COMMON_SHARE:
            words[dice.randrange(LENGTH)] = word
    if dice.random() < RARE_SHARE:
        words[dice.randrange(LENGTH)] = dice.choice(RARE)
    return " ".join(words)


def build(office: DeskOffice) -> None:
    """The index, as the worker's job builds it; prints how long that took and each piece held the lock."""
    with office.store.begin() as session:
        begin_anew(session)
    pieces = []
    is_complete = False
    while not is_complete:
        start = time.perf_counter()
        with office.store.begin() as session:
            is_complete = fill_piece(session).is_complete
        pieces.append(time.perf_counter() - start)
    pieces.sort()
    with office.store.reading() as session:
        size = session.scalar(text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))
    print_line(
        "index, built", f"{sum(pieces):.0f} s", f"piece, median {pieces[len(pieces) // 2] * 1000:.0f} ms",
        f"p95 {pieces[int(len(pieces) * 0.95)] * 1000:.0f} ms", f"database {(size or 0) / 1e6:.0f} MB",
    )  # fmt: skip


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        offices = [DeskOffice(Path(folder) / name) for name in ("full", "empty")]
        fill(offices[0], options.items, 0)
        write_texts(offices[0], options.items)
        build(offices[0])
        full, empty = (office.visitor(Role.CHIEF) for office in offices)
        pages = {name: (f"/search?{urlencode(asked)}", "/search") for name, asked in ASKED.items()}
        compare(full, empty, options.rounds, pages)
        for office in offices:
            office.store.close()


if __name__ == "__main__":
    main()
