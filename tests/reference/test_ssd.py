"""SSD300 and SSDlite: the trace equals the model, bitwise."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import single_shot_checks as checks
import torch
from torch import nn
from torchvision.models.detection import ssd300_vgg16, ssdlite320_mobilenet_v3_large

from engine.errors import BoxscopeError
from engine.families import family_of
from engine.frame import Frame
from engine.params import Value
from engine.table import Reason
from engine.trace import Trace

STAGES = (
    "input backbone anchors class_scores class_deltas decode clip score_threshold topk nms "
    "detections"
)
NAMES = pytest.mark.parametrize("name", ["ssdlite", "ssd300"])
MOVES = [
    ("score_threshold", "score_thresh", 0.02),
    ("score_threshold", "score_thresh", 0.5),
    ("score_threshold", "score_thresh", 1.0),
    ("topk", "topk_candidates", 7),
    ("topk", "topk_candidates", 5000),
    ("nms", "nms_thresh", 0.2),
    ("nms", "nms_thresh", 0.0),
    ("nms", "nms_thresh", 1.0),
    ("detections", "detections_per_img", 1),
    ("detections", "detections_per_img", 5000),
]


def build_lite(**settings: float) -> nn.Module:
    torch.manual_seed(5)
    module = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, **settings)
    heads = nn.ModuleList(m[-1] for m in module.head.classification_head.module_list)
    return checks.calibrated(module, heads, gain=8, size=320)


def build_300() -> nn.Module:
    torch.manual_seed(5)
    module = ssd300_vgg16(weights=None, weights_backbone=None)
    return checks.calibrated(module, module.head.classification_head, gain=0.1, size=300)


@cache
def model(name: str) -> nn.Module:
    return {"ssdlite": build_lite, "ssd300": build_300}[name]()


@cache
def trace(name: str, shape: tuple[int, int] = checks.SHAPES[0]) -> Trace:
    return checks.trace_of(model(name), checks.picture(*shape))


@pytest.fixture(scope="module", autouse=True)
def _free_memory() -> Iterator[None]:
    yield
    model.cache_clear()
    trace.cache_clear()


@pytest.fixture(scope="module")
def lite() -> nn.Module:
    return model("ssdlite")


@pytest.fixture(scope="module")
def lite_trace() -> Trace:
    return trace("ssdlite")


@pytest.mark.parametrize("shape", checks.SHAPES)
@NAMES
def test_detections_are_bitwise_those_of_the_model(name: str, shape: tuple[int, int]) -> None:
    got = trace(name, shape)
    assert " ".join(got.stages) == STAGES
    assert checks.assert_equals_model(got, model(name)) >= 100
    assert checks.assert_suppressors(got) >= 100
    checks.assert_rows_connected(got)


@pytest.mark.parametrize(("stage", "name", "value"), MOVES)
def test_a_moved_parameter_equals_the_setting_of_the_model(
    lite: nn.Module, lite_trace: Trace, stage: str, name: str, value: Value
) -> None:
    moved = checks.trace_of(lite, lite_trace.frame, {f"{stage}.{name}": value}, lite_trace)
    checks.assert_equals_model(moved, checks.with_attribute(lite, name, value))
    checks.assert_only_later_stages_changed(lite_trace, moved, stage)
    checks.assert_suppressors(moved)


def test_settings_of_the_constructor_are_the_defaults_of_the_parameters() -> None:
    module = build_lite(
        score_thresh=0.03, nms_thresh=0.3, topk_candidates=50, detections_per_img=20
    )
    got = checks.trace_of(module, checks.picture(75, 130))
    params = {f"{s}.{k}": v for s, r in got.stages.items() for k, v in r.params.items()}
    assert params == {
        "score_threshold.score_thresh": 0.03,
        "topk.topk_candidates": 50,
        "nms.nms_thresh": 0.3,
        "detections.detections_per_img": 20,
    }
    assert checks.assert_equals_model(got, module) == 20


def test_one_class() -> None:
    module = build_lite(num_classes=2)
    got = checks.trace_of(module, checks.picture(75, 130))
    assert checks.assert_equals_model(got, module) >= 100
    assert set(got.detections.labels) == {1}


def test_nothing_over_the_threshold(lite: nn.Module, lite_trace: Trace) -> None:
    strict = {"score_threshold.score_thresh": 1.0}
    got = checks.trace_of(lite, lite_trace.frame, strict, lite_trace)
    assert len(got.detections) == 0
    # every anchor says that no class of it passed
    table = got.table("score_threshold")
    assert len(table) == len(got.table("anchors"))
    assert (table.reason == Reason.LOW_SCORE).all()


@pytest.mark.parametrize("threshold", [0.001, 0.1])
def test_every_pair_over_the_threshold_is_a_row(
    lite: nn.Module, lite_trace: Trace, threshold: float
) -> None:
    moved = {"score_threshold.score_thresh": threshold}
    got = checks.trace_of(lite, lite_trace.frame, moved, lite_trace)
    probabilities = got.stages["class_scores"].arrays["probabilities"]
    checks.assert_pairs_have_rows(got, threshold, probabilities[:, 1:])


def test_scores_of_anchors_are_their_best_foreground_class(lite_trace: Trace) -> None:
    scores, arrays = lite_trace.table("class_scores"), lite_trace.stages["class_scores"].arrays
    foreground = arrays["probabilities"][:, 1:]
    np.testing.assert_array_equal(scores.scores, foreground.max(1))
    np.testing.assert_array_equal(scores.labels, foreground.argmax(1) + 1)
    per_level = [arrays[f"logits/{i}"] for i in range(6)]
    assert [p.shape for p in per_level] == [(s, s, 6, 91) for s in (20, 10, 5, 3, 2, 1)]
    logits = np.concatenate([p.reshape(-1, 91) for p in per_level])
    softmax = torch.from_numpy(logits)[None].softmax(-1)[0].numpy()
    np.testing.assert_array_equal(softmax, arrays["probabilities"])


def test_top_candidates_are_the_best_of_each_class(lite: nn.Module, lite_trace: Trace) -> None:
    got = checks.trace_of(lite, lite_trace.frame, {"topk.topk_candidates": 10}, lite_trace)
    table = got.table("topk")
    for label in np.unique(table.labels):
        of_class = table.labels == label
        kept = table.scores[of_class & (table.reason == Reason.KEPT)]
        lost = table.scores[of_class & (table.reason == Reason.TOPK)]
        assert len(kept) == min(10, of_class.sum())
        assert not len(lost) or kept.min() >= lost.max()


@NAMES
def test_lineage_leads_from_each_detection_to_its_anchor(name: str) -> None:
    checks.assert_detections_lead_to_anchors(trace(name))


@NAMES
def test_anchors_lie_where_the_layout_says(name: str) -> None:
    checks.assert_layout_tells_cells(trace(name))


def test_a_parameter_out_of_range_is_refused(lite: nn.Module) -> None:
    pipeline = family_of(lite).pipeline(lite)
    with pytest.raises(BoxscopeError, match=r"nms_thresh.*0 to 1"):
        pipeline.check({"nms.nms_thresh": 1.5})


@pytest.fixture(scope="module")
def trained(real: Path) -> nn.Module:
    module = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None)
    file = real / "weights" / "ssdlite320_mobilenet_v3_large_coco-dequant.pth"
    module.load_state_dict(torch.load(file, weights_only=True))
    return module.eval()


def _photo(real: Path, name: str) -> Frame:
    pixels = cv2.cvtColor(cv2.imread(str(real / "photos" / name)), cv2.COLOR_BGR2RGB)
    return Frame(pixels, name)


@pytest.mark.parametrize("name", ["dog", "eagle", "giraffe", "horses", "kite", "person", "scream"])
def test_trained_weights_on_photos(trained: nn.Module, real: Path, name: str) -> None:
    got = checks.trace_of(trained, _photo(real, f"{name}.jpg"))
    assert checks.assert_equals_model(got, trained) == 300
    assert checks.assert_suppressors(got) >= 100
    checks.assert_detections_lead_to_anchors(got)


def test_the_dog_the_bicycle_and_the_car(trained: nn.Module, real: Path) -> None:
    got = checks.trace_of(trained, _photo(real, "dog.jpg"))
    best = got.detections
    assert best.labels[:3].tolist() == [2, 18, 3]  # bicycle, dog, car of COCO's 91 ids
    np.testing.assert_allclose(best.scores[:3], [0.972, 0.813, 0.791], atol=2e-3)
