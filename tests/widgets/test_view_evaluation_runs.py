"""The evaluation view: several runs, growing ones, missing things, published figures, live."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine import scenes
from engine.datasets import Annotations, Detections
from engine.datasets.opening import open_annotations, open_detections
from engine.datasets.pascal import TextStyle
from engine.metrics.walk import Verdict
from engine.trace import Trace
from tests.widgets.evaluation_hosting import LEFT, click_row, panel, show, small
from tests.widgets.hosting import settled
from tests.widgets.traces import real_trace, run
from widgets.evaluation.live import MOST, LiveFrames
from widgets.evaluation.look import SIGNS
from widgets.evaluation.panel import EvaluationPanel
from widgets.evaluation.prefix import few
from widgets.evaluation.question import EvaluationState, Phase, Run
from widgets.selection import Selection
from widgets.views import view

__all__ = ["panel", "real_trace", "small"]
K = Qt.Key
STYLE = TextStyle(boxes="xywh", size=(200, 200))


def test_several_runs_lie_over_each_other(panel: EvaluationPanel, small: Run) -> None:
    show(panel, small)
    better = replace(
        small, key="better", name="another model",
        detections=replace(small.detections, scores=small.detections.scores[::-1].copy()),
    )  # fmt: skip
    show(panel, better)
    assert panel.runs.count() == 2 and panel.current is not None
    assert panel.current.name == "another model"  # the newest is walked
    (other,) = panel.walk.plot.others
    assert other.place == 0
    assert "mAP@0.50" in panel.runs.item(0).text() and "mAP@0.50" in panel.runs.item(1).text()
    item = panel.runs.item(0)
    item.setCheckState(Qt.CheckState.Unchecked)
    assert panel.walk.plot.others == []
    item.setCheckState(Qt.CheckState.Checked)
    QTest.mouseClick(panel.runs.viewport(), LEFT, pos=panel.runs.visualItemRect(item).center())
    settled()
    assert panel.current is small and panel.walk.plot.others[0].place == 1
    QTest.keyClick(panel.runs, K.Key_Delete)
    settled()
    assert list(panel.all_runs) == ["better"] and panel.current is better
    QTest.keyClick(panel.runs, K.Key_Delete)
    assert not panel.all_runs and panel.hint.isVisible()


def test_a_run_grows_while_it_goes_on(
    qtbot: QtBot, panel: EvaluationPanel, selection: Selection, small: Run
) -> None:
    part = replace(small, done=2)
    QTest.mouseClick(panel.data.evaluate, LEFT)
    selection.evaluation_changed.emit(EvaluationState(Phase.RUNNING, "2 of 3", 0.6, lambda: part))
    qtbot.waitUntil(lambda: panel.current is part)
    settled()
    assert "(2 of 3 pictures)" in panel.runs.item(0).text()
    click_row(panel, 1)
    show(panel, small)
    assert panel.current is small and "pictures)" not in panel.runs.item(0).text()
    settled()


def test_what_was_left_out_is_counted(panel: EvaluationPanel, small: Run) -> None:
    show(panel, replace(small, left_out=3, notes=("x.json, item 4: its box has no area",)))
    assert panel.left_out.isVisible() and panel.left_out.text() == "3 items were left out"
    assert "its box has no area" in panel.left_out.toolTip()


def test_a_missing_picture_is_told_and_the_rest_works(panel: EvaluationPanel, small: Run) -> None:
    gone = replace(small.annotations, folder=Path("/nowhere"))
    show(panel, replace(small, annotations=gone))
    click_row(panel, 0)
    assert panel.walk.picture.frame is None and "0.png" in panel.walk.picture.empty_text


def test_nothing_to_rank(panel: EvaluationPanel, small: Run) -> None:
    show(panel, replace(small, detections=Detections.of()))
    assert panel.walk.count == 0 and "No detection" in panel.walk.sums.text()
    for page in ("classes", "confusion", "pictures", "errors"):
        panel.set_page(page)
        settled()
        panel.grab()
    empty = Annotations.of((), ())
    show(panel, replace(small, key="none", annotations=empty, detections=Detections.of()))
    for page in ("curve", "classes", "confusion", "pictures", "errors"):
        panel.set_page(page)
        settled()
        panel.grab()
    assert panel.current is not None and panel.current.key == "none"


def test_what_was_chosen_comes_back(
    qtbot: QtBot, panel: EvaluationPanel, selection: Selection
) -> None:
    panel.data.place.setText("/data/truth.json")
    panel.controls.protocol.setCurrentIndex(2)
    panel.controls.inclusive.setChecked(True)
    panel.controls.iou.slide.setValue(30)
    other = view("evaluation").create(selection)
    assert isinstance(other, EvaluationPanel)
    qtbot.addWidget(other)
    other.recall(panel.remembered())
    assert other.data.place.text() == "/data/truth.json"
    assert other.controls.measure == panel.controls.measure
    assert other.controls.measure.protocol == "voc10"
    for damaged in ("", "[]", '{"measure": {"iou": "x"}, "place": 3}', "\x00"):
        other.recall(damaged)
    assert other.controls.measure == panel.controls.measure


@pytest.mark.parametrize(("protocol", "ap"), [(2, 0.2456866804), (1, 0.2683982684)])
def test_published_figures_of_pascal_stand_in_the_view(
    real: Path, panel: EvaluationPanel, protocol: int, ap: float
) -> None:
    folder = real / "oracles" / "pascal-ap"
    truth = open_annotations(str(folder / "groundtruths"), style=STYLE)
    found = open_detections(str(folder / "detections"), truth, style=STYLE)
    count = len(truth.pictures)
    panel.controls.protocol.setCurrentIndex(protocol)
    panel.controls.inclusive.setChecked(True)
    panel.controls.iou.slide.setValue(30)
    show(panel, Run("pascal", "detections", str(folder), truth, found, count, count))
    line = panel.walk.line
    assert line is not None
    assert line.walk.average_precision == pytest.approx(ap, abs=1e-9)
    assert f"AP so far {ap:.3f}" in panel.walk.sums.text()
    assert "box sides + 1 px" in panel.convention.text()
    name = "envelope" if protocol == 2 else "11"
    assert panel.walk.toggles[name].text().endswith(f"AP {ap:.3f}")


def test_whole_pixels_are_not_counted_twice(panel: EvaluationPanel, small: Run) -> None:
    panel.controls.inclusive.setChecked(True)
    show(panel, small)
    assert "without" not in panel.convention.text()
    whole = replace(small, key="whole", annotations=replace(small.annotations, whole_pixels=True))
    show(panel, whole)
    assert "without + 1 px" in panel.convention.text()


def test_the_curve_of_a_live_picture_grows(
    qtbot: QtBot, panel: EvaluationPanel, selection: Selection, real_trace: Trace
) -> None:
    panel.set_page("live")
    selection.set_trace(real_trace)
    qtbot.waitUntil(lambda: panel.live.frames == 1)
    settled()
    assert "1 frame " in panel.live.text.text() and len(panel.live.plot.others) == 1
    # The same frame with other thresholds counts once, as it is now.
    selection.set_trace(run(real_trace.frame, real_trace, score_threshold__score_thresh=0.9))
    other = run(scenes.draw(scenes.HELD_OUT + 20))
    selection.set_trace(other)
    qtbot.waitUntil(lambda: panel.live.frames == 2)
    settled()
    truths = sum(len(t.frame.truth) for t in (real_trace, other) if t.frame.truth is not None)
    assert f"{truths} objects" in panel.live.text.text()
    panel.live.classes.setCurrentIndex(1)
    settled()
    assert panel.live.plot.prefix is not None
    # A picture without ground truth tells nothing; another model begins anew.
    blind = other.of_frame(other.frame.with_truth(None))
    assert not LiveFrames().add(blind)
    QTest.mouseClick(panel.live.reset, LEFT)
    assert panel.live.frames == 0
    frames = LiveFrames()
    assert frames.add(real_trace) and frames.add(replace(other, model="another"))
    assert len(frames) == 1 and frames.model == "another"


def test_live_frames_are_capped(real_trace: Trace) -> None:
    frames = LiveFrames()
    for _ in range(MOST + 3):
        frames.add(replace(real_trace, frame=replace(real_trace.frame)))
    assert len(frames) == MOST
    assert frames.snapshot()().done == MOST


def test_few_rows_look_like_all() -> None:
    random = np.random.default_rng(3)
    true = np.cumsum(random.random(50_000) < 0.4)
    precision, recall = true / np.arange(1, 50_001), true / 30_000
    rows = few(recall, precision)
    assert len(rows) < 1500 and rows[0] == 0 and rows[-1] == len(recall) - 1
    assert (np.diff(rows) > 0).all()
    for column in range(0, 200, 17):
        here = (recall * 300).astype(int) == column
        if here.any():
            kept = rows[here[rows]]
            assert precision[kept].min() == precision[here].min()
            assert precision[kept].max() == precision[here].max()


def test_signs_differ_in_more_than_colour() -> None:
    assert set(SIGNS) == set(Verdict)
    right, wrong = SIGNS[Verdict.TRUE_POSITIVE], SIGNS[Verdict.BACKGROUND]
    assert right.mark != wrong.mark and right.style != wrong.style


def test_json_that_is_remembered_is_small(panel: EvaluationPanel) -> None:
    assert set(json.loads(panel.remembered())) == {"place", "images", "measure"}
