"""The class scores view: the trace's numbers for every family, and mouse and keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from torch import nn
from torchvision.models.detection import (
    fcos_resnet50_fpn,
    retinanet_resnet50_fpn,
    ssdlite320_mobilenet_v3_large,
)

from engine.families import Root, family_of
from engine.frame import Frame, Transform
from engine.params import Settings
from engine.table import Reason, Table
from engine.trace import Ref, Trace
from tests.widgets.factory import frame_of, result, toy_trace, trace_of
from tests.widgets.traces import real_trace, retraced
from widgets.scores import text as scores_text
from widgets.scores.painter import share
from widgets.scores.panel import ScoresPanel
from widgets.scores.vector import Vector, row_for
from widgets.selection import Selection
from widgets.table_rows import score_text
from widgets.views import view

__all__ = ["real_trace", "retraced"]
LEFT = Qt.MouseButton.LeftButton
CLASSES = 12


@pytest.fixture
def panel(qtbot: QtBot, selection: Selection) -> ScoresPanel:
    made = view("scores").create(selection)
    assert isinstance(made, ScoresPanel)
    qtbot.addWidget(made)
    made.resize(420, 700)
    with qtbot.waitExposed(made):
        made.show()
    return made


def _text(panel: ScoresPanel, name: str) -> str:
    found = panel.findChild(QLabel, name)
    assert found is not None
    return found.text()


def _bold(html: str) -> list[str]:
    return re.findall(r"<b>([^<]*)</b>", html)


# --- every family


MAKERS = {
    "ssd": (ssdlite320_mobilenet_v3_large, {}),
    "retinanet": (retinanet_resnet50_fpn, {"min_size": 64, "max_size": 96}),
    "fcos": (fcos_resnet50_fpn, {"min_size": 64, "max_size": 96}),
}


@cache
def _trace(kind: str) -> Trace:
    """An untrained model: its scores are poor but all different, which is what is tested.

    The threshold is such that one pair of box and class in a hundred passes it.
    """
    torch.manual_seed(5)
    make, sizes = MAKERS[kind]
    module = make(weights=None, weights_backbone=None, num_classes=CLASSES, **sizes)
    if kind == "ssd":  # with fresh statistics, its batch norms would level all features
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.momentum = 1.0
        with torch.no_grad():
            module.head(list(module.backbone(torch.rand(2, 3, 320, 320)).values()))
    else:
        nn.init.normal_(module.head.classification_head.cls_logits.weight, std=0.05)
    module.eval()
    rng = np.random.default_rng(1)
    frame = Frame(rng.integers(0, 255, (64, 80, 3)).astype(np.uint8), "noise")
    family = family_of(module)
    pipeline = family.pipeline(module)
    root = Root(frame, torch.device("cpu"))
    with torch.inference_mode():
        stages = pipeline.run(root, (frame,), {"score_threshold.score_thresh": 1.0})
        scores = stages["class_scores"].arrays["probabilities"][:, int(kind == "ssd") :]
        if kind == "fcos":
            scores = stages["centerness"].arrays["scores"]
        limit = float(np.quantile(scores, 0.99))
        stages = pipeline.run(root, (frame,), {"score_threshold.score_thresh": limit}, stages)
    names = ("__background__", *(f"thing {i}" for i in range(1, CLASSES - 1)), "N/A")
    return Trace(
        frame=frame, model=kind, family=family.key, epoch=0, seq=0, device="cpu", classes=names,
        transform=stages["input"].notes["transform"], infos=pipeline.infos, stages=stages,
        final=family.final, settings=Settings(),
    )  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _free_memory() -> Iterator[None]:
    yield
    _trace.cache_clear()


@pytest.mark.parametrize("kind", ["ssd", "retinanet", "fcos"])
def test_single_shot_families(kind: str) -> None:
    trace = _trace(kind)
    table = trace.table("score_threshold")
    limit = np.float32(trace.stages["score_threshold"].params["score_thresh"])
    rows = np.unique(table.parent[table.kept])[:3].tolist()
    rows.append(int(table.parent[table.reason == Reason.LOW_SCORE][0]))
    assert len(rows) >= 3
    for row in rows:
        vector = Vector.of(trace, row)
        z = vector.logits.astype(np.float64)
        assert vector.softmax == (kind == "ssd") and len(vector) == len(z) == CLASSES
        want = np.exp(z) / np.exp(z).sum() if vector.softmax else 1 / (1 + np.exp(-z))
        np.testing.assert_allclose(vector.probabilities, want, rtol=2e-5)
        if kind == "fcos":
            assert vector.centerness is not None
            want = np.sqrt(want * vector.centerness)
        np.testing.assert_allclose(vector.scores, want, rtol=2e-5)
        passed = set(np.flatnonzero(vector.scores > limit).tolist())
        passed -= {0} if vector.softmax else set()  # SSD's background is no class
        assert {k for k in range(CLASSES) if vector.is_candidate(k)} == passed
        assert vector.name(0) == ("background" if kind == "ssd" else "0 (unused)")
        assert vector.name(CLASSES - 1) == f"{CLASSES - 1} (unused)"
        for label in range(CLASSES):
            assert score_text(float(vector.scores[label])) in _bold(
                scores_text.arithmetic(vector, label)
            )


@pytest.mark.parametrize("kind", ["ssd", "retinanet", "fcos"])
def test_detections_of_single_shot_families_lead_to_their_scores(
    qtbot: QtBot, panel: ScoresPanel, selection: Selection, kind: str
) -> None:
    trace = _trace(kind)
    selection.set_trace(trace)
    ref = Ref("detections", 0)
    selection.select(ref)
    vector, final = panel.vector, trace.detections
    assert vector is not None
    label = int(final.labels[0])
    assert vector.scores[label] == final.scores[0]
    assert vector.fates[label].ref == ref and vector.fates[label].words == "detection"
    assert panel.bars.label == label
    assert not panel.grab().isNull()


def test_two_stage_vectors_are_the_traces(real_trace: Trace) -> None:
    arrays = real_trace.stages["class_scores"].arrays
    count, classes = arrays["probabilities"].shape
    limit = np.float32(real_trace.stages["score_threshold"].params["score_thresh"])
    stages = ("score_threshold", "tiny", "nms", "detections")
    for row in range(0, count, 7):
        vector = Vector.of(real_trace, row)
        np.testing.assert_array_equal(vector.logits, arrays["logits"][row])
        np.testing.assert_array_equal(vector.scores, arrays["probabilities"][row])
        assert vector.softmax and vector.threshold == 0.05
        for label in range(1, classes):
            fate = vector.fates[label]
            chain = {r.stage: r.row for r in real_trace.lineage(fate.ref)}
            assert chain["class_scores"] == row
            assert chain["score_threshold"] == row * (classes - 1) + label - 1
            assert vector.is_candidate(label) == bool(vector.scores[label] > limit)
            after = stages[stages.index(fate.ref.stage) + 1 :]
            assert not after or fate.reason != Reason.KEPT
        assert not vector.is_candidate(0)
        for label in range(classes):
            words = scores_text.arithmetic(vector, label)
            assert _bold(words)[-1] == score_text(float(vector.scores[label])), words


def test_the_selected_box_is_followed_from_every_stage(real_trace: Trace) -> None:
    chain = real_trace.lineage(Ref("detections", 3))
    (row,) = (r.row for r in chain if r.stage == "class_scores")
    for ref in chain:
        assert row_for(real_trace, ref) == row, ref
    dropped = Ref("rpn_nms", int(np.flatnonzero(real_trace.table("rpn_nms").reason)[0]))
    assert row_for(real_trace, dropped) is None
    assert row_for(None, chain[0]) is row_for(real_trace, None) is None
    assert row_for(toy_trace(), Ref("nms", 0)) is None


# --- the panel


def test_selecting_a_box_shows_its_classes_best_first(
    panel: ScoresPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    assert panel.vector is None and "Select a box" in _text(panel, "summary")
    selection.select(Ref("detections", 0))
    vector = panel.vector
    assert vector is not None
    assert (np.diff(vector.scores[panel.bars.order]) <= 0).all()
    assert panel.bars.label == real_trace.table("detections").labels[0]
    assert f"class_scores #{vector.row}" in _text(panel, "summary")
    panel.order.setCurrentIndex(1)
    assert panel.bars.order.tolist() == list(range(len(vector)))


def test_a_click_shows_the_arithmetic_of_a_class(
    qtbot: QtBot, panel: ScoresPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    selection.select(Ref("detections", 0))
    vector = panel.vector
    assert vector is not None
    for label in (0, 3, len(vector) - 1):
        at = panel.bars.line_rect(label).center().toPoint()
        qtbot.mouseMove(panel.bars, at)
        assert f"logit {vector.logits[label]:.4f}" in panel.bars.toolTip()
        assert f"probability {vector.probabilities[label]:.6g}" in panel.bars.toolTip()
        qtbot.mouseClick(panel.bars, LEFT, pos=at)
        words = _text(panel, "arithmetic")
        assert f"<i>p</i>({vector.name(label)})" in words
        assert score_text(float(vector.probabilities[label])) in _bold(words)
    qtbot.mouseMove(panel.bars, QPoint(5, 2))  # the heading
    assert panel.bars.toolTip() == ""


def test_keys_walk_the_classes_and_enter_selects_the_box(
    qtbot: QtBot, panel: ScoresPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    selection.select(Ref("detections", 0))
    bars, order = panel.bars, panel.bars.order
    for key, want in (("Home", 0), ("Down", 1), ("Down", 2), ("Up", 1), ("End", len(order) - 1)):
        qtbot.keyClick(bars, getattr(Qt.Key, f"Key_{key}"))
        assert bars.label == order[want], key
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    assert bars.label == order[-1]
    assert panel.vector is not None
    low = panel.vector.fates[bars.label]
    assert low.reason == Reason.LOW_SCORE
    qtbot.keyClick(bars, Qt.Key.Key_Return)
    assert selection.ref == low.ref and selection.stage == "score_threshold"
    assert bars.label == order[-1]  # the class that the user chose stays
    best = int(real_trace.table("detections").labels[0])
    qtbot.mouseDClick(bars, LEFT, pos=bars.line_rect(best).center().toPoint())
    assert selection.ref == Ref("detections", 0)


def test_a_dropped_box_says_so(panel: ScoresPanel, selection: Selection, real_trace: Trace) -> None:
    selection.set_trace(real_trace)
    row = int(np.flatnonzero(real_trace.table("rpn_nms").reason)[0])
    selection.select(Ref("rpn_nms", row))
    assert "never reached the classifier" in _text(panel, "summary")
    selection.select(None)
    assert "Select a box" in _text(panel, "summary")
    assert not panel.grab().isNull()


def test_a_moved_threshold_moves_line_and_candidates(
    panel: ScoresPanel,
    selection: Selection,
    real_trace: Trace,
    retraced: Callable[..., Trace],
) -> None:
    selection.set_trace(real_trace)
    row = int(real_trace.table("score_threshold").kept[0])
    selection.select(Ref("score_threshold", row))
    before = panel.vector
    assert before is not None and any(before.is_candidate(k) for k in range(len(before)))
    selection.set_trace(retraced())
    assert panel.vector is before  # nothing that it shows has changed
    selection.set_trace(retraced(score_threshold__score_thresh=1.0))
    after = panel.vector
    assert after is not None and after.threshold == 1.0
    assert not any(after.is_candidate(k) for k in range(len(after)))
    assert "no class is above the threshold 1" in _text(panel, "summary")


def test_the_logarithmic_scale() -> None:
    assert [share(v, log=False) for v in (0.0, 0.25, 1.0)] == [0.0, 0.25, 1.0]
    shares = [share(v, log=True) for v in (0.0, 1e-5, 1e-4, 0.1, 1.0)]
    np.testing.assert_allclose(shares, [0, 0, 0.2, 0.8, 1], atol=1e-9)


def test_order_and_scale_change_what_is_drawn(
    panel: ScoresPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    selection.select(Ref("detections", 0))
    linear = panel.bars.grab().toImage()
    panel.log.click()
    logarithmic = panel.bars.grab().toImage()
    panel.order.setCurrentIndex(1)
    assert linear != logarithmic != panel.bars.grab().toImage()


def test_a_hidden_view_does_nothing(qtbot: QtBot, selection: Selection, real_trace: Trace) -> None:
    panel = ScoresPanel(selection)
    qtbot.addWidget(panel)
    selection.set_trace(real_trace)
    selection.select(Ref("detections", 1))
    assert panel.vector is None
    with qtbot.waitExposed(panel):
        panel.show()
    assert panel.vector is not None


def _large(count: int, classes: int) -> Trace:
    rng = np.random.default_rng(count)
    logits = rng.normal(0, 3, (count, classes)).astype(np.float32)
    shares = np.exp(logits)
    shares /= shares.sum(1, keepdims=True)
    boxes = np.tile(np.array([[5, 5, 40, 40]], np.float32), (count, 1))
    arrays = {"logits": logits, "probabilities": shares}
    best, label = shares.max(1), shares.argmax(1)
    first = result("class_scores", Table.of(boxes, best, label), arrays=arrays)
    pairs = Table.of(
        boxes.repeat(classes - 1, 0),
        shares[:, 1:].reshape(-1),
        np.tile(np.arange(1, classes), count),
        np.arange(count).repeat(classes - 1),
        np.where(shares[:, 1:].reshape(-1) > 0.05, 0, Reason.LOW_SCORE).astype(np.uint8),
    )
    second = result("score_threshold", pairs, "class_scores")
    size = (100, 100)
    return trace_of(
        {},
        results={"class_scores": first, "score_threshold": second},
        frame=frame_of(*size),
        transform=Transform(size, size, size),
        final="score_threshold",
    )


@pytest.mark.parametrize(("count", "classes"), [(1, 2), (1000, 91)])
def test_one_box_and_a_thousand_of_91_classes(
    qtbot: QtBot, panel: ScoresPanel, selection: Selection, count: int, classes: int
) -> None:
    trace = _large(count, classes)
    selection.set_trace(trace)
    selection.select(Ref("class_scores", count - 1))
    vector = panel.vector
    assert vector is not None and len(vector) == classes and len(vector.fates) == classes - 1
    qtbot.keyClick(panel.bars, Qt.Key.Key_End)
    lowest = panel.bars.line_rect(panel.bars.label).center().toPoint()
    assert panel.bars.visibleRegion().contains(lowest)
    assert not panel.grab().isNull()
