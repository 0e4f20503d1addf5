"""What the two RoI operators do with one proposal on one channel. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.roi import Samples, roi_align_samples, roi_pool, roi_pool_bins
from engine.trace import Ref
from widgets.kin import kin

if TYPE_CHECKING:
    from engine.trace import Trace

Floats = NDArray[np.float32]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Level:
    """Which level a proposal is read from, and the numbers of the formula.

    ``side`` = sqrt(w h) in network px; ``exact`` the value under the floor; ``wanted`` its floor;
    ``chosen`` after the cut to ``k_min``..``k_max``. ``proposed`` the level of the anchor.
    """

    side: float
    exact: float
    wanted: int
    chosen: int
    k_min: int
    k_max: int
    canonical_scale: float
    canonical_level: int
    proposed: int | None

    @property
    def single(self) -> bool:
        return self.k_min == self.k_max

    @property
    def clamped(self) -> bool:
        return self.wanted != self.chosen

    def range_of(self, k: int) -> tuple[float, float]:
        """From and up to which sqrt(w h) in network px level ``k`` is chosen."""
        low = self.canonical_scale * 2.0 ** (k - self.canonical_level)
        return (0.0 if k == self.k_min else low, np.inf if k == self.k_max else 2 * low)


@dataclass(frozen=True, eq=False)
class RoI:
    """One proposal as RoIPool and RoIAlign see it.

    ``box`` (4,) float32 xyxy network px; ``features`` (C, H, W) float32 the map that it is read
    from; ``pooled`` (C, OH, OW) float32 the network's own RoIAlign; ``scale`` cells a network px.
    """

    row: int
    box: Floats
    level: Level
    map_name: str
    features: Floats
    pooled: Floats
    scale: float
    output: tuple[int, int]
    sampling_ratio: int

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.features.shape[1]), int(self.features.shape[2])

    @property
    def stride(self) -> float:
        """Network px a cell."""
        return 1 / self.scale

    @cached_property
    def samples(self) -> Samples:
        return roi_align_samples(self.box, self.scale, self.output, self.shape, self.sampling_ratio)

    @cached_property
    def bins(self) -> Index:
        """(OH, OW, 4) y0, x0, y1, x1 in cells, ends exclusive: the bins of RoIPool."""
        return roi_pool_bins(self.box, self.scale, self.output, self.shape)

    @cached_property
    def channels(self) -> Index:
        """(C,) channels by mean |activation| inside the proposal, the most active first."""
        active = np.abs(self.pooled).mean((1, 2))
        return np.argsort(-active, kind="stable").astype(np.int64)

    def map(self, channel: int) -> Floats:
        return self.features[channel]

    def align(self, channel: int) -> Floats:
        """(OH, OW) float32: the trace's own RoIAlign."""
        return self.pooled[channel]

    def pool(self, channel: int) -> Floats:
        """(OH, OW) float32: what RoIPool would give on the same map."""
        return roi_pool(self.features[channel : channel + 1], self.box, self.scale, self.output)[0]

    @cached_property
    def in_cells(self) -> Floats:
        """(4,) float32 the box on the map, in cells, a cell's centre on a whole number."""
        return self.box * np.float32(self.scale)

    @cached_property
    def rounded(self) -> Index:
        """(4,) int64 xyxy first and last cell (both inside) that RoIPool rounds the box to."""
        cells = self.in_cells.astype(np.float64)
        return (np.sign(cells) * np.floor(np.abs(cells) + 0.5)).astype(np.int64)

    @cached_property
    def side_shift(self) -> Floats:
        """(4,) float32 network px by which rounding to cells moves left, top, right, bottom."""
        moved = (self.rounded - self.in_cells) * self.stride
        return moved.astype(np.float32)

    @cached_property
    def bin_shift(self) -> Floats:
        """(OH, OW, 2) float32 network px (x, y) from a bin's true middle to that of its cells.

        NaN where the bin is empty.
        """
        b = self.bins.astype(np.float32)
        middle = np.stack([b[..., 1] + b[..., 3] - 1, b[..., 0] + b[..., 2] - 1], -1) / 2
        true = self.samples.points.mean((2, 3)) if self.samples.points.size else middle
        shift = (middle - true) * np.float32(self.stride)
        empty = (b[..., 2] <= b[..., 0]) | (b[..., 3] <= b[..., 1])
        result: Floats = np.where(empty[..., None], np.float32(np.nan), shift).astype(np.float32)
        return result


def roi_of(trace: Trace, ref: Ref | None) -> RoI | None:
    """The RoI of the selected box: the proposal it is, came from, or led to.

    None where there is none, or where its box is not finite.
    """
    if ref is None or ref.stage not in trace.stages or trace.stages[ref.stage].table is None:
        return None
    proposal = kin(trace, ref, "roi_level")
    if proposal is None:
        return None
    row, result = proposal.row, trace.stages["roi_level"]
    notes, at = result.notes, int(result.arrays["level"][row])
    source = trace.stages["fpn" if "fpn" in trace.stages else "backbone"]
    name = notes["names"][at]
    table = result.table
    assert table is not None
    box = table.boxes[row]
    if not np.isfinite(box).all():
        return None  # weights gone wrong: nothing can be drawn
    return RoI(
        row=row,
        box=box,
        level=_level(trace, row, box, at),
        map_name=f"{source.name} {name}",
        features=source.arrays[f"level/{source.notes['names'].index(name)}"],
        pooled=trace.stages["roi_align"].arrays["features"][row],
        scale=float(notes["scales"][at]),
        output=notes["output_size"],
        sampling_ratio=int(notes["sampling_ratio"]),
    )


def _level(trace: Trace, row: int, box: Floats, at: int) -> Level:
    notes = trace.stages["roi_level"].notes
    k_min, k_max = int(notes["k_min"]), int(notes["k_max"])
    side = float(np.sqrt((box[2] - box[0]) * (box[3] - box[1])))
    scale, level = float(notes["canonical_scale"]), int(notes["canonical_level"])
    exact = level + float(np.log2(side / scale)) if side > 0 else -np.inf
    # As torchvision: 1e-6 keeps a box of exactly the canonical size on the canonical level.
    wanted = int(np.floor(exact + 1e-6)) if np.isfinite(exact) else k_min
    return Level(side, exact, wanted, at + k_min, k_min, k_max, scale, level, _proposed(trace, row))


def _proposed(trace: Trace, row: int) -> int | None:
    """The pyramid level whose anchor became this proposal."""
    result = trace.stages.get("proposals")
    source = int(trace.table("roi_level").parent[row])
    if result is None or "level" not in result.arrays or source < 0:
        return None
    return int(result.arrays["level"][source]) + int(trace.stages["roi_level"].notes["k_min"])
