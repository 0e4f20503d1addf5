"""FCOS: the trace equals the model, bitwise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
import single_shot_checks as checks
import torch
from torch import nn
from torchvision.models.detection import fcos_resnet50_fpn

from engine.params import Value
from engine.table import Reason
from engine.trace import Trace

STAGES = (
    "input backbone fpn anchors class_scores class_deltas centerness score_threshold topk decode "
    "clip nms detections"
)
MOVES = [
    ("score_threshold", "score_thresh", 0.05),
    ("score_threshold", "score_thresh", 0.5),
    ("score_threshold", "score_thresh", 1.0),
    ("topk", "topk_candidates", 25),
    ("topk", "topk_candidates", 10_000),
    ("nms", "nms_thresh", 0.2),
    ("nms", "nms_thresh", 1.0),
    ("detections", "detections_per_img", 3),
    ("detections", "detections_per_img", 90_000),
]


def build(**settings: float) -> nn.Module:
    torch.manual_seed(3)
    module = fcos_resnet50_fpn(
        weights=None, weights_backbone=None, min_size=96, max_size=160, **settings
    )
    # Untrained distances are almost zero; some strides make boxes that overlap.
    nn.init.uniform_(module.head.regression_head.bbox_reg.bias, 3, 5)
    nn.init.normal_(module.head.regression_head.bbox_reg.weight, std=0.02)
    return checks.calibrated(module, module.head.classification_head.cls_logits, 15, size=128)


model = cache(build)


@cache
def trace(shape: tuple[int, int] = checks.SHAPES[0]) -> Trace:
    return checks.trace_of(model(), checks.picture(*shape))


@pytest.fixture(scope="module", autouse=True)
def _free_memory() -> Iterator[None]:
    yield
    model.cache_clear()
    trace.cache_clear()


@pytest.mark.parametrize("shape", checks.SHAPES)
def test_detections_are_bitwise_those_of_the_model(shape: tuple[int, int]) -> None:
    got = trace(shape)
    assert " ".join(got.stages) == STAGES
    assert checks.assert_equals_model(got, model()) == 100
    assert checks.assert_suppressors(got) >= 100
    checks.assert_rows_connected(got)


@pytest.mark.parametrize(("stage", "name", "value"), MOVES)
def test_a_moved_parameter_equals_the_setting_of_the_model(
    stage: str, name: str, value: Value
) -> None:
    old = trace()
    moved = checks.trace_of(model(), old.frame, {f"{stage}.{name}": value}, old)
    checks.assert_equals_model(moved, checks.with_attribute(model(), name, value))
    checks.assert_only_later_stages_changed(old, moved, stage)
    checks.assert_suppressors(moved)


def test_settings_of_the_constructor_are_the_defaults_of_the_parameters() -> None:
    module = build(score_thresh=0.1, nms_thresh=0.3, topk_candidates=40, detections_per_img=20)
    got = checks.trace_of(module, checks.picture(*checks.SHAPES[0]))
    params = {f"{s}.{k}": v for s, r in got.stages.items() for k, v in r.params.items()}
    assert params == {
        "input.min_size": 96,
        "input.max_size": 160,
        "score_threshold.score_thresh": 0.1,
        "topk.topk_candidates": 40,
        "nms.nms_thresh": 0.3,
        "detections.detections_per_img": 20,
    }
    assert checks.assert_equals_model(got, module) == 20


def test_one_class() -> None:
    module = build(num_classes=1, score_thresh=0.02)
    got = checks.trace_of(module, checks.picture(*checks.SHAPES[0]))
    assert checks.assert_equals_model(got, module) >= 5
    assert set(got.detections.labels) == {0}


def test_nothing_over_the_threshold() -> None:
    old = trace()
    got = checks.trace_of(model(), old.frame, {"score_threshold.score_thresh": 1.0}, old)
    assert len(got.detections) == len(got.table("decode")) == 0
    table = got.table("score_threshold")
    assert len(table) == len(got.table("anchors"))
    assert (table.reason == Reason.LOW_SCORE).all()


@pytest.mark.parametrize("threshold", [0.2, 0.5])
def test_every_pair_over_the_threshold_is_a_row(threshold: float) -> None:
    old = trace()
    got = checks.trace_of(model(), old.frame, {"score_threshold.score_thresh": threshold}, old)
    checks.assert_pairs_have_rows(got, threshold, got.stages["centerness"].arrays["scores"])


def test_score_is_the_root_of_class_probability_times_centerness() -> None:
    stages = trace().stages
    centre = [stages["centerness"].arrays[f"centerness/{i}"].ravel() for i in range(5)]
    product = stages["class_scores"].arrays["probabilities"] * np.concatenate(centre)[:, None]
    np.testing.assert_allclose(stages["centerness"].arrays["scores"], np.sqrt(product), rtol=1e-6)
    logits = stages["class_deltas"].arrays["centerness_logits"][:, 0]
    np.testing.assert_allclose(np.concatenate(centre), 1 / (1 + np.exp(-logits)), rtol=1e-5)


def test_lineage_leads_from_each_detection_to_its_point() -> None:
    checks.assert_detections_lead_to_anchors(trace())


def test_distances_span_the_decoded_boxes() -> None:
    table = trace().table("decode")
    points = trace().ancestors("anchors", np.arange(len(table)), "decode")
    layout = trace().stages["anchors"].notes["layout"]
    level, *_ = layout.locate(points)
    stride = np.array([v.sizes[0] for v in layout.levels], np.float32)[level]
    distances = trace().stages["class_deltas"].arrays["deltas"][points] * stride[:, None]
    centre = layout.centres(points)
    expected = np.concatenate([centre - distances[:, :2], centre + distances[:, 2:]], 1)
    np.testing.assert_allclose(table.boxes, expected, rtol=1e-5, atol=1e-3)


def test_points_and_the_sizes_their_levels_are_trained_on() -> None:
    checks.assert_layout_tells_cells(trace())
    notes = trace().stages["anchors"].notes
    assert [level.per_cell for level in notes["layout"].levels] == [1] * 5
    # FCOS, section 3.2: m2 to m7 are 0, 64, 128, 256, 512 and infinity
    assert notes["ranges"] == ((0, 64), (64, 128), (128, 256), (256, 512), (512, math.inf))
    assert notes["center_sampling_radius"] == 1.5
