"""The keypoints of one detection, and how each came of its heat map. NumPy only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from widgets.kin import kin

if TYPE_CHECKING:
    from engine.trace import Ref, Trace

Floats = NDArray[np.float32]
# COCO's persons, in the order of its annotations.
NAMES = (
    "nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder",
    "left elbow", "right elbow", "left wrist", "right wrist", "left hip", "right hip",
    "left knee", "right knee", "left ankle", "right ankle",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Chosen:
    """A detection with its keypoints: ``row`` of the final table, ``at`` of the stage's arrays.

    ``box`` (4,) float32 xyxy network px; ``heatmaps`` (K, M, M) float32 logits; ``network`` and
    ``image`` (K, 2) float32 x, y in network px and in image px; ``scores`` (K,) float32 logits.
    """

    row: int
    at: int
    box: Floats
    heatmaps: Floats
    network: Floats
    image: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.scores)

    def name(self, k: int) -> str:
        return NAMES[k] if len(self) == len(NAMES) else f"keypoint {k}"

    def highest(self, k: int) -> tuple[int, int]:
        """The (y, x) of the heat map's largest cell, before it is stretched."""
        values = self.heatmaps[k]
        y, x = divmod(int(values.argmax()), values.shape[1])
        return y, x

    def stretch(self, k: int) -> Stretch:
        """How the point of keypoint k follows from the stretched map."""
        x1, y1, x2, y2 = self.box.tolist()
        width, height = max(x2 - x1, 1.0), max(y2 - y1, 1.0)
        wide, high = math.ceil(width), math.ceil(height)
        x, y = self.network[k].tolist()
        return Stretch(
            (high, wide),
            (round((y - y1) * high / height - 0.5), round((x - x1) * wide / width - 0.5)),
            (height / high, width / wide),
        )

    def probabilities(self, k: int) -> Floats:
        """(M, M) softmax over all cells of a keypoint, as it is trained (He et al. 2017, 5)."""
        values = np.exp(self.heatmaps[k] - self.heatmaps[k].max())
        share: Floats = values / values.sum()
        return share


@dataclass(frozen=True)
class Stretch:
    """The map stretched to ``size`` (height, width) px is highest at ``place`` (y, x); one of its
    px is ``step`` (y, x) network px. The point is box corner + (place + 0.5) · step."""

    size: tuple[int, int]
    place: tuple[int, int]
    step: tuple[float, float]

    def point(self, box: Floats) -> tuple[float, float]:
        """(x, y) in network px."""
        x, y = ((self.place[k] + 0.5) * self.step[k] + float(box[1 - k]) for k in (1, 0))
        return x, y


def chosen_of(trace: Trace | None, ref: Ref | None) -> Chosen | None:
    """The detection that the selected box is, or became; None without one."""
    if trace is None or ref is None or "keypoints" not in trace.stages:
        return None
    found = kin(trace, ref, trace.final)
    if found is None or found.stage != trace.final:
        return None
    table, arrays = trace.table(trace.final), trace.stages["keypoints"].arrays
    at = np.flatnonzero(table.kept == found.row)
    if not len(at) or at[0] >= len(arrays["scores"]):
        return None
    k = int(at[0])
    return Chosen(
        found.row,
        k,
        table.boxes[found.row],
        arrays["heatmaps"][k],
        arrays["network"][k][:, :2],
        arrays["keypoints"][k][:, :2],
        arrays["scores"][k],
    )
