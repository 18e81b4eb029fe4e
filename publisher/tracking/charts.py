"""The digest's charts as PNG, by Altair and vl-convert.

Both are large (a JavaScript engine among them), so they live in a process of their own for the second or so
that drawing takes: neither desk nor worker ever loads them.
"""

import asyncio
import base64
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
# The widest that a letter shows; twice as many pixels, for sharp screens.
WIDTH, SCALE = 560, 2
PATIENCE_SECONDS = 120
# Legible on white; the ground is part of the picture, so that dark mail programs show a white card.
INK, QUIET, GRID, BLUE, RED = "#1b2126", "#55636b", "#dfe5e8", "#0b62a8", "#b3402f"
# It comes with vl-convert and knows Cyrillic.
FONT = "Liberation Sans"
LOCALES: Mapping[str, tuple[Any, Any]] = {"ru": ("ru-RU", "ru-RU"), "en": ("en-US", "en-GB")}
MOST_BARS = 30
COLOURS = 64


class ChartsFailed(Exception):
    """The charts could not be drawn; says what the process that drew them said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A channel's change."""

    name: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be drawn: the total of each evening, None where it is not known; the changes by channel."""

    language: str
    total: Sequence[tuple[date, int | None]] = ()
    changes: Sequence[Bar] = ()


async def draw_apart(wanted: Wanted) -> dict[str, bytes]:
    """PNGs by name (`total`, `changes`), drawn by a process of their own. What has no figures is not drawn.

    Raises ChartsFailed.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", __name__,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            out, told = await process.communicate(_to_json(wanted))
    except TimeoutError as error:
        raise ChartsFailed("it took too long") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise ChartsFailed(_last_line(told))
    return {name: base64.b64decode(png) for name, png in json.loads(out).items()}


def _last_line(told: bytes) -> str:
    lines = told.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "no word"


def draw(wanted: Wanted) -> dict[str, bytes]:
    """The same in this process, which then holds the libraries for good."""
    import vl_convert

    numbers, times = LOCALES[wanted.language]
    return {
        name: _smaller(
            vl_convert.vegalite_to_png(
                chart, scale=SCALE, show_warnings=False, format_locale=numbers, time_format_locale=times
            )
        )
        for name, chart in _charts(wanted)
    }


def _smaller(png: bytes) -> bytes:
    """The same picture in few colours: a tenth of the size, which mail programs are glad of."""
    from PIL import Image

    smaller = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(COLOURS).save(smaller, "PNG", optimize=True)
    return smaller.getvalue()


def _charts(wanted: Wanted) -> list[tuple[str, dict[str, Any]]]:
    charts = []
    if any(value is not None for _, value in wanted.total):
        charts.append(("total", _total(wanted.total)))
    if any(bar.value for bar in wanted.changes):
        charts.append(("changes", _changes(wanted.changes)))
    return charts


def _total(evenings: Sequence[tuple[date, int | None]]) -> dict[str, Any]:
    """A line that breaks where an evening is not known; a lone evening between gaps is a point."""
    import altair as alt

    rows = [
        {"day": day.isoformat(), "value": value, "alone": _is_alone(evenings, place)}
        for place, (day, value) in enumerate(evenings)
    ]
    values = [value for _, value in evenings if value is not None]
    numbers = alt.Axis(format=",d", tickCount=5, domain=False, ticks=False)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "day:T", title=None, scale=alt.Scale(type="utc"),
            axis=alt.Axis(format="%-d %b", tickCount={"interval": "week", "step": 1}, grid=False),
        ),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=_domain(values), nice=True), axis=numbers),
    )  # fmt: skip
    line = base.mark_line(color=BLUE, strokeWidth=2.5, invalid="break-paths-show-path-domains")
    points = base.mark_point(color=BLUE, filled=True, size=40).transform_filter("datum.alone")
    return _finish(alt.layer(line, points), height=200)


def _is_alone(evenings: Sequence[tuple[date, int | None]], place: int) -> bool:
    """Whether a line would not show this evening."""
    near = evenings[max(0, place - 1) : place] + evenings[place + 1 : place + 2]  # type: ignore[operator]  # both are slices of one sequence
    return evenings[place][1] is not None and all(value is None for _, value in near)


def _domain(values: Sequence[int]) -> list[float]:
    """A little room above and below; a line without change lies in the middle."""
    room = max(1.0, (max(values) - min(values)) * 0.1)
    return [max(0.0, min(values) - room), max(values) + room]


def _changes(bars: Sequence[Bar]) -> dict[str, Any]:
    """Bars by channel, the largest gain first, each with its number."""
    import altair as alt

    shown = sorted(bars, key=lambda bar: (-bar.value, bar.name))
    if len(shown) > MOST_BARS:
        shown = [*shown[: MOST_BARS // 2], *shown[-MOST_BARS // 2 :]]
    rows = [{"place": place, "value": bar.value} for place, bar in enumerate(shown)]
    # By place and not by name: layers do not keep an order of names, and two channels may share one.
    names = json.dumps([bar.name for bar in shown], ensure_ascii=False)
    places = alt.Y(
        "place:O",
        title=None,
        axis=alt.Axis(
            labelExpr=f"{names}[datum.value]", labelLimit=230, ticks=False, domain=False, labelPadding=8
        ),
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=places)
    value = alt.X("value:Q", title=None, axis=None, scale=alt.Scale(nice=True, padding=28))
    sign = alt.condition("datum.value < 0", alt.value(RED), alt.value(BLUE))
    bar = base.mark_bar(height={"band": 0.7}).encode(x=value, color=sign)
    label = alt.Text("value:Q", format="+,d")
    gains = base.mark_text(align="left", dx=4, color=INK).encode(x=value, text=label)
    losses = base.mark_text(align="right", dx=-4, color=INK).encode(x=value, text=label)
    chart = alt.layer(
        bar, gains.transform_filter("datum.value >= 0"), losses.transform_filter("datum.value < 0")
    )
    return _finish(chart, height=max(60, 22 * len(rows)))


def _finish(chart: Any, height: int) -> dict[str, Any]:
    text = {"labelColor": INK, "labelFontSize": 12, "labelFont": FONT}
    finished: dict[str, Any] = (
        chart.properties(width=WIDTH, height=height, background="#ffffff", padding=14)
        .properties(autosize={"type": "fit-x", "contains": "padding"})
        .configure(font=FONT)
        .configure_axis(**text, gridColor=GRID, domainColor=QUIET, tickColor=QUIET)
        .configure_text(font=FONT, fontSize=12)
        .configure_view(stroke=None)
        .to_dict()
    )
    return finished


# Between the two processes


def _to_json(wanted: Wanted) -> bytes:
    total = [(day.isoformat(), value) for day, value in wanted.total]
    changes = [asdict(bar) for bar in wanted.changes]
    return json.dumps({"language": wanted.language, "total": total, "changes": changes}).encode()


def _from_json(text: bytes) -> Wanted:
    told: Mapping[str, Any] = json.loads(text)
    return Wanted(
        language=told["language"],
        total=[(date.fromisoformat(day), value) for day, value in told["total"]],
        changes=[Bar(**bar) for bar in told["changes"]],
    )


def main() -> None:
    """Draw what standard input asks for; the PNGs go out in base64."""
    charts = draw(_from_json(sys.stdin.buffer.read()))
    sys.stdout.write(json.dumps({name: base64.b64encode(png).decode() for name, png in charts.items()}))


if __name__ == "__main__":
    main()
