"""SSD300 and SSDlite: default boxes on six levels, softmax over classes, one shot.

Source: Liu et al., SSD: Single Shot MultiBox Detector, ECCV 2016, sections 2.1 and 2.2; SSDlite is
section 6.2 of Sandler et al., MobileNetV2, CVPR 2018. The order of the steps is torchvision's: ALL
anchors are decoded and clipped first, then come score threshold and top-k for each class. What a
row is at each stage: `engine.families._single_shot` and `engine.families._pairs`.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torchvision.models.detection.ssd import SSD
from torchvision.ops import boxes as box_ops

from engine.families import Family
from engine.families._coding import coding_of
from engine.families._pairs import (
    Passed,
    counts_between,
    divide,
    final_stages,
    threshold_stage,
    topk_stage,
)
from engine.families._single_shot import (
    by_level,
    first_stages,
    has_split_head,
    maps_of,
    moved,
    per_anchor_table,
)
from engine.pipeline import Inputs, Output, Stage


def _accepts(module: nn.Module) -> bool:
    return isinstance(module, SSD) and has_split_head(module)


def _stages(module: nn.Module) -> Iterable[Stage]:
    assert isinstance(module, SSD)
    features, maps = maps_of(module)

    def class_scores(inputs: Inputs) -> Output:
        logits = module.head.classification_head(maps(inputs))
        probabilities = torch.softmax(logits, dim=-1)[0]
        best, label = probabilities[:, 1:].max(dim=1)
        table = per_anchor_table(inputs.data("anchors"), best, label + 1)
        layout = inputs["anchors"].notes["layout"]
        arrays = {"probabilities": probabilities, **by_level("logits", logits[0], layout)}
        # Class by class is how the threshold reads it; one transposed copy serves all thresholds.
        return Output(table, "anchors", arrays, data=probabilities[:, 1:].t().contiguous())

    def class_deltas(inputs: Inputs) -> Output:
        deltas = module.head.regression_head(maps(inputs))[0]
        notes = {"coding": coding_of(module.box_coder)}
        return Output(
            inputs.table("class_scores"), "class_scores", {"deltas": deltas}, notes, data=deltas
        )

    def decode(inputs: Inputs) -> Output:
        boxes = module.box_coder.decode_single(inputs.data("class_deltas"), inputs.data("anchors"))
        return Output(moved(inputs.table("class_deltas"), boxes), "class_deltas", data=boxes)

    def clip(inputs: Inputs) -> Output:
        (size,) = inputs.data("input").sizes
        boxes = box_ops.clip_boxes_to_image(inputs.data("decode"), size)
        return Output(moved(inputs.table("decode"), boxes), "decode", data=boxes)

    return (
        *first_stages(
            module,
            "Default boxes of fixed sizes and shapes lie on the cells of six levels; the network "
            "only scores and moves them.",
        ),
        Stage(
            "class_scores",
            "Class scores",
            class_scores,
            needs=(features, "anchors"),
            help="A convolution on every level gives each anchor one logit per class; softmax over "
            "the classes, background among them, makes probabilities of them.",
        ),
        Stage(
            "class_deltas",
            "Box deltas",
            class_deltas,
            needs=(features, "class_scores"),
            help="A second convolution gives each anchor four numbers: how far to move its centre "
            "and how to stretch its sides. All classes share them.",
        ),
        Stage(
            "decode",
            "Decoded boxes",
            decode,
            needs=("anchors", "class_deltas"),
            help="Anchor and deltas give the box. SSD decodes every anchor, also hopeless ones.",
        ),
        Stage(
            "clip",
            "Clipped boxes",
            clip,
            needs=("input", "decode"),
            help="Boxes are cut at the border of the picture.",
        ),
        threshold_stage(module, "class", "clip", ("class_scores",), _over),
        topk_stage(module, "class", "clip"),
        *final_stages(module, "topk"),
    )


def _over(inputs: Inputs, threshold: float) -> Passed:
    """Pairs over the threshold, class by class, in order of anchors within a class."""
    scores: Tensor = inputs.data("class_scores")  # (classes, anchors)
    classes, anchors = scores.shape
    flat = scores.flatten()
    found = (flat > threshold).nonzero()[:, 0]
    bounds = torch.arange(classes + 1, device=found.device) * anchors

    def pairs_of(rows: Tensor | slice) -> tuple[Tensor, Tensor]:
        label, anchor = divide(found[rows], anchors)
        return anchor, label + 1  # 0 is the background

    return Passed(flat[found], pairs_of, counts_between(found, bounds))


FAMILY = Family("ssd", "SSD and SSDlite", _accepts, _stages)
