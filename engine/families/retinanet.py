"""RetinaNet, v1 and v2: nine anchors per cell of a feature pyramid, one sigmoid per class.

Source: Lin et al., Focal Loss for Dense Object Detection, ICCV 2017, section 4. The order of the
steps is torchvision's: score threshold and top-k for each level come first, and only what is left
is decoded and clipped. What a row is at each stage: `engine.families._single_shot` and
`engine.families._pairs`. There is no background class: label 0 is a class like the others.
"""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn
from torchvision.models.detection.retinanet import RetinaNet

from engine.families import Family
from engine.families._coding import coding_of
from engine.families._dense import box_stages, class_scores_stage, pairs_over
from engine.families._pairs import final_stages, threshold_stage, topk_stage
from engine.families._single_shot import first_stages, has_split_head, maps_of
from engine.pipeline import Inputs, Output, Stage


def _accepts(module: nn.Module) -> bool:
    return isinstance(module, RetinaNet) and has_split_head(module)


def _stages(module: nn.Module) -> Iterable[Stage]:
    assert isinstance(module, RetinaNet)
    features, maps = maps_of(module)

    def class_deltas(inputs: Inputs) -> Output:
        deltas = module.head.regression_head(maps(inputs))[0]
        notes = {"coding": coding_of(module.box_coder)}
        return Output(
            inputs.table("class_scores"), "class_scores", {"deltas": deltas}, notes, data=deltas
        )

    return (
        *first_stages(
            module,
            "Boxes of fixed sizes and shapes lie on the cells of every pyramid level; the network "
            "only scores and moves them.",
        ),
        class_scores_stage(module),
        Stage(
            "class_deltas",
            "Box deltas",
            class_deltas,
            needs=(features, "class_scores"),
            help="A second tower of convolutions gives each anchor four numbers: how far to move "
            "its centre and how to stretch its sides. All classes share them.",
        ),
        threshold_stage(
            module, "level", "class_deltas", ("anchors", "class_scores"), pairs_over("class_scores")
        ),
        topk_stage(module, "level", "anchors"),
        *box_stages(module.box_coder.decode_single),
        *final_stages(module, "clip"),
    )


FAMILY = Family("retinanet", "RetinaNet", _accepts, _stages)
