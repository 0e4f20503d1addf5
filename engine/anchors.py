"""Anchor grids: which level, cell and shape an anchor index stands for, and back. NumPy only.

Anchors of one level run over (y, x, a), the shape index a fastest, levels from the finest on; that
is the order of torchvision's heads after ``permute_and_flatten``. Boxes are (N, 4) float32 xyxy in
network px.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Index = NDArray[np.int64]


@dataclass(frozen=True)
class AnchorLevel:
    """The anchors of one feature map.

    ``grid`` (height, width) in cells; ``stride`` (y, x) in network px a cell; ``sizes`` side in px
    of the square with the anchor's area, and ``ratios`` height / width, one of each per shape;
    ``offset`` where in its cell an anchor is centred: 0 left top corner (R-CNN), 0.5 middle (SSD).
    """

    grid: tuple[int, int]
    stride: tuple[float, float]
    sizes: tuple[float, ...]
    ratios: tuple[float, ...]
    offset: float = 0.0

    def __post_init__(self) -> None:
        if len(self.sizes) != len(self.ratios) or not self.sizes:
            raise ValueError(
                "anchor level: expected one size and one ratio for each shape, "
                f"got {len(self.sizes)} sizes and {len(self.ratios)} ratios"
            )

    @property
    def per_cell(self) -> int:
        return len(self.sizes)

    def __len__(self) -> int:
        return self.grid[0] * self.grid[1] * self.per_cell


@dataclass(frozen=True)
class AnchorLayout:
    """All anchors of a model for one input size: N = the sum of its levels' lengths."""

    levels: tuple[AnchorLevel, ...]

    @cached_property
    def starts(self) -> Index:
        """(L + 1,) int64 index of each level's first anchor; the last entry is N."""
        return np.concatenate([[0], np.cumsum([len(v) for v in self.levels])]).astype(np.int64)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def locate(self, index: ArrayLike) -> tuple[Index, Index, Index, Index]:
        """Anchor index (...) -> level, y, x (cell), a (shape), each int64 of the same shape.

        Raises IndexError when an index is not in 0..N-1.
        """
        index = np.asarray(index, np.int64)
        if index.size and (index.min() < 0 or index.max() >= len(self)):
            raise IndexError(f"anchor index outside 0..{len(self) - 1}")
        level = np.searchsorted(self.starts, index, side="right") - 1
        # a level without cells shares its start with the next; "right" picks the one that has some
        widths = np.array([v.grid[1] for v in self.levels], np.int64)[level]
        per_cell = np.array([v.per_cell for v in self.levels], np.int64)[level]
        cell, a = np.divmod(index - self.starts[level], per_cell)
        y, x = np.divmod(cell, widths)
        return level.astype(np.int64), y, x, a

    def index(self, level: ArrayLike, y: ArrayLike, x: ArrayLike, a: ArrayLike) -> Index:
        """Level, cell and shape -> anchor index; the inverse of `locate`, broadcasting.

        Raises IndexError when a level, cell or shape does not exist.
        """
        level, y, x, a = np.broadcast_arrays(*(np.asarray(v, np.int64) for v in (level, y, x, a)))
        if level.size and (level.min() < 0 or level.max() >= len(self.levels)):
            raise IndexError(f"anchor level outside 0..{len(self.levels) - 1}")
        limits = np.array([(*v.grid, v.per_cell) for v in self.levels], np.int64)[level]
        place = np.stack([y, x, a], -1)
        if ((place < 0) | (place >= limits)).any():
            raise IndexError("anchor cell or shape outside its level")
        result: Index = self.starts[level] + (y * limits[..., 1] + x) * limits[..., 2] + a
        return result

    def centres(self, index: ArrayLike) -> NDArray[np.float32]:
        """(N, 2) float32 (x, y) in network px: where the anchors of each one's cell are centred."""
        level, y, x, _ = self.locate(index)
        strides = np.array([v.stride for v in self.levels], np.float32)[level]
        offset = np.array([v.offset for v in self.levels], np.float32)[level]
        centres = (x + offset) * strides[..., 1], (y + offset) * strides[..., 0]
        return np.stack(centres, -1).astype(np.float32)


def cell_shapes(
    sizes: Sequence[float], ratios: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(size of each shape, ratio of each shape): every size for the first ratio, and so on."""
    pairs = [(float(s), float(r)) for r in ratios for s in sizes]
    return tuple(s for s, _ in pairs), tuple(r for _, r in pairs)


def cell_anchors(sizes: Sequence[float], ratios: Sequence[float]) -> NDArray[np.float32]:
    """(len(ratios) * len(sizes), 4) float32 xyxy around the origin, rounded to whole px.

    Area size², height / width = ratio (Ren et al. 2015, section 3.1.1), as torchvision's
    ``AnchorGenerator``: halves are rounded to even.
    """
    scale = np.asarray(sizes, np.float32)
    root = np.sqrt(np.asarray(ratios, np.float32))
    widths = ((np.float32(1) / root)[:, None] * scale).ravel()
    heights = (root[:, None] * scale).ravel()
    return np.round(np.stack([-widths, -heights, widths, heights], 1) / np.float32(2))


def grid_anchors(
    grid: tuple[int, int], stride: tuple[int, int], shapes: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(H * W * A, 4) float32 xyxy: every shape (A, 4) shifted to every cell, in (y, x, a) order."""
    y = np.arange(grid[0], dtype=np.float32) * np.float32(stride[0])
    x = np.arange(grid[1], dtype=np.float32) * np.float32(stride[1])
    yy, xx = np.meshgrid(y, x, indexing="ij")
    shifts = np.stack([xx, yy, xx, yy], -1).reshape(-1, 1, 4)
    return (shifts + np.asarray(shapes, np.float32)[None]).reshape(-1, 4)
