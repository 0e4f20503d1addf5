"""Boxes fed back in the refinement view: asked by a click, answered by the engine thread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.controller import Controller
from app.refining import Refining
from engine import boxes, scenes
from engine.session import ModelChoice
from engine.trace import Ref, Trace
from tests.app.conftest import PATIENCE
from widgets.refinement.again import RoundsSection
from widgets.refinement.panel import RefinementPanel
from widgets.refinement.question import Asking, RoundsAnswer
from widgets.refinement.rounds import detection_rows
from widgets.selection import Selection

SCENE = f"scene:{scenes.HELD_OUT + 3}"
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot: QtBot, controller: Controller) -> Iterator[RefinementPanel]:
    """The view of a selected detection, with an engine behind it."""
    selection = Selection(controller)
    refining = Refining(controller, selection, controller)
    controller.trace_shown.connect(selection.set_trace)
    controller.open(SCENE)
    qtbot.waitUntil(lambda: selection.trace is not None, timeout=PATIENCE)
    made = RefinementPanel(selection)
    qtbot.addWidget(made)
    made.resize(900, 900)
    made.show()
    selection.select(Ref("detections", 0))
    yield made
    refining.stop()


def answered(qtbot: QtBot, section: RoundsSection) -> RoundsAnswer:
    qtbot.waitUntil(lambda: section.answer is not None, timeout=PATIENCE)
    assert section.answer is not None
    return section.answer


def trace_in(panel: RefinementPanel) -> Trace:
    trace = panel._selection.trace
    assert trace is not None
    return trace


def names(panel: RefinementPanel) -> list[str]:
    return [one.name for one in panel.page.picture.boxes if one.name.startswith("round")]


def test_a_click_feeds_the_boxes_back(qtbot: QtBot, panel: RefinementPanel) -> None:
    section, trace = panel.page.again, trace_in(panel)
    assert section.chart.isHidden() and not names(panel)
    qtbot.mouseClick(section.button, LEFT)
    refined = answered(qtbot, section).refined
    assert refined is not None
    detections = trace.detections
    kept = np.isin(refined.rows, detection_rows(trace))
    np.testing.assert_array_equal(np.sort(refined.scores[0, kept]), np.sort(detections.scores))
    assert names(panel) == ["round 1", "round 2", "round 3"]
    curve, truth = section.chart.curve, trace.frame.truth
    assert curve is not None and curve.own is not None and truth is not None
    own = boxes.iou(trace.boxes_image("detections")[:1], truth.boxes).max()
    assert curve.own[1] == pytest.approx(own), "round 0 is the detection"
    assert panel.page.overlap.bars[1].iou == pytest.approx(curve.own[0]), "the proposal before it"
    matched = boxes.iou(trace.transform.to_image(detections.boxes), truth.boxes).max(1)
    matched = matched[matched >= 0.5]
    assert curve.count == len(matched) and curve.mean is not None
    assert curve.mean[1] == pytest.approx(matched.mean())


def test_keys_and_clicks_choose_the_round(qtbot: QtBot, panel: RefinementPanel) -> None:
    section = panel.page.again
    qtbot.mouseClick(section.button, LEFT)
    answered(qtbot, section)
    strong = lambda: [b.name for b in panel.page.picture.boxes if b.strong][-1]  # noqa: E731
    assert strong() == "round 1"
    QTest.keyClick(section.chart, Qt.Key.Key_Right)
    assert section.round == 2 and strong() == "round 2"
    assert "Round 2: IoU with the ground truth" in section.readout.text()
    at = QPoint(round(section.chart.x_of(3)), section.chart.height() // 2)
    qtbot.mouseClick(section.chart, LEFT, pos=at)
    assert section.round == 3 and strong() == "round 3"
    section.rounds.setValue(2)
    assert section.round == 2 and names(panel) == ["round 1", "round 2"]
    section.rounds.setValue(6)
    assert len(names(panel)) == 6
    qtbot.mouseClick(section.button, LEFT)
    assert not names(panel) and section.chart.isHidden()


def test_it_follows_the_selection_and_what_came_to_nothing(
    qtbot: QtBot, panel: RefinementPanel
) -> None:
    section, selection = panel.page.again, panel._selection
    qtbot.mouseClick(section.button, LEFT)
    first = answered(qtbot, section)
    selection.select(Ref("detections", 1))
    assert section.answer is first, "all detections were asked about at once"
    made = np.arange(len(trace_in(panel).table("decode")))
    other = np.setdiff1d(made, first.question.rows)[0]  # which no detection came of
    selection.select(Ref("decode", int(other)))
    assert answered(qtbot, section) is not first
    trace = trace_in(panel)
    proposed = trace.ancestors("anchors", np.arange(len(trace.table("roi_level"))), "roi_level")
    outside = np.setdiff1d(np.arange(len(trace.table("anchors"))), proposed)
    selection.select(Ref("anchors", int(outside[0])))
    assert section.answer is None and "did not become a proposal" in section.words.text()


def test_live_pictures_have_to_be_frozen(
    qtbot: QtBot, panel: RefinementPanel, controller: Controller
) -> None:
    section, selection = panel.page.again, panel._selection
    controller.open(f"{SCENE}?moving")
    qtbot.waitUntil(
        lambda: (t := selection.trace) is not None and "moving" in t.frame.source, timeout=PATIENCE
    )
    selection.select(Ref("detections", 0))
    told: list[RoundsAnswer] = []
    selection.rounds_changed.connect(told.append)
    qtbot.mouseClick(section.button, LEFT)
    qtbot.waitUntil(lambda: bool(told), timeout=PATIENCE)
    assert told[0].state is Asking.LIVE
    controller.freeze(True)
    answered(qtbot, section)
    assert told[-1].state is Asking.DONE


def test_a_single_shot_detector_says_that_it_cannot(
    qtbot: QtBot, panel: RefinementPanel, controller: Controller
) -> None:
    section, selection = panel.page.again, panel._selection
    controller.set_model(ModelChoice("boxscope-ssd"))
    qtbot.waitUntil(
        lambda: (t := selection.trace) is not None and t.model == "boxscope-ssd", timeout=PATIENCE
    )
    selection.select(Ref("detections", 0))
    assert not section.button.isEnabled() and "looks at the picture once" in section.words.text()
