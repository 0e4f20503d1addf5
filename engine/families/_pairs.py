"""(anchor, class) pairs of a single-shot model: score threshold, top-k, NMS, final cut.

The table of ``score_threshold`` has one row for each pair over the threshold, in the order in which
the model takes them, and after those one row, marked LOW_SCORE, for each anchor of which no class
passed. So every anchor has at least one child that says whether it went on. Pairs below the
threshold of an anchor that goes on with another class have no row; ``notes["low_pairs"]`` counts
them and ``arrays["low_pairs_per_class"]`` counts all pairs below the threshold by class.

Order is part of exactness: rows of ``nms`` lie as the model hands them to NMS, rows of
``detections`` as the model returns them. Where torchvision loops over classes or levels, the same
call is made on the same vector, since ``topk`` leaves the order of ties open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import boxes as box_ops

from engine import nms
from engine.families._single_shot import SingleShot, host
from engine.params import Param
from engine.pipeline import Inputs, Output, Stage
from engine.table import Reason, Table

# Up to so many numbers, torchvision moves classes apart and runs one NMS; above, one NMS per class.
_SHIFTED_UP_TO = {"cpu": 4_000}
_SHIFTED_UP_TO_ELSEWHERE = 100_000


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs that are still in the race, on the model's device, in the model's order.

    ``boxes`` (K, 4) float32 xyxy, network px, as they stand at this stage; ``scores`` (K,) float32;
    ``labels`` (K,) int64; ``anchors`` (K,) int64 row in the stage ``anchors``; ``rows`` (K,) int64
    row in the table of the stage that made this; ``counts``: how many of the K belong to each
    class (SSD) or level (RetinaNet, FCOS), one group after the other.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    anchors: Tensor
    rows: Tensor
    counts: tuple[int, ...]


def threshold_stage(
    module: SingleShot,
    source: str,
    needs: tuple[str, ...],
    select: Callable[[Inputs, float], tuple[Pairs, Tensor]],
) -> Stage:
    """``select(inputs, threshold)`` gives the pairs over the threshold and (C,) their number by
    foreground class; ``source`` names the per-anchor stage before.
    """

    def run(inputs: Inputs) -> Output:
        pairs, per_class = select(inputs, inputs.param("score_thresh"))
        before = inputs.table(source)
        parent = host(pairs.anchors)
        passed = np.zeros(len(before), np.bool_)
        passed[parent] = True
        lost = np.flatnonzero(~passed)
        k = len(parent)
        reason = np.full(k + len(lost), Reason.LOW_SCORE, np.uint8)
        reason[:k] = Reason.KEPT
        table = Table.of(
            np.concatenate([host(pairs.boxes), before.boxes[lost]]),
            np.concatenate([host(pairs.scores), before.scores[lost]]),
            np.concatenate([host(pairs.labels), before.labels[lost]]),
            np.concatenate([parent, lost]),
            reason,
        )
        total = len(before) * len(per_class)
        notes = {"pairs": total, "passed": k, "low_pairs": total - k - len(lost)}
        arrays = {"low_pairs_per_class": len(before) - host(per_class)}
        return Output(table, source, arrays, notes, pairs)

    return Stage(
        "score_threshold",
        "Score threshold",
        run,
        needs=needs,
        params=(
            Param(
                "score_thresh",
                float(module.score_thresh),
                "A pair of anchor and class goes on only when its score is above this.",
                low=0.0,
                high=1.0,
                step=0.001,
            ),
        ),
        help="From here on rows are pairs of anchor and class: an anchor may go on with several "
        "classes, or with none.",
    )


def topk_stage(module: SingleShot, group: str) -> Stage:
    """The best ``topk_candidates`` of each class or level; the others are marked TOPK."""

    def run(inputs: Inputs) -> Output:
        pairs: Pairs = inputs.data("score_threshold")
        before = inputs.table("score_threshold")
        best, counts = _best_of_each(pairs, inputs.param("topk_candidates"))
        n = len(pairs.scores)  # pairs come first in the table, rows of lost anchors after them
        reason = np.full(n, Reason.TOPK, np.uint8)
        reason[host(best)] = Reason.KEPT
        table = Table.of(
            before.boxes[:n], before.scores[:n], before.labels[:n], np.arange(n), reason
        )
        data = Pairs(
            pairs.boxes[best],
            pairs.scores[best],
            pairs.labels[best],
            pairs.anchors[best],
            best,
            counts,
        )
        return Output(table, "score_threshold", notes={"group": group}, data=data)

    return Stage(
        "topk",
        "Top candidates",
        run,
        needs=("score_threshold",),
        params=(
            Param(
                "topk_candidates",
                int(module.topk_candidates),
                f"How many of the best candidates of each {group} go on to NMS.",
                low=1,
                high=100_000,
                step=10,
                unit="boxes",
            ),
        ),
        help=f"Only the best candidates of each {group} go on: NMS compares boxes with each other, "
        "so its time grows with the square of their number.",
    )


def _best_of_each(pairs: Pairs, limit: int) -> tuple[Tensor, tuple[int, ...]]:
    """(K,) int64 the pairs that go on, best first within each group, and how many of each."""
    rows: list[Tensor] = []
    start = 0
    for scores in torch.split(pairs.scores, list(pairs.counts)):
        rows.append(scores.topk(min(limit, len(scores)))[1] + start)
        start += len(scores)
    return torch.cat(rows), tuple(len(r) for r in rows)


def final_stages(module: SingleShot, source: str) -> Sequence[Stage]:
    """``nms`` and ``detections``. ``source``: ``topk`` (SSD) or ``clip`` (RetinaNet, FCOS)."""

    def suppress(inputs: Inputs) -> Output:
        pairs: Pairs = inputs.data(source)
        threshold = inputs.param("nms_thresh")
        keep = box_ops.batched_nms(pairs.boxes, pairs.scores, pairs.labels, threshold)
        scores, labels = host(pairs.scores), host(pairs.labels)
        compared = host(_as_compared(pairs.boxes, pairs.labels))
        by, overlap = nms.attribute(compared, scores, labels, host(keep), threshold)
        reason = np.full(len(scores), Reason.SUPPRESSED, np.uint8)
        reason[host(keep)] = Reason.KEPT
        table = Table.of(host(pairs.boxes), scores, labels, host(pairs.rows), reason, by)
        return Output(table, source, {"iou": overlap}, data=keep)

    def cut(inputs: Inputs) -> Output:
        before = inputs.table("nms")
        rows = host(inputs.data("nms"))
        reason = np.full(len(rows), Reason.TOPK, np.uint8)
        reason[: inputs.param("detections_per_img")] = Reason.KEPT
        table = Table.of(before.boxes[rows], before.scores[rows], before.labels[rows], rows, reason)
        return Output(table, "nms")

    return (
        Stage(
            "nms",
            "Non-maximum suppression",
            suppress,
            needs=(source,),
            params=(
                Param(
                    "nms_thresh",
                    float(module.nms_thresh),
                    "A box goes when it overlaps a better one of its class by more than this.",
                    low=0.0,
                    high=1.0,
                    step=0.01,
                    unit="IoU",
                ),
            ),
            help="From best to worst score, a box is kept unless it overlaps a kept box of its own "
            "class too much; then that box suppresses it.",
        ),
        Stage(
            "detections",
            "Detections",
            cut,
            needs=("nms",),
            params=(
                Param(
                    "detections_per_img",
                    int(module.detections_per_img),
                    "How many of the best boxes that NMS left are returned.",
                    low=1,
                    high=100_000,
                    step=10,
                    unit="boxes",
                ),
            ),
            help="What the model returns: the best boxes that are left, best score first.",
        ),
    )


def _as_compared(boxes: Tensor, labels: Tensor) -> Tensor:
    """The boxes as `torchvision.ops.batched_nms` compares them.

    With few boxes it moves the classes apart by an offset; float32 then rounds the corners of high
    labels to some thousandths of a px, which can tip an IoU over the threshold.
    """
    limit = _SHIFTED_UP_TO.get(boxes.device.type, _SHIFTED_UP_TO_ELSEWHERE)
    if boxes.numel() == 0 or boxes.numel() > limit:
        return boxes
    return boxes + (labels.to(boxes) * (boxes.max() + torch.tensor(1).to(boxes)))[:, None]
