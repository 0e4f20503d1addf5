"""Small two-stage detectors whose random weights let hundreds of candidates compete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torchvision.models import get_model
from torchvision.models.detection import FasterRCNN, KeypointRCNN, MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import mobilenet_backbone
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

from engine.families import Root
from engine.families._input import image_tensor
from engine.families.two_stage import FAMILY
from engine.frame import Frame
from engine.params import Settings
from engine.pipeline import Pipeline, StageResult
from engine.table import Table

Stages = Mapping[str, StageResult]
CPU = torch.device("cpu")
KINDS = {"faster": FasterRCNN, "mask": MaskRCNN, "keypoint": KeypointRCNN}


def picture(height: int, width: int, seed: int = 0) -> Frame:
    """Noise of several scales, so that no two places look alike."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for cell in (1, 4, 16):
        coarse = rng.uniform(0, 85, (height // cell + 1, width // cell + 1, 3))
        total += coarse.repeat(cell, 0).repeat(cell, 1)[:height, :width]
    return Frame(total.astype(np.uint8), f"noise:{seed}")


def run(module: nn.Module, frame: Frame, **moved: Any) -> Stages:
    """All stages from nothing; ``moved`` names parameters as stage__param."""
    return rerun(FAMILY.pipeline(module), frame, None, **moved)


def rerun(pipeline: Pipeline, frame: Frame, previous: Stages | None, **moved: Any) -> Stages:
    settings = {k.replace("__", "."): v for k, v in moved.items()}
    with torch.inference_mode():
        return pipeline.run(
            Root(frame, CPU), (id(frame),), pipeline.check(Settings.of(settings)), previous
        )


def bare(module: nn.Module, frame: Frame) -> dict[str, torch.Tensor]:
    with torch.inference_mode():
        answer: dict[str, torch.Tensor] = module([image_tensor(frame)])[0]
    return answer


def detections(stages: Stages) -> Table:
    table = stages["detections"].table
    assert table is not None
    return table.take(table.kept)


def assert_equal(stages: Stages, answer: Mapping[str, torch.Tensor]) -> None:
    """Bit for bit: boxes in image px, scores, labels, their order, masks and keypoints."""
    table = detections(stages)
    boxes = stages["input"].notes["transform"].to_image(table.boxes)
    np.testing.assert_array_equal(boxes, answer["boxes"].numpy())
    np.testing.assert_array_equal(table.scores, answer["scores"].numpy())
    np.testing.assert_array_equal(table.labels, answer["labels"].numpy())
    assert ("masks" in stages) == ("masks" in answer)
    if "masks" in answer:
        pasted = stages["masks"].arrays["pasted"]
        np.testing.assert_array_equal(pasted, answer["masks"][:, 0].numpy())
    assert ("keypoints" in stages) == ("keypoints" in answer)
    if "keypoints" in answer:
        arrays = stages["keypoints"].arrays
        np.testing.assert_array_equal(arrays["keypoints"], answer["keypoints"].numpy())
        np.testing.assert_array_equal(arrays["scores"], answer["keypoints_scores"].numpy())


def catalogue(name: str, size: int = 96, **options: Any) -> GeneralizedRCNN:
    """A model of torchvision's catalogue at a small input size."""
    torch.manual_seed(0)
    module = get_model(
        name, weights=None, weights_backbone=None, min_size=size, max_size=2 * size, **options
    )
    return lively(module.eval())


def small(kind: str = "faster", backbone: Any = None, **options: Any) -> Any:
    """A quick detector of one kind, with thin heads; equal options give equal weights."""
    torch.manual_seed(0)
    if backbone is None:
        backbone = mobilenet_backbone(
            backbone_name="mobilenet_v3_small", weights=None, fpn=True, returned_layers=[2, 3, 4]
        )
        sizes = ((16, 24), (32, 48), (64, 96), (128, 160))
        options.setdefault("rpn_anchor_generator", AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * 4))
    # small boxes should be spread over all levels too, as large ones are with the usual 224
    pool = MultiScaleRoIAlign(["0", "1", "2"], 7, 2, canonical_scale=12)
    pool = options.setdefault("box_roi_pool", pool)
    channels = backbone.out_channels
    options = {
        "box_head": TwoMLPHead(channels * pool.output_size[0] ** 2, 64),
        "box_predictor": FastRCNNPredictor(64, options.pop("num_classes", 12)),
        "min_size": 128,
        "max_size": 256,
        "rpn_post_nms_top_n_test": 250,
        "box_detections_per_img": 30,
        **options,
    }
    if kind == "mask":
        options["mask_head"] = MaskRCNNHeads(channels, (16,), 1)
        options["mask_predictor"] = MaskRCNNPredictor(
            16, 16, options["box_predictor"].cls_score.out_features
        )
    if kind == "keypoint":
        options["keypoint_head"] = KeypointRCNNHeads(channels, (16,))
        options["keypoint_predictor"] = KeypointRCNNPredictor(16, 17)
    return lively(KINDS[kind](backbone, **options).eval())


def lively(module: Any) -> Any:
    """Spread objectness and class scores of random weights, so that many classes win somewhere.

    Fresh weights give every anchor and every proposal nearly the same scores. The mean logits go
    into the bias, and what is left is scaled to a standard deviation of 2 and of 3.
    """
    frame = picture(60, 90, seed=99)
    with torch.no_grad():
        logits = run(module, frame)["objectness"].data.logits
        _spread(module.rpn.head.cls_logits, logits.mean(), 2 / float(logits.std()))
        stages = run(module, frame, rpn_threshold__score_thresh=0.0)
        logits = stages["class_scores"].arrays.raw("logits")
        mean = logits.mean(0)
        _spread(module.roi_heads.box_predictor.cls_score, mean, 3 / float((logits - mean).std()))
    _forget_scales(module)
    return module


def _spread(layer: Any, mean: torch.Tensor, scale: float) -> None:
    layer.bias.sub_(mean).mul_(scale)
    layer.weight.mul_(scale)


def _forget_scales(module: Any) -> None:
    """RoI pooling fixes its scales on the first picture it sees: let that be the test's own."""
    for pool in ("box_roi_pool", "mask_roi_pool", "keypoint_roi_pool"):
        if getattr(module.roi_heads, pool, None) is not None:
            getattr(module.roi_heads, pool).scales = None
