"""Numbers from a spreadsheet, a Python list or a line of text, and back. No Qt."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.errors import BoxscopeError

FAR = 1_000_000.0


def number(text: str) -> float:
    """A number as people type it, comma or point, any minus. Raises BoxscopeError."""
    plain = text.strip().replace("−", "-").replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        value = float("nan")
    if not abs(value) <= FAR:
        raise BoxscopeError(
            f"“{text.strip()[:20]}” is not a number from −1,000,000 to 1,000,000; type one such as "
            f"3 or −0.5."
        )
    return value


def table(text: str, limit: int) -> NDArray[np.float64]:
    """(H, W) float64 of pasted text: tabs or semicolons, blanks or commas, or a list in brackets.

    Raises BoxscopeError when rows differ in length, there are none, or more than ``limit``.
    """
    lines = re.findall(r"\[([^\[\]]*)\]", text) or text.splitlines()
    rows = [_row(line) for line in lines if line.strip()]
    if not rows:
        raise BoxscopeError("There are no numbers in the clipboard; copy some cells first.")
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise BoxscopeError(
            f"The pasted rows have {min(lengths)} to {max(lengths)} numbers; all must have the "
            f"same number."
        )
    if max(len(rows), len(rows[0])) > limit:
        raise BoxscopeError(
            f"{len(rows)} × {len(rows[0])} numbers were pasted; this map may have {limit} × "
            f"{limit} at most."
        )
    return np.array(rows)


def figure(value: float, places: int = 2) -> str:
    """A number without needless zeros, with a true minus sign."""
    if not np.isfinite(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text in ("0", "-0"):
        text = "0" if value == 0 or places > 3 else f"{value:.0e}"
    return text.replace("-", "−")


def tabbed(values: Iterable[Iterable[float]]) -> str:
    """For a spreadsheet: tabs between numbers, a line a row."""
    return "\n".join("\t".join(f"{v:.10g}" for v in row) for row in values)


def _row(line: str) -> list[float]:
    if "\t" in line or ";" in line:
        return [number(part) for part in re.split(r"[\t;]", line.strip("\t; ")) if part.strip()]
    return [number(part) for part in re.split(r"[,\s]+", line.strip(" ,")) if part]
