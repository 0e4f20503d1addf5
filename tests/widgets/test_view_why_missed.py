"""The "Why missed?" view: clicks and keys on a real trace; nothing, one box and very many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine import boxes as box_ops
from engine.explain import explain_miss
from engine.frame import Frame, GroundTruth
from engine.labels import BACKGROUND
from engine.miss import Change
from engine.table import Reason, Table
from engine.trace import Ref, Trace
from tests.widgets.factory import CLASSES, PARAMS, frame_of, result, toy_trace, trace_of
from tests.widgets.hosting import opened
from tests.widgets.traces import real_trace, retraced, run
from widgets.missed.objects import DRAWN, GOOD
from widgets.missed.panel import MissedPanel
from widgets.missed.question import MissAnswer, MissQuestion, Search
from widgets.selection import Selection
from widgets.views import view

__all__ = ["real_trace", "retraced"]
LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def panel(qtbot: QtBot, selection: Selection) -> MissedPanel:
    return opened(qtbot, selection, "why_missed", MissedPanel, None, size=(500, 1200))


@pytest.fixture
def asked(selection: Selection) -> list[MissQuestion | None]:
    """What the view wished to know, in order."""
    heard: list[MissQuestion | None] = []
    selection.miss_wished.connect(heard.append)
    return heard


@pytest.fixture(scope="module")
def strict(retraced: Callable[..., Trace]) -> Trace:
    """A threshold that hardly anything reaches."""
    return retraced(score_threshold__score_thresh=0.9999)


def show(qtbot: QtBot, panel: MissedPanel, selection: Selection, trace: Trace) -> None:
    selection.set_trace(trace)
    qtbot.waitUntil(lambda: panel.report is not None and panel.report.trace is trace)
    settle(qtbot, panel)


def settle(qtbot: QtBot, panel: MissedPanel) -> None:
    qtbot.waitUntil(lambda: not panel.busy)
    QTest.qWait(0)  # the last result is posted before the work counts as done


def widget_at(panel: MissedPanel, x: float, y: float) -> QPoint:
    return panel.picture.view_transform().map(QPointF(x, y)).toPoint()


def drag(qtbot: QtBot, panel: MissedPanel, start: QPoint, end: QPoint) -> None:
    picture = panel.picture
    QTest.mousePress(picture, LEFT, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(picture, (start + end) / 2)
    QTest.mouseMove(picture, end)
    QTest.mouseRelease(picture, LEFT, Qt.KeyboardModifier.NoModifier, end)
    settle(qtbot, panel)


def without_truth(trace: Trace) -> Trace:
    return run(Frame(trace.frame.pixels, "photo"))


# --- the objects


def test_found_and_missed_are_told_by_iou_and_class(
    qtbot: QtBot, panel: MissedPanel, selection: Selection, real_trace: Trace
) -> None:
    show(qtbot, panel, selection, real_trace)
    truth, detections = real_trace.frame.truth, real_trace.detections
    assert truth is not None and panel.report is not None
    ious = box_ops.iou(real_trace.transform.to_network(truth.boxes), detections.boxes)
    ious[truth.labels[:, None] != detections.labels] = 0
    lines = panel.table.texts()
    assert len(lines) == len(truth)
    for row, (title, state, iou, box) in enumerate(lines):
        assert title == f"#{row} {truth.classes[truth.labels[row]]}"
        assert ("found" in state) == (ious[row].max() >= GOOD)
        assert iou == f"{ious[row].max():.2f}"
        assert box == ", ".join(f"{v:.0f}" for v in truth.boxes[row])


def test_crowds_are_no_objects_and_unknown_classes_count_as_any(
    qtbot: QtBot, panel: MissedPanel, selection: Selection
) -> None:
    truth = GroundTruth(
        boxes=np.array([[12, 11, 62, 61], [100, 20, 180, 100]], np.float32),
        labels=np.array([1, 2]),
        classes=(BACKGROUND, "unicorn", "person"),
        crowd=np.array([False, True]),
    )
    show(qtbot, panel, selection, toy_trace(frame=frame_of(truth=truth)))
    assert [line[:2] for line in panel.table.texts()] == [["#0 unicorn", "✓ found"]]
    assert "knows no class “unicorn”" in panel.verdict.text.text()


def test_the_first_missed_object_is_picked_and_explained(
    qtbot: QtBot, panel: MissedPanel, selection: Selection, strict: Trace
) -> None:
    show(qtbot, panel, selection, strict)
    made, truth = panel.report, strict.frame.truth
    assert made is not None and truth is not None
    at = made.picked
    assert not made.found[at] and made.found[:at].all()
    expected = explain_miss(strict, truth.boxes[at], int(truth.labels[at]))
    assert expected.sentence in panel.verdict.text.text()
    assert [s.stage for s in panel.path.steps] == [c.stage for c in expected.stages]
    for step, candidate in zip(panel.path.steps, expected.stages, strict=True):
        assert (step.best_iou, step.kept_iou) == (candidate.best_iou, candidate.kept_iou)
    assert [s.stage for s in panel.path.steps if s.lost] == ["score_threshold"]


@pytest.mark.parametrize("way", ["table", "keys", "picture", "picture keys"])
def test_another_object_is_picked(
    qtbot: QtBot, panel: MissedPanel, selection: Selection, strict: Trace, way: str
) -> None:
    show(qtbot, panel, selection, strict)
    assert panel.report is not None
    first, last = panel.report.picked, len(panel.report.objects) - 1
    if way == "table":
        other = last
        panel.table.scrollToBottom()
        cell = panel.table.visualItemRect(panel.table.item(other, 0)).center()
        QTest.mouseClick(panel.table.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, cell)
    elif way == "keys":
        other = first + 1
        QTest.keyClick(panel.table, Qt.Key.Key_Down)
    elif way == "picture keys":
        other = first + 1
        QTest.keyClick(panel.picture, Qt.Key.Key_Right)
    else:
        areas = [float(np.prod(o.box[2:] - o.box[:2])) for o in panel.report.objects]
        other = int(np.argmin(areas))  # no smaller one can lie over it
        box = panel.report.objects[other].box
        middle = widget_at(panel, float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2)
        QTest.mouseClick(panel.picture, LEFT, Qt.KeyboardModifier.NoModifier, middle)
    qtbot.waitUntil(lambda: panel.report is not None and panel.report.picked == other)
    assert panel.report.objects[other].title in panel.verdict.text.text()
    assert panel.table.currentRow() == other
    assert selection.stage == strict.final, "looking at an object moves no other view"


# --- the way through the stages


def test_the_path_selects_the_best_box_of_a_stage(
    qtbot: QtBot, panel: MissedPanel, selection: Selection, strict: Trace
) -> None:
    show(qtbot, panel, selection, strict)
    path = panel.path
    at = [s.stage for s in path.steps].index("proposals")
    line = path.line_rect(at).center().toPoint()
    QTest.mouseClick(path, LEFT, Qt.KeyboardModifier.NoModifier, line)
    assert selection.ref == path.steps[at].ref
    assert selection.stage == "proposals"
    assert path.current == at
    QTest.keyClick(path, Qt.Key.Key_Down)
    assert selection.stage == path.steps[at + 1].stage
    QTest.keyClick(path, Qt.Key.Key_Home)
    assert (selection.stage, path.current) == ("anchors", 0)
    selection.set_stage("nms")
    assert path.steps[path.current].stage == "nms", "it follows the stage too"


def test_candidate_and_rival_are_selected(
    qtbot: QtBot, panel: MissedPanel, selection: Selection
) -> None:
    """Row 1 covers the object, and row 0, which does not, suppressed it."""
    boxes = [[40, 10, 90, 60], [10, 10, 60, 60]]
    kept = Table.of(boxes, [0.9, 0.8], [1, 1], [0, 1])
    nms = Table.of(boxes, [0.9, 0.8], [1, 1], [0, 1], [0, Reason.SUPPRESSED], [-1, 0])
    final = Table.of(boxes[:1], [0.9], [1], [0])
    truth = GroundTruth(np.array([[10, 10, 60, 60]], np.float32), np.array([1]), CLASSES)
    results = {
        "score_threshold": result("score_threshold", kept),
        "nms": result("nms", nms, "score_threshold", params={"iou": 0.2}),
        "detections": result("detections", final, "nms"),
    }
    object.__setattr__(results["nms"], "params", {p.name: p.default for p in PARAMS["nms"]})
    show(qtbot, panel, selection, trace_of({}, results=results, frame=frame_of(truth=truth)))
    assert [(s.stage, s.lost) for s in panel.path.steps if s.lost] == [("nms", "suppressed")]
    rival, candidate = (panel.findChild(QPushButton, n) for n in ("rival", "candidate"))
    assert rival is not None and candidate is not None
    qtbot.mouseClick(rival, LEFT)
    assert selection.ref == Ref("nms", 0)
    assert panel.report is not None and panel.report.picked == 0
    qtbot.mouseClick(candidate, LEFT)
    assert selection.ref == Ref("nms", 1)


def test_a_box_selected_elsewhere_takes_its_object_along(
    qtbot: QtBot, panel: MissedPanel, selection: Selection, real_trace: Trace
) -> None:
    show(qtbot, panel, selection, real_trace)
    assert panel.report is not None
    other = next(
        at for at, found in enumerate(panel.report.found) if found and at != panel.report.picked
    )
    truth = real_trace.frame.truth
    assert truth is not None
    ious = box_ops.iou(
        real_trace.transform.to_network(truth.boxes), real_trace.table("detections").boxes
    )
    row = int(ious[other].argmax())
    selection.select(Ref("detections", row))
    best = int(ious[:, row].argmax())
    qtbot.waitUntil(lambda: panel.report is not None and panel.report.picked == best)


# --- a box of one's own


def test_a_dragged_box_is_asked_about(
    qtbot: QtBot,
    panel: MissedPanel,
    selection: Selection,
    real_trace: Trace,
    asked: list[MissQuestion | None],
) -> None:
    trace = without_truth(real_trace)
    show(qtbot, panel, selection, trace)
    assert "no ground truth" in panel.summary.text()
    assert not panel.table.isVisible()
    drag(qtbot, panel, widget_at(panel, 20, 30), widget_at(panel, 90, 120))
    assert panel.drawn is not None
    assert panel.drawn.box == pytest.approx([20, 30, 90, 120], abs=1.0)
    qtbot.waitUntil(lambda: panel.table.isVisible() and panel.table.rowCount() == 1)
    assert panel.report is not None and panel.report.miss is not None
    expected = explain_miss(trace, panel.drawn.box, None)
    assert panel.report.miss.sentence == expected.sentence
    if expected.kind != "found":
        assert asked[-1] is not None and asked[-1].box is panel.drawn.box
    panel.classes.setFocus()
    QTest.keyClick(panel.classes, Qt.Key.Key_Down)
    settle(qtbot, panel)
    assert panel.drawn.label == 1
    assert trace.classes[1] in panel.verdict.text.text()
    remove = panel.findChild(QPushButton, "remove")
    assert remove is not None
    qtbot.mouseClick(remove, LEFT)
    qtbot.waitUntil(lambda: not panel.table.isVisible())
    assert panel.drawn is None


def test_a_box_is_made_moved_and_removed_by_keys(
    qtbot: QtBot, panel: MissedPanel, selection: Selection, real_trace: Trace
) -> None:
    show(qtbot, panel, selection, real_trace)
    picture, frame = panel.picture, real_trace.frame
    picture.setFocus()
    QTest.keyClick(picture, Qt.Key.Key_Return)
    assert panel.drawn is not None
    first = panel.drawn.box
    w, h = frame.width, frame.height
    assert first == pytest.approx([w * 3 / 8, h * 3 / 8, w * 5 / 8, h * 5 / 8])
    qtbot.waitUntil(lambda: panel.report is not None and panel.report.objects[-1].number == DRAWN)
    QTest.keyClick(picture, Qt.Key.Key_Right)
    moved = panel.drawn.box
    assert moved[0] > first[0] and moved[2] > first[2] and moved[1] == first[1]
    settle(qtbot, panel)
    QTest.keyClick(picture, Qt.Key.Key_Down, SHIFT)
    taller = panel.drawn.box
    assert taller[3] > moved[3] and (taller[:3] == moved[:3]).all()
    for _ in range(200):  # against the edge
        QTest.keyClick(picture, Qt.Key.Key_Left)
    assert panel.drawn.box[0] == 0
    assert panel.drawn.box[2] == pytest.approx(taller[2] - taller[0], abs=0.01)
    QTest.keyClick(picture, Qt.Key.Key_Delete)
    assert panel.drawn is None
    settle(qtbot, panel)


@pytest.mark.parametrize("end", [(21, 30.5), (-500, -500)])
def test_no_box_is_drawn_outside_or_without_extent(
    qtbot: QtBot, panel: MissedPanel, selection: Selection, end: tuple[float, float]
) -> None:
    show(qtbot, panel, selection, toy_trace())
    start = widget_at(panel, *((20, 30) if end[0] > 0 else (-2, -2)))
    drag(qtbot, panel, start, widget_at(panel, *end))
    assert panel.drawn is None


# --- what would save it


def answer(selection: Selection, question: MissQuestion) -> Change:
    """Answer as the engine would, and give back the change."""
    miss = explain_miss(
        question.trace,
        question.box,
        question.label,
        lambda s: run(
            question.trace.frame,
            question.trace,
            **{k.replace(".", "__"): v for k, v in s.items()},
        ),
    )
    selection.miss_changed.emit(MissAnswer(question, Search.DONE, miss))
    assert miss.change is not None
    return miss.change


def save_button(panel: MissedPanel) -> QPushButton:
    button = panel.findChild(QPushButton, "save")
    assert button is not None
    return button


def test_the_saving_change_is_wished_and_can_be_taken_back(
    qtbot: QtBot,
    panel: MissedPanel,
    selection: Selection,
    strict: Trace,
    retraced: Callable[..., Trace],
    asked: list[MissQuestion | None],
) -> None:
    show(qtbot, panel, selection, strict)
    question = asked[-1]
    assert question is not None and question.trace is strict
    assert not save_button(panel).isEnabled()
    selection.miss_changed.emit(MissAnswer(question, Search.RUNNING))
    assert "Looking" in save_button(panel).text()
    change = answer(selection, question)
    assert f"{change.new:g}" in save_button(panel).text()
    assert f"With {change.key} = {change.new:g}" in panel.verdict.text.text()
    with qtbot.waitSignal(selection.change_wished) as wish:
        QTest.keyClick(save_button(panel), Qt.Key.Key_Space)
    assert wish.args == [change.key, change.new]
    show(qtbot, panel, selection, retraced(score_threshold__score_thresh=change.new))
    assert panel.report is not None and panel.report.found[panel.report.picked]
    assert asked[-1] is None, "nothing more is asked about what is found"
    with qtbot.waitSignal(selection.change_wished) as wish:
        qtbot.mouseClick(save_button(panel), LEFT)
    assert wish.args == [change.key, change.old]


def test_an_answer_to_an_older_question_is_not_shown(
    qtbot: QtBot,
    panel: MissedPanel,
    selection: Selection,
    strict: Trace,
    asked: list[MissQuestion | None],
) -> None:
    show(qtbot, panel, selection, strict)
    old = asked[-1]
    assert old is not None
    QTest.keyClick(panel.table, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: asked[-1] is not old)
    before = panel.verdict.text.html()
    answer(selection, old)
    assert panel.verdict.text.html() == before
    assert not save_button(panel).isEnabled()


def test_a_moving_picture_is_frozen_first(
    qtbot: QtBot,
    panel: MissedPanel,
    selection: Selection,
    strict: Trace,
    asked: list[MissQuestion | None],
) -> None:
    show(qtbot, panel, selection, strict)
    assert asked[-1] is not None
    selection.miss_changed.emit(MissAnswer(asked[-1], Search.LIVE))
    with qtbot.waitSignal(selection.freeze_wished) as wish:
        qtbot.mouseClick(save_button(panel), LEFT)
    assert wish.args == [True]


def test_a_failed_search_says_why(
    qtbot: QtBot,
    panel: MissedPanel,
    selection: Selection,
    strict: Trace,
    asked: list[MissQuestion | None],
) -> None:
    show(qtbot, panel, selection, strict)
    assert asked[-1] is not None
    selection.miss_changed.emit(MissAnswer(asked[-1], Search.FAILED, trouble="No memory left."))
    assert "No memory left." in panel.verdict.text.text()
    assert not save_button(panel).isEnabled()


def test_a_hidden_view_asks_nothing_and_withdraws_its_question(
    qtbot: QtBot,
    selection: Selection,
    strict: Trace,
    real_trace: Trace,
    asked: list[MissQuestion | None],
) -> None:
    from PySide6.QtWidgets import QMainWindow

    window = QMainWindow()
    qtbot.addWidget(window)
    panel = view("why_missed").create(selection)
    assert isinstance(panel, MissedPanel)
    window.setCentralWidget(panel)
    selection.set_trace(strict)
    assert not panel.busy and not asked
    window.show()
    qtbot.waitUntil(lambda: bool(asked))
    panel.hide()
    assert asked[-1] is None
    selection.set_trace(real_trace)
    assert not panel.busy


# --- through a video, and extremes


def test_the_object_is_followed_through_a_video(
    qtbot: QtBot, panel: MissedPanel, selection: Selection
) -> None:
    from engine import scenes

    moving = scenes.stream(scenes.HELD_OUT + 5)
    first, later = run(moving.frame(0)), run(moving.frame(3))
    show(qtbot, panel, selection, first)
    QTest.keyClick(panel.table, Qt.Key.Key_Down)
    settle(qtbot, panel)
    assert panel.report is not None
    picked = panel.report.objects[panel.report.picked]
    show(qtbot, panel, selection, later)
    now = panel.report.objects[panel.report.picked]
    assert now.name == picked.name
    assert box_ops.iou(now.box[None], picked.box[None])[0, 0] > 0.3


def test_nothing_and_a_model_without_boxes(
    qtbot: QtBot, panel: MissedPanel, selection: Selection, real_trace: Trace
) -> None:
    assert panel.report is None
    assert not panel.table.isVisible()
    assert "Open a picture" in panel.picture.empty_text
    show(qtbot, panel, selection, real_trace)
    selection.set_trace(trace_of({"input": (None, None)}, final="detections"))
    assert "no boxes" in panel.summary.text()
    assert panel.report is None
    selection.set_trace(None)
    assert panel.picture.frame is None


def test_one_object_that_nothing_touches(
    qtbot: QtBot, panel: MissedPanel, selection: Selection
) -> None:
    truth = GroundTruth(np.array([[60, 120, 80, 140]], np.float32), np.array([1]), CLASSES)
    show(qtbot, panel, selection, toy_trace(frame=frame_of(truth=truth)))
    assert "No candidate of any stage touches the box." in panel.verdict.text.text()
    assert not any(s.lost for s in panel.path.steps)
    for name in ("rival", "candidate"):
        button = panel.findChild(QPushButton, name)
        assert button is not None and not button.isEnabled()


def test_very_many_anchors_and_objects(
    qtbot: QtBot, panel: MissedPanel, selection: Selection
) -> None:
    rng = np.random.default_rng(1)
    low = rng.uniform(0, 600, (200_000, 2))
    boxes = np.hstack([low, low + rng.uniform(8, 90, (200_000, 2))]).astype(np.float32)
    scores, labels = rng.uniform(0, 1, len(boxes)), rng.integers(1, 5, len(boxes))
    reason = np.where(scores > 0.99, Reason.KEPT, Reason.LOW_SCORE)
    kept = np.flatnonzero(reason == Reason.KEPT)
    truth = GroundTruth(boxes[:300], rng.integers(1, 5, 300), CLASSES)
    trace = trace_of(
        {
            "anchors": (Table.of(boxes), None),
            "decode": (Table.of(boxes, scores, labels, range(len(boxes)), reason), "anchors"),
            "detections": (Table.of(boxes[kept], scores[kept], labels[kept], kept), "decode"),
        },
        frame=frame_of(700, 700, truth=truth),
    )
    show(qtbot, panel, selection, trace)
    assert panel.table.rowCount() == 300
    assert panel.report is not None and panel.report.miss is not None
    assert panel.report.miss.lost_at == "decode"
