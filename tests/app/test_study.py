"""From a missed object to a detected one, in the real window; coverage on the ribbon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.controller import Controller
from app.launch import Launcher
from app.main_window import MainWindow
from app.study import Study, covered
from engine import scenes
from engine.explain import coverage, explain_miss
from engine.trace import Trace
from engine.worker import Answer
from tests.app.conftest import PATIENCE
from widgets.missed.panel import MissedPanel
from widgets.missed.question import MissAnswer, MissQuestion, Search
from widgets.selection import Selection
from widgets.stage_ribbon import StageRibbon

Launch = Callable[..., Launcher]
SCENE = f"scene:{scenes.HELD_OUT + 8}"
MOVING = f"{SCENE}?moving"
THRESHOLD = "score_threshold.score_thresh"
LEFT = Qt.MouseButton.LeftButton


# --- the real window


def shown(qtbot: QtBot, launcher: Launcher) -> MainWindow:
    window = launcher.window
    qtbot.waitUntil(lambda: window.selection.trace is not None, timeout=PATIENCE)
    return window


def missed_panel(qtbot: QtBot, window: MainWindow) -> MissedPanel:
    """The view, opened as the Panels menu does."""
    dock = window.docks["why_missed"]
    if not dock.toggleViewAction().isChecked():
        dock.toggleViewAction().trigger()
    dock.raise_()
    qtbot.waitUntil(lambda: bool(dock.findChildren(MissedPanel)))
    panel = dock.findChildren(MissedPanel)[0]
    qtbot.waitUntil(panel.isVisible)
    return panel


def current(panel: MissedPanel, window: MainWindow) -> bool:
    """Does the view show the trace that the window shows?"""
    return panel.report is not None and panel.report.trace is window.selection.trace


def button(panel: MissedPanel) -> QPushButton:
    found = panel.findChild(QPushButton, "save")
    assert found is not None
    return found


def threshold(window: MainWindow) -> float:
    trace = window.selection.trace
    assert trace is not None
    return float(trace.stages["score_threshold"].params["score_thresh"])


def is_found(panel: MissedPanel, at: int) -> bool:
    return panel.report is not None and panel.report.picked == at and bool(panel.report.found[at])


def test_a_missed_object_is_detected_after_the_proposed_change(
    qtbot: QtBot, launch: Launch
) -> None:
    """Missed; the view says where and what would save it; a click; found; Ctrl+Z; missed again."""
    window = shown(qtbot, launch(SCENE))
    panel = missed_panel(qtbot, window)
    window.params.changed.emit(THRESHOLD, 1.0)  # which no score exceeds
    qtbot.waitUntil(lambda: threshold(window) == 1.0, timeout=PATIENCE)
    qtbot.waitUntil(lambda: current(panel, window), timeout=PATIENCE)
    assert panel.report is not None and not panel.report.found.any()
    before = panel.report.picked
    QTest.keyClick(panel.table, Qt.Key.Key_Up if before else Qt.Key.Key_Down)
    at = before - 1 if before else 1
    qtbot.waitUntil(lambda: panel.report is not None and panel.report.picked == at)
    wanted = panel.report.objects[at]
    qtbot.waitUntil(lambda: button(panel).text().startswith("Set "), timeout=PATIENCE)
    assert 'Lost at "Score threshold"' in panel.verdict.text.text()
    assert [s.stage for s in panel.path.steps if s.lost] == ["score_threshold"]
    change = panel.verdict.change
    assert change is not None and change.key == THRESHOLD
    qtbot.mouseClick(button(panel), LEFT)
    qtbot.waitUntil(lambda: threshold(window) == change.new, timeout=PATIENCE)
    qtbot.waitUntil(lambda: is_found(panel, at), timeout=PATIENCE)
    trace = window.selection.trace
    assert trace is not None
    assert explain_miss(trace, wanted.box, wanted.label).kind == "found"
    best = trace.detections.scores[trace.detections.labels == wanted.label].max()
    assert best == pytest.approx(change.score), "the detection that was promised"
    window.activateWindow()
    QTest.keyClick(window, "z", Qt.KeyboardModifier.ControlModifier)  # type: ignore[call-overload]
    qtbot.waitUntil(lambda: threshold(window) == 1.0, timeout=PATIENCE)
    qtbot.waitUntil(lambda: current(panel, window) and not is_found(panel, at), timeout=PATIENCE)
    assert panel.report.picked == at
    assert not panel.report.found.any()
    window.docks["nms"].raise_()
    qtbot.waitUntil(lambda: not panel.isVisible())  # behind another tab it does no work


def test_a_moving_scene_is_frozen_and_then_searched(qtbot: QtBot, launch: Launch) -> None:
    window = shown(qtbot, launch(MOVING))
    panel = missed_panel(qtbot, window)
    window.params.changed.emit(THRESHOLD, 1.0)
    qtbot.waitUntil(lambda: button(panel).text().startswith("Freeze"), timeout=PATIENCE)
    qtbot.mouseClick(button(panel), LEFT)
    assert window.controller is not None and window.controller.frozen
    assert window.actions_["freeze"].isChecked()
    qtbot.waitUntil(lambda: button(panel).text().startswith("Set "), timeout=PATIENCE)
    pinned = window.selection.trace
    assert pinned is not None
    expected = covered(pinned)
    qtbot.waitUntil(lambda: covers(window.ribbon, expected), timeout=PATIENCE)


def test_coverage_stands_on_the_ribbon_while_there_is_truth(
    qtbot: QtBot, launch: Launch, picture: Callable[..., object]
) -> None:
    window = shown(qtbot, launch(SCENE))
    trace = window.selection.trace
    assert trace is not None and trace.frame.truth is not None
    truth = trace.frame.truth
    expected = coverage(trace, truth.boxes, labels=truth.labels)
    assert covered(trace) == expected
    qtbot.waitUntil(lambda: covers(window.ribbon, expected), timeout=PATIENCE)
    window.params.changed.emit(THRESHOLD, 1.0)
    none = f"truth 0/{len(truth)}"
    qtbot.waitUntil(lambda: window.ribbon.chip("detections").lines()[-1] == none, timeout=PATIENCE)
    window.file_menu.open_source(str(picture()))
    qtbot.waitUntil(
        lambda: (t := window.selection.trace) is not None and t.frame.truth is None,
        timeout=PATIENCE,
    )
    assert all(len(window.ribbon.chip(s).lines()) == 2 for s in window.selection.stages)


def covers(ribbon: StageRibbon, expected: dict[str, tuple[int, int]]) -> bool:
    lines = {stage: ribbon.chip(stage).lines()[-1] for stage in expected}
    return lines == {stage: "truth {}/{}".format(*pair) for stage, pair in expected.items()}


# --- the study by itself


@pytest.fixture
def studied(qtbot: QtBot, controller: Controller) -> tuple[Controller, Selection, list[MissAnswer]]:
    """A controller that shows a scene, and what the study answers."""
    selection = Selection(controller)
    ribbon = StageRibbon(selection)
    qtbot.addWidget(ribbon)
    study = Study(controller, selection, ribbon, controller)
    controller.trace_shown.connect(selection.set_trace)
    told: list[MissAnswer] = []
    selection.miss_changed.connect(told.append)
    controller.open(SCENE)
    qtbot.waitUntil(lambda: selection.trace is not None, timeout=PATIENCE)
    assert study.parent() is controller
    return controller, selection, told


Studied = tuple[Controller, Selection, list[MissAnswer]]


def strict_question(qtbot: QtBot, studied: Studied) -> MissQuestion:
    """About an object that a threshold of 1 made the detector miss."""
    controller, selection, _ = studied
    controller.set_param(THRESHOLD, 1.0)
    qtbot.waitUntil(lambda: bool(selection.trace and selection.trace.settings.get(THRESHOLD) == 1),
                    timeout=PATIENCE)  # fmt: skip
    return question(selection.trace)


def question(trace: Trace | None) -> MissQuestion:
    assert trace is not None and trace.frame.truth is not None
    return MissQuestion(trace, trace.frame.truth.boxes[0], int(trace.frame.truth.labels[0]))


def engine_idle(qtbot: QtBot, controller: Controller) -> None:
    """Everything that was asked of the engine until now has been answered."""
    heard: list[Any] = []

    def on_answer(answer: Answer) -> None:
        if answer.key == "idle":
            heard.append(answer)

    controller.answered.connect(on_answer)
    controller.ask("idle", lambda session, cancelled: True)
    qtbot.waitUntil(lambda: bool(heard), timeout=PATIENCE)
    controller.answered.disconnect(on_answer)


def test_a_question_is_answered_with_a_verified_change(qtbot: QtBot, studied: Studied) -> None:
    _, selection, told = studied
    asked = strict_question(qtbot, studied)
    selection.miss_wished.emit(asked)
    assert [a.search for a in told] == [Search.RUNNING]
    qtbot.waitUntil(lambda: len(told) == 2, timeout=PATIENCE)
    done = told[-1]
    assert done.question is asked and done.search is Search.DONE
    assert done.miss is not None and done.miss.change is not None
    assert done.miss.change.key == THRESHOLD
    assert selection.trace is asked.trace, "what was tried is never shown"


@pytest.mark.parametrize("how", ["parameter", "withdrawn", "another question"])
def test_a_search_gives_way(qtbot: QtBot, studied: Studied, how: str) -> None:
    """To a moved parameter, and to a view that no longer wants to know."""
    controller, selection, told = studied
    old = strict_question(qtbot, studied)
    selection.miss_wished.emit(old)
    if how == "parameter":
        before = selection.trace
        controller.set_param(THRESHOLD, 0.9)
        qtbot.waitUntil(lambda: selection.trace is not before, timeout=PATIENCE)
        new: MissQuestion | None = question(selection.trace)
    else:
        new = None if how == "withdrawn" else question(selection.trace)
    selection.miss_wished.emit(new)
    if new is not None:
        qtbot.waitUntil(
            lambda: any(a.question is new and a.search is Search.DONE for a in told),
            timeout=PATIENCE,
        )
    engine_idle(qtbot, controller)
    assert [a.search for a in told if a.question is old] == [Search.RUNNING]


def test_a_running_search_ends_between_stages(qtbot: QtBot, studied: Studied) -> None:
    """The engine is not held up: what was asked later comes although the search was under way."""
    controller, selection, told = studied
    asked = strict_question(qtbot, studied)
    runs: list[str] = []
    controller.answered.connect(lambda answer: runs.append(answer.key))
    selection.miss_wished.emit(asked)
    with qtbot.waitSignal(controller.trace_shown, timeout=PATIENCE):
        QTest.qWait(0)
        controller.set_param(THRESHOLD, 0.99)
    engine_idle(qtbot, controller)
    assert not [a for a in told if a.search is Search.DONE]


def test_a_failed_search_is_told_in_a_sentence(qtbot: QtBot, studied: Studied) -> None:
    _, selection, told = studied
    asked = strict_question(qtbot, studied)
    broken = MissQuestion(asked.trace, np.zeros(3, np.float32), None)  # no box
    selection.miss_wished.emit(broken)
    qtbot.waitUntil(lambda: told[-1].search is Search.FAILED, timeout=PATIENCE)
    assert told[-1].trouble.endswith(".")


def test_nothing_is_searched_for_another_model(qtbot: QtBot, studied: Studied) -> None:
    from engine.session import ModelChoice

    controller, selection, told = studied
    asked = strict_question(qtbot, studied)
    controller.set_model(ModelChoice("nobody_knows_this"))
    selection.miss_wished.emit(asked)
    engine_idle(qtbot, controller)
    QTest.qWait(300)
    engine_idle(qtbot, controller)
    assert [a.search for a in told] == [Search.RUNNING]
