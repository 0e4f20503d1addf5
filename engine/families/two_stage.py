"""Two-stage detectors: Faster, Mask and Keypoint R-CNN of torchvision, with any backbone."""

from __future__ import annotations

from torch import nn
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork

from engine.families import Family
from engine.families._backbone import backbone_stages, features_from
from engine.families._input import input_stage
from engine.families._masks import keypoint_stages, mask_stages
from engine.families._roi import roi_stages
from engine.families._rpn import rpn_stages
from engine.pipeline import Stage


def _accepts(module: nn.Module) -> bool:
    return (
        isinstance(module, GeneralizedRCNN)
        and isinstance(module.rpn, RegionProposalNetwork)
        and isinstance(module.roi_heads, RoIHeads)
    )


def _stages(module: nn.Module) -> list[Stage]:
    assert isinstance(module, GeneralizedRCNN)
    features = features_from(module.backbone)
    return [
        input_stage(module.transform),
        *backbone_stages(module.backbone),
        *rpn_stages(module.rpn, features),
        *roi_stages(module.roi_heads, features),
        *mask_stages(module.roi_heads, features),
        *keypoint_stages(module.roi_heads, features),
    ]


FAMILY = Family("two_stage", "two-stage (R-CNN)", _accepts, _stages)
