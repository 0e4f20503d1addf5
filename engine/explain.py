"""Why was this object missed, and what would save it? Asked of a trace, for any family.

`coverage` counts the objects that are still alive at every stage; `explain_miss` follows one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.candidates import Candidate, Candidates, Index
from engine.errors import BoxscopeError
from engine.miss import Change, Miss, locate
from engine.miss_words import sentence
from engine.rescue import Recompute, rescue
from engine.trace import Trace

__all__ = ["Candidate", "Change", "Miss", "Recompute", "coverage", "explain_miss"]


def coverage(
    trace: Trace,
    boxes_image: NDArray[np.float32],
    iou: float = 0.5,
    labels: Sequence[int] | NDArray[np.int64] | None = None,
) -> dict[str, tuple[int, int]]:
    """Stage -> (how many of the boxes still have a kept row with an IoU of at least ``iou``, all).

    ``boxes_image`` (M, 4) float32 xyxy, image px. With ``labels`` (M,) rows must also be of the
    box's class, from the stage on at which rows stand for one class each; without, any
    class counts. One entry for each stage with boxes: none at all for a semantic segmenter.
    """
    if trace.final not in trace.stages:
        return {}
    boxes = box_ops.as_boxes(boxes_image)
    classes = [None] * len(boxes) if labels is None else [int(v) for v in labels]
    index = Index(trace)
    asked = [Candidates(trace, b, c, iou, index) for b, c in zip(boxes, classes, strict=True)]
    return {
        name: (sum(len(c.good_kept(name)) > 0 for c in asked), len(boxes))
        for name, stage in trace.stages.items()
        if stage.table is not None
    }


def explain_miss(
    trace: Trace,
    box_image: NDArray[np.float32],
    label: int | None = None,
    recompute: Recompute | None = None,
    iou: float = 0.5,
    limit: int = 12,
) -> Miss:
    """What became of the object in ``box_image`` (4,) xyxy, image px, of class ``label`` if given.

    ``recompute(settings)`` gives the trace of the same frame and model with other settings. With it
    the smallest single change of a parameter that saves the object is searched and verified, by at
    most ``limit`` recomputations; without, ``change`` stays None.
    Raises BoxscopeError for a trace without boxes.
    """
    if trace.final not in trace.stages:
        raise BoxscopeError(
            f"{trace.model} gives a class to every pixel and finds no boxes: "
            "choose a detector to ask what became of one."
        )
    box = np.asarray(box_image, np.float32).reshape(4)
    asked = Candidates(trace, box, label, iou)
    miss = locate(asked, box)
    if miss.kind != "found" and recompute is not None:
        miss = rescue(asked, miss, recompute, limit)
    return replace(miss, sentence=sentence(miss, trace, iou))
