"""FCOS: no anchor shapes; every point of a feature pyramid predicts its distance to four sides.

Source: Tian et al., FCOS: Fully Convolutional One-Stage Object Detection, ICCV 2019; the score is
that of the journal version (TPAMI 2022, section 3.3): sqrt(class probability x centerness).

torchvision writes a point as a square anchor with the side of the level's stride, centred on the
point (the left top corner of the cell, not its middle as in the paper); the stage ``anchors`` shows
these squares. ``notes["ranges"]`` there: for each level the px between which the largest of the
four distances of an object must lie for the level to be trained on it (section 3.2 of the paper);
``notes["center_sampling_radius"]`` in strides. Both matter in training only.

The steps that follow are RetinaNet's: see `engine.families._dense`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from torch import nn
from torchvision.models.detection.fcos import FCOS

from engine.anchors import AnchorLayout
from engine.families import Family
from engine.families._coding import coding_of
from engine.families._dense import (
    Scores,
    box_stages,
    class_scores_stage,
    pairs_over,
    sigmoid_of_levels,
)
from engine.families._pairs import final_stages, threshold_stage, topk_stage
from engine.families._single_shot import (
    by_level,
    first_stages,
    has_split_head,
    maps_of,
    per_anchor_table,
)
from engine.pipeline import Inputs, Output, Stage


def _accepts(module: nn.Module) -> bool:
    return isinstance(module, FCOS) and has_split_head(module)


def _stages(module: nn.Module) -> Iterable[Stage]:
    assert isinstance(module, FCOS)
    features, maps = maps_of(module)

    def notes(layout: AnchorLayout) -> dict[str, Any]:
        return {
            "ranges": level_ranges(layout),
            "center_sampling_radius": float(module.center_sampling_radius),
        }

    def class_deltas(inputs: Inputs) -> Output:
        deltas, centerness = module.head.regression_head(maps(inputs))
        arrays = {"deltas": deltas[0], "centerness_logits": centerness[0]}
        notes = {"coding": coding_of(module.box_coder)}
        return Output(inputs.table("class_scores"), "class_scores", arrays, notes, data=deltas[0])

    def centerness(inputs: Inputs) -> Output:
        layout = inputs["anchors"].notes["layout"]
        logits = inputs["class_deltas"].arrays.raw("centerness_logits")
        centre = sigmoid_of_levels(logits, layout)
        scores = (inputs.data("class_scores").all * centre).sqrt_()
        best, label = scores.max(dim=1)
        table = per_anchor_table(inputs.data("anchors"), best, label)
        arrays = {"scores": scores, **by_level("centerness", centre, layout)}
        return Output(table, "class_deltas", arrays, data=Scores(scores, best))

    return (
        *first_stages(
            module,
            "One point per cell of every pyramid level, drawn as a square with the side of the "
            "level's stride. No sizes, no shapes: the network predicts four distances.",
            notes,
        ),
        class_scores_stage(module),
        Stage(
            "class_deltas",
            "Distances to the sides",
            class_deltas,
            needs=(features, "class_scores"),
            help="A second tower gives each point four distances, left, top, right and bottom, in "
            "strides of its level, and with the same tower its centerness.",
        ),
        Stage(
            "centerness",
            "Centerness",
            centerness,
            needs=("anchors", "class_scores", "class_deltas"),
            help="How near a point is to the middle of its object, from 0 to 1. The score is the "
            "square root of class probability times centerness: boxes predicted from the rim of "
            "an object sink.",
        ),
        threshold_stage(module, "level", "centerness", ("anchors",), pairs_over("centerness")),
        topk_stage(module, "level", "anchors"),
        *box_stages(module.box_coder.decode),
        *final_stages(module, "clip"),
    )


def level_ranges(layout: AnchorLayout) -> tuple[tuple[float, float], ...]:
    """(low, high) network px of each level: which objects it is trained on.

    4 to 8 times the point's square; the finest level has no lower, the coarsest no upper end.
    """
    sides = [level.sizes[0] for level in layout.levels]
    lows = [0.0, *(4 * s for s in sides[1:])]
    highs = [*(8 * s for s in sides[:-1]), math.inf]
    return tuple(zip(lows, highs, strict=True))


FAMILY = Family("fcos", "FCOS", _accepts, _stages)
