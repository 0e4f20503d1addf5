"""What becomes of boxes that are refined again and again. NumPy only.

`engine.refine_again` works it out; how and why is told there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.trace import Trace

MOST_ROUNDS = 6
_NEEDS = ("roi_align", "box_head", "class_scores", "class_deltas", "decode")


@dataclass(frozen=True, eq=False)
class Refined:
    """What became of rows of stage ``decode``; R rounds, D rows.

    ``rows`` (D,) int64 rows of ``decode``, each one proposal and one class; ``labels`` (D,) int64
    that class, which stays; ``boxes`` (R + 1, D, 4) float32 xyxy, network px, cut to the picture:
    the first are the trace's own, the k-th were made of the (k-1)-th; ``scores`` (R + 1, D) float32
    probability of the class for the box that was looked at, so ``scores[k]`` belongs to the
    features of ``boxes[k - 1]`` and the first are the trace's.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]


def can_refine(trace: Trace) -> bool:
    """Has the trace a second stage, which can look at a refined box again?"""
    return trace.family == "two_stage" and all(stage in trace.stages for stage in _NEEDS)
