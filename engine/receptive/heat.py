"""The effective field of a unit or a detection, as plain values. NumPy only, so that views use it.

The theoretical field is what CAN change a unit; most of it hardly does. The gradient of the unit
with respect to the picture says what does: it falls off from the middle like a Gaussian (Luo et
al., "Understanding the Effective Receptive Field", 2016).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.frame import Transform
from engine.receptive.fields import Axis, Box, Layer
from engine.roi import roi_align_samples

Heat = NDArray[np.float32]

CENTRAL = 1 - 0.9545
"""A px counts to the effective field above this share of the largest gradient: two standard
deviations of a Gaussian (Luo et al. 2016, section 4.1)."""


@dataclass(frozen=True, eq=False)
class EffectiveField:
    """The gradient of one number of the network with respect to its input.

    ``heat`` (H, W) float32: sum over the colours of the gradient's absolute value, per network px;
    ``signed`` (H, W) float32 the sum with signs: where a brighter px raises the number. ``value``
    of the number, ``what`` it is in words. ``field`` xyxy network px: the theoretical field, cut at
    the border; None where it is not known, which ``unknown`` explains. ``boxes``: name ("anchor",
    "proposal", "detection") -> xyxy network px. ``transform`` maps network px to image px.
    """

    heat: Heat
    signed: Heat
    value: float
    what: str
    field: Box | None
    boxes: Mapping[str, Box]
    transform: Transform | None = None
    unknown: str = ""

    @property
    def inside(self) -> dict[str, float]:
        """Share of the heat inside the theoretical "field" and each of the boxes, 0 to 1."""
        places = dict(self.boxes) if self.field is None else {"field": self.field, **self.boxes}
        return {name: share_inside(self.heat, box) for name, box in places.items()}

    @property
    def side(self) -> float:
        """Square root of the number of px above `CENTRAL` of the largest: the effective size."""
        top = float(self.heat.max(initial=0))
        return math.sqrt(int((self.heat > CENTRAL * top).sum())) if top > 0 else 0.0


def share_inside(heat: Heat, box: Box) -> float:
    """Share of the heat (H, W) inside a box xyxy in its px; px at the rim count in part."""
    total = float(heat.sum(dtype=np.float64))
    if total <= 0:
        return 0.0
    rows = _covered(heat.shape[0], box[1], box[3])
    columns = _covered(heat.shape[1], box[0], box[2])
    return min(1.0, float(rows @ heat.astype(np.float64) @ columns) / total)


def _covered(count: int, first: float, last: float) -> NDArray[np.float64]:
    """(count,) share of each px k .. k + 1 that lies between first and last."""
    px = np.arange(count, dtype=np.float64)
    covered: NDArray[np.float64] = np.clip(np.minimum(px + 1, last) - np.maximum(px, first), 0, 1)
    return covered


def region_field(
    layer: Layer, box: Box, scale: float, output: tuple[int, int], sampling_ratio: int = 2
) -> Box:
    """xyxy px: what a head can see that reads ``layer`` through RoIAlign of a whole box.

    ``box`` in network px, ``scale`` in cells a px: as torchvision's RoIAlign (not aligned) reads
    the map. Zeros where the box lies outside of the map.
    """
    samples = roi_align_samples(box, scale, output, layer.grid, sampling_ratio)
    read = samples.cells[samples.weights > 0]
    if not len(read):
        return 0.0, 0.0, 0.0, 0.0
    y, x = layer.axes()
    top, bottom = _together(y, read[:, 0])
    left, right = _together(x, read[:, 1])
    return float(left), float(top), float(right + 1), float(bottom + 1)


def _together(axis: Axis, cells: NDArray[np.int64]) -> tuple[int, int]:
    return int(axis.lo[cells].min()), int(axis.hi[cells].max())
