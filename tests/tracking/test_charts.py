"""The digest's charts: real pictures, drawn by a process of their own."""

import asyncio
import io
import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise

from PIL import Image, ImageChops

from publisher.config import ROOT
from publisher.tracking.charts import SCALE, WIDTH, Bar, Wanted, draw_apart

DAYS = [date(2026, 10, 1) + timedelta(days=number) for number in range(20)]


def drawn(**values: object) -> dict[str, Image.Image]:
    """The charts as pictures."""
    charts = asyncio.run(draw_apart(Wanted(**{"language": "ru", **values})))  # type: ignore[arg-type]  # any of its fields
    return {name: Image.open(io.BytesIO(png)).convert("L") for name, png in charts.items()}


def test_both_charts_are_pictures_of_their_size_and_not_blank() -> None:
    total = [(day, 1000 + number) for number, day in enumerate(DAYS)]
    charts = drawn(total=total, changes=[Bar(name="Парки", value=5), Bar(name="Дороги", value=-3)])
    assert set(charts) == {"total", "changes"}
    for chart in charts.values():
        assert chart.width == WIDTH * SCALE
        tones = chart.histogram()
        assert sum(tones[:128]) > 500
        assert tones[255] > 5000


def test_names_in_cyrillic_are_drawn_and_differ() -> None:
    pictures = [drawn(changes=[Bar(name=name, value=5)])["changes"] for name in ("", "Парки", "Рынки")]
    for one, other in pairwise(pictures):
        assert ImageChops.difference(one.crop((0, 0, 500, 100)), other.crop((0, 0, 500, 100))).getbbox()


def test_an_evening_that_is_not_known_is_a_gap_in_the_line() -> None:
    flat = [(day, 1000) for day in DAYS]
    broken = [(day, None if number in {9, 10} else 1000) for number, day in enumerate(DAYS)]
    whole, gap = drawn(total=flat)["total"], drawn(total=broken)["total"]
    difference = ImageChops.difference(whole, gap).getbbox()
    assert difference is not None
    left, _, right, _ = difference
    assert whole.width * 0.4 < left < right < whole.width * 0.7


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawn(total=[(day, None) for day in DAYS], changes=[Bar(name="Парки", value=0)]) == {}


def test_neither_desk_nor_worker_ever_loads_the_libraries() -> None:
    code = (
        "import sys, jobs, publisher.worker, publisher.web.app;"
        "print(sorted({'altair', 'vl_convert', 'pandas', 'narwhals'} & set(sys.modules)))"
    )
    answer = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
