"""RetinaNet v1 and v2: the trace equals the model, bitwise."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import single_shot_checks as checks
import torch
from torch import nn
from torchvision.models.detection import retinanet_resnet50_fpn, retinanet_resnet50_fpn_v2

from engine.params import Value
from engine.table import Reason
from engine.trace import Trace

STAGES = (
    "input backbone fpn anchors class_scores class_deltas score_threshold topk decode clip nms "
    "detections"
)
BUILDERS = {"v1": (retinanet_resnet50_fpn, 15), "v2": (retinanet_resnet50_fpn_v2, 8)}
VERSIONS = pytest.mark.parametrize("version", list(BUILDERS))
MOVES = [
    ("score_threshold", "score_thresh", 0.3),
    ("score_threshold", "score_thresh", 1.0),
    ("topk", "topk_candidates", 25),
    ("topk", "topk_candidates", 10_000),
    ("nms", "nms_thresh", 0.2),
    ("nms", "nms_thresh", 1.0),
    ("detections", "detections_per_img", 3),
    ("detections", "detections_per_img", 90_000),
]


def build(version: str, **settings: float) -> nn.Module:
    torch.manual_seed(3)
    builder, gain = BUILDERS[version]
    module = builder(weights=None, weights_backbone=None, min_size=96, max_size=160, **settings)
    return checks.calibrated(module, module.head.classification_head.cls_logits, gain, size=128)


model = cache(build)


@cache
def trace(version: str, shape: tuple[int, int] = checks.SHAPES[0]) -> Trace:
    return checks.trace_of(model(version), checks.picture(*shape))


@pytest.fixture(scope="module", autouse=True)
def _free_memory() -> Iterator[None]:
    yield
    model.cache_clear()
    trace.cache_clear()


@VERSIONS
@pytest.mark.parametrize("shape", checks.SHAPES)
def test_detections_are_bitwise_those_of_the_model(version: str, shape: tuple[int, int]) -> None:
    got = trace(version, shape)
    checks.assert_is_the_models(got, model(version), STAGES, found=100, suppressed=100)


@VERSIONS
@pytest.mark.parametrize(("stage", "name", "value"), MOVES)
def test_a_moved_parameter_equals_the_setting_of_the_model(
    version: str, stage: str, name: str, value: Value
) -> None:
    moved = checks.assert_moved_equals_setting(trace(version), model(version), stage, name, value)
    checks.assert_suppressors(moved)


def test_settings_of_the_constructor_are_the_defaults_of_the_parameters() -> None:
    settings = {"score_thresh": 0.2, "nms_thresh": 0.3, "topk_candidates": 40}
    module = build("v1", detections_per_img=20, **settings)
    got = checks.trace_of(module, checks.picture(*checks.SHAPES[0]))
    params = {f"{s}.{k}": v for s, r in got.stages.items() for k, v in r.params.items()}
    assert params == {
        "input.min_size": 96,
        "input.max_size": 160,
        "score_threshold.score_thresh": 0.2,
        "topk.topk_candidates": 40,
        "nms.nms_thresh": 0.3,
        "detections.detections_per_img": 20,
    }
    assert checks.assert_equals_model(got, module) == 20


def test_one_class() -> None:
    module = build("v1", num_classes=1)
    got = checks.trace_of(module, checks.picture(*checks.SHAPES[0]))
    assert checks.assert_equals_model(got, module) >= 20
    assert set(got.detections.labels) == {0}


def test_a_diverged_class_does_not_hide_the_others() -> None:
    module = build("v1")
    module.head.classification_head.cls_logits.bias.data[5] = torch.nan  # of the first shape
    got = checks.trace_of(module, checks.picture(*checks.SHAPES[0]))
    assert checks.assert_equals_model(got, module) >= 100
    layout = got.stages["anchors"].notes["layout"]
    anchors = got.ancestors("anchors", np.arange(len(got.table("decode"))), "decode")
    *_, shape = layout.locate(anchors)
    assert (shape == 0).any()


def test_nothing_over_the_threshold() -> None:
    old = trace("v1")
    got = checks.trace_of(model("v1"), old.frame, {"score_threshold.score_thresh": 1.0}, old)
    assert len(got.detections) == len(got.table("decode")) == 0
    table = got.table("score_threshold")
    assert len(table) == len(got.table("anchors"))
    assert (table.reason == Reason.LOW_SCORE).all()


def test_every_pair_over_the_threshold_is_a_row() -> None:
    old = trace("v1")
    got = checks.trace_of(model("v1"), old.frame, {"score_threshold.score_thresh": 0.7}, old)
    checks.assert_pairs_have_rows(got, 0.7, got.stages["class_scores"].arrays["probabilities"])


def test_of_very_many_pairs_the_best_of_each_level_are_rows() -> None:
    old = trace("v1")
    got = checks.trace_of(model("v1"), old.frame, {"score_threshold.score_thresh": 0.0}, old)
    checks.assert_equals_model(got, checks.with_attribute(model("v1"), "score_thresh", 0.0))
    checks.assert_rows_connected(got)
    probabilities = got.stages["class_scores"].arrays["probabilities"]
    table = got.table("score_threshold")
    assert got.stages["score_threshold"].notes["passed"] == probabilities.size
    layout = got.stages["anchors"].notes["layout"]
    level, *_ = layout.locate(table.parent)
    for i, (start, end) in enumerate(pairwise(layout.starts)):
        best = np.sort(probabilities[start:end].ravel())[::-1][:10_000]
        listed = table.scores[(level == i) & (table.reason == Reason.KEPT)]
        np.testing.assert_array_equal(np.sort(listed)[::-1], best)
    # anchors whose pairs are all among the others still have a row that says so
    assert (table.reason == Reason.TOPK).any()


def test_top_candidates_are_the_best_of_each_level() -> None:
    old = trace("v1")
    got = checks.trace_of(model("v1"), old.frame, {"topk.topk_candidates": 30}, old)
    table = got.table("topk")
    layout = got.stages["anchors"].notes["layout"]
    level, *_ = layout.locate(got.ancestors("anchors", np.arange(len(table)), "topk"))
    for i in range(len(layout.levels)):
        kept = table.scores[(level == i) & (table.reason == Reason.KEPT)]
        lost = table.scores[(level == i) & (table.reason == Reason.TOPK)]
        assert len(kept) == min(30, (level == i).sum())
        assert not len(lost) or kept.min() >= lost.max()


@VERSIONS
def test_lineage_leads_from_each_detection_to_its_anchor(version: str) -> None:
    checks.assert_detections_lead_to_anchors(trace(version))


def test_anchors_lie_where_the_layout_says() -> None:
    checks.assert_layout_tells_cells(trace("v1"))
    layout = trace("v1").stages["anchors"].notes["layout"]
    assert [level.per_cell for level in layout.levels] == [9] * 5


def test_logits_lie_on_the_grids_of_their_levels() -> None:
    result = trace("v1").stages["class_scores"]
    layout = trace("v1").stages["anchors"].notes["layout"]
    flat = [result.arrays[f"logits/{i}"].reshape(-1, 91) for i in range(5)]
    sigmoid = torch.from_numpy(np.concatenate(flat)).sigmoid().numpy()
    np.testing.assert_allclose(result.arrays["probabilities"], sigmoid, rtol=1e-6)
    assert [result.arrays[f"logits/{i}"].shape[:2] for i in range(5)] == [
        level.grid for level in layout.levels
    ]
