"""YOLO v1 and its variant with anchors: the trace equals the model, bitwise."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
import single_shot_checks as checks
import torch
from torch import nn

from engine.explain import coverage, explain_miss
from engine.networks import build
from engine.params import Settings, Value
from engine.table import Reason
from engine.trace import Trace

FIRST = {"boxscope-yolo": "cells", "boxscope-yolo-anchors": "anchors"}
MODELS = pytest.mark.parametrize("name", list(FIRST))
MOVES = [
    ("score_threshold", "score_thresh", 0.1),
    ("score_threshold", "score_thresh", 1.0),
    ("topk", "topk_candidates", 25),
    ("nms", "nms_thresh", 0.2),
    ("nms", "nms_thresh", 1.0),
    ("detections", "detections_per_img", 3),
]


@cache
def model(name: str) -> nn.Module:
    """Random weights that behave: scores of all sizes, boxes that compete."""
    torch.manual_seed(5)
    module = build(name)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        module.train().predict(torch.randn(2, 3, 208, 208))
        module.head.conv.weight.mul_(8)
        module.head.conv.bias.add_(0.1)
    return module.eval()


@cache
def trace(name: str, shape: tuple[int, int] = checks.SHAPES[0]) -> Trace:
    return checks.trace_of(model(name), checks.picture(*shape))


@pytest.fixture(scope="module", autouse=True)
def _free_memory() -> Iterator[None]:
    yield
    model.cache_clear()
    trace.cache_clear()


@MODELS
@pytest.mark.parametrize("shape", checks.SHAPES)
def test_detections_are_bitwise_those_of_the_model(name: str, shape: tuple[int, int]) -> None:
    stages = (
        f"input backbone neck head {FIRST[name]} decode clip confidence class_map class_scores "
        "score_threshold topk nms detections"
    )
    checks.assert_is_the_models(trace(name, shape), model(name), stages, found=50, suppressed=5)


@MODELS
@pytest.mark.parametrize(("stage", "param", "value"), MOVES)
def test_a_moved_parameter_equals_the_setting_of_the_model(
    name: str, stage: str, param: str, value: Value
) -> None:
    checks.assert_moved_equals_setting(trace(name), model(name), stage, param, value)


@MODELS
def test_rows_are_boxes_of_cells(name: str) -> None:
    got = trace(name)
    first, decode = got.table(FIRST[name]), got.table("decode")
    layout = got.stages[FIRST[name]].notes["layout"]
    per_cell = got.stages["head"].notes["per_cell"]
    assert len(first) == len(decode) == len(layout) == 13 * 13 * per_cell
    centres = (first.boxes[:, :2] + first.boxes[:, 2:]) / 2
    np.testing.assert_allclose(layout.centres(np.arange(len(first))), centres, atol=1e-3)
    offset = got.stages["decode"].arrays["offset"]
    boxes = decode.boxes.astype(np.float64)
    corners = layout.centres(np.arange(len(first))) - 8
    np.testing.assert_allclose(
        (boxes[:, :2] + boxes[:, 2:]) / 2, corners + 16 * offset, rtol=1e-4, atol=1e-3
    )


@MODELS
def test_scores_are_class_probability_times_confidence(name: str) -> None:
    got = trace(name)
    per_cell = got.stages["head"].notes["per_cell"]
    probability = got.stages["class_map"].arrays["map"]
    confidence = got.stages["confidence"].arrays["map"]
    np.testing.assert_array_equal(got.table("confidence").scores, confidence.ravel())
    if probability.ndim == 3:  # one distribution a cell
        probability = probability[:, :, None]
    else:
        np.testing.assert_allclose(probability.sum(-1), 1, rtol=1e-5)
    product = probability.clip(0, 1) * confidence.clip(0, 1)[..., None]
    scores = got.stages["class_scores"].arrays["scores"]
    assert scores.shape == (13 * 13 * per_cell, 9)
    np.testing.assert_array_equal(scores[:, 1:], product.reshape(len(scores), -1))
    assert not scores[:, 0].any()
    table = got.table("class_scores")
    np.testing.assert_array_equal(table.scores, scores.max(1))
    threshold = got.stages["score_threshold"].params["score_thresh"]
    checks.assert_pairs_have_rows(got, float(threshold), scores)


@MODELS
def test_the_lineage_of_a_detection_ends_in_the_cell_of_its_box(name: str) -> None:
    got = trace(name)
    rows = got.table("detections").kept
    first = got.ancestors(FIRST[name], rows, "detections")
    assert (first >= 0).all()
    decoded = got.ancestors("decode", rows, "detections")
    np.testing.assert_array_equal(first, decoded)


@MODELS
def test_a_suppressed_box_is_explained_and_saved(name: str) -> None:
    old = trace(name)
    table = old.table("nms")
    kept = table.take(table.kept)
    gone = np.flatnonzero(table.reason == Reason.SUPPRESSED)
    row = gone[0]
    box, label = old.boxes_image("nms")[row], int(table.labels[row])
    assert len(kept)

    def again(settings: Settings) -> Trace:
        return checks.trace_of(model(name), old.frame, settings, old)

    miss = explain_miss(old, box, label, again, iou=0.95)
    assert (miss.kind, miss.lost_at, miss.reason) == ("lost", "nms", Reason.SUPPRESSED)
    assert miss.change is not None and miss.change.key == "nms.nms_thresh"
    alive = coverage(old, box[None], 0.95, [label])
    assert alive["topk"] == (1, 1) and alive["nms"] == (0, 1)
