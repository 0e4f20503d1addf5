"""The trace IS the model: every two-stage detector of torchvision, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.ops import MultiScaleRoIAlign
from two_stage_support import (
    assert_equal,
    bare,
    catalogue,
    detections,
    picture,
    rerun,
    run,
    small,
)

from engine.errors import BoxscopeError
from engine.families.two_stage import FAMILY
from engine.frame import Frame

PICTURES = [picture(60, 90), picture(150, 64, 1), picture(1, 70, 2)]

CATALOGUE = [
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_resnet50_fpn_v2",
    "maskrcnn_resnet50_fpn",
    "maskrcnn_resnet50_fpn_v2",
    "keypointrcnn_resnet50_fpn",
]


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_model_of_the_catalogue(name: str) -> None:
    few = 8 if name.startswith(("mask", "keypoint")) else 100
    module = catalogue(name, rpn_post_nms_top_n_test=100, box_detections_per_img=few)
    assert FAMILY.accepts(module)
    competing = 0
    for i, frame in enumerate(PICTURES):
        answer = bare(module, frame) if i % 2 else None  # who runs first must not matter
        stages = run(module, frame)
        assert_equal(stages, bare(module, frame) if answer is None else answer)
        counts = stages["nms"].table.counts()
        assert counts["SUPPRESSED"] > 0
        competing += sum(counts.values())
    assert competing >= 200, "too few candidates to prove anything"


@pytest.mark.parametrize("kind", ["faster", "mask", "keypoint"])
@pytest.mark.parametrize("option", ["box_score_thresh", "rpn_score_thresh"])
def test_nothing_found(kind: str, option: str) -> None:
    """No detections, and not even a proposal."""
    module = small(kind, **{option: 1.0})
    for frame in PICTURES:
        stages = run(module, frame)
        assert len(detections(stages)) == 0
        assert_equal(stages, bare(module, frame))


@pytest.mark.parametrize("kind", ["faster", "mask", "keypoint"])
def test_one_class(kind: str) -> None:
    module = small(kind, num_classes=2)
    for frame in PICTURES:
        stages = run(module, frame)
        assert len(detections(stages)) > 10
        assert_equal(stages, bare(module, frame))


def test_few_masks_and_their_pasting() -> None:
    module = small("mask", box_detections_per_img=3)
    frame = PICTURES[1]
    stages = run(module, frame)
    assert_equal(stages, bare(module, frame))
    pasted = stages["masks"].data
    whole = stages["masks"].arrays["pasted"]
    assert pasted.shape == whole.shape == (3, frame.height, frame.width)
    np.testing.assert_array_equal(pasted.one(1), whole[1])
    assert stages["masks"].arrays["probabilities"].shape == (3, 28, 28)


def test_a_backbone_without_pyramid() -> None:
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Conv2d(3, 32, 8, 8), nn.ReLU(), nn.Conv2d(32, 64, 3, 2, 1))
    backbone.out_channels = 64  # type: ignore[assignment]
    pool = MultiScaleRoIAlign(["0"], 5, 2)
    from torchvision.models.detection.anchor_utils import AnchorGenerator

    anchors = AnchorGenerator(((32, 64),), ((0.5, 1.0, 2.0),))
    module = small(backbone=backbone, rpn_anchor_generator=anchors, box_roi_pool=pool)
    for frame in PICTURES:
        stages = run(module, frame)
        assert "fpn" not in stages
        assert len(detections(stages)) > 10
        assert_equal(stages, bare(module, frame))


# A picture for which every one of these parameters matters.
MOVED = [
    ("input__min_size", "min_size", 96),
    ("input__max_size", "max_size", 144),
    ("rpn_topk__pre_nms_top_n", "rpn_pre_nms_top_n_test", 60),
    ("rpn_threshold__score_thresh", "rpn_score_thresh", 0.985),
    ("rpn_nms__nms_thresh", "rpn_nms_thresh", 0.3),
    ("proposals__post_nms_top_n", "rpn_post_nms_top_n_test", 40),
    ("score_threshold__score_thresh", "box_score_thresh", 0.5),
    ("score_threshold__score_thresh", "box_score_thresh", 0.0),
    ("nms__nms_thresh", "box_nms_thresh", 0.2),
    ("detections__detections_per_img", "box_detections_per_img", 17),
]


@pytest.mark.parametrize(("setting", "option", "value"), MOVED)
def test_every_moved_parameter_equals_the_constructors(
    setting: str, option: str, value: float
) -> None:
    frame = picture(70, 110, 3)
    options = {"rpn_pre_nms_top_n_test": 300, "box_detections_per_img": 3000}
    default = small(**options)
    constructed = small(**{**options, option: value})
    constructed.load_state_dict(default.state_dict())
    pipeline = FAMILY.pipeline(default)
    before = rerun(pipeline, frame, None)
    after = rerun(pipeline, frame, before, **{setting: value})
    answer = bare(constructed, frame)
    assert_equal(after, answer)
    same = np.array_equal(detections(before).boxes, detections(after).boxes)
    assert not same, "moving the parameter changed nothing: choose another picture"
    assert_equal(rerun(FAMILY.pipeline(constructed), frame, None), answer)


def test_minimum_proposal_side_is_the_modules_own() -> None:
    module = small()
    stages = run(module, PICTURES[0], rpn_tiny__min_size=40.0)
    module.rpn.min_size = 40.0
    assert "TINY" in stages["rpn_tiny"].table.counts()
    assert_equal(stages, bare(module, PICTURES[0]))


def test_a_picture_too_thin_for_the_model_is_one_sentence() -> None:
    module = small()
    with pytest.raises(BoxscopeError, match="1000 x 1 px is too thin"):
        run(module, picture(1, 1000))


def test_a_photo(real: Path) -> None:
    pixels = np.asarray(Image.open(real / "photos" / "dog.jpg").convert("RGB"))
    module = catalogue("fasterrcnn_mobilenet_v3_large_320_fpn", size=160)
    frame = Frame(pixels, "dog.jpg")
    stages = run(module, frame)
    assert len(detections(stages)) > 10
    assert_equal(stages, bare(module, frame))
