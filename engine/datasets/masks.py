"""Masks of a data set: polygons and run-length codes, made into COCO RLE when asked for.

Everything is checked when the file is read, because the compiled code trusts what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from engine.datasets.annotations import Rle, Rows
from engine.datasets.reading import LeftOut, to_int
from engine.datasets.runs import pixel_counts, pixels
from engine.sources.picture import MAX_PIXELS

Polygons = list[NDArray[np.float64]]
_LONGEST_OUTLINE = 2_000_000  # px; rasterising takes memory by the length of the outline
_Shape = Polygons | dict[str, Any] | None


class LazyMasks(Sequence["Rle | None"]):
    """One mask a row. ``sizes`` (N, 2) int64 height and width of the row's picture in px."""

    def __init__(self, shapes: list[_Shape], sizes: NDArray[np.int64]) -> None:
        self._shapes = shapes
        self._sizes = sizes
        self._made: dict[int, Rle] = {}

    def __len__(self) -> int:
        return len(self._shapes)

    @overload
    def __getitem__(self, row: int) -> Rle | None: ...
    @overload
    def __getitem__(self, row: slice) -> list[Rle | None]: ...
    def __getitem__(self, row: int | slice) -> Rle | list[Rle | None] | None:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        shape = self._shapes[row]
        if not isinstance(shape, list):
            return shape
        row %= len(self)
        made = self._made.get(row)
        if made is None:
            made = self._made[row] = _from_polygons(shape, *map(int, self._sizes[row]))
        return made

    def take(self, rows: Rows) -> LazyMasks:
        """The masks of the given rows."""
        return LazyMasks([self._shapes[row] for row in rows], self._sizes[rows])

    def polygons(self, row: int) -> Polygons | None:
        """(2 K,) float64 x, y, x, y ... in image px for each polygon, if the mask is polygons."""
        shape = self._shapes[row]
        return shape if isinstance(shape, list) else None


def gather_masks(
    raw: Sequence[object],
    picture: Rows,
    sizes: NDArray[np.int64],
    name_of: Callable[[int], str],
    left_out: LeftOut,
) -> LazyMasks | None:
    """The "segmentation" of each row of a COCO file; None when no row has one.

    ``picture`` (N,) int64 row in ``sizes`` (P, 2) int64 height and width in px, 0 if unknown. A
    mask that cannot be used is named and left out; its box stays.
    """
    if not any(raw):
        return None
    own = sizes[picture].reshape(-1, 2)
    shapes: list[_Shape] = []
    for row, value in enumerate(raw):
        try:
            shapes.append(_shape(value, *own[row].tolist()) if value else None)
        except (ValueError, TypeError, OverflowError, UnicodeError) as error:
            shapes.append(None)
            left_out.add(name_of(row), str(error) if type(error) is _Bad else _UNREADABLE)
    for row, why in (*_bad_polygons(shapes, own), *_bad_codes(shapes)):
        shapes[row] = None
        left_out.add(name_of(row), why)
    return LazyMasks(shapes, own)


def encode(masks: NDArray[np.bool_]) -> list[Rle]:
    """Masks (N, H, W) bool as COCO RLE."""
    from pycocotools import mask as api

    columns = np.asfortranarray(np.moveaxis(masks, 0, 2).astype(np.uint8))
    return list(api.encode(columns)) if len(masks) else []


def decode(masks: Sequence[Rle | None], size: tuple[int, int]) -> NDArray[np.bool_]:
    """(N, H, W) bool of masks of one picture of ``size`` (height, width); no mask is empty.

    Raises ValueError when a mask is for another size.
    """
    result = np.zeros((len(masks), *size), np.bool_)
    for row, mask in enumerate(masks):
        if mask is not None:
            result[row] = pixels(_letters(mask), *size)
    return result


def boxes_of(masks: Sequence[Rle]) -> NDArray[np.float64]:
    """(N, 4) float64 xywh in image px around each mask."""
    from pycocotools import mask as api

    return np.asarray(api.toBbox(list(masks)), np.float64).reshape(-1, 4)


def areas_of(masks: Sequence[Rle]) -> NDArray[np.float64]:
    """(N,) float64 pixels of each mask. (pycocotools' own fails on more than 255 at once.)"""
    return pixel_counts([_letters(mask) for mask in masks])[1].astype(np.float64)


def _letters(mask: Rle) -> bytes:
    counts = mask["counts"]
    return counts.encode("ascii") if isinstance(counts, str) else bytes(counts)


class _Bad(ValueError):
    """A sentence's second half: what is wrong with a mask."""


_UNREADABLE = "its mask is neither polygons nor a run-length code"


def _shape(value: object, height: int, width: int) -> _Shape:
    if isinstance(value, list):
        if not height or not width:
            raise _Bad("its polygons need the size of the picture, which is not known")
        if height * width > MAX_PIXELS:
            raise _Bad("its mask is for a picture larger than any that is decoded")
        shapes = [np.array(p, np.float64) for p in value if isinstance(p, list)]
        if len(shapes) != len(value) or any(p.ndim != 1 or len(p) % 2 for p in shapes):
            raise _Bad(_UNREADABLE)
        polygons = [p for p in shapes if len(p) >= 6]
        if not polygons:
            raise _Bad("its polygons have fewer than three points")
        return polygons
    if not isinstance(value, dict):
        raise _Bad(_UNREADABLE)
    return _code(value, height, width)


def _code(value: dict[str, Any], height: int, width: int) -> dict[str, Any]:
    size, counts = value.get("size"), value.get("counts")
    if not isinstance(size, list) or len(size) != 2:
        raise _Bad("its run-length code has no size of two numbers")
    h, w = (to_int(v) or 0 for v in size)
    if not (0 < h <= MAX_PIXELS and 0 < w <= MAX_PIXELS and h * w <= MAX_PIXELS):
        raise _Bad("its mask has a size that no picture has")
    if height and width and (h, w) != (height, width):
        raise _Bad(f"its mask is for a picture of {w} x {h} px, not {width} x {height} px")
    if isinstance(counts, str):
        return {"size": [h, w], "counts": counts.encode("ascii")}
    if not isinstance(counts, list):
        raise _Bad("its run-length code has no counts")
    runs = np.array(counts)
    if runs.ndim != 1 or runs.dtype.kind != "i" or (runs < 0).any() or (runs > h * w).any():
        raise _Bad("its run-length code holds something that is no length")
    if runs.sum(dtype=np.int64) != h * w:
        raise _Bad(f"its run-length code does not add up to {w} x {h} px")
    from pycocotools import mask as api

    made = api.frPyObjects({"size": [h, w], "counts": runs.tolist()}, h, w)
    return {"size": [h, w], "counts": made["counts"]}


def _bad_codes(shapes: list[_Shape]) -> list[tuple[int, str]]:
    rows = [i for i, shape in enumerate(shapes) if isinstance(shape, dict)]
    codes = [shapes[i] for i in rows]
    total, _ = pixel_counts([c["counts"] for c in codes])  # type: ignore[call-overload,index]
    wanted = [c["size"][0] * c["size"][1] for c in codes]  # type: ignore[call-overload,index]
    wrong = np.flatnonzero(total != np.array(wanted, np.int64))
    return [(rows[i], "its run-length code does not fit the size of its picture") for i in wrong]


def _bad_polygons(shapes: list[_Shape], sizes: NDArray[np.int64]) -> list[tuple[int, str]]:
    """Outlines that hold NaN, reach far out of the picture, or are too long to be rasterised."""
    parts = [(i, p) for i, shape in enumerate(shapes) if isinstance(shape, list) for p in shape]
    if not parts:
        return []
    owner = np.array([i for i, _ in parts], np.int64)
    points = np.concatenate([p for _, p in parts]).reshape(-1, 2)
    counts = np.array([len(p) // 2 for _, p in parts], np.int64)
    limit = np.repeat(sizes[owner].max(1), counts)
    with np.errstate(invalid="ignore"):
        near = (points >= -limit[:, None]) & (points <= 2 * limit[:, None])
    far = ~np.all(near, axis=1)
    points = np.where(far[:, None], 0, points)
    steps = np.abs(np.diff(points, axis=0, append=points[-1:])).max(1)
    starts = np.append(0, np.cumsum(counts)[:-1])
    outline = np.bincount(owner, np.add.reduceat(steps, starts), minlength=len(shapes))
    outside = np.bincount(owner, np.add.reduceat(far, starts, dtype=np.int64), len(shapes)) > 0
    return [
        *((int(i), "its polygons reach far out of the picture") for i in np.flatnonzero(outside)),
        *(
            (int(i), "its polygons are too long to be filled")
            for i in np.flatnonzero(~outside & (outline > _LONGEST_OUTLINE))
        ),
    ]


def _from_polygons(polygons: Polygons, height: int, width: int) -> Rle:
    from pycocotools import mask as api

    parts = api.frPyObjects([p.tolist() for p in polygons], height, width)
    made: Rle = api.merge(parts)
    return made
