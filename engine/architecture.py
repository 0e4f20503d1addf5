"""Architectures of the catalogue, built without weights and without ever touching the network.

Modules are built on torch's meta device (0.02 to 0.2 s, no memory, no random numbers) and are
filled afterwards with ``load_state_dict(..., assign=True)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from engine.catalogue import ModelInfo


@dataclass(frozen=True)
class Variant:
    """What may differ between two models of one architecture.

    ``classes``: size of the class head; ``frozen``: FrozenBatchNorm2d in the backbone, as
    torchvision builds its pretrained detectors, instead of BatchNorm2d; ``eps`` of these frozen
    norms; ``aux``: a segmenter with its auxiliary head; ``keypoints`` of a Keypoint R-CNN.
    """

    classes: int
    frozen: bool = False
    eps: float = 1e-5
    aux: bool = False
    keypoints: int = 17


# torchvision builds these with FrozenBatchNorm2d when they are pretrained.
_FROZEN = {
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "maskrcnn_resnet50_fpn",
    "keypointrcnn_resnet50_fpn",
    "retinanet_resnet50_fpn",
    "fcos_resnet50_fpn",
}
# Their published weights were trained when FrozenBatchNorm2d had no eps (torchvision pull 2933).
_NO_EPS = {
    "fasterrcnn_resnet50_fpn",
    "maskrcnn_resnet50_fpn",
    "keypointrcnn_resnet50_fpn",
    "retinanet_resnet50_fpn",
}
# The entry that tells the size of the class head, and how many of its rows make one class.
_CLASS_HEAD = {
    "Faster R-CNN": ("roi_heads.box_predictor.cls_score.bias", 1),
    "Mask R-CNN": ("roi_heads.box_predictor.cls_score.bias", 1),
    "Keypoint R-CNN": ("roi_heads.box_predictor.cls_score.bias", 1),
    "RetinaNet": ("head.classification_head.cls_logits.bias", 9),
    "FCOS": ("head.classification_head.cls_logits.bias", 1),
    "SSD": ("head.classification_head.module_list.0.bias", 4),
    "SSDlite": ("head.classification_head.module_list.0.1.bias", 6),
    "FCN": ("classifier.4.bias", 1),
    "DeepLabV3": ("classifier.4.bias", 1),
    "LR-ASPP": ("classifier.low_classifier.bias", 1),
}
_KEYPOINTS = "roi_heads.keypoint_predictor.kps_score_lowres.bias"


def published(info: ModelInfo) -> Variant:
    """The variant that torchvision builds for its own published weights."""
    return Variant(
        classes=info.classes,
        frozen=info.name in _FROZEN,
        eps=0.0 if info.name in _NO_EPS else 1e-5,
        aux=info.family in ("FCN", "DeepLabV3"),
    )


def variant_of(info: ModelInfo, shapes: Mapping[str, tuple[int, ...]]) -> Variant:
    """The variant that fits a state dict (shapes by key); the catalogue's where that is mute.

    A frozen norm is told by the lack of ``num_batches_tracked``. The eps of frozen norms is not
    in a state dict: 1e-5 is what torchvision's builder gives everybody who loads their own.
    """
    key, rows = _CLASS_HEAD[info.family]
    head, points = shapes.get(key, ()), shapes.get(_KEYPOINTS, ())
    fits = len(head) == 1 and head[0] >= rows and head[0] % rows == 0
    return Variant(
        classes=head[0] // rows if fits else info.classes,
        frozen=info.name in _FROZEN
        and not any(
            k.startswith("backbone.") and k.endswith(".num_batches_tracked") for k in shapes
        ),
        aux=any(k.startswith("aux_classifier.") for k in shapes),
        keypoints=points[0] if len(points) == 1 and points[0] > 0 else 17,
    )


def class_count(info: ModelInfo, module: nn.Module) -> int:
    """Size of a module's class head, background included."""
    if info.shipped:
        return info.classes
    shapes = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    return variant_of(info, shapes).classes


def blank(info: ModelInfo, variant: Variant) -> nn.Module:
    """The architecture on the meta device, without weights, in eval mode.

    Fill it with ``load_state_dict(..., assign=True)``; anchors are not on the meta device.
    """
    from torchvision.models import get_model_builder

    options: dict[str, object] = {"weights": None, "weights_backbone": None}
    if info.family in ("FCN", "DeepLabV3"):
        options["aux_loss"] = variant.aux
    if info.family == "Keypoint R-CNN":
        options["num_keypoints"] = variant.keypoints
    with torch.device("meta"):
        module: nn.Module = get_model_builder(info.name)(num_classes=variant.classes, **options)
        if variant.frozen:
            _freeze(module.get_submodule("backbone"), variant.eps)
    return module.eval()


def _freeze(module: nn.Module, eps: float) -> None:
    """Put a FrozenBatchNorm2d in the place of every BatchNorm2d, under the same name."""
    from torchvision.ops import FrozenBatchNorm2d

    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, name, FrozenBatchNorm2d(child.num_features, eps))
        else:
            _freeze(child, eps)
