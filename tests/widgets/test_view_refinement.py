"""The refinement view: the numbers are the trace's, and every control changes what is seen."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from torch import nn
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from torchvision.models.detection.fcos import FCOS
from torchvision.models.detection.retinanet import RetinaNet
from torchvision.models.detection.ssd import SSD

from engine.families import Root, family_of
from engine.frame import Frame
from engine.params import Settings
from engine.trace import Ref, Trace
from tests.widgets.factory import frame_of, many_boxes, toy_trace
from tests.widgets.hosting import behind_a_tab, opened
from tests.widgets.traces import real_trace, retraced
from tests.widgets.two_stage import ArrowWindow, two_stage
from widgets.refinement.panel import RefinementPanel
from widgets.refinement.spread import BINS, spread_of
from widgets.refinement.steps import steps_of, truth_of
from widgets.selection import Selection
from widgets.views import view

__all__ = ["real_trace", "retraced"]
Show = Callable[..., RefinementPanel]


@pytest.fixture
def show(qtbot: QtBot, selection: Selection) -> Show:
    def make(trace: Trace | None, ref: Ref | None = None) -> RefinementPanel:
        return opened(qtbot, selection, "refinement", RefinementPanel, trace, ref)

    return make


# --- the arithmetic is the trace's


@pytest.mark.parametrize("stage", ["anchors", "rpn_decode", "rpn_nms", "proposals"])
def test_anchor_step_makes_the_boxes_of_the_trace(real_trace: Trace, stage: str) -> None:
    table, decoded = real_trace.table(stage), real_trace.table("rpn_decode").boxes
    for row in np.linspace(0, len(table) - 1, 25).astype(int):
        step = steps_of(real_trace, Ref(stage, int(row)))[0]
        assert step.names == ("anchor", "proposal")
        np.testing.assert_allclose(
            step.decoded(step.deltas), decoded[step.ref.row], rtol=1e-5, atol=1e-3
        )
        assert real_trace.ancestors("anchors", np.array([row]), stage)[0] == step.ref.row


@pytest.mark.parametrize("stage", ["decode", "score_threshold", "nms", "detections"])
def test_proposal_step_makes_the_boxes_of_the_trace(real_trace: Trace, stage: str) -> None:
    table, unclipped = real_trace.table(stage), real_trace.stages["decode"].arrays["unclipped"]
    for row in np.linspace(0, len(table) - 1, 25).astype(int):
        step = steps_of(real_trace, Ref(stage, int(row)))[-1]
        assert step.names == ("proposal", "detection")
        expected = unclipped[step.ref.row, table.labels[row]]
        np.testing.assert_allclose(step.decoded(step.deltas), expected, rtol=1e-5, atol=1e-3)
        np.testing.assert_allclose(step.after, table.boxes[row], rtol=1e-5, atol=1e-3)
        assert step.result is not None
        np.testing.assert_array_equal(
            real_trace.table("decode").boxes[step.result.row], table.boxes[row]
        )


def test_a_proposal_is_shown_with_its_most_probable_class(real_trace: Trace) -> None:
    step = steps_of(real_trace, Ref("roi_level", 3))[-1]
    probabilities = real_trace.stages["class_scores"].arrays["probabilities"][3]
    assert step.label == probabilities[1:].argmax() + 1


class _Backbone(nn.Module):
    """Two maps, of stride 8 and 16."""

    def __init__(self, out_channels: int | list[int] = 32) -> None:
        super().__init__()
        self.out_channels = out_channels
        self.first, self.second = nn.Conv2d(3, 32, 8, 8), nn.Conv2d(32, 32, 2, 2)

    def forward(self, x: torch.Tensor) -> OrderedDict[str, torch.Tensor]:
        fine = self.first(x)
        return OrderedDict([("0", fine), ("1", self.second(fine))])


def _single_shot(kind: str) -> nn.Module:
    torch.manual_seed(1)
    size: dict[str, Any] = {"min_size": 64, "max_size": 96, "score_thresh": 0.0}
    squares = AnchorGenerator(((8,), (16,)), ((1.0,), (1.0,)))
    if kind == "fcos":
        return FCOS(_Backbone(), 4, anchor_generator=squares, **size)
    if kind == "retinanet":
        return RetinaNet(_Backbone(), 4, anchor_generator=squares, **size)
    boxes = DefaultBoxGenerator([[2], [2]], scales=[0.2, 0.4, 0.6])
    return SSD(_Backbone([32, 32]), boxes, (64, 64), 4, score_thresh=0.0)


def _trace(module: nn.Module, frame: Frame) -> Trace:
    family = family_of(module.eval())
    pipeline = family.pipeline(module)
    with torch.inference_mode():
        stages = pipeline.run(Root(frame, torch.device("cpu")), (1,), {})
    transform = stages["input"].notes["transform"]
    names = ("bg", "a", "b", "c")
    return Trace(
        frame, kind := family.key, kind, 0, 0, "cpu", names, transform, pipeline.infos, stages,
        family.final, Settings(),
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["ssd", "retinanet", "fcos"])
def test_single_shot_step_makes_the_boxes_of_the_trace(kind: str, show: Show) -> None:
    trace = _trace(_single_shot(kind), frame_of(90, 70))
    table = trace.table("decode")
    for row in np.linspace(0, len(table) - 1, 25).astype(int):
        (step,) = steps_of(trace, Ref("decode", int(row)))
        assert step.result == Ref("decode", row)
        np.testing.assert_allclose(
            step.decoded(step.deltas), table.boxes[row], rtol=1e-5, atol=1e-3
        )
    panel = show(trace, Ref("detections", 0))
    assert panel.page.tabs.count() == 1
    first = "point" if kind == "fcos" else "anchor"
    assert panel.step is not None and panel.step.names == (first, "detection")
    np.testing.assert_allclose(panel.step.after, trace.table("detections").boxes[0], atol=1e-3)


def test_spread_counts_every_row_and_marks_where_the_value_is() -> None:
    rng = np.random.default_rng(0)
    deltas = rng.normal(0, 1, (5000, 4)).astype(np.float32)
    value = np.array([0.0, 9.0, -1.0, 0.3], np.float32)
    spread = spread_of(deltas, value)
    assert (spread.counts.sum(1) == 5000).all()
    assert (spread.low < value).all() and (value < spread.high).all()
    inside, _ = np.histogram(deltas[:, 1], BINS, (spread.low[1], spread.high[1]))
    # float32 against float64 may put a value beside a bin's edge into the neighbour
    assert np.abs(inside - spread.counts[1]).sum() <= 4


def test_spread_of_odd_values_is_finite() -> None:
    deltas = np.array([[np.nan, np.inf, -np.inf, 0]], np.float32)
    spread = spread_of(deltas, deltas[0], one_sided=True)
    assert np.isfinite([spread.low, spread.high]).all() and (spread.counts.sum(1) == 1).all()


# --- what is seen


def test_numbers_of_the_box_stand_in_the_formula(show: Show, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("detections", 0))
    step = panel.step
    assert step is not None and step.names[0] == "proposal"
    text = panel.page.formula.text()
    for value in step.decoded(step.deltas).tolist():
        assert f"{value:.1f}" in text
    assert "/ 10 ·" in text and "4.135" in text
    assert "network px" in text and "image px" in text
    assert real_trace.name_of(step.label) in panel.page.way.text()


def test_overlap_is_with_the_ground_truth(show: Show, real_trace: Trace) -> None:
    from engine.boxes import iou

    panel = show(real_trace, Ref("detections", 0))
    truth = truth_of(real_trace, panel.steps)
    assert truth is not None and real_trace.frame.truth is not None
    bars = {b.name: b.iou for b in panel.page.overlap.bars}
    assert list(bars) == ["anchor", "proposal", "detection"]
    end = real_trace.boxes_image("detections")[:1]
    assert bars["detection"] == pytest.approx(iou(end, real_trace.frame.truth.boxes).max(), 1e-5)


def test_without_ground_truth_there_are_no_bars(show: Show) -> None:
    panel = show(two_stage(50, 10, 3), Ref("detections", 0))
    assert panel.page.overlap.isHidden() and panel.page.overlap_heading.isHidden()


def test_tabs_choose_the_step_by_click_and_key(
    show: Show,
    qtbot: QtBot,
    real_trace: Trace,
) -> None:
    panel = show(real_trace, Ref("detections", 1))
    tabs = panel.page.tabs
    assert [tabs.tabText(k) for k in range(2)] == ["Anchor → proposal", "Proposal → detection"]
    qtbot.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(0).center())
    assert panel.step is panel.steps[0]
    qtbot.keyClick(tabs, Qt.Key.Key_Right)
    assert panel.step is panel.steps[1]


def test_histograms_hold_all_rows(show: Show, qtbot: QtBot, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("proposals", 2))
    panel.page.tabs.setCurrentIndex(0)
    rows = len(real_trace.table("anchors"))

    def counted() -> bool:
        spread = panel.page.editor.rows[0].strip.spread
        return spread is not None and bool((spread.counts.sum(1) == rows).all())

    qtbot.waitUntil(counted, timeout=10_000)
    assert f"all {rows:,} anchors" in panel.page.crowd.text()
    strip = panel.page.editor.rows[2].strip
    assert f"of all {rows:,} anchors" in strip.tip_at(strip.width() // 2)


def test_slider_key_spin_box_and_reset(show: Show, qtbot: QtBot, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("detections", 0))
    before, row = panel.page.formula.text(), panel.page.editor.rows[0]
    assert not panel.page.reset.isEnabled() and panel.what_if is None
    qtbot.keyClick(row.slider, Qt.Key.Key_PageUp)
    assert panel.what_if is not None and panel.step is not None
    assert panel.what_if[0] > panel.step.deltas[0]
    np.testing.assert_array_equal(panel.what_if[1:], panel.step.deltas[1:])
    assert panel.page.formula.text() != before
    assert [b.name for b in panel.page.overlap.bars][-1] == "what if"
    spin = panel.page.editor.rows[3].spin
    spin.selectAll()
    qtbot.keyClicks(spin, "1.25")
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert panel.what_if[3] == 1.25
    qtbot.mouseClick(panel.page.reset, Qt.MouseButton.LeftButton)
    assert panel.what_if is None and panel.page.formula.text() == before
    assert [b.name for b in panel.page.overlap.bars][-1] == "detection"


def test_a_wild_delta_is_cut_and_the_formula_says_so(show: Show, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("detections", 0))
    panel.page.editor.rows[2].spin.setValue(500.0)
    assert "exp(4.135)" in panel.page.formula.text()
    assert "cut to the picture" in panel.page.formula.text()


def test_deltas_of_the_ground_truth_reach_it(show: Show, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("detections", 0))
    step, truth = panel.step, truth_of(real_trace, panel.steps)
    assert step is not None and truth is not None
    wanted = step.coding.encode(real_trace.transform.to_network(truth.box[None])[0], step.before)
    for row, value in zip(panel.page.editor.rows, wanted.tolist(), strict=True):
        row.spin.setValue(value)
    bar = panel.page.overlap.bars[-1]
    assert bar.name == "what if" and bar.iou > 0.99


def test_dragging_and_arrow_keys_move_the_what_if_box(
    show: Show,
    qtbot: QtBot,
    real_trace: Trace,
) -> None:
    panel = show(real_trace, Ref("detections", 1))
    step, picture = panel.step, panel.page.picture
    assert step is not None

    def size_and_middle() -> tuple[np.ndarray, np.ndarray]:
        assert panel.what_if is not None
        box = real_trace.transform.to_image(step.decoded(panel.what_if)[None])[0]
        return box[2:] - box[:2], (box[:2] + box[2:]) / 2

    start = real_trace.transform.to_image(step.decoded(step.deltas)[None])[0]
    qtbot.keyClick(picture, Qt.Key.Key_Right)
    size, middle = size_and_middle()
    np.testing.assert_allclose(middle, (start[:2] + start[2:]) / 2 + [1, 0], atol=0.01)
    np.testing.assert_allclose(size, start[2:] - start[:2], atol=0.01)
    qtbot.keyClick(picture, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    np.testing.assert_allclose(size_and_middle()[0], size - [0, 1], atol=0.01)
    zoom = picture.to_view(QPointF(1, 0)).x() - picture.to_view(QPointF(0, 0)).x()
    at = QPoint(100, 100)
    qtbot.mousePress(picture, Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseMove(picture, at + QPoint(0, round(4 * zoom)))
    qtbot.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=at + QPoint(0, round(4 * zoom)))
    assert size_and_middle()[1][1] - middle[1] == pytest.approx(4, abs=0.2)


def test_arrow_keys_in_the_view_do_not_step_the_window(
    show: Show,
    qtbot: QtBot,
    real_trace: Trace,
) -> None:
    panel = show(real_trace, Ref("detections", 1))
    window = ArrowWindow(panel)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    for part in (panel.page.picture, panel.page.editor.rows[0].slider, panel.page.tabs):
        part.setFocus()
        qtbot.keyClick(part, Qt.Key.Key_Left)
    assert window.stepped == 0
    panel.page.reset.setEnabled(True)
    panel.page.reset.setFocus()
    qtbot.keyClick(panel.page.reset, Qt.Key.Key_Left)
    assert window.stepped == 1


# --- following


def test_it_follows_the_selection(show: Show, selection: Selection, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("detections", 0))
    first = panel.page.formula.text()
    panel.page.editor.rows[0].spin.setValue(2.0)
    selection.select(Ref("detections", 4))
    assert panel.what_if is None and panel.page.formula.text() != first
    selection.select(Ref("anchors", 0))
    assert panel.step is not None and panel.steps[0].ref == Ref("anchors", 0)


def test_a_moved_nms_keeps_the_what_if_box(
    show: Show,
    selection: Selection,
    real_trace: Trace,
    retraced: Callable[..., Trace],
) -> None:
    panel = show(real_trace, Ref("proposals", 0))
    panel.page.editor.rows[0].spin.setValue(2.0)
    steps = panel.steps
    later = retraced(nms__nms_thresh=0.8)
    selection.set_trace(later)
    assert panel.what_if is not None and panel.what_if[0] == 2.0
    assert panel.steps is steps  # nothing that is shown ran again
    selection.set_trace(retraced(proposals__post_nms_top_n=20))
    assert panel.steps is not steps and panel.what_if is not None


def test_hidden_it_does_nothing_and_catches_up_when_shown(
    show: Show,
    selection: Selection,
    qtbot: QtBot,
    real_trace: Trace,
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    steps = panel.steps
    tabs = behind_a_tab(qtbot, panel)
    selection.select(Ref("detections", 2))
    assert panel.steps is steps
    tabs.setCurrentIndex(0)
    assert panel.steps is not steps


# --- nothing, one box, many


def test_empty_states_say_what_to_do(
    show: Show,
    selection: Selection,
    qtbot: QtBot,
    real_trace: Trace,
) -> None:
    panel = show(None)
    assert "Open a picture" in panel.empty.hint.text() and panel.empty.best.isHidden()
    selection.set_trace(real_trace)
    assert "Click a box" in panel.empty.hint.text()
    qtbot.mouseClick(panel.empty.best, Qt.MouseButton.LeftButton)
    assert selection.ref == Ref("detections", 0) and panel.currentWidget() is panel.page
    nothing = two_stage(3, 0, 3)
    selection.set_trace(nothing)
    assert "found nothing" in panel.empty.hint.text() and panel.empty.best.isHidden()


def test_a_trace_without_deltas_is_no_matter(show: Show) -> None:
    panel = show(toy_trace(), Ref("nms", 0))
    assert "not made by moving" in panel.empty.hint.text()
    assert not view("refinement").shows(many_boxes(3))


def test_one_box(show: Show) -> None:
    panel = show(two_stage(1, 1, 2), Ref("detections", 0))
    assert len(panel.steps) == 2
    panel.grab()


def test_200_000_anchors(show: Show, qtbot: QtBot, selection: Selection) -> None:
    trace = two_stage(200_000, 1000, 91)
    panel = show(trace, Ref("anchors", 123_456))
    strip = panel.page.editor.rows[0].strip
    qtbot.waitUntil(
        lambda: strip.spread is not None and strip.spread.counts[0].sum() == 200_000, timeout=20_000
    )
    selection.select(Ref("decode", 500 * 91 + 7))
    assert panel.step is not None and panel.step.label == 7
    panel.grab()


def test_a_picture_without_a_window_is_complete(
    qtbot: QtBot, selection: Selection, real_trace: Trace
) -> None:
    panel = view("refinement").create(selection)
    qtbot.addWidget(panel)
    selection.set_trace(real_trace)
    selection.select(Ref("detections", 0))
    assert isinstance(panel, RefinementPanel) and panel.currentWidget() is panel.page
    spread = panel.page.editor.rows[0].strip.spread
    assert spread is not None and spread.counts[0].sum() == len(real_trace.table("roi_level"))


@pytest.mark.parametrize("size", [(900, 700), (420, 700)])
def test_nothing_is_cut_off_sideways(
    show: Show,
    qtbot: QtBot,
    real_trace: Trace,
    size: tuple[int, int],
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    panel.resize(*size)
    qtbot.waitUntil(lambda: panel.page.widget().width() <= panel.width())
    for row in panel.page.editor.rows:
        right = row.spin.mapTo(panel, row.spin.rect().topRight()).x()
        assert right < panel.width()
