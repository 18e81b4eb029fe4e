"""The table of figures: what was measured, with its noise, beside what is to be reached and the last run."""

import json
from dataclasses import dataclass
from pathlib import Path

# Of this machine, so not kept in git.
LAST = Path(__file__).parent / "last.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number. `reach` is the bound, `at_most` tells on which side of it the figure should be."""

    name: str
    value: float
    unit: str
    noise: str
    reach: float
    at_most: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether it is on the right side of its bound."""
        return self.value <= self.reach if self.at_most else self.value >= self.reach


def print_figure(figure: Figure) -> None:
    """Print a row, and keep the figure for the next run to compare with."""
    kept: dict[str, float] = json.loads(LAST.read_text("utf-8")) if LAST.exists() else {}
    last = kept.get(figure.name)
    print_line(
        figure.name,
        f"{figure.value:.2f} {figure.unit}",
        f"reach {'≤' if figure.at_most else '≥'} {figure.reach:g}: {'yes' if figure.is_reached else 'NO'}",
        "first run" if last is None else f"last time {last:.2f}",
        figure.noise,
    )
    LAST.write_text(json.dumps({**kept, figure.name: round(figure.value, 4)}, indent=1) + "\n", "utf-8")


def print_line(*cells: str) -> None:
    """One row of the table."""
    print(" | ".join(f"{cell:<24}" for cell in cells), flush=True)  # noqa: T201 - a benchmark prints
