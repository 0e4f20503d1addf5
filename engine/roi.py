"""RoIPool and RoIAlign, taken apart: bins, sample points, weights, and the choice of a level.

For drawing and for explaining; the network itself uses torchvision's operators, which the tests
compare with these. Boxes are (4,) or (N, 4) float32 xyxy in network px; a feature map is
(C, H, W) float32 with ``scale`` = cells a px (1 / stride). NumPy only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Index = NDArray[np.int64]


def level_of(
    boxes: ArrayLike,
    k_min: int,
    k_max: int,
    canonical_scale: float = 224,
    canonical_level: int = 4,
) -> Index:
    """(N,) int64 level that each box is read from, 0 = the finest, which is pyramid level k_min.

    k = floor(k0 + log2(sqrt(w h) / 224)), k0 = 4, cut to k_min..k_max: Lin et al., "Feature
    Pyramid Networks", 2017, equation 1. The 1e-6 that torchvision adds before ``floor`` keeps a box
    of exactly 224 px on the level where the paper puts it.
    """
    b = np.asarray(boxes, np.float32).reshape(-1, 4)
    side = np.sqrt((b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]))
    with np.errstate(divide="ignore"):
        exact = np.log2(side / np.float32(canonical_scale))
    level = np.floor(np.float32(canonical_level) + exact + np.float32(1e-6))
    result: Index = np.clip(level, k_min, k_max).astype(np.int64) - k_min
    return result


def roi_pool_bins(
    box: ArrayLike, scale: float, output: tuple[int, int], shape: tuple[int, int]
) -> Index:
    """(OH, OW, 4) int64 y0, x0, y1, x1 in cells, ends exclusive, of the bins of RoIPool.

    The box is rounded to whole cells and each bin again: the two roundings that RoIAlign removes
    (Girshick, "Fast R-CNN", 2015, section 2.1). ``shape`` (H, W) of the map cuts the bins; an empty
    bin (y1 <= y0 or x1 <= x0) pools to 0.
    """
    x1, y1, x2, y2 = (_round(v * np.float32(scale)) for v in np.asarray(box, np.float32))
    rows = _pool_edges(y1, y2, output[0], shape[0])
    columns = _pool_edges(x1, x2, output[1], shape[1])
    bins = np.empty((*output, 4), np.int64)
    bins[..., 0::2] = rows[:, None]
    bins[..., 1::2] = columns[None]
    return bins


def roi_pool(feature: ArrayLike, box: ArrayLike, scale: float, output: tuple[int, int]) -> Floats:
    """(C, OH, OW) float32: the maximum of each bin of `roi_pool_bins`."""
    f = np.asarray(feature, np.float32)
    pooled = np.zeros((f.shape[0], *output), np.float32)
    bins = roi_pool_bins(box, scale, output, (f.shape[1], f.shape[2]))
    for row, column in np.ndindex(*output):
        y0, x0, y1, x1 = bins[row, column]
        if y1 > y0 and x1 > x0:
            pooled[:, row, column] = f[:, y0:y1, x0:x1].max((1, 2))
    return pooled


@dataclass(frozen=True, eq=False)
class Samples:
    """Where RoIAlign looks, and how it reads the map there.

    ``points`` (OH, OW, GY, GX, 2) float32 (x, y) in cells, cell centres on whole numbers;
    ``cells`` (OH, OW, GY, GX, 4, 2) int64 (y, x) of the four neighbours of each point;
    ``weights`` (OH, OW, GY, GX, 4) float32 bilinear weights, all 0 for a point more than one cell
    outside the map. A bin is the mean of its GY * GX points.
    """

    points: Floats
    cells: Index
    weights: Floats

    def read(self, feature: ArrayLike) -> Floats:
        """(C, OH, OW) float32: the RoIAlign of a (C, H, W) map."""
        f = np.asarray(feature, np.float32)
        values = f[:, self.cells[..., 0], self.cells[..., 1]]
        count = max(values.shape[-3] * values.shape[-2], 1)  # a bin without points gives 0
        pooled: Floats = (values * self.weights).sum((-1, -2, -3)) / np.float32(count)
        return pooled

    def points_px(self, scale: float, aligned: bool = False) -> Floats:
        """The points in network px, for drawing: they lie inside their box.

        Without ``aligned`` the operator then reads the map half a cell further left and up.
        """
        half = np.float32(0.5 if aligned else 0.0)
        result: Floats = (self.points + half) / np.float32(scale)
        return result


def roi_align_samples(
    box: ArrayLike,
    scale: float,
    output: tuple[int, int],
    shape: tuple[int, int],
    sampling_ratio: int = 2,
    aligned: bool = False,
) -> Samples:
    """The sample points of RoIAlign: no rounding anywhere (He et al., "Mask R-CNN", 2017, sec. 3).

    ``sampling_ratio`` points a bin and axis; 0 or less takes as many as a bin has cells, rounded
    up. ``aligned`` shifts by half a cell, so that pixel centres and cell centres agree. The
    detectors of torchvision leave it off, and give a box less than a cell wide one whole cell.
    """
    half = np.float32(0.5 if aligned else 0.0)
    x1, y1, x2, y2 = np.asarray(box, np.float32) * np.float32(scale) - half
    width, height = x2 - x1, y2 - y1
    if not aligned:
        width, height = max(width, np.float32(1)), max(height, np.float32(1))
    ys = _sample_line(y1, height, output[0], sampling_ratio)
    xs = _sample_line(x1, width, output[1], sampling_ratio)
    place = (output[0], output[1], ys.shape[1], xs.shape[1])
    y = np.broadcast_to(ys[:, None, :, None], place)
    x = np.broadcast_to(xs[None, :, None, :], place)
    cells, weights = _bilinear(y, x, shape)
    return Samples(np.stack([x, y], -1), cells, weights)


def _sample_line(start: np.float32, length: np.float32, bins: int, ratio: int) -> Floats:
    size = np.float32(length) / np.float32(bins)
    count = ratio if ratio > 0 else math.ceil(size)
    offsets = (np.arange(count, dtype=np.float32) + np.float32(0.5)) * size / np.float32(count or 1)
    line: Floats = start + np.arange(bins, dtype=np.float32)[:, None] * size + offsets
    return line


def _bilinear(y: Floats, x: Floats, shape: tuple[int, int]) -> tuple[Index, Floats]:
    """Four neighbours (..., 4, 2) (y, x) and their weights (..., 4); points are cut to the map."""
    height, width = shape
    outside = (y < -1) | (y > height) | (x < -1) | (x > width)
    low, part = [], []
    for value, size in ((y, height), (x, width)):
        cut = np.clip(value, 0, size - 1)
        first = cut.astype(np.int64)
        low.append(first)
        part.append(cut - first.astype(np.float32))
    (y0, x0), (ly, lx) = low, part
    y1, x1 = np.minimum(y0 + 1, height - 1), np.minimum(x0 + 1, width - 1)
    one = np.float32(1)
    hy, hx = one - ly, one - lx
    cells = np.stack([np.stack(p, -1) for p in ((y0, x0), (y0, x1), (y1, x0), (y1, x1))], -2)
    weights = np.stack([hy * hx, hy * lx, ly * hx, ly * lx], -1)
    return cells, np.where(outside[..., None], np.float32(0), weights)


def _pool_edges(start: int, end: int, bins: int, limit: int) -> Index:
    """(bins, 2) int64 first and last (exclusive) cell along one axis."""
    size = np.float32(max(end - start + 1, 1)) / np.float32(bins)
    steps = np.arange(bins, dtype=np.float32)
    first = np.floor(steps * size).astype(np.int64) + start
    last = np.ceil((steps + np.float32(1)) * size).astype(np.int64) + start
    edges: Index = np.clip(np.stack([first, last], -1), 0, limit)
    return edges


def _round(value: np.float32) -> int:
    """Halves away from zero, as C's ``round``."""
    return int(math.copysign(math.floor(abs(float(value)) + 0.5), value))
