"""Coverage and explained misses on every family of detectors, with random weights that compete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import single_shot_checks as checks
import test_fcos
import test_retinanet
import test_ssd
import torch
import two_stage_support as two_stage
from torch import nn
from torchvision.models import get_model

from engine.candidates import path_of
from engine.explain import Miss, coverage, explain_miss
from engine.frame import Frame
from engine.params import Settings
from engine.sources.picture import decode_file
from engine.table import Reason
from engine.trace import Ref, Trace

IOU = 0.7  # boxes of random weights crowd: at 0.5 nearly everything finds something
MODELS: dict[str, Callable[[], nn.Module]] = {
    "ssd": test_ssd.build_lite,
    "retinanet": lambda: test_retinanet.build("v1"),
    "fcos": test_fcos.build,
    "two_stage": two_stage.small,
}
FAMILIES = pytest.mark.parametrize("name", list(MODELS))

model = cache(lambda name: MODELS[name]())


@cache
def trace(name: str) -> Trace:
    return checks.trace_of(model(name), checks.picture(*checks.SHAPES[0]))


@pytest.fixture(scope="module", autouse=True)
def _free_memory() -> Iterator[None]:
    yield
    model.cache_clear()
    trace.cache_clear()


def again(name: str) -> Callable[[Settings], Trace]:
    old = trace(name)
    return lambda settings: checks.trace_of(model(name), old.frame, settings, old)


def lost_rows(old: Trace, count: int) -> Iterator[Ref]:
    """Some rows of every stage and every reason other than KEPT."""
    for stage in path_of(old):
        reasons = old.table(stage).reason
        for reason in set(reasons.tolist()) - {Reason.KEPT}:
            rows = np.flatnonzero(reasons == reason)
            for row in rows[np.linspace(0, len(rows) - 1, count).astype(int)]:
                yield Ref(stage, int(row))


@cache
def misses(name: str) -> list[Miss]:
    """What is said of lost rows, asked as if each were an object of the row's class."""
    old = trace(name)
    said = []
    for ref in lost_rows(old, 3):
        label = int(old.table(ref.stage).labels[ref.row]) or None
        box = old.boxes_image(ref.stage)[ref.row]
        said.append(explain_miss(old, box, label, again(name), IOU, limit=8))
    return said


@FAMILIES
def test_coverage_falls_where_the_miss_is_said_to_be(name: str) -> None:
    old = trace(name)
    path = path_of(old)
    for miss in misses(name):
        labels = None if miss.label is None else [miss.label]
        alive = coverage(old, miss.box[None], IOU, labels)
        counts = [alive[stage][0] for stage in path]
        assert (miss.kind == "found") == bool(counts[-1])
        if miss.lost_at is not None:
            at = path.index(miss.lost_at)
            assert not any(counts[at:])
            assert any(counts[:at]) == (counts[at - 1] == 1)


@FAMILIES
def test_reason_and_rival_are_those_of_the_table(name: str) -> None:
    old = trace(name)
    seen = set()
    for miss in misses(name):
        seen.add(miss.reason)
        assert miss.sentence.endswith(".")
        if miss.kind != "lost":
            continue
        assert miss.candidate is not None and miss.candidate_iou >= IOU
        if miss.candidate.stage == miss.lost_at:
            assert old.reason(miss.candidate) == miss.reason
        if miss.reason == Reason.SUPPRESSED:
            assert miss.rival is not None and old.reason(miss.rival) == Reason.KEPT
            limit = old.stages[miss.rival.stage].params["nms_thresh"]
            assert miss.rival_iou > limit
    assert {Reason.SUPPRESSED, Reason.TOPK} & seen


@FAMILIES
def test_every_proposed_change_saves_the_object(name: str) -> None:
    changes = [(miss, miss.change) for miss in misses(name) if miss.change is not None]
    assert changes
    for miss, change in changes:
        assert miss.kind != "found"
        new = again(name)(Settings.of({change.key: change.new}))
        table = new.table(change.detection.stage)
        assert table.reason[change.detection.row] == Reason.KEPT
        assert change.score == table.scores[change.detection.row]
        found = explain_miss(new, miss.box, miss.label, iou=IOU)
        assert found.kind == "found" and found.candidate == change.detection
        stage, _, param = change.key.partition(".")
        assert change.old == trace(name).stages[stage].params[param] != change.new


def test_an_object_that_fcos_never_decoded_is_found_below_the_threshold() -> None:
    """Points are small squares: only boxes that pass the threshold can overlap an object."""
    old = trace("fcos")
    strict = again("fcos")(Settings.of({"score_threshold.score_thresh": 0.999}))
    assert len(strict.detections) < len(old.detections)
    box = old.transform.to_image(old.detections.boxes)[-1]
    recompute = again("fcos")
    miss = explain_miss(strict, box, None, recompute)
    assert miss.kind == "never", miss.sentence
    assert miss.change is not None and miss.change.key == "score_threshold.score_thresh"


def test_real_photo(real: Path) -> None:
    """The dog is found; behind a strict threshold it is lost there, and the change is its score."""
    module = get_model("ssdlite320_mobilenet_v3_large", weights=None, weights_backbone=None)
    file = real / "weights" / "ssdlite320_mobilenet_v3_large_coco-dequant.pth"
    module.load_state_dict(torch.load(file, weights_only=True))
    frame = Frame(decode_file(real / "photos" / "dog.jpg"), "dog.jpg")
    module.eval()
    old = checks.trace_of(module, frame, {"score_threshold.score_thresh": 0.9})
    dog, label = np.float32([130, 190, 340, 540]), 18
    miss = explain_miss(
        old, dog, label, lambda settings: checks.trace_of(module, frame, settings, old)
    )
    assert (miss.lost_at, miss.reason) == ("score_threshold", Reason.LOW_SCORE)
    assert miss.score == pytest.approx(0.813, abs=2e-3)
    assert miss.change is not None and miss.change.new == pytest.approx(miss.score, abs=1e-3)
    assert miss.change.score == pytest.approx(miss.score) and miss.change.new < miss.score
    assert coverage(old, dog[None])["clip"] == (1, 1)
    assert coverage(old, dog[None])["detections"] == (0, 1)
