"""Detectors that ship: torchvision's classes on small backbones."""

from __future__ import annotations

from functools import partial

from torch import nn
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNN, MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.retinanet import RetinaNet, RetinaNetHead
from torchvision.models.detection.ssd import SSD
from torchvision.ops import MultiScaleRoIAlign

from engine.networks.backbones import Block, Levels, small_resnet
from engine.scenes import CLASSES

_MEAN, _STD = [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]


def maskrcnn() -> nn.Module:
    """Mask R-CNN (He et al. 2017) with a feature pyramid of 64 channels, strides 4 to 64.

    A 256 x 256 picture is not resized. Anchors of 12 to 192 px, one size a level, three ratios.
    """
    channels, classes = 64, len(CLASSES)
    names = ["0", "1", "2", "3"]
    model: nn.Module = MaskRCNN(
        _pyramid(channels),
        min_size=256,
        max_size=512,
        image_mean=_MEAN,
        image_std=_STD,
        rpn_anchor_generator=AnchorGenerator(
            ((12,), (24,), (48,), (96,), (192,)), ((0.4, 1.0, 2.5),) * 5
        ),
        rpn_pre_nms_top_n_train=400,
        rpn_pre_nms_top_n_test=300,
        rpn_post_nms_top_n_train=300,
        rpn_post_nms_top_n_test=200,
        rpn_fg_iou_thresh=0.6,
        rpn_batch_size_per_image=128,
        box_roi_pool=MultiScaleRoIAlign(names, 7, 2, canonical_scale=112),
        box_head=TwoMLPHead(channels * 49, 192),
        box_predictor=FastRCNNPredictor(192, classes),
        box_batch_size_per_image=64,
        mask_roi_pool=MultiScaleRoIAlign(names, 14, 1, canonical_scale=112),
        mask_head=MaskRCNNHeads(channels, (64, 64), 1),
        mask_predictor=MaskRCNNPredictor(64, 64, classes),
    )
    return model


def retinanet() -> nn.Module:
    """RetinaNet (Lin et al. 2017) on the pyramid of `maskrcnn`, strides 4 to 64.

    Six anchors a cell (two sizes, three ratios) of 10 to 240 px. The towers have three layers
    instead of four, with group normalisation: with small batches from nothing it learns where a
    tower without any does not. The box loss is GIoU (Rezatofighi et al. 2019).
    """
    channels, classes = 64, len(CLASSES)
    sizes = ((10, 15), (20, 30), (40, 60), (80, 120), (160, 240))
    head = RetinaNetHead(channels, 6, classes, norm_layer=partial(nn.GroupNorm, 8))
    for tower in (head.classification_head, head.regression_head):
        tower.conv = tower.conv[:3]
    head.regression_head._loss_type = "giou"
    model: nn.Module = RetinaNet(
        _pyramid(channels),
        classes,
        min_size=256,
        max_size=512,
        image_mean=_MEAN,
        image_std=_STD,
        anchor_generator=AnchorGenerator(sizes, ((0.4, 1.0, 2.5),) * 5),
        head=head,
        detections_per_img=100,
    )
    return model


def _pyramid(channels: int) -> BackboneWithFPN:
    """A small residual backbone with a feature pyramid of strides 4, 8, 16, 32 and 64."""
    widths = (32, 64, 96, 128)
    return BackboneWithFPN(
        small_resnet(widths, (1, 2, 2, 1)),
        {f"layer{i + 1}": str(i) for i in range(4)},
        list(widths),
        channels,
        norm_layer=nn.BatchNorm2d,
    )


def ssd() -> nn.Module:
    """SSD (Liu et al. 2016) at 256 x 256 px: five levels of strides 8 to 128, six boxes a cell."""
    body = small_resnet((32, 64, 128, 128), (1, 3, 2, 2))
    extra = nn.ModuleList([Block(128, 128, 2), Block(128, 128, 2)])
    model: nn.Module = SSD(
        Levels(body, extra, ("layer2", "layer3", "layer4")),
        DefaultBoxGenerator(
            [[2, 3]] * 5,
            scales=[0.07, 0.15, 0.28, 0.46, 0.68, 0.92],
            steps=[8, 16, 32, 64, 128],
        ),
        (256, 256),
        len(CLASSES),
        image_mean=_MEAN,
        image_std=_STD,
        score_thresh=0.05,
        detections_per_img=100,
    )
    return model
