"""The second stage: RoIAlign, box head, classes, class NMS (Girshick 2015; He et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softmax
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops import boxes as box_ops
from torchvision.ops.poolers import _filter_input, _setup_scales

from engine.families._backbone import Features
from engine.families._class_nms import Candidates, Rows
from engine.families._coding import coding_of
from engine.families._input import NetworkInput
from engine.families._rpn import Boxes, child, host, marked
from engine.params import Param
from engine.pipeline import Inputs, Output, Stage
from engine.table import Reason, Table


@dataclass(frozen=True, eq=False)
class Detections:
    """What the model returns, before it is scaled to image px, on the model's device.

    ``boxes`` (D, 4) float32 xyxy network px, ``scores`` (D,) float32, ``labels`` (D,) int64.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor


def roi_stages(heads: RoIHeads, features: str) -> list[Stage]:
    """``roi_level`` to ``detections``; ``features`` names the stage that RoIAlign reads.

    Rows of ``roi_level``, and so of ``roi_align``, ``box_head``, ``class_scores`` and
    ``class_deltas``, are the kept proposals in the model's order. Rows of ``decode`` and
    ``background`` are (proposal, class) with the class fastest, background class 0 included; rows
    of ``score_threshold`` are torchvision's candidates, without it.
    """
    return [
        Stage(
            "roi_level",
            "RoI level",
            lambda i: _roi_level(heads.box_roi_pool, features, i),
            needs=("input", features, "proposals"),
            help="Which level of the pyramid each proposal's features are read from: large boxes "
            "from coarse levels. It need not be the level that proposed it.",
        ),
        Stage(
            "roi_align",
            "RoIAlign",
            lambda i: _roi_align(heads, features, i),
            needs=("input", features, "roi_level"),
            help="Every proposal becomes a small map of one fixed size, by bilinear sampling.",
        ),
        Stage(
            "box_head",
            "Box head",
            lambda i: _box_head(heads, i),
            needs=("roi_align",),
            help="One feature vector for each proposal.",
        ),
        Stage(
            "class_scores",
            "Class scores",
            lambda i: _class_scores(heads, i),
            needs=("roi_level", "box_head"),
            help="The probability of every class, background included, for each proposal. The "
            "table shows each proposal's most probable class.",
        ),
        Stage(
            "class_deltas",
            "Class deltas",
            lambda i: _class_deltas(heads, i),
            needs=("class_scores",),
            help="For each proposal and class, how to move and stretch the proposal.",
        ),
        Stage(
            "decode",
            "Moved proposals",
            lambda i: _decode(heads, i),
            needs=("input", "roi_level", "class_scores", "class_deltas"),
            help="One candidate box for each proposal and class, clipped to the picture.",
        ),
        Stage(
            "background",
            "Drop background",
            _background,
            needs=("decode",),
            help="The background class has no boxes: its candidates go no further.",
        ),
        Stage(
            "score_threshold",
            "Score threshold",
            _score_threshold,
            needs=("background",),
            params=(
                Param(
                    "score_thresh",
                    float(heads.score_thresh),
                    "Candidates must score more than this.",
                    0.0,
                    1.0,
                    0.01,
                ),
            ),
            help="Most classes of most proposals are improbable; their candidates end here.",
        ),
        Stage(
            "tiny",
            "Drop tiny boxes",
            _tiny,
            needs=("background", "score_threshold"),
            params=(
                Param(
                    "min_size",
                    1e-2,
                    "Boxes with a shorter side go no further.",
                    0.0,
                    1000.0,
                    0.01,
                    "px",
                ),
            ),
            help="Boxes without area cannot be told apart by overlap.",
        ),
        Stage(
            "nms",
            "Class NMS",
            _nms,
            needs=("background", "tiny"),
            params=(
                Param(
                    "nms_thresh",
                    float(heads.nms_thresh),
                    "A box that overlaps a better one of its class by more than this goes out.",
                    0.0,
                    1.0,
                    0.01,
                    "IoU",
                ),
            ),
            help="Of boxes of one class that overlap too much only the best scored stays.",
        ),
        Stage(
            "detections",
            "Detections",
            _detections,
            needs=("background", "nms"),
            params=(
                Param(
                    "detections_per_img",
                    int(heads.detections_per_img),
                    "This many detections, the best scored of all classes, are returned.",
                    1,
                    100_000,
                    1,
                    "boxes",
                ),
            ),
            help="What the model returns, best score first.",
        ),
    ]


def _roi_level(pool: MultiScaleRoIAlign, features: str, inputs: Inputs) -> Output:
    given: Boxes = inputs.data("proposals")
    maps: Features = inputs.data(features)
    names = [n for n in maps if n in pool.featmap_names]
    if pool.scales is None or pool.map_levels is None:
        # The module fixes its scales on the first picture it ever sees, and so does the trace.
        pool.scales, pool.map_levels = _setup_scales(
            _filter_input(maps, pool.featmap_names),
            inputs.data("input").sizes,
            pool.canonical_scale,
            pool.canonical_level,
        )
    if len(names) > 1:
        levels = pool.map_levels([given.boxes])
    else:
        levels = torch.zeros(len(given.boxes), dtype=torch.int64, device=given.boxes.device)
    before = inputs.table("proposals")
    count = len(given.boxes)
    return Output(
        table=child(before.boxes[:count], before.scores[:count]),
        source="proposals",
        arrays={"level": levels},
        notes={
            "names": tuple(names),
            "scales": tuple(pool.scales),
            "k_min": pool.map_levels.k_min,
            "k_max": pool.map_levels.k_max,
            "canonical_scale": pool.canonical_scale,
            "canonical_level": pool.canonical_level,
            "output_size": tuple(pool.output_size),
            "sampling_ratio": pool.sampling_ratio,
        },
        data=given.boxes,
    )


def _roi_align(heads: RoIHeads, features: str, inputs: Inputs) -> Output:
    seen: NetworkInput = inputs.data("input")
    pooled = heads.box_roi_pool(inputs.data(features), [inputs.data("roi_level")], seen.sizes)
    return Output(arrays={"features": pooled}, data=pooled)


def _box_head(heads: RoIHeads, inputs: Inputs) -> Output:
    vectors = heads.box_head(inputs.data("roi_align"))
    return Output(arrays={"features": vectors}, data=vectors)


def _class_scores(heads: RoIHeads, inputs: Inputs) -> Output:
    logits, deltas = heads.box_predictor(inputs.data("box_head"))
    probabilities = softmax(logits, -1)
    best, label = probabilities.max(-1)
    before = inputs.table("roi_level")
    return Output(
        table=child(before.boxes, host(best), labels=host(label)),
        source="roi_level",
        arrays={"logits": logits, "probabilities": probabilities},
        data=(probabilities, deltas),
    )


def _class_deltas(heads: RoIHeads, inputs: Inputs) -> Output:
    probabilities, deltas = inputs.data("class_scores")
    return Output(
        arrays={"deltas": deltas.view(len(deltas), probabilities.shape[1], 4)},
        notes={"coding": coding_of(heads.box_coder)},
        data=deltas,
    )


def _decode(heads: RoIHeads, inputs: Inputs) -> Output:
    probabilities, _ = inputs.data("class_scores")
    count, classes = probabilities.shape
    moved = heads.box_coder.decode(inputs.data("class_deltas"), [inputs.data("roi_level")])
    moved = moved.view(count, classes, 4)
    boxes = box_ops.clip_boxes_to_image(moved, inputs.data("input").sizes[0])
    return Output(
        table=Table.of(
            host(boxes).reshape(-1, 4),
            host(probabilities).reshape(-1),
            np.tile(np.arange(classes), count),
            np.repeat(np.arange(count), classes),
        ),
        source="class_scores",
        arrays={"unclipped": moved},
        data=(boxes, probabilities),
    )


def _background(inputs: Inputs) -> Output:
    boxes, scores = inputs.data("decode")
    count, classes = scores.shape
    labels = torch.arange(classes, device=scores.device).view(1, -1).expand_as(scores)
    boxes, scores = boxes[:, 1:].reshape(-1, 4), scores[:, 1:].reshape(-1)
    labels = labels[:, 1:].reshape(-1)
    before = inputs.table("decode")
    rows = np.arange(len(before))
    table = Table.of(before.boxes, before.scores, before.labels, rows)
    parent = rows.reshape(count, classes)[:, 1:].reshape(-1)
    return Output(
        table=marked(table, before.labels > 0, Reason.BACKGROUND),
        source="decode",
        data=Candidates(
            boxes, scores, labels, Table.of(host(boxes), host(scores), host(labels), parent)
        ),
    )


def _score_threshold(inputs: Inputs) -> Output:
    given: Candidates = inputs.data("background")
    keep = given.table.scores > np.float32(inputs.param("score_thresh"))
    return Output(
        table=marked(given.table, keep, Reason.LOW_SCORE),
        source="background",
        data=np.flatnonzero(keep),
    )


def _tiny(inputs: Inputs) -> Output:
    given: Candidates = inputs.data("background")
    rows: Rows = inputs.data("score_threshold")
    table = _of_candidates(given, rows, rows)
    sides = table.boxes[:, 2:] - table.boxes[:, :2]
    min_size = inputs.param("min_size")
    keep = np.all(sides >= np.float32(min_size), axis=1)
    return Output(
        table=marked(table, keep, Reason.TINY),
        source="score_threshold",
        data=(rows[keep], min_size),
    )


def _nms(inputs: Inputs) -> Output:
    given: Candidates = inputs.data("background")
    rows, min_size = inputs.data("tiny")
    done = given.suppress(rows, inputs.param("nms_thresh"), min_size)
    reason = np.full(len(rows), Reason.SUPPRESSED, np.uint8)
    reason[done.order] = Reason.KEPT
    table = _of_candidates(given, rows, inputs.table("tiny").kept).marked(reason, done.by)
    return Output(
        table=table,
        source="tiny",
        arrays={"iou": done.iou},
        data=(rows, done.order),
    )


def _detections(inputs: Inputs) -> Output:
    given: Candidates = inputs.data("background")
    rows, order = inputs.data("nms")
    limit: int = inputs.param("detections_per_img")
    ranked = rows[order]
    table = _of_candidates(given, ranked, order)
    first = torch.from_numpy(ranked[:limit]).to(given.boxes.device)
    return Output(
        table=marked(table, np.arange(len(table)) < limit, Reason.TOPK),
        source="nms",
        data=Detections(given.boxes[first], given.scores[first], given.labels[first]),
    )


def _of_candidates(given: Candidates, rows: Rows, parent: Rows) -> Table:
    t = given.table
    return Table.of(t.boxes[rows], t.scores[rows], t.labels[rows], parent)
