"""Figures: what was measured beside what was promised, as a table."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

WIDTH = 140
"""Columns of a table at least, for what is written to a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number, measured several times; `most` is what was promised, None where it is only told.

    The promise is kept where the median keeps it.
    """

    name: str
    runs: tuple[float, ...]
    unit: str
    most: float | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the number is as promised, or nothing was."""
        return self.most is None or statistics.median(self.runs) <= self.most


def told(title: str, figures: Iterable[Figure]) -> bool:
    """Print the figures as a table and return whether every promise is kept."""
    table = Table("figure", title=title, title_justify="left", caption_justify="left")
    for heading in ("best", "median", "worst", "promised", ""):
        table.add_column(heading, justify="right")
    console, kept = Console(), True
    console.width = max(console.width, WIDTH)
    for figure in figures:
        kept &= figure.is_kept
        seen = (min(figure.runs), statistics.median(figure.runs), max(figure.runs))
        promise = f"≤ {_written(figure.most, figure.unit)}" if figure.most is not None else ""
        verdict = "[green]pass" if figure.is_kept else "[red]miss"
        table.add_row(
            figure.name,
            *(_written(value, figure.unit) for value in seen),
            promise,
            verdict if figure.most is not None else "",
        )
    console.print(table)
    return kept


def _written(value: float, unit: str) -> str:
    digits = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return f"{digits} {unit}".strip()
