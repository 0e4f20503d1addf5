"""The evaluation job on shipped models: outcome, going on, cancelling, in the background."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import get_model

from engine.datasets import Annotations, Picture
from engine.datasets.frames import frame_of
from engine.datasets.masks import decode
from engine.datasets.opening import open_annotations
from engine.datasets.scenes import read_scenes
from engine.errors import BoxscopeError, Cancelled
from engine.evaluation import Background, Ended, Job, Outcome, Plan, Step, stage_recall
from engine.evaluation.figures import Wish, figures
from engine.evaluation.semantic import semantic_figures, truth_of
from engine.evaluation.stages import BUDGETS
from engine.metrics.coco import NAMES, coco_figures
from engine.metrics.protocol import protocol
from engine.params import Settings
from engine.request import ModelChoice, Request
from engine.scenes import CLASSES, draw
from engine.session import Session

MASKS = ModelChoice("boxscope-maskrcnn")
SSD = ModelChoice("boxscope-ssd")


@pytest.fixture(scope="module")
def scenes() -> Annotations:
    return read_scenes("scenes:1000000-1000003")


@pytest.fixture(scope="module")
def whole(scenes: Annotations, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Mask R-CNN on four scenes, in one go."""
    plan = Plan(MASKS, "cpu", stages=True, threads=1)
    return Job(scenes, plan, tmp_path_factory.mktemp("whole")).run()


def without_ms(outcome: Outcome) -> list[str]:
    return [replace(record, ms=0.0).line() for record in outcome.records]


def test_an_outcome_is_complete_and_in_order(whole: Outcome, scenes: Annotations) -> None:
    assert whole.complete and not whole.failed and not whole.sentences()
    assert [r.picture for r in whole.records] == [p.id for p in scenes.pictures]
    assert whole.annotations is scenes
    found = whole.detections
    assert len(found) == sum(map(len, whole.records)) and found.masks is not None
    assert whole.ms is not None and whole.ms > 0
    first = whole.records[0]
    rows = found.of_picture(0)
    np.testing.assert_array_equal(found.boxes[rows], first.boxes.astype(np.float64))
    names = [scenes.classes[label] for label in found.labels[rows]]
    assert names == [whole.classes[label] for label in first.labels]


def test_detections_are_those_of_the_trace(whole: Outcome) -> None:
    """Boxes in image px, labels, scores and masks are what the model returns."""
    session = Session(1)
    frame = draw(1_000_002)
    trace = session.run(Request(frame, MASKS, "cpu"))
    record = whole.records[2]
    np.testing.assert_array_equal(record.boxes, trace.boxes_image("detections")[: len(record)])
    np.testing.assert_array_equal(record.scores, trace.detections.scores)
    assert record.masks is not None
    pasted = np.asarray(trace.stages["masks"].arrays["pasted"]) >= 0.5
    assert whole.detections.masks is not None
    own = [whole.detections.masks[int(i)] for i in whole.detections.of_picture(2)]
    np.testing.assert_array_equal(decode(own, (256, 256)), pasted)


def test_the_figures_are_those_of_the_library(whole: Outcome) -> None:
    found = figures(whole.annotations, whole.detections, Wish(protocol("coco")))
    box = coco_figures(whole.annotations, whole.detections)
    mask = coco_figures(whole.annotations, whole.detections, "mask")
    assert {name: found[name] for name in NAMES} == box.named()
    assert found["masks"] == mask.named() and 0.3 < found["masks"]["AP50"] <= 1
    assert sum(e["ground_truths"] for e in found["per_class"].values()) == found["ground_truths"]
    json.dumps(found | whole.about(), allow_nan=False)


def test_recall_by_stage(whole: Outcome) -> None:
    stages = {s.stage: s for s in stage_recall(whole.records)}
    names = {name for s in stages.values() for name in (s.stage, *s.also)}
    assert {"anchors", "rpn_nms", "proposals", "nms", "detections"} <= names
    assert "class_scores" not in names and "decode" not in names
    assert not stages["anchors"].ranked and list(stages["anchors"].recall) == [0]
    for stage in stages.values():
        budgets = [k for k in BUDGETS if k in stage.recall]
        shares = [stage.recall[k] for k in budgets]
        assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1
        assert all(stage.average[k] <= stage.recall[k] for k in budgets)
        assert stage.objects == len(whole.annotations)
    # NMS takes near-equal boxes away: of as many boxes more are about different objects.
    assert stages["rpn_nms"].recall[10] > stages["rpn_clip"].recall[10]


def test_an_interrupted_run_goes_on_where_it_was(
    whole: Outcome, scenes: Annotations, tmp_path: Path
) -> None:
    plan = Plan(MASKS, "cpu", stages=True, threads=1)
    first = Job(scenes, plan, tmp_path).steps()
    assert [next(first).done for _ in range(3)] == [0, 1, 2]
    first.close()
    steps: list[Step] = []
    job = Job(scenes, plan, tmp_path)
    outcome = job.run(steps.append)
    assert [s.done for s in steps] == [2, 3, 4] and steps[0].kept == 2
    assert "going on after 2" in job.note
    assert steps[-1].left == 0 and steps[-1].rate is not None and steps[-1].rate > 0
    assert without_ms(outcome) == without_ms(whole)
    again = Job(scenes, replace(plan, limit=2), tmp_path)
    assert [s.done for s in again.steps()] == [2], "a part of what is known runs nothing"
    assert len(again.outcome().annotations.pictures) == 2
    moved = Job(scenes, replace(plan, settings=Settings.of({"nms.nms_thresh": 0.6})), tmp_path)
    next(moved.steps())
    assert "afresh" in moved.note and "other settings" in moved.note


@pytest.fixture
def ssd(scenes: Annotations, tmp_path: Path) -> Callable[..., Job]:
    def make(data: Annotations = scenes, **plan: Any) -> Job:
        return Job(data, Plan(SSD, "cpu", threads=1, **plan), tmp_path)

    return make


def test_classes_that_one_side_lacks_are_counted(
    scenes: Annotations, ssd: Callable[..., Job]
) -> None:
    kept = scenes.labels < 3
    part = replace(
        scenes,
        classes=("Bottle", "can", "cup", "dragon"),
        class_ids=(1, 2, 3, 9),
        masks=None,
        **{
            name: getattr(scenes, name)[kept]
            for name in ("picture", "boxes", "xywh", "labels", "area", "crowd", "ignored", "ids")
        },
    )
    outcome = ssd(part, limit=2).run()
    assert set(outcome.detections.labels.tolist()) <= {0, 1, 2}
    total = sum(map(len, outcome.records))
    assert 0 < len(outcome.detections) == total - sum(outcome.unknown.values()) < total
    said = " ".join(outcome.sentences())
    assert "lacks 5 classes of the model (box, bar, ball, ring, star)" in said
    assert "lacks 1 class of the data set (dragon)" in said


def test_pictures_that_cannot_be_read_are_said_and_left_out(
    scenes: Annotations, ssd: Callable[..., Job], tmp_path: Path
) -> None:
    gone = replace(scenes.pictures[1], file="gone.png")
    data = replace(
        scenes, pictures=(scenes.pictures[0], gone, *scenes.pictures[2:]), folder=tmp_path
    )
    outcome = ssd(data, limit=3).run()
    assert outcome.complete and [r.picture for r in outcome.failed] == [gone.id]
    assert "gone.png" in " ".join(outcome.sentences())
    assert [p.id for p in outcome.annotations.pictures] == [1_000_000, 1_000_002]
    assert outcome.detections.picture.max() == 1


def test_a_picture_that_the_model_cannot_take_does_not_end_the_run(
    scenes: Annotations, tmp_path: Path
) -> None:
    Image.new("RGB", (4000, 1)).save(tmp_path / "thin.png")
    thin = Picture("thin", "thin.png", 4000, 1)
    data = Annotations.of([thin, scenes.pictures[1]], scenes.classes, folder=tmp_path, boxes=())
    outcome = Job(data, Plan(MASKS, "cpu", threads=1), tmp_path / "kept").run()
    assert [record.picture for record in outcome.records] == [scenes.pictures[1].id]
    assert "thin.png: The picture of 4000 x 1 px is too thin" in outcome.failed[0].error


def test_a_wrong_setting_is_told_before_any_picture(ssd: Callable[..., Job]) -> None:
    with pytest.raises(BoxscopeError, match=r"nms\.nms_thresh: 7\.0 is outside"):
        next(ssd(settings=Settings.of({"nms.nms_thresh": "7"})).steps())


def test_cancelling_keeps_what_was_done(ssd: Callable[..., Job]) -> None:
    job = ssd()
    steps = job.steps()
    while next(steps).done < 2:
        pass
    job.control.cancel()
    with pytest.raises(Cancelled):
        next(steps)
    outcome = job.outcome()
    assert len(outcome.records) == 2 and not outcome.complete
    assert "2 of 4 pictures were not run" in " ".join(outcome.sentences())


def test_in_the_background_with_pause_and_cancel(ssd: Callable[..., Job]) -> None:
    calls: list[None] = []
    job = ssd()
    job.control.pause()
    work = Background(lambda report: job, lambda: calls.append(None))
    work.start()
    # Paused, it gets as far as its first step, which is before any picture.
    assert isinstance(step := wait_for(work, "step"), Step) and step.done == 0
    job.control.resume()
    ended = wait_for(work, "ended")
    assert isinstance(ended, Ended) and not ended.cancelled and not ended.sentence
    assert ended.outcome is not None and ended.outcome.complete and calls
    assert work.stop()

    job = ssd(settings=Settings.of({"nms.nms_thresh": 0.4}))
    job.control.pause()
    work = Background(lambda report: job, lambda: None)
    work.start()
    wait_for(work, "step")
    job.control.cancel()
    ended = wait_for(work, "ended")
    assert ended.cancelled and ended.outcome is not None and not ended.outcome.records
    assert work.stop()


def test_it_runs_beside_another_session(
    scenes: Annotations, ssd: Callable[..., Job], whole: Outcome, tmp_path: Path
) -> None:
    """As in the window, whose engine thread has a session of its own."""
    alone = ssd().run()
    plan = Plan(SSD, "cpu", threads=1)
    work = Background(
        lambda report: Job(scenes, plan, tmp_path / "beside", report=report), lambda: None
    )
    work.start()
    session = Session(1)
    traces = [session.run(Request(draw(1_000_000 + i), MASKS, "cpu")) for i in range(3)]
    ended = wait_for(work, "ended")
    assert work.stop() and without_ms(ended.outcome) == without_ms(alone)
    for trace, record in zip(traces, whole.records, strict=False):
        np.testing.assert_array_equal(trace.detections.scores, record.scores)


def test_a_failure_in_the_background_is_a_sentence(scenes: Annotations, tmp_path: Path) -> None:
    work = Background(
        lambda report: Job(scenes, Plan(ModelChoice("nonsense")), tmp_path, report=report),
        lambda: None,
    )
    work.start()
    ended = wait_for(work, "ended")
    assert ended.outcome is None and "nonsense" in ended.sentence
    assert work.stop()


def wait_for(work: Background, key: str) -> Any:
    while True:
        item = work.outbox.take(60.0)
        assert item is not None, f"nothing came under {key!r}"
        if item[0] == key:
            return item[1]


def test_importing_needs_no_torch() -> None:
    code = (
        "import sys, engine.evaluation.figures, engine.evaluation; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


# Models that give every pixel a class


def test_a_segmenter_is_measured_by_its_pixels(
    scenes: Annotations, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("segmenter")
    torch.manual_seed(1)
    name = "lraspp_mobilenet_v3_large"
    module = get_model(name, weights=None, weights_backbone=None, num_classes=len(CLASSES))
    torch.save(module.state_dict(), folder / "w.pth")
    # "star" is a class that the set lacks: what is taken for it counts as background.
    (folder / "names.txt").write_text("\n".join([*CLASSES[:-1], "comet"]))
    choice = ModelChoice(name, str(folder / "w.pth"), str(folder / "names.txt"))
    small = Settings.of({"input.resize": 128})
    plan = Plan(choice, "cpu", small, limit=2, threads=1)
    outcome = Job(scenes, plan, folder).run()
    assert outcome.segments and not len(outcome.detections)
    again = Job(scenes, plan, folder).run()
    found = semantic_figures(outcome)
    assert semantic_figures(again) == found, "kept results give the same"

    session, counts = Session(1), np.zeros((9, 9), np.int64)
    for seed in (1_000_000, 1_000_001):
        frame = draw(seed)
        trace = session.run(Request(frame, choice, "cpu", small))
        answer = np.asarray(trace.stages["argmax"].arrays["classes"]).astype(int)
        answer[answer == 8] = 0
        whole = answer.repeat(2, 0).repeat(2, 1)
        assert frame.truth is not None and frame.truth.semantic is not None
        np.add.at(counts, (frame.truth.semantic, whole), 1)
    assert found["confusion"]["counts"] == counts.tolist()
    union = counts.sum(0) + counts.sum(1) - np.diag(counts)
    there = union > 0
    assert found["mIoU"] == pytest.approx((np.diag(counts)[there] / union[there]).mean())
    assert found["pixel_accuracy"] == pytest.approx(np.trace(counts) / counts.sum())
    assert "comet" in outcome.about()["run_notes"][0]

    without = replace(scenes, masks=None)
    with pytest.raises(BoxscopeError, match="neither masks nor"):
        Job(without, plan, folder).run()


def test_the_truth_of_voc_is_read_from_its_class_pictures(real: Path) -> None:
    data = open_annotations(str(real / "voc-sample"))
    assert data.masks is None
    row = [p.file for p in data.pictures].index("2007_000063.jpg")
    frame = frame_of(data, row)
    found = truth_of(data)(row, frame)
    assert found.shape == (frame.height, frame.width)
    names = {-1: "void", 0: "background"} | {i + 1: n for i, n in enumerate(data.classes)}
    seen = {names[int(v)] for v in np.unique(found)}
    assert seen == {"void", "background", "dog", "chair"}
    # Most of a dog's box is dog.
    dog = data.of_picture(row)[data.labels[data.of_picture(row)] == data.classes.index("dog")]
    x1, y1, x2, y2 = (round(v) for v in data.boxes[dog[0]])
    assert (found[y1:y2, x1:x2] == data.classes.index("dog") + 1).mean() > 0.5
    with pytest.raises(BoxscopeError, match=r"2011_003353\.png cannot be read"):
        truth_of(data)(1 - row, frame_of(data, 1 - row))
