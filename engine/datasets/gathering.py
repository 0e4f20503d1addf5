"""What every reader does with the boxes it found: check them all at once, name the bad ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets.annotations import Floats, Picture, Rows
from engine.datasets.reading import LARGEST_SIDE, LeftOut, shown

_REASONS = (
    "its box holds something that is no number",
    "its box is larger than any picture, or far from it",
    "its box has a negative width or height",
    "its box has no area",
    "its box lies outside the picture",
)


def as_floats(boxes: Sequence[Sequence[float]]) -> Floats:
    """(N, 4) float64 of lists of four numbers; numbers beyond float64 become infinite."""
    try:
        return np.array(boxes, np.float64).reshape(-1, 4)
    except OverflowError:  # whole numbers of hundreds of digits
        return np.array([[_float(v) for v in box] for box in boxes], np.float64).reshape(-1, 4)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf


def usable(
    xywh: Floats,
    picture: Rows,
    pictures: Sequence[Picture],
    name_of: Callable[[int], str],
    left_out: LeftOut,
    *,
    truth: bool = True,
) -> NDArray[np.int64]:
    """(K,) int64 rows of ``xywh`` (N, 4) float64, image px, that can be used; the others are named.

    A ground truth without area, or outside its picture, can never be found: it is left out. A
    detection like that counts as a false positive: with ``truth`` False it stays.
    """
    sizes = np.array([(p.width, p.height) for p in pictures], np.float64).reshape(-1, 2)
    width, height = sizes[picture].reshape(-1, 2).T
    x, y, w, h = xywh.T
    with np.errstate(invalid="ignore", over="ignore"):
        why = np.full(len(xywh), -1)
        if truth:
            known = width > 0
            why[known & ((x >= width) | (y >= height) | (x + w <= 0) | (y + h <= 0))] = 4
            why[(w == 0) | (h == 0)] = 3
        why[(w < 0) | (h < 0)] = 2
        why[(np.abs(xywh) > LARGEST_SIDE).any(1)] = 1
        why[~np.isfinite(xywh).all(1)] = 0
    name_rows(why, name_of, left_out)
    return np.flatnonzero(why < 0)


def name_rows(why: NDArray[np.int64], name_of: Callable[[int], str], left_out: LeftOut) -> None:
    """Name the rows that have a reason (from 0); the rest of them only count."""
    bad = np.flatnonzero(why >= 0)
    for at, row in enumerate(bad):
        if left_out.full:
            left_out.add("", "", times=len(bad) - at)
            return
        left_out.add(name_of(int(row)), _REASONS[why[row]])


def folder_of(files: Sequence[str], places: Sequence[Path]) -> Path | None:
    """The first of ``places`` in which one of the first ``files`` lies; None if there is none."""
    for place in places:
        for file in files[:20]:
            try:
                if file and (place / file).is_file():
                    return place
            except (OSError, ValueError):  # a name that no file can have
                continue
    return None


def why_not(
    item: object, row_of: dict[Any, int], label_of: dict[Any, int], needed: str, place: str
) -> str:
    """Why an item of a COCO file cannot be used: no object, no known image or category, or no
    ``needed``. ``place``: the words before "no image", as "there is"."""
    if not isinstance(item, dict):
        return f"it is {shown(item)}, not an object"
    for key, known, what in (("image_id", row_of, "image"), ("category_id", label_of, "category")):
        value = item.get(key)
        if value is None:
            return f'it has no "{key}"'
        if not isinstance(value, str | int | float) or value not in known:
            return f"{place} no {what} with the id {shown(value)}"
    return f'it has no "{needed}"'
