"""What RetinaNet and FCOS share: sigmoid scores, pairs taken level by level, decoded last.

Unlike SSD, both decode and clip only the pairs that are left after the top-k of each level; up to
there the boxes of the tables are the anchors. Elementwise functions run level by level as in
torchvision, since vectorised code may round the tail of an array differently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import boxes as box_ops

from engine.anchors import AnchorLayout
from engine.families._pairs import Pairs, Passed, Select, counts_between, divide
from engine.families._single_shot import SingleShot, by_level, host, maps_of, per_anchor_table
from engine.pipeline import Inputs, Output, Stage
from engine.table import Table

Decode = Callable[[Tensor, Tensor], Tensor]
"""(K, 4) deltas, (K, 4) anchors -> (K, 4) boxes xyxy."""


@dataclass(frozen=True, eq=False)
class Scores:
    """``all`` (N, C) float32, every pair; ``best`` (N,) float32, the best class of each anchor."""

    all: Tensor
    best: Tensor


def class_scores_stage(module: SingleShot) -> Stage:
    """One logit and one probability per anchor and class; ``data``: `Scores`."""
    features, maps = maps_of(module)

    def run(inputs: Inputs) -> Output:
        layout = inputs["anchors"].notes["layout"]
        logits = module.head.classification_head(maps(inputs))[0]
        probabilities = sigmoid_of_levels(logits, layout)
        best, label = probabilities.max(dim=1)
        table = per_anchor_table(inputs.data("anchors"), best, label)
        arrays = {"probabilities": probabilities, **by_level("logits", logits, layout)}
        return Output(table, "anchors", arrays, data=Scores(probabilities, best))

    return Stage(
        "class_scores",
        "Class scores",
        run,
        needs=(features, "anchors"),
        help="A tower of convolutions, shared by all levels, gives each anchor one logit per "
        "class; a sigmoid makes a probability of each, so classes do not compete.",
    )


def sigmoid_of_levels(logits: Tensor, layout: AnchorLayout) -> Tensor:
    """(N, C) sigmoid of logits (N, C), computed level by level."""
    result = torch.empty_like(logits)
    for start, end in pairwise(layout.starts.tolist()):
        torch.sigmoid(logits[start:end], out=result[start:end])
    return result


def pairs_over(stage: str) -> Select:
    """How ``score_threshold`` takes its pairs: level by level, by anchor, then by class.

    ``stage`` names the stage whose ``data`` are the `Scores`.
    """

    def select(inputs: Inputs, threshold: float) -> Passed:
        scores: Scores = inputs.data(stage)
        # Only anchors whose best class passes need a look at their other classes; written so that
        # an anchor with a NaN, which is its "best", gets that look too.
        hopeful = (~(scores.best <= threshold)).nonzero()[:, 0]
        of_hopeful = scores.all[hopeful]
        found = (of_hopeful > threshold).flatten().nonzero()[:, 0]
        classes = scores.all.shape[1]
        starts = torch.from_numpy(inputs["anchors"].notes["layout"].starts).to(found.device)
        bounds = torch.searchsorted(hopeful, starts) * classes

        def pairs_of(rows: Tensor | slice) -> tuple[Tensor, Tensor]:
            line, label = divide(found[rows], classes)
            return hopeful[line], label

        return Passed(of_hopeful.flatten()[found], pairs_of, counts_between(found, bounds))

    return select


def box_stages(decode: Decode) -> Sequence[Stage]:
    """``decode`` and ``clip`` of the pairs that ``topk`` left."""

    def run_decode(inputs: Inputs) -> Output:
        pairs: Pairs = inputs.data("topk")
        deltas = inputs.data("class_deltas")[pairs.anchors]
        counts = list(pairs.counts)
        levels = zip(torch.split(deltas, counts), torch.split(pairs.boxes, counts), strict=True)
        boxes = torch.cat([decode(d, a) for d, a in levels])
        return _output(replace(pairs, boxes=boxes), "topk")

    def run_clip(inputs: Inputs) -> Output:
        pairs: Pairs = inputs.data("decode")
        (size,) = inputs.data("input").sizes
        return _output(
            replace(pairs, boxes=box_ops.clip_boxes_to_image(pairs.boxes, size)), "decode"
        )

    return (
        Stage(
            "decode",
            "Decoded boxes",
            run_decode,
            needs=("class_deltas", "topk"),
            help="Anchor and deltas give the box; only candidates that are still in the race are "
            "worth the work.",
        ),
        Stage(
            "clip",
            "Clipped boxes",
            run_clip,
            needs=("input", "decode"),
            help="Boxes are cut at the border of the picture.",
        ),
    )


def _output(pairs: Pairs, source: str) -> Output:
    """One row per pair; ``pairs.rows`` are still those of ``source``."""
    table = Table.of(host(pairs.boxes), host(pairs.scores), host(pairs.labels), host(pairs.rows))
    rows = torch.from_numpy(np.arange(len(table))).to(pairs.rows.device)
    return Output(table, source, data=replace(pairs, rows=rows))
