"""(anchor, class) pairs of a single-shot model: score threshold, top-k, NMS, final cut.

Up to the score threshold a row is an anchor, from then on it is a pair. The table of
``score_threshold`` has one row for each pair over the threshold, in the order in which the model
takes them, and after those one row for each anchor without any: LOW_SCORE, no class passed. So
every anchor has at least one child that says whether it went on. Pairs below the threshold of an
anchor that goes on with another class have no row; all scores stand in ``arrays`` of
``class_scores`` (FCOS: of ``centerness``), and ``notes`` count the pairs.

A low threshold lets 14 million pairs of a RetinaNet pass. Of each group (class or level), only the
`LISTED` best then have a row; as many as ``topk_candidates`` can be at most, so no pair that may go
on is without. An anchor of which all passed pairs are unlisted has one row, marked TOPK.

Order is part of exactness: rows of ``nms`` lie as the model hands them to NMS, rows of
``detections`` as the model returns them. Where torchvision loops over classes or levels, the same
call is made on the same vector, since ``topk`` leaves the order of ties open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from engine import nms_torch
from engine.families._single_shot import host
from engine.params import Param
from engine.pipeline import Inputs, Output, Stage
from engine.table import Reason, Table

LISTED = 10_000
"""Rows of pairs that each class or level gets at most; more only where the last ones tie."""


class Limits(Protocol):
    """What every single-shot module says about its last steps."""

    score_thresh: float
    nms_thresh: float
    topk_candidates: int
    detections_per_img: int


@dataclass(frozen=True, eq=False)
class Passed:
    """All pairs over the score threshold, on the model's device, in the model's order.

    ``scores`` (M,) float32; ``pairs_of(rows)`` gives (anchors, labels), int64, of some of the M,
    since of millions only thousands are asked for; ``counts``: how many of the M belong to each
    class (SSD) or level (RetinaNet, FCOS), one group after the other.
    """

    scores: Tensor
    pairs_of: Callable[[Tensor | slice], tuple[Tensor, Tensor]]
    counts: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs that are still in the race, on the model's device, in the model's order.

    ``boxes`` (K, 4) float32 xyxy, network px, as they stand at this stage; ``scores`` (K,) float32;
    ``labels`` (K,) int64; ``anchors`` (K,) int64 row in the stage ``anchors``; ``rows`` (K,) int64
    row in the table of the stage that made this; ``counts`` as in `Passed`.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    anchors: Tensor
    rows: Tensor
    counts: tuple[int, ...]


Select = Callable[[Inputs, float], Passed]
"""(inputs of ``score_threshold``, threshold) -> what passes it."""


def threshold_stage(
    module: Limits, group: str, source: str, needs: tuple[str, ...], select: Select
) -> Stage:
    """``group``: "class" or "level"; ``source``: the stage before, with one row per anchor."""

    def run(inputs: Inputs) -> Output:
        threshold = inputs.param("score_thresh")
        passed = select(inputs, threshold)
        before = inputs.table(source)
        listed = _listed(passed, max(LISTED, int(module.topk_candidates)))
        anchors, labels = passed.pairs_of(listed)
        parent = host(anchors)
        no_row = np.ones(len(before), np.bool_)
        no_row[parent] = False
        rest = np.flatnonzero(no_row)
        # An anchor's score is its best class's, compared as float32 like everything in the model.
        over = before.scores[rest] > np.float32(threshold)
        reason = np.full(len(parent) + len(rest), Reason.KEPT, np.uint8)
        reason[len(parent) :] = np.where(over, Reason.TOPK, Reason.LOW_SCORE)
        rows = np.concatenate([parent, rest])
        table = Table.of(
            before.boxes[rows],
            np.concatenate([host(passed.scores[listed]), before.scores[rest]]),
            np.concatenate([host(labels), before.labels[rest]]),
            rows,
            reason,
        )
        notes = {"passed": len(passed.scores), "listed": len(parent), "group": group}
        return Output(table, source, notes=notes, data=(passed, listed))

    return Stage(
        "score_threshold",
        "Score threshold",
        run,
        needs=(source, *needs),
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


def topk_stage(module: Limits, group: str, boxes: str) -> Stage:
    """The best ``topk_candidates`` of each class or level; the others are marked TOPK.

    ``boxes`` names the stage whose ``data`` are the (N, 4) boxes of all anchors.
    """

    def run(inputs: Inputs) -> Output:
        passed, listed = inputs.data("score_threshold")
        before = inputs.table("score_threshold")
        best, counts = _best_of_each(passed, inputs.param("topk_candidates"))
        rows = best if isinstance(listed, slice) else torch.searchsorted(listed, best)
        n = inputs["score_threshold"].notes["listed"]
        reason = np.full(n, Reason.TOPK, np.uint8)
        reason[host(rows)] = Reason.KEPT
        table = Table.of(
            before.boxes[:n], before.scores[:n], before.labels[:n], np.arange(n), reason
        )
        anchors, labels = passed.pairs_of(best)
        at = inputs.data(boxes)[anchors]
        pairs = Pairs(at, passed.scores[best], labels, anchors, rows, counts)
        return Output(table, "score_threshold", notes={"group": group}, data=pairs)

    default = int(module.topk_candidates)
    return Stage(
        "topk",
        "Top candidates",
        run,
        needs=(boxes, "score_threshold"),
        params=(
            Param(
                "topk_candidates",
                default,
                f"How many of the best candidates of each {group} go on to NMS.",
                low=1,
                high=max(LISTED, default),
                step=10,
                unit="boxes",
            ),
        ),
        help=f"Only the best candidates of each {group} go on: NMS compares boxes with each other, "
        "so its time grows with the square of their number.",
    )


def divide(flat: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """(M,) int64 indices into a flattened matrix -> its lines and columns."""
    line = torch.div(flat, width, rounding_mode="floor")
    return line, flat - line * width


def counts_between(flat: Tensor, bounds: Tensor) -> tuple[int, ...]:
    """How many of ``flat`` (M,) int64 ascending lie between each two of ``bounds`` (G + 1,)."""
    ends = torch.searchsorted(flat, bounds).tolist()
    return tuple(end - start for start, end in pairwise(ends))


def _listed(passed: Passed, limit: int) -> Tensor | slice:
    """(L,) int64 ascending, the pairs that get a row, or a slice of all; ties are all in."""
    if max(passed.counts) <= limit:
        return slice(None)
    groups = torch.split(passed.scores, list(passed.counts))
    wanted = [s >= s.topk(limit)[0][-1] if len(s) > limit else s == s for s in groups]
    return torch.cat(wanted).nonzero()[:, 0]


def _best_of_each(passed: Passed, limit: int) -> tuple[Tensor, tuple[int, ...]]:
    """(K,) int64 the pairs that go on, best first within each group, and how many of each."""
    best = [torch.zeros(0, dtype=torch.int64, device=passed.scores.device)]
    start = 0
    for count in passed.counts:
        if count:
            scores = passed.scores[start : start + count]
            best.append(scores.topk(min(limit, count))[1] + start)
        start += count
    return torch.cat(best), tuple(min(limit, count) for count in passed.counts)


def final_stages(module: Limits, source: str) -> Sequence[Stage]:
    """``nms`` and ``detections``. ``source``: ``topk`` (SSD) or ``clip`` (RetinaNet, FCOS)."""

    def suppress(inputs: Inputs) -> Output:
        pairs: Pairs = inputs.data(source)
        threshold = inputs.param("nms_thresh")
        found = nms_torch.batched(pairs.boxes, pairs.scores, pairs.labels, threshold)
        boxes, scores, labels = host(pairs.boxes), host(pairs.scores), host(pairs.labels)
        reason = np.full(len(scores), Reason.SUPPRESSED, np.uint8)
        reason[found.keep] = Reason.KEPT
        table = Table.of(boxes, scores, labels, host(pairs.rows), reason, found.by)
        return Output(table, source, {"iou": found.iou_with}, data=found.keep)

    def cut(inputs: Inputs) -> Output:
        before = inputs.table("nms")
        rows = inputs.data("nms")
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
