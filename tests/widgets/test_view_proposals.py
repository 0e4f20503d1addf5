"""The proposals view, used with real clicks and keys on a real trace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine import boxes, scenes
from engine.frame import Frame
from engine.trace import Ref, Trace
from tests.widgets import factory, traces
from tests.widgets.anchored import layout_of, single_shot, truths
from tests.widgets.hosting import opened
from widgets.anchors.shapes import Shapes, changed
from widgets.heat_colours import TABLE, shade
from widgets.proposals.panel import ProposalPanel
from widgets.proposals.road import heat, recall_of
from widgets.selection import Selection

LEFT = Qt.MouseButton.LeftButton
real_trace, retraced = traces.real_trace, traces.retraced
LIMIT = "proposals.post_nms_top_n"


@pytest.fixture
def panel(qtbot: QtBot, selection: Selection) -> ProposalPanel:
    """The view on screen, without a trace."""
    return opened(qtbot, selection, "proposals", ProposalPanel, None)


@pytest.fixture
def show(
    qtbot: QtBot, panel: ProposalPanel, selection: Selection
) -> Callable[[Trace], ProposalPanel]:
    """Shows a trace and waits for what is worked out of it."""

    def shown(trace: Trace) -> ProposalPanel:
        selection.set_trace(trace)
        settle(qtbot, panel)
        return panel

    return shown


@pytest.fixture
def wishes(selection: Selection) -> list[tuple[str, object]]:
    """What the view wished for."""
    made: list[tuple[str, object]] = []
    selection.param_wished.connect(lambda key, value: made.append((key, value)))
    return made


def settle(qtbot: QtBot, panel: ProposalPanel) -> None:
    qtbot.waitUntil(lambda: not panel.busy, timeout=10_000)
    QApplication.processEvents()  # the answer travels by a queued signal, posted by now


def choose(qtbot: QtBot, panel: ProposalPanel, level: int) -> None:
    """Level by the keyboard: Home is "all levels"."""
    panel.levels.setFocus()
    qtbot.keyClick(panel.levels, Qt.Key.Key_Home)
    for _ in range(level + 1):
        qtbot.keyClick(panel.levels, Qt.Key.Key_Down)
    settle(qtbot, panel)


def truth_boxes(trace: Trace) -> np.ndarray:
    assert trace.frame.truth is not None
    return trace.transform.to_network(trace.frame.truth.boxes)


# --- the heat map


@pytest.mark.parametrize("level", range(5))
def test_heat_of_a_level_is_the_best_score_of_each_cell(
    qtbot: QtBot, show: Callable, real_trace: Trace, level: int
) -> None:
    panel = show(real_trace)
    choose(qtbot, panel, level)
    logits = real_trace.stages["objectness"].arrays[f"level/{level}"]  # (A, H, W)
    want = 1 / (1 + np.exp(-logits.astype(np.float64)))
    np.testing.assert_allclose(panel.answer.values, want.max(0), atol=1e-6)
    panel.shapes.setCurrentIndex(2)
    settle(qtbot, panel)
    np.testing.assert_allclose(panel.answer.values, want[1], atol=1e-6)
    np.testing.assert_array_equal(panel.answer.pixels, shade(panel.answer.values))


def test_heat_of_all_levels_is_the_best_level_at_each_place(
    show: Callable, real_trace: Trace
) -> None:
    panel = show(real_trace)
    layout = real_trace.stages["anchors"].notes["layout"]
    scores = real_trace.table("objectness").scores
    want = np.zeros((64, 64), np.float32)
    for at, level in enumerate(layout.levels):
        times = 64 // level.grid[0]
        one = heat(scores, layout, at, None)
        want = np.maximum(want, np.kron(one, np.ones((times, times), np.float32)))
    np.testing.assert_array_equal(panel.answer.values, want)


def test_colours_rise_in_lightness() -> None:
    light = TABLE[:, :3].astype(float) @ (0.114, 0.587, 0.299)
    assert (np.diff(light) > -1).all() and light[-1] > 8 * light[0]
    assert (np.diff(TABLE[:, 3].astype(int)) >= 0).all()


def test_click_selects_the_best_anchor_of_the_cell(
    qtbot: QtBot, show: Callable, real_trace: Trace, selection: Selection
) -> None:
    panel = show(real_trace)
    choose(qtbot, panel, 2)
    layout = real_trace.stages["anchors"].notes["layout"]
    qtbot.mouseClick(panel.picture, LEFT, pos=panel.picture.centre_of((6, 7)).toPoint())
    rows = layout.index(2, 6, 7, np.arange(3))
    scores = real_trace.table("objectness").scores[rows]
    assert selection.ref == Ref("objectness", int(rows[scores.argmax()]))
    assert f"<b>{scores.max():.3f}</b>" in panel.readout.text()
    assert "Level 2, cell x 7, y 6" in panel.readout.text()


def test_over_all_levels_a_click_selects_the_best_of_them(
    qtbot: QtBot, show: Callable, real_trace: Trace, selection: Selection
) -> None:
    panel = show(real_trace)
    layout = real_trace.stages["anchors"].notes["layout"]
    scores = real_trace.table("objectness").scores
    qtbot.mouseClick(panel.picture, LEFT, pos=panel.picture.centre_of((40, 40)).toPoint())
    above = [layout.index(i, 40 >> i, 40 >> i, np.arange(3)) for i in range(5)]
    assert selection.ref is not None
    assert scores[selection.ref.row] == scores[np.concatenate(above)].max()


def test_keys_walk_over_cells_and_levels_and_enter_selects(
    qtbot: QtBot, show: Callable, real_trace: Trace, selection: Selection
) -> None:
    panel = show(real_trace)
    choose(qtbot, panel, 1)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Down):  # the first takes the middle
        qtbot.keyClick(panel.picture, key)
    assert panel.picture.cell == (17, 15)
    qtbot.keyClick(panel.picture, Qt.Key.Key_Return)
    layout = real_trace.stages["anchors"].notes["layout"]
    assert selection.ref is not None
    assert [int(v) for v in layout.locate(selection.ref.row)][:3] == [1, 17, 15]
    qtbot.keyClick(panel.picture, Qt.Key.Key_PageDown)
    assert panel.level == 2
    for _ in range(9):
        qtbot.keyClick(panel.picture, Qt.Key.Key_PageUp)
    assert panel.level is None and panel.levels.currentText() == "all levels"


def test_opacity_is_what_the_slider_says(qtbot: QtBot, show: Callable) -> None:
    panel = show(single_shot(layout_of(16)))
    panel.opacity.setFocus()
    qtbot.keyClick(panel.opacity, Qt.Key.Key_Home)
    assert panel.picture.opacity == 0
    qtbot.keyClick(panel.opacity, Qt.Key.Key_End)
    assert panel.picture.opacity == 1


# --- the road


def test_steps_count_what_the_trace_kept(show: Callable, real_trace: Trace) -> None:
    steps = show(real_trace).steps.steps
    assert [s.name for s in steps] == [
        "rpn_decode", "rpn_topk", "rpn_clip", "rpn_nms", "proposals",
    ]  # fmt: skip
    truth = truth_boxes(real_trace)
    for step in steps:
        table = real_trace.table(step.name)
        assert (step.kept, step.rows) == (len(table.kept), len(table))
        assert step.kept + sum(step.reasons.values()) == step.rows
        best = boxes.iou(truth, table.boxes[table.kept]).max(1)
        assert step.covered == (best >= 0.5).sum()
        assert step.picture[..., 3].any()


def test_a_moved_threshold_shows_its_step(show: Callable, retraced: Callable) -> None:
    steps = show(retraced(rpn_threshold__score_thresh=0.5)).steps.steps
    assert "rpn_threshold" in [s.name for s in steps]


def test_click_and_arrows_choose_the_stage(
    qtbot: QtBot, show: Callable, real_trace: Trace, selection: Selection
) -> None:
    strip = show(real_trace).steps
    qtbot.mouseClick(strip, LEFT, pos=strip.place_of(3).center().toPoint())
    assert selection.stage == "rpn_nms"
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert selection.stage == "proposals"
    qtbot.keyClick(strip, Qt.Key.Key_Right)  # the last
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    assert selection.stage == "rpn_nms"


def test_the_selected_box_is_marked_where_it_still_is(
    qtbot: QtBot, show: Callable, real_trace: Trace, selection: Selection
) -> None:
    panel = show(real_trace)
    table = real_trace.table("rpn_nms")
    lost = int(np.flatnonzero(table.reason != 0)[0])
    selection.select(Ref("rpn_nms", lost))
    settle(qtbot, panel)
    marks = {s.name: s for s in panel.steps.steps}
    np.testing.assert_allclose(
        marks["rpn_nms"].marked, real_trace.transform.to_image(table.boxes[lost : lost + 1])[0]
    )
    assert marks["rpn_topk"].marked_kept and not marks["rpn_nms"].marked_kept
    assert marks["proposals"].marked is None


# --- recall


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.9])
def test_recall_is_the_share_that_the_best_n_cover(
    qtbot: QtBot, show: Callable, real_trace: Trace, threshold: float
) -> None:
    panel = show(real_trace)
    panel.threshold.setValue(threshold)
    settle(qtbot, panel)
    iou = boxes.iou(truth_boxes(real_trace), real_trace.table("proposals").boxes)
    curve = panel.answer.recall.curve
    for n in (1, 5, 20, 200, iou.shape[1]):
        want = (iou[:, :n].max(1) >= np.float32(threshold)).mean()
        assert curve[n] == pytest.approx(want)
        assert panel.answer.recall.covered(n) == round(want * len(iou))
    assert f"IoU ≥ {threshold:.2f}" in panel.heading.text()


def test_recall_of_few() -> None:
    none = recall_of(np.zeros((3, 0), np.float32), 0.5)
    assert none.curve.tolist() == [0.0] and none.covered(10) == 0
    some = recall_of(np.float32([[0.2, 0.6, 0.9], [0.5, 0, 0], [0.1, 0.1, 0.1]]), 0.5)
    assert some.ranks.tolist() == [2, 1, 0]
    np.testing.assert_allclose(some.curve, [0, 1 / 3, 2 / 3, 2 / 3])


def test_the_present_number_is_marked(show: Callable, real_trace: Trace) -> None:
    panel = show(real_trace)
    assert panel.plot.count == panel.count.value() == 200
    assert panel.count_label.text() == "Proposals"


def test_dragging_the_mark_wishes_the_number_and_the_trace_confirms_it(
    qtbot: QtBot,
    show: Callable,
    real_trace: Trace,
    retraced: Callable,
    wishes: list[tuple[str, object]],
) -> None:
    panel = show(real_trace)
    plot, y = panel.plot, panel.plot.height() // 2
    qtbot.mousePress(plot, LEFT, pos=QPoint(round(plot.x_of(200)), y))
    qtbot.mouseMove(plot, QPoint(round(plot.x_of(60)), y))
    qtbot.mouseMove(plot, QPoint(round(plot.x_of(20)), y))
    qtbot.mouseRelease(plot, LEFT, pos=QPoint(round(plot.x_of(20)), y))
    assert {key for key, _ in wishes} == {LIMIT}
    first, last = wishes[-2][1], wishes[-1][1]
    assert isinstance(last, int) and last == panel.count.value() == plot.count < first
    show(retraced(proposals__post_nms_top_n=first))  # late: the hand is further on already
    assert plot.count == last
    show(retraced(proposals__post_nms_top_n=last))
    assert plot.count == last and panel.steps.steps[-1].kept == last
    show(real_trace)  # somebody else set it back
    assert plot.count == 200


def test_keys_and_spin_wish_the_number(
    qtbot: QtBot, show: Callable, real_trace: Trace, wishes: list[tuple[str, object]]
) -> None:
    panel = show(real_trace)
    qtbot.keyClick(panel.plot, Qt.Key.Key_Left)
    qtbot.keyClick(panel.plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    panel.count.setValue(50)
    assert wishes == [(LIMIT, 180), (LIMIT, 181), (LIMIT, 50)]


def test_without_ground_truth_there_is_no_recall_and_it_says_so(
    qtbot: QtBot, show: Callable
) -> None:
    panel = show(traces.run(scenes.draw(scenes.HELD_OUT + 7)))  # a shelf without objects
    assert panel.answer.recall is None
    assert {s.covered for s in panel.steps.steps} == {-1}
    assert not panel.grab().isNull()


# --- single shot, nothing, little, much


def test_a_single_shot_model_shows_its_best_class_and_detections(
    qtbot: QtBot, show: Callable, selection: Selection, wishes: list[tuple[str, object]]
) -> None:
    trace = single_shot(layout_of(16, 8), truths((100, 100, 300, 300)))
    panel = show(trace)
    assert [s.name for s in panel.steps.steps] == ["decode", "score_threshold", "nms", "detections"]
    assert panel.count_label.text() == "Detections" and panel.count.value() == 3
    panel.count.setValue(5)
    assert wishes == [("detections.detections_per_img", 5)]
    qtbot.mouseClick(panel.picture, LEFT, pos=panel.picture.centre_of((3, 3)).toPoint())
    assert selection.ref is not None and selection.ref.stage == "class_scores"
    label = int(trace.table("class_scores").labels[selection.ref.row])
    assert trace.name_of(label) in panel.readout.text()


@pytest.mark.parametrize("trace", [None, factory.toy_trace()], ids=["nothing", "no scores"])
def test_empty(qtbot: QtBot, show: Callable, trace: Trace | None) -> None:
    show(single_shot(layout_of(16), truths((0, 0, 90, 90))))
    panel = show(trace)
    assert panel.picture.frame is None and panel.answer is None and panel.steps.steps == ()
    for widget in (panel.picture, panel.steps, panel.plot):
        qtbot.keyClick(widget, Qt.Key.Key_Right)
        qtbot.mouseClick(widget, LEFT)
    assert not panel.count.isEnabled() and not panel.grab().isNull()


def test_one_box(show: Callable) -> None:
    one = changed(layout_of(1), Shapes((3072.0,), (1.0,), (1,)))
    panel = show(single_shot(one, truths((0, 0, 1024, 1024))))
    assert panel.answer.values.shape == (1, 1)
    assert [s.kept for s in panel.steps.steps] == [1, 1, 1, 1]
    assert not panel.grab().isNull()


def test_two_hundred_thousand_anchors(
    qtbot: QtBot, panel: ProposalPanel, selection: Selection
) -> None:
    trace = single_shot(layout_of(256, 64, 16), truths((0, 0, 90, 90), (500, 500, 900, 800)))
    selection.set_trace(trace)
    assert panel.busy  # not on this thread
    settle(qtbot, panel)
    assert panel.steps.steps[0].kept > 200_000
    assert panel.answer.values.shape == (256, 256)


def test_what_did_not_change_is_not_worked_out_again(
    qtbot: QtBot, show: Callable, real_trace: Trace, retraced: Callable
) -> None:
    panel = show(real_trace)
    before = panel.answer
    show(retraced(score_threshold__score_thresh=0.3))  # after the proposals
    assert panel.answer is before
    show(retraced(rpn_nms__nms_thresh=0.5))
    assert panel.answer is not before
    assert panel.answer.pixels is before.pixels
    assert panel.answer.steps[0].picture is before.steps[0].picture


@pytest.mark.parametrize("width", [1200, 900, 420, 320])
def test_steps_have_room_at_every_width(
    qtbot: QtBot, show: Callable, real_trace: Trace, width: int
) -> None:
    panel = show(real_trace)
    panel.resize(width, 700)
    qtbot.waitUntil(lambda: panel.steps.width() <= width)
    settle(qtbot, panel)
    strip = panel.steps
    places = [strip.place_of(at) for at in range(5)]
    assert max(p.bottom() for p in places) <= strip.height()
    assert max(p.right() for p in places) <= strip.width()
    assert not any(a.intersects(b) for a in places for b in places if a is not b)


def test_lower_pictures_leave_nothing_to_scroll(
    qtbot: QtBot, show: Callable, panel: ProposalPanel
) -> None:
    tall = Frame(np.zeros((300, 200, 3), np.uint8), "test")
    wide = Frame(np.zeros((100, 300, 3), np.uint8), "test")
    panel.resize(900, 560)
    show(traces.run(tall))
    page = panel.page
    qtbot.waitUntil(lambda: page.widget().height() > page.viewport().height())
    show(traces.run(wide))
    qtbot.waitUntil(lambda: page.widget().height() == page.viewport().height())
