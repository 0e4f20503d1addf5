"""The layers of a trace whose maps can be looked at, and what is shown of one. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.pipeline import StageResult
    from engine.trace import Trace

Map = NDArray[np.float32]
Cell = tuple[int, int]
"""Row and column of a cell of a map."""
STAGES = ("backbone", "fpn")
THUMB = 96  # px of the longer side of a channel's small picture


@dataclass(frozen=True)
class Layer:
    """Maps of one stage: array ``kind/index``.

    ``stride`` (y, x) network px a cell and ``shape`` (C, H, W), both as the trace notes them for
    the level; laterals and sums have the stride and the cells of the level of their index.
    """

    stage: str
    kind: str
    index: int
    shape: tuple[int, int, int]
    stride: tuple[int, int]

    @property
    def array(self) -> str:
        return f"{self.kind}/{self.index}"

    @property
    def level(self) -> str:
        """C3 of a backbone, P3 of a pyramid: 2 to the power of the number is the stride."""
        power = round(math.log2(max(self.stride[0], 1)))
        return f"{'P' if self.stage == 'fpn' else 'C'}{power}"

    @property
    def title(self) -> str:
        kind = {"level": "output", "lateral": "lateral", "sum": "sum"}[self.kind]
        return f"Pyramid {self.level}, {kind}" if self.stage == "fpn" else f"Backbone {self.level}"

    def patch(self, cell: Cell) -> Map:
        """(4,) float32 xyxy network px: the square that a cell stands for, its stride wide."""
        (y, x), (down, across) = cell, self.stride
        sides = (x * across, y * down, (x + 1) * across, (y + 1) * down)
        return np.array(sides, np.float32)

    def cell_at(self, x: float, y: float) -> Cell:
        """The cell whose patch holds a point in network px; the nearest for one outside."""
        _, height, width = self.shape
        row, column = math.floor(y / self.stride[0]), math.floor(x / self.stride[1])
        return min(max(row, 0), height - 1), min(max(column, 0), width - 1)


def layers_of(trace: Trace) -> tuple[Layer, ...]:
    """Backbone levels from the finest; then the pyramid, for each level lateral, sum, output."""
    found = []
    for stage in STAGES:
        result = trace.stages.get(stage)
        if result is None:
            continue
        notes: Any = result.notes
        widest = next(iter(notes["shapes"]), (0, 0, 0))[0]
        pairs = zip(notes["shapes"], notes["strides"], strict=True)
        for index, (shape, stride) in enumerate(pairs):
            for kind in ("lateral", "sum", "level"):
                if f"{kind}/{index}" in result.arrays:
                    channels = shape[0] if kind == "level" else widest
                    cells = (channels, shape[1], shape[2])
                    found.append(Layer(stage, kind, index, cells, tuple(stride)))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Maps:
    """The maps of a layer, made ready on a thread.

    ``values`` (C, H, W) float32; ``activity`` (C,) float32, the mean of |activation| of a channel;
    ``by_activity`` (C,) int64, the most active first; ``thumbs`` (C, h, w) uint8, index into the
    colours: each channel from 0, or from minus to plus where the layer is ``signed``, to the
    largest of its own values.
    ``lateral``, ``above`` (the coarser level's sum) and ``total`` are those of the same pyramid
    level; None where it has none.
    """

    layer: Layer
    serial: int
    values: Map
    activity: Map
    by_activity: NDArray[np.int64]
    signed: bool
    thumbs: NDArray[np.uint8]
    lateral: Map | None = None
    above: Map | None = None
    total: Map | None = None

    def far(self, channel: int) -> float:
        """The largest |value| of a channel."""
        return float(np.abs(self.values[channel]).max(initial=0))

    def top_down(self, channel: int) -> Map | None:
        """(H, W) of the coarser sum, repeated to this level's cells: what was added to lateral."""
        if self.above is None or self.lateral is None:
            return None
        rows, columns = (
            nearest(size, of)
            for size, of in zip(self.lateral.shape[1:], self.above.shape[1:], strict=True)
        )
        repeated: Map = self.above[channel][rows[:, None], columns]
        return repeated

    def cell_above(self, cell: Cell) -> Cell | None:
        """The cell of the coarser sum that was repeated to here."""
        if self.above is None:
            return None
        _, height, width = self.layer.shape
        high, wide = self.above.shape[1:]
        return int(nearest(height, high)[cell[0]]), int(nearest(width, wide)[cell[1]])


def nearest(size: int, of: int) -> NDArray[np.int64]:
    """(size,) index into ``of`` cells, as ``torch.nn.functional.interpolate`` picks the nearest."""
    step = np.float32(of) / np.float32(size)
    at = np.floor(np.arange(size, dtype=np.float32) * step).astype(np.int64)
    near: NDArray[np.int64] = np.minimum(at, of - 1)
    return near


def maps_of(layer: Layer, result: StageResult) -> Maps:
    """Reads the arrays of ``result`` (which may copy from a GPU), so not for the GUI thread."""
    import cv2

    values = result.arrays[layer.array]
    channels, height, width = values.shape
    part = min(1.0, THUMB / max(height, width))
    size = (max(round(width * part), 1), max(round(height * part), 1))
    activity = np.empty(channels, np.float32)
    small = np.empty((channels, size[1], size[0]), np.float32)
    for channel in range(channels):  # one at a time: a copy of all would take 50 MB
        activity[channel] = np.abs(values[channel]).mean()
        small[channel] = cv2.resize(values[channel], size, interpolation=cv2.INTER_AREA)
    signed = bool(small.min(initial=0) < 0)
    far = np.maximum(np.abs(small).max((1, 2), initial=0), 1e-12)[:, None, None]
    share = (small / far + 1) / 2 if signed else small / far
    maps = {}
    if layer.stage == "fpn":
        wanted = {"lateral": "lateral", "total": "sum"}
        names = {key: f"{kind}/{layer.index}" for key, kind in wanted.items()}
        names["above"] = f"sum/{layer.index + 1}"
        maps = {key: result.arrays[name] for key, name in names.items() if name in result.arrays}
        if "lateral" not in maps:
            maps = {}
    return Maps(
        layer,
        result.serial,
        values,
        activity,
        np.argsort(-activity, kind="stable"),
        signed,
        np.clip(share * 255, 0, 255).round().astype(np.uint8),
        **maps,
    )
