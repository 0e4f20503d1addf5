"""Recall by stage against the number of boxes: where along the road objects are lost.

For each stage with boxes: if only its K best-scored boxes went on, how many objects would still be
covered? The class of a box does not count, as in the study of proposals by Hosang et al.,
"What makes for effective detection proposals?", PAMI 2016, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.evaluation.record import Record
from engine.trace import Trace

BUDGETS = (1, 3, 10, 30, 100, 300, 1000, 3000, 0)
"""Numbers of boxes at which recall is taken; the last, 0, is all of them."""

_ROWS = 4096  # rows of boxes compared at once: bounds memory with 200,000 anchors


@dataclass(frozen=True)
class StageRecall:
    """Recall of one stage over a data set.

    ``also``: the stages right after it in which no object gained or lost anything. ``ranked`` is
    False where the stage's boxes have no scores (anchors): only "all" is known.
    ``recall``: budget -> share of objects with a box of at
    least ``iou`` among that many best-scored boxes (0: all); ``average``: the same, averaged over
    IoU .50 to .95 in steps of .05 (COCO's AR, without classes).
    """

    stage: str
    also: tuple[str, ...]
    ranked: bool
    objects: int
    iou: float
    recall: Mapping[int, float]
    average: Mapping[int, float]


def stage_overlaps(trace: Trace, truth: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Stage -> (K, G) float32: the best IoU of each object among the first K boxes of `BUDGETS`.

    ``truth`` (G, 4) float32 xyxy in image px, crowds left out. NaN for numbers of boxes that mean
    nothing because the stage does not rank. Stages that rank the background among the
    classes are left out: their scores are not about objects.
    """
    found = {}
    for name, result in trace.stages.items():
        if result.table is None:
            continue
        labels = result.table.labels
        if labels.any() and not labels.all():
            continue
        rows = result.table.kept
        ranked = not len(result.table) or bool(result.table.scores.any())
        order = rows[np.argsort(-result.table.scores[rows], kind="stable")]
        boxes = trace.transform.to_image(result.table.boxes[order])
        found[name] = _best(boxes, truth, ranked)
    return found


def stage_recall(records: Iterable[Record], iou: float = 0.5) -> list[StageRecall]:
    """The stages in the order of the trace; empty when the run did not ask for them."""
    overlaps: dict[str, list[NDArray[np.float32]]] = {}
    for record in records:
        for name, array in (record.recall or {}).items():
            overlaps.setdefault(name, []).append(array)
    thresholds = np.linspace(0.5, 0.95, 10)
    stages: list[StageRecall] = []
    before: NDArray[np.float32] | None = None
    for name, parts in overlaps.items():
        best = np.concatenate(parts, axis=1)  # (K, objects)
        if before is not None and np.array_equal(best, before, equal_nan=True):
            stages[-1] = replace(stages[-1], also=(*stages[-1].also, name))
            continue
        ranked = not np.isnan(best[:-1]).any()
        known = range(len(BUDGETS)) if ranked else [len(BUDGETS) - 1]
        if not best.shape[1]:
            continue
        before = best
        covered = best[..., None] >= thresholds
        stages.append(
            StageRecall(
                stage=name,
                also=(),
                ranked=ranked,
                objects=best.shape[1],
                iou=iou,
                recall={BUDGETS[k]: float((best[k] >= iou).mean()) for k in known},
                average={BUDGETS[k]: float(covered[k].mean()) for k in known},
            )
        )
    return stages


def _best(
    boxes: NDArray[np.float32], truth: NDArray[np.float32], ranked: bool
) -> NDArray[np.float32]:
    """(K, G): running best overlap, read off at every budget."""
    found = np.zeros((len(BUDGETS), len(truth)), np.float32)
    best = np.zeros(len(truth), np.float32)
    ends = [min(k, len(boxes)) if k else len(boxes) for k in BUDGETS]
    start = 0
    for row, end in enumerate(ends):
        for first in range(start, end, _ROWS):
            part = box_ops.iou(boxes[first : min(first + _ROWS, end)], truth)
            best = np.maximum(best, np.nan_to_num(part).max(axis=0, initial=0))
        start = max(start, end)
        found[row] = best
    if not ranked:
        found[:-1] = np.nan
    return found
