"""The evaluation view in the real window: scenes run, interrupted, gone on with, opened."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.launch import Launcher
from app.main_window import MainWindow
from engine import scenes
from engine.datasets.opening import open_annotations
from engine.evaluation import Job, Plan
from engine.evaluation.figures import Wish, figures
from engine.metrics.protocol import COCO
from engine.request import ModelChoice
from tests.app.conftest import MODEL, PATIENCE
from widgets.evaluation.panel import EvaluationPanel
from widgets.evaluation.question import EvaluationState, Phase

Launch = Callable[..., Launcher]
FIRST = scenes.HELD_OUT
SET = f"scenes:{FIRST}-{FIRST + 4}"
COUNT = 5
LEFT = Qt.MouseButton.LeftButton


def opened(
    qtbot: QtBot, launch: Launch, folder: Path, source: str = f"scene:{FIRST + 7}"
) -> tuple[MainWindow, EvaluationPanel]:
    window = launch(source).window
    qtbot.waitUntil(lambda: window.selection.trace is not None, timeout=PATIENCE)
    assert window.presenter is not None
    window.presenter.evaluating.folder = folder
    dock = window.docks["evaluation"]
    dock.show()
    dock.raise_()
    qtbot.waitUntil(lambda: bool(dock.findChildren(EvaluationPanel)))
    panel = dock.findChildren(EvaluationPanel)[0]
    qtbot.waitUntil(panel.isVisible)
    return window, panel


def press(button: QPushButton) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, LEFT)


def evaluate(panel: EvaluationPanel, place: str) -> None:
    panel.data.place.clear()
    QTest.keyClicks(panel.data.place, place)
    press(panel.data.evaluate)


def complete(panel: EvaluationPanel) -> bool:
    run = panel.current
    return run is not None and run.complete and not panel.busy and bool(panel.answer)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the run over `SET` is complete, so that it costs nothing again."""
    folder = tmp_path_factory.mktemp("results")
    Job(open_annotations(SET), Plan(ModelChoice(MODEL), threads=1), folder).run()
    return folder


def test_paused_stopped_and_gone_on_with(
    qtbot: QtBot, launch: Launch, tmp_path: Path, results: Path
) -> None:
    window, panel = opened(qtbot, launch, tmp_path / "own")
    states: list[EvaluationState] = []
    pause_at = [0.0, 0.2]

    def watch(state: EvaluationState) -> None:
        states.append(state)
        done = state.fraction is not None and pause_at and state.fraction >= pause_at[0]
        if state.phase is Phase.RUNNING and state.snapshot is not None and done:
            pause_at.pop(0)
            press(panel.data.pause)

    window.selection.evaluation_changed.connect(watch)
    assert MODEL[:8] in panel.data.evaluate.text()
    evaluate(panel, SET)
    assert panel.data.strip.isVisible() and not panel.data.evaluate.isEnabled()
    qtbot.waitUntil(lambda: len(pause_at) == 1, timeout=PATIENCE)
    assert states[-1].phase is Phase.PAUSED and panel.data.pause.text() == "Go on"
    # The window works on beside it.
    assert window.controller is not None
    window.controller.open(f"scene:{FIRST + 8}")
    qtbot.waitUntil(
        lambda: (
            (t := window.selection.trace) is not None and t.frame.source == f"scene:{FIRST + 8}"
        ),
        timeout=PATIENCE,
    )
    press(panel.data.pause)
    qtbot.waitUntil(lambda: not pause_at, timeout=PATIENCE)
    press(panel.data.cancel)
    qtbot.waitUntil(lambda: states[-1].phase is Phase.IDLE, timeout=PATIENCE)
    assert "goes on from there" in panel.trouble.text()
    assert panel.data.strip.isHidden()
    qtbot.waitUntil(lambda: panel.current is not None and not panel.busy, timeout=PATIENCE)
    part = panel.current
    assert part is not None and 0 < part.done < COUNT == part.total
    assert f"({part.done} of {COUNT} pictures)" in panel.runs.item(0).text()
    press(panel.data.evaluate)
    qtbot.waitUntil(lambda: complete(panel), timeout=PATIENCE)
    assert any(f"going on after {part.done} pictures" in state.note for state in states)
    assert panel.runs.count() == 1  # the same run, further on
    # What the view shows is what the command line writes.
    whole = Job(open_annotations(SET), Plan(ModelChoice(MODEL), threads=1), results).run()
    wanted = figures(whole.annotations, whole.detections, Wish(COCO))
    answer = panel.answer
    assert answer is not None
    qtbot.waitUntil(lambda: panel.answer.question.depth == 2, timeout=PATIENCE)  # type: ignore[union-attr]
    found = panel.answer.classes[panel.answer.current]  # type: ignore[union-attr]
    assert found.mean(found.at) == pytest.approx(wanted["AP50"], abs=1e-9)
    assert found.mean(found.whole) == pytest.approx(wanted["AP"], abs=1e-9)


def test_a_row_of_the_ranking_opens_in_the_window(
    qtbot: QtBot, launch: Launch, results: Path
) -> None:
    window, panel = opened(qtbot, launch, results)
    evaluate(panel, SET)
    qtbot.waitUntil(lambda: complete(panel), timeout=PATIENCE)
    run = panel.current
    assert run is not None
    # A class with detections that the window's own threshold hides.
    label = int(np.bincount(run.detections.labels[run.detections.scores < 0.5]).argmax())
    name = run.annotations.classes[label]
    panel.look_at(name)
    qtbot.waitUntil(
        lambda: panel.walk.walk is not None and panel.walk.walk.name == name, timeout=PATIENCE
    )
    walk = panel.walk.walk
    assert walk is not None
    row = int(np.flatnonzero(walk.score < 0.5)[0])
    table = panel.walk.table
    index = table.rows.index(row, 0)
    table.scrollTo(index)
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualRect(index).center())
    assert panel.walk.count == row + 1
    press(panel.walk.open_button)
    source = run.annotations.pictures[walk.picture[row]].file

    def there() -> bool:
        trace, ref = window.selection.trace, window.selection.ref
        return trace is not None and trace.frame.source == source and ref is not None

    qtbot.waitUntil(there, timeout=PATIENCE)
    trace, ref = window.selection.trace, window.selection.ref
    assert trace is not None and ref is not None and ref.stage == trace.final
    box = trace.boxes_image(ref.stage)[ref.row]
    assert box == pytest.approx(run.detections.boxes[walk.detection[row]], abs=0.01)
    assert len(trace.lineage(ref)) > 2
    # A point of the curve, and the same by the keyboard: another picture, nothing else moves.
    settings = window.controller.settings  # type: ignore[union-attr]
    plot = panel.walk.plot
    at = plot.place_of(walk.recall[0], walk.precision[0])
    QTest.mouseClick(plot, LEFT, pos=QPoint(round(at.x()), round(at.y())))
    assert panel.walk.count == plot.row_at(at) + 1 == 1
    QTest.keyClick(table, Qt.Key.Key_Return)
    source, score = run.annotations.pictures[walk.picture[0]].file, walk.score[0]
    qtbot.waitUntil(lambda: there() and abs(_score(window) - score) < 1e-4, timeout=PATIENCE)
    assert window.controller.settings == settings  # type: ignore[union-attr]


def _score(window: MainWindow) -> float:
    """Of the selected box."""
    trace, ref = window.selection.trace, window.selection.ref
    return 0.0 if trace is None or ref is None else float(trace.table(ref.stage).scores[ref.row])


def test_pictures_of_a_coco_file_open_with_their_truth(
    qtbot: QtBot, launch: Launch, tmp_path: Path
) -> None:
    frame = scenes.draw(FIRST)
    truth = frame.truth
    assert truth is not None
    assert cv2.imwrite(str(tmp_path / "a.png"), frame.pixels[:, :, ::-1])
    sides = [[x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2 in truth.boxes.tolist()]
    data = {
        "images": [{"id": 4, "file_name": "a.png", "width": frame.width, "height": frame.height}],
        "categories": [{"id": k, "name": n} for k, n in enumerate(truth.classes) if k],
        "annotations": [
            {"id": i, "image_id": 4, "category_id": int(k), "bbox": box, "area": box[2] * box[3]}
            for i, (k, box) in enumerate(zip(truth.labels, sides, strict=True), 1)
        ],
    }
    (tmp_path / "truth.json").write_text(json.dumps(data))
    window, panel = opened(qtbot, launch, tmp_path / "results")
    evaluate(panel, str(tmp_path / "truth.json"))
    qtbot.waitUntil(lambda: complete(panel), timeout=PATIENCE)
    panel.walk.table.setFocus()
    QTest.keyClick(panel.walk.table, Qt.Key.Key_Home)
    QTest.keyClick(panel.walk.table, Qt.Key.Key_Right)
    assert panel.walk.count == 1
    QTest.keyClick(panel.walk.table, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: (
            window.selection.ref is not None
            and window.selection.trace is not None
            and window.selection.trace.frame.source == str(tmp_path / "a.png")
        ),
        timeout=PATIENCE,
    )
    shown = window.selection.trace
    assert shown is not None and shown.frame.truth is not None
    assert len(shown.frame.truth) == len(truth)


def test_what_cannot_be_measured_is_told_in_one_sentence(
    qtbot: QtBot, launch: Launch, tmp_path: Path
) -> None:
    window, panel = opened(qtbot, launch, tmp_path)
    bad = tmp_path / "bad.json"
    bad.write_text('{"images": [')
    evaluate(panel, str(bad))
    label = panel.findChild(QLabel, "trouble")
    assert label is not None
    qtbot.waitUntil(label.isVisible, timeout=PATIENCE)
    assert "bad.json" in label.text() and "Traceback" not in label.text()
    assert panel.data.evaluate.isEnabled()
    evaluate(panel, "scenes:9-1")
    qtbot.waitUntil(lambda: "ends before it begins" in label.text(), timeout=PATIENCE)
    assert window.controller is not None
    window.controller.set_model(ModelChoice("boxscope-unet"))
    press(panel.data.evaluate)
    assert "every pixel a class" in label.text()


def test_the_window_closes_while_a_data_set_is_run(
    qtbot: QtBot, launch: Launch, tmp_path: Path
) -> None:
    window, panel = opened(qtbot, launch, tmp_path)
    evaluate(panel, f"scenes:{FIRST}-{FIRST + 29}")

    def lines() -> list[str]:
        return [line for f in tmp_path.glob("*.jsonl") for line in f.read_text().splitlines()]

    qtbot.waitUntil(lambda: len(lines()) > 1, timeout=PATIENCE)
    window.close()  # `launch` and `nothing_left` look for threads
    assert 1 < len(lines()) < 31  # what it was of, and what was found by then
