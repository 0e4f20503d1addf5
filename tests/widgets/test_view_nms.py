"""The NMS view on real traces: every decision is the trace's, and mouse and keys work."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QLabel, QMainWindow, QPushButton, QSlider, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from engine import boxes as box_ops
from engine import scenes
from engine.frame import GroundTruth, Transform
from engine.table import Reason, Table
from engine.trace import Ref, Trace
from tests.widgets.factory import CLASSES, frame_of, result, toy_trace, trace_of
from tests.widgets.hosting import opened
from tests.widgets.traces import real_trace, retraced, run
from widgets.nms.crowd import crowd_losses
from widgets.nms.panel import NmsPanel
from widgets.nms.plan import Plan, stage_for
from widgets.nms.table import HEADINGS
from widgets.nms.what_if import Pool, least_score
from widgets.selection import Selection

__all__ = ["real_trace", "retraced"]
LEFT = Qt.MouseButton.LeftButton
BOTH = pytest.mark.parametrize("stage", ["rpn_nms", "nms"])


@pytest.fixture(scope="module")
def crowd() -> Trace:
    """The first crowd in which boxes of two objects could not both stay, whatever the weights."""
    for seed in range(scenes.HELD_OUT, scenes.HELD_OUT + 24):
        trace = run(scenes.draw(seed, kind="crowd"))
        losses = crowd_losses(Plan.of(trace, "nms"))
        if losses and losses[0].truth_iou > 0.5:
            return trace
    pytest.fail("no crowd of 24 lost a box to a neighbour's")


@pytest.fixture
def panel(qtbot: QtBot, selection: Selection) -> NmsPanel:
    return opened(qtbot, selection, "nms", NmsPanel, None, size=(500, 800))


def _large(n: int, classes: int) -> Trace:
    rng = np.random.default_rng(n)
    low = rng.uniform(0, 600, (n, 2))
    boxes = np.hstack([low, low + rng.uniform(20, 120, (n, 2))]).astype(np.float32)
    scores, labels = rng.uniform(0.05, 1, n).astype(np.float32), rng.integers(1, classes, n)
    from engine.nms import greedy

    done = greedy(boxes, scores, labels, 0.5)
    reason = np.full(n, Reason.SUPPRESSED, np.uint8)
    reason[done.keep] = Reason.KEPT
    table = Table.of(boxes, scores, labels, None, reason, done.by)
    made = result("nms", table, arrays={"iou": done.iou_with})
    object.__setattr__(made, "params", MappingProxyType({"nms_thresh": 0.5}))
    return trace_of({}, results={"nms": made}, frame=frame_of(720, 720), final="nms")


def _text(panel: NmsPanel, name: str) -> str:
    found = panel.findChild(QLabel, name)
    assert found is not None
    return found.text()


def _click(qtbot: QtBot, panel: NmsPanel, name: str) -> None:
    button = panel.findChild(QToolButton, name)
    assert button is not None
    qtbot.mouseClick(button, LEFT)


def _settle(qtbot: QtBot, panel: NmsPanel) -> None:
    qtbot.waitUntil(lambda: all(c.outcome is not None for c in panel.what_if.cards.values()))
    qtbot.waitUntil(lambda: not panel.what_if.busy)


# --- the decisions


@BOTH
def test_every_decision_is_the_traces_reason_and_suppressor(
    panel: NmsPanel, selection: Selection, real_trace: Trace, stage: str
) -> None:
    selection.set_trace(real_trace)
    selection.set_stage(stage)
    table, iou = real_trace.table(stage), real_trace.stages[stage].arrays["iou"]
    lines = panel.table.lines
    assert panel.plan is not None and panel.plan.stage == stage
    assert lines.rowCount() == len(table) > 100
    seen = set()
    for line in range(lines.rowCount()):
        cells = dict(
            zip(HEADINGS, (lines.text(line, c) for c in range(len(HEADINGS))), strict=True)
        )
        row = lines.row_at(line)
        seen.add(row)
        kept = table.reason[row] == Reason.KEPT
        assert cells["verdict"] == ("kept" if kept else f"by #{table.by[row]}")
        if stage == "nms":
            assert cells["class"] == real_trace.name_of(int(table.labels[row]))
        else:
            assert cells["class"] == str(real_trace.stages[stage].arrays["level"][row])
        assert cells["IoU"] == ("" if kept else f"{iou[row]:.3f}")
    assert len(seen) == len(table)


@BOTH
def test_playing_all_decisions_keeps_and_ends_what_the_trace_did(
    real_trace: Trace, stage: str
) -> None:
    plan, table = Plan.of(real_trace, stage), real_trace.table(stage)
    assert len(plan) == len(table.kept)
    gone: list[int] = []
    for number in range(1, len(plan) + 1):
        row, suppressed, iou = plan.step(number)
        assert table.reason[row] == Reason.KEPT
        assert (table.by[suppressed] == row).all() and (plan.decision[suppressed] == number).all()
        assert (iou > real_trace.stages[stage].params["nms_thresh"]).all()
        gone += suppressed.tolist()
    assert sorted(gone) == np.flatnonzero(table.reason == Reason.SUPPRESSED).tolist()
    assert (np.diff(table.scores[plan.keep]) <= 0).all()


def test_kept_rows_are_played_in_the_order_of_the_detections(real_trace: Trace) -> None:
    np.testing.assert_array_equal(
        Plan.of(real_trace, "nms").keep, real_trace.table("detections").parent
    )


def test_the_stage_under_study_chooses_the_nms(real_trace: Trace) -> None:
    chosen = {name: stage_for(real_trace, name) for name in real_trace.stages}
    assert chosen["input"] == chosen["anchors"] == chosen["proposals"] == "rpn_nms"
    assert chosen["roi_level"] == chosen["nms"] == chosen["masks"] == "nms"
    assert stage_for(toy_trace(), "anchors") == "nms"
    assert stage_for(None, "nms") == ""


def test_choosing_the_other_nms_moves_the_stage(
    qtbot: QtBot, panel: NmsPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    panel.which.setFocus()
    qtbot.keyClick(panel.which, Qt.Key.Key_Up)
    assert selection.stage == "rpn_nms"
    assert panel.plan is not None and panel.plan.within == "level"


# --- stepping and playing


def test_buttons_step_and_every_view_follows(
    qtbot: QtBot, panel: NmsPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    assert panel.position == 1
    _click(qtbot, panel, "forward")
    _click(qtbot, panel, "forward")
    keep = Plan.of(real_trace, "nms").keep
    assert panel.position == 3 and selection.ref == Ref("nms", int(keep[2]))
    _click(qtbot, panel, "back")
    assert selection.ref == Ref("nms", int(keep[1]))


def test_keys_of_the_picture(
    qtbot: QtBot, panel: NmsPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    count = len(real_trace.table("nms").kept)
    for key, want in (("End", count), ("Right", count), ("Left", count - 1), ("Home", 0)):
        qtbot.keyClick(panel.picture, getattr(Qt.Key, f"Key_{key}"))
        assert panel.position == want, key
    assert "wait" in _text(panel, "sentence")
    qtbot.keyClick(panel.picture, Qt.Key.Key_Right)
    chosen, gone, _ = Plan.of(real_trace, "nms").step(1)
    assert len(gone)
    qtbot.keyClick(panel.picture, Qt.Key.Key_Down)
    assert selection.ref == Ref("nms", int(gone[0])) and panel.position == 1
    qtbot.keyClick(panel.picture, Qt.Key.Key_Up)
    assert selection.ref == Ref("nms", chosen)
    qtbot.keyClick(panel.picture, Qt.Key.Key_Z)
    assert not panel.zoom.isChecked()


def test_the_windows_stage_keys_work_unless_the_picture_has_the_focus(
    qtbot: QtBot, selection: Selection, real_trace: Trace
) -> None:
    window, other = QMainWindow(), QPushButton("elsewhere")
    panel = NmsPanel(selection)
    middle = QWidget(window)
    panel.setParent(middle)
    other.setParent(middle)
    window.setCentralWidget(middle)
    qtbot.addWidget(window)
    action = QAction("next", window)
    action.setShortcut(QKeySequence("Home"))
    window.addAction(action)
    fired: list[bool] = []
    action.triggered.connect(lambda: fired.append(True))
    with qtbot.waitActive(window):
        window.show()
    selection.set_trace(real_trace)
    panel.picture.setFocus()
    qtbot.waitUntil(panel.picture.hasFocus)
    qtbot.keyClick(panel.picture, Qt.Key.Key_Home)
    assert panel.position == 0 and not fired
    other.setFocus()
    qtbot.waitUntil(other.hasFocus)
    qtbot.keyClick(other, Qt.Key.Key_Home)
    assert fired


def test_play_pause_and_the_end(
    qtbot: QtBot, panel: NmsPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    panel.transport.findChild(QWidget, "speed").setCurrentIndex(3)  # type: ignore[union-attr]
    _click(qtbot, panel, "play")
    qtbot.waitUntil(lambda: panel.position >= 3)
    _click(qtbot, panel, "play")
    assert not panel.transport.playing
    panel.transport.findChild(QSlider).setValue(panel.transport.length - 2)  # type: ignore[union-attr]
    qtbot.keyClick(panel.picture, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: panel.position == panel.transport.length)
    qtbot.waitUntil(lambda: not panel.transport.playing)
    _click(qtbot, panel, "play")
    assert panel.transport.playing and panel.position == 0
    panel.hide()
    assert not panel.transport.playing


def test_playing_goes_on_through_live_traces(
    qtbot: QtBot,
    panel: NmsPanel,
    selection: Selection,
    real_trace: Trace,
    retraced: Callable[..., Trace],
) -> None:
    selection.set_trace(real_trace)
    panel.transport.findChild(QWidget, "speed").setCurrentIndex(3)  # type: ignore[union-attr]
    _click(qtbot, panel, "play")
    for iou in (0.45, 0.4):
        at = panel.position
        qtbot.waitUntil(lambda at=at: panel.position >= at + 2)
        selection.set_trace(retraced(nms__nms_thresh=iou))
        assert panel.transport.playing and panel.position >= at + 2
    qtbot.waitUntil(lambda: not panel.transport.playing)
    assert panel.position == panel.transport.length
    assert selection.ref == Ref("nms", int(Plan.of(selection.trace, "nms").keep[-1]))


def test_scrubbing_shows_each_decision(
    panel: NmsPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    slider = panel.transport.findChild(QSlider, "position")
    assert slider is not None
    pictures = set()
    for number in (0, 1, 5):
        slider.setValue(number)
        assert panel.position == number
        pictures.add(panel.picture.grab().toImage().cacheKey())
    assert len(pictures) == 3


# --- the selection, both ways


def test_a_line_of_the_list_selects_and_goes_to_its_decision(
    qtbot: QtBot, panel: NmsPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    plan = Plan.of(real_trace, "nms")
    row = int(plan.order[np.flatnonzero(plan.table.by[plan.order] >= 0)[0]])
    index = panel.table.lines.index(panel.table.lines.line_of(row), 1)
    panel.table.scrollTo(index)
    place = panel.table.visualRect(index).center()
    qtbot.mouseClick(panel.table.viewport(), LEFT, pos=place)
    assert selection.ref == Ref("nms", row)
    assert panel.position == plan.decision[row]
    assert f"#{plan.table.by[row]}" in _text(panel, "sentence")
    assert f"{plan.iou[row]:.3f}" in _text(panel, "sentence")


def test_the_chosen_line_stays_in_sight(
    qtbot: QtBot, panel: NmsPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    selection.select(Ref("nms", int(Plan.of(real_trace, "nms").order[60])))
    for height in (900, 600):
        panel.resize(panel.width(), height)
        inside = panel.table.viewport().rect()
        qtbot.waitUntil(
            lambda inside=inside: inside.contains(
                panel.table.visualRect(panel.table.currentIndex()).center()
            )
        )


def test_a_detection_chosen_elsewhere_shows_its_decision(
    panel: NmsPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    selection.select(Ref("detections", 6))
    assert panel.position == 7
    row = int(real_trace.table("detections").parent[6])
    assert panel.table.currentIndex().row() == panel.table.lines.line_of(row)
    proposal = real_trace.lineage(Ref("detections", 6))
    selection.select(next(r for r in proposal if r.stage == "proposals"))
    assert panel.plan is not None and panel.plan.stage == "rpn_nms"
    parent = real_trace.table("proposals").parent[selection.ref.row]  # type: ignore[union-attr]
    assert panel.position == panel.plan.decision[parent]


def test_a_click_on_the_picture_picks_the_box_under_it(
    qtbot: QtBot, panel: NmsPanel, selection: Selection
) -> None:
    selection.set_trace(toy_trace())
    at = panel.picture.centre_of(1).toPoint()
    with qtbot.waitSignal(selection.hover_changed):
        qtbot.mouseMove(panel.picture, at)
    assert selection.hover == Ref("nms", 1) and "suppressed by #0" in panel.picture.toolTip()
    qtbot.mouseClick(panel.picture, LEFT, pos=at)
    assert selection.ref == Ref("nms", 1)
    qtbot.mouseMove(panel.picture, QPoint(1, 1))
    panel.picture.hovered.emit(-1)
    assert selection.hover is None


# --- what if


@BOTH
@pytest.mark.parametrize("least", [0.0, 0.3])
def test_greedy_at_the_traces_threshold_is_the_trace(
    real_trace: Trace, stage: str, least: float
) -> None:
    plan = Plan.of(real_trace, stage)
    assert plan.threshold is not None
    outcome = Pool(plan, aware=True, cap=10_000).outcome("greedy", plan.threshold, least)
    want = plan.keep[plan.table.scores[plan.keep] >= least]
    np.testing.assert_array_equal(outcome.rows, want)
    assert outcome.extra == outcome.missing == 0


@pytest.mark.parametrize("iou", [0.2, 0.35, 0.8])
def test_what_if_foretells_what_the_model_then_does(
    real_trace: Trace, retraced: Callable[..., Trace], iou: float
) -> None:
    outcome = Pool(Plan.of(real_trace, "nms"), aware=True).outcome("greedy", iou, 0.0)
    after = Plan.of(retraced(nms__nms_thresh=iou), "nms")
    np.testing.assert_array_equal(outcome.rows, after.keep)


def test_slider_and_button_wish_for_the_threshold(
    qtbot: QtBot,
    panel: NmsPanel,
    selection: Selection,
    real_trace: Trace,
    retraced: Callable[..., Trace],
) -> None:
    selection.set_trace(real_trace)
    panel.tabs.setCurrentWidget(panel.what_if)
    _settle(qtbot, panel)
    greedy = panel.what_if.cards["greedy"]
    assert not panel.what_if.use.isEnabled() and "as the model" in greedy.text
    panel.what_if.iou.setFocus()
    for _ in range(20):
        qtbot.keyClick(panel.what_if.iou, Qt.Key.Key_Left)
    after = retraced(nms__nms_thresh=0.3)
    assert len(greedy.outcome or ()) == len(after.table("nms").kept)  # at once, without waiting
    _settle(qtbot, panel)
    with qtbot.waitSignal(selection.param_wished) as wish:
        qtbot.mouseClick(panel.what_if.use, LEFT)
    assert wish.args == ["nms.nms_thresh", 0.3]
    selection.set_trace(after)
    _settle(qtbot, panel)
    qtbot.waitUntil(lambda: "as the model" in greedy.text)
    assert not panel.what_if.use.isEnabled()


def test_methods_differ_and_agnostic_keeps_no_more(
    qtbot: QtBot, panel: NmsPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    panel.tabs.setCurrentWidget(panel.what_if)
    _settle(qtbot, panel)
    counts = {m: len(c.outcome or ()) for m, c in panel.what_if.cards.items()}
    kept = len(real_trace.table("nms").kept)
    assert counts["greedy"] == kept < counts["linear"]  # soft NMS lowers, it does not remove
    assert 0 < counts["fusion"] <= kept + 5
    with qtbot.waitSignal(panel.what_if.answered):
        panel.what_if.aware.click()
    assert len(panel.what_if.cards["greedy"].outcome or ()) < kept
    least = panel.what_if.least
    with qtbot.waitSignal(panel.what_if.answered):
        least.setValue(50)
    for card in panel.what_if.cards.values():
        assert card.outcome is not None and (card.outcome.scores >= 0.5).all()


def test_counting_begins_at_the_score_threshold(
    real_trace: Trace, retraced: Callable[..., Trace]
) -> None:
    assert least_score(Plan.of(real_trace, "nms")) == 0.05
    assert least_score(Plan.of(real_trace, "rpn_nms")) == 0.0
    high = retraced(score_threshold__score_thresh=0.4)
    low = retraced(score_threshold__score_thresh=0.001)
    assert least_score(Plan.of(high, "nms")) == 0.4
    assert least_score(Plan.of(low, "nms")) == 0.05


# --- the matrix


def test_matrix_holds_the_overlaps_of_the_best(
    qtbot: QtBot, panel: NmsPanel, selection: Selection, real_trace: Trace
) -> None:
    selection.set_trace(real_trace)
    panel.tabs.setCurrentIndex(2)
    matrix, plan = panel.matrix, Plan.of(real_trace, "nms")
    assert set(matrix.rows.tolist()) == set(plan.order[:40].tolist())
    boxes = plan.table.boxes[matrix.rows]
    np.testing.assert_array_equal(matrix.values, box_ops.iou(boxes, boxes))
    panel.grouped.click()
    np.testing.assert_array_equal(matrix.rows, plan.order[:40])
    by = [
        (i, j)
        for i in range(40)
        for j in range(40)
        if plan.table.by[matrix.rows[i]] == matrix.rows[j]
    ]
    i, j = by[0]
    at = matrix.cell_rect(i, j).center().toPoint()
    qtbot.mouseMove(matrix, at)
    assert f"#{matrix.rows[j]} suppressed #{matrix.rows[i]}" in _text(panel, "cell")
    qtbot.mouseClick(matrix, LEFT, pos=at)
    assert selection.ref == Ref("nms", int(matrix.rows[i]))
    qtbot.keyClick(matrix, Qt.Key.Key_Down)
    qtbot.keyClick(matrix, Qt.Key.Key_Return)
    assert selection.ref == Ref("nms", int(matrix.rows[i + 1]))


def test_cells_of_different_classes_say_that_nobody_compared_them(real_trace: Trace) -> None:
    from widgets.nms.matrix import IouMatrix

    matrix, plan = IouMatrix(), Plan.of(real_trace, "nms")
    matrix.show_plan(plan, -1, grouped=False)
    labels = plan.table.labels[matrix.rows]
    i, j = next((i, j) for i in range(40) for j in range(40) if labels[i] != labels[j])
    assert "never compared: another class" in matrix.cell_text(i, j)
    matrix.deleteLater()


# --- crowds


def test_a_crowd_in_which_nms_removes_a_good_box(
    qtbot: QtBot, panel: NmsPanel, selection: Selection, crowd: Trace
) -> None:
    selection.set_trace(crowd)
    loss = crowd_losses(Plan.of(crowd, "nms"))[0]
    table, truth = crowd.table("nms"), crowd.frame.truth
    assert truth is not None and table.by[loss.row] == loss.by
    boxes = crowd.boxes_image("nms")
    fits = box_ops.iou(boxes, truth.boxes)
    assert fits[loss.row].argmax() == loss.truth and fits[loss.by].argmax() == loss.other
    assert fits[loss.row].max() >= 0.5
    kept = (table.reason == Reason.KEPT) & (table.labels == table.labels[loss.row])
    its_own = kept & (fits.argmax(1) == loss.truth)  # what stands for it, not for the neighbour
    assert not (fits[its_own, loss.truth] >= 0.5).any()
    assert loss.truth_iou > 0.5 and "could not both stay" in _text(panel, "hint")
    hint = panel.findChild(QLabel, "hint")
    assert hint is not None
    hint.linkActivated.emit(str(loss.row))
    assert selection.ref == Ref("nms", loss.row)
    scene = panel.picture.scene
    assert scene is not None
    np.testing.assert_array_equal(scene.truth, truth.boxes[[loss.truth, loss.other]])
    selection.select(Ref("nms", loss.by))
    assert panel.picture.scene is not None and not len(panel.picture.scene.truth)


@pytest.mark.parametrize("labels", [(1, 1), (1, 4)])
def test_two_perfect_boxes_of_neighbours(labels: tuple[int, int]) -> None:
    boxes = np.array([[10, 10, 60, 60], [20, 10, 70, 60]], np.float32)  # IoU 2/3
    truth = GroundTruth(boxes, np.array(labels), CLASSES)
    gone = Reason.SUPPRESSED if labels[0] == labels[1] else Reason.KEPT
    table = Table.of(boxes, [0.9, 0.8], labels, None, [0, gone], [-1, 0 if gone else -1])
    trace = trace_of({"nms": (table, None)}, frame=frame_of(truth=truth), final="nms")
    losses = crowd_losses(Plan.of(trace, "nms"))
    if gone:
        (loss,) = losses
        assert (loss.row, loss.by, loss.truth, loss.other) == (1, 0, 1, 0)
        assert loss.iou == 1 and loss.truth_iou == pytest.approx(2 / 3) and loss.name == "person"
    else:
        assert losses == ()


def test_a_higher_threshold_gives_the_crowd_its_box_back(crowd: Trace) -> None:
    lost = crowd_losses(Plan.of(crowd, "nms"))[0]
    after = run(crowd.frame, crowd, nms__nms_thresh=0.95)
    assert lost.truth not in {loss.truth for loss in crowd_losses(Plan.of(after, "nms"))}


def test_the_button_wishes_for_a_crowd_once(
    qtbot: QtBot, panel: NmsPanel, selection: Selection, crowd: Trace
) -> None:
    selection.set_trace(crowd)
    wishes: list[int] = []
    selection.crowd_wished.connect(lambda: wishes.append(1))
    qtbot.mouseClick(panel.crowd, LEFT)
    qtbot.mouseClick(panel.crowd, LEFT)
    assert wishes == [1] and not panel.crowd.isEnabled() and "Looking" in panel.crowd.text()
    selection.source_wished.emit("scene:1?crowd")
    assert panel.crowd.isEnabled() and panel.crowd.text() == "Open a crowd"


def test_without_ground_truth_there_is_no_hint(panel: NmsPanel, selection: Selection) -> None:
    selection.set_trace(toy_trace())
    hint = panel.findChild(QLabel, "hint")
    assert hint is not None and not hint.isVisible()


# --- little and much


def test_nothing(panel: NmsPanel, selection: Selection) -> None:
    assert panel.plan is None and "open a picture" in _text(panel, "empty")
    assert not panel.picture.isVisible()
    assert not panel.grab().isNull()
    selection.set_trace(toy_trace())
    selection.set_trace(None)
    assert panel.plan is None and panel.table.lines.rowCount() == 0
    assert not panel.picture.isVisible()


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("tab", [0, 1, 2])
def test_no_candidate_and_one(
    qtbot: QtBot, panel: NmsPanel, selection: Selection, count: int, tab: int
) -> None:
    table = Table.of([[10, 10, 60, 60]][:count], [0.9][:count], [1][:count])
    selection.set_trace(trace_of({"nms": (table, None)}, final="nms"))
    panel.tabs.setCurrentIndex(tab)
    assert panel.transport.length == count and panel.table.lines.rowCount() == count
    if tab == 1:
        _settle(qtbot, panel)
        assert all(len(c.outcome or ()) == count for c in panel.what_if.cards.values())
        assert not panel.what_if.use.isEnabled()  # this stage has no threshold to set
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_P):
        qtbot.keyClick(panel.picture, key)
        assert not panel.grab().isNull()
    assert ("No candidates" in _text(panel, "sentence")) == (count == 0)


def test_ten_thousand_candidates(qtbot: QtBot, panel: NmsPanel, selection: Selection) -> None:
    trace = _large(10_000, 91)
    selection.set_trace(trace)
    assert panel.table.lines.rowCount() == 10_000
    for key in (Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_Right):
        qtbot.keyClick(panel.picture, key)
        assert not panel.grab().isNull()
    panel.tabs.setCurrentWidget(panel.what_if)
    qtbot.waitUntil(lambda: not panel.what_if.busy, timeout=20_000)
    assert "best 2,000 of 10,000" in _text(panel, "note")


# --- live


def test_an_unchanged_stage_is_not_read_again(
    panel: NmsPanel, selection: Selection, real_trace: Trace, retraced: Callable[..., Trace]
) -> None:
    selection.set_trace(real_trace)
    plan = panel.plan
    selection.set_trace(retraced(detections__detections_per_img=5))
    assert panel.plan is plan
    selection.select(Ref("detections", 4))
    assert panel.position == 5
    selection.set_trace(retraced(nms__nms_thresh=0.4))
    assert panel.plan is not plan


def test_the_position_stays_through_live_frames(panel: NmsPanel, selection: Selection) -> None:
    selection.set_trace(toy_trace(seq=1))
    panel.transport.last()
    at = panel.position
    selection.set_trace(toy_trace(shift=3.0, seq=2))
    assert panel.position == at == 2


def test_a_hidden_view_does_nothing(qtbot: QtBot, selection: Selection, real_trace: Trace) -> None:
    panel = NmsPanel(selection)
    qtbot.addWidget(panel)
    selection.set_trace(real_trace)
    selection.select(Ref("detections", 2))
    assert panel.plan is None
    with qtbot.waitExposed(panel):
        panel.show()
    assert panel.plan is not None and panel.position == 3


def test_boxes_are_drawn_in_image_px() -> None:
    table = Table.of([[10, 10, 60, 60]], [0.9], [1])
    trace = trace_of(
        {"nms": (table, None)}, transform=Transform((150, 200), (300, 400), (320, 416))
    )
    np.testing.assert_array_equal(Plan.of(trace, "nms").boxes, [[5, 5, 30, 30]])
