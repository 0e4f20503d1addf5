"""Drawing ground truth on the canvas: by mouse and keys, with undo, other views, and saving."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app import dialogs
from app.drawing import Drawing
from app.launch import Launcher
from app.main_window import MainWindow
from engine import scenes
from engine.drawn import DrawnBox, with_drawn
from tests.app.conftest import PATIENCE

Launch = Callable[..., Launcher]
LEFT = Qt.MouseButton.LeftButton
Picture = Callable[..., Path]


def opened(qtbot: QtBot, launch: Launch, source: str) -> tuple[MainWindow, Drawing]:
    window = launch(source).window
    qtbot.waitUntil(lambda: window.selection.trace is not None, timeout=PATIENCE)
    assert window.presenter is not None
    return window, window.presenter.drawing


def at(window: MainWindow, x: float, y: float) -> QPoint:
    """A point of the picture (image px) in view px."""
    return window.canvas.viewportTransform().map(QPointF(x, y)).toPoint()


def drag(window: MainWindow, x1: float, y1: float, x2: float, y2: float) -> None:
    view = window.canvas.viewport()
    QTest.mousePress(view, LEFT, pos=at(window, x1, y1))
    QTest.mouseMove(view, at(window, (x1 + x2) / 2, (y1 + y2) / 2))
    QTest.mouseMove(view, at(window, x2, y2))
    QTest.mouseRelease(view, LEFT, pos=at(window, x2, y2))


def boxes(window: MainWindow) -> np.ndarray:
    trace = window.selection.trace
    assert trace is not None
    truth = trace.frame.truth
    return np.zeros((0, 4)) if truth is None else truth.boxes


def press(bar_owner: Drawing, name: str) -> None:
    button = bar_owner.bar.findChild(QPushButton, name)
    assert button is not None
    QTest.mouseClick(button, LEFT)


def test_a_drawn_box_is_ground_truth_for_every_view(
    qtbot: QtBot, launch: Launch, picture: Picture
) -> None:
    window, drawing = opened(qtbot, launch, str(picture()))
    before = window.selection.trace
    assert before is not None and before.frame.truth is None
    QTest.keyClick(window.canvas, Qt.Key.Key_D)
    assert drawing.on and drawing.bar.isVisible()
    drawing.bar.name.setCurrentText("can")
    drag(window, 40, 50, 120, 150)
    trace = window.selection.trace
    assert trace is not None and trace.frame.truth is not None
    assert trace.frame.truth.boxes[0] == pytest.approx([40, 50, 120, 150], abs=1.0)
    assert trace.frame.truth.classes[int(trace.frame.truth.labels[0])] == "can"
    # Nothing was computed again: every stage is the one that was there.
    assert all(trace.stages[name] is stage for name, stage in before.stages.items())
    # The ribbon counts what every stage still covers.
    chip = window.ribbon.chip("anchors")
    qtbot.waitUntil(lambda: any("1/1" in line for line in chip.lines()), timeout=PATIENCE)


def test_boxes_are_changed_renamed_removed_and_undone(
    qtbot: QtBot, launch: Launch, picture: Picture
) -> None:
    window, drawing = opened(qtbot, launch, str(picture()))
    window.actions_["draw"].setChecked(True)
    drag(window, 40, 50, 120, 150)
    drag(window, 150, 60, 200, 120)
    assert len(boxes(window)) == 2
    QTest.mouseClick(window.canvas.viewport(), LEFT, pos=at(window, 80, 100))
    assert window.canvas.draw_tool.chosen == 0
    drag(window, 120, 150, 140, 170)  # its lower right corner
    assert boxes(window)[0] == pytest.approx([40, 50, 140, 170], abs=1.5)
    drawing.bar.name.setCurrentText("plush owl")
    line = drawing.bar.name.lineEdit()
    assert line is not None
    QTest.keyClick(line, Qt.Key.Key_Return)
    trace = window.selection.trace
    assert trace is not None and trace.frame.truth is not None
    assert "plush owl" in trace.frame.truth.classes
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Delete)
    assert len(boxes(window)) == 1
    for left in (2, 2, 2, 1, 0):  # removed, renamed, changed, second, first
        window.undo()
        assert len(boxes(window)) == left
    assert not window.undo_stack.canUndo()
    window.redo()
    window.redo()
    assert len(boxes(window)) == 2
    press(drawing, "remove all")
    assert len(boxes(window)) == 0


def test_a_slip_of_the_hand_and_a_drag_outside(
    qtbot: QtBot, launch: Launch, picture: Picture
) -> None:
    window, drawing = opened(qtbot, launch, str(picture()))
    window.actions_["draw"].setChecked(True)
    drag(window, 40, 50, 41, 130)
    assert len(boxes(window)) == 0
    drag(window, 200, 200, 900, 900)
    assert boxes(window)[0] == pytest.approx([200, 200, 256, 256], abs=1.0)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not drawing.on and not drawing.bar.isVisible()
    drag(window, 40, 50, 120, 150)  # pans, as before
    assert len(boxes(window)) == 1


def test_a_drag_holds_pictures_that_were_set_going_again(qtbot: QtBot, launch: Launch) -> None:
    window, drawing = opened(qtbot, launch, "scene:1000003?moving&size=160x160")
    controller = window.controller
    assert controller is not None
    window.actions_["draw"].setChecked(True)
    assert controller.frozen
    controller.freeze(False)
    held = window.selection.trace
    qtbot.waitUntil(lambda: window.selection.trace is not held, timeout=PATIENCE)
    drag(window, 20, 30, 90, 100)
    assert controller.frozen and controller.frame is not None
    drawn = drawing.boxes_of(controller.frame)
    assert len(drawn) == 1 and drawn[0].xyxy == pytest.approx((20, 30, 90, 100), abs=1.5)


def test_boxes_of_a_folder_come_back_and_are_saved(
    qtbot: QtBot,
    launch: Launch,
    picture: Picture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "folder").mkdir()
    for i in range(2):
        picture(f"folder/p{i}.png", i)
    window, drawing = opened(qtbot, launch, str(tmp_path / "folder"))
    controller = window.controller
    assert controller is not None

    def shows(index: int) -> Callable[[], bool]:
        def look() -> bool:
            trace = window.selection.trace
            return trace is not None and Path(trace.frame.source).name == f"p{index}.png"

        return look

    controller.play(False)
    qtbot.waitUntil(shows(0), timeout=PATIENCE)
    window.actions_["draw"].setChecked(True)
    drag(window, 40, 50, 120, 150)
    controller.step(1)
    qtbot.waitUntil(shows(1), timeout=PATIENCE)
    assert len(boxes(window)) == 0
    drag(window, 10, 20, 60, 90)
    controller.step(-1)
    qtbot.waitUntil(shows(0), timeout=PATIENCE)
    assert boxes(window)[0] == pytest.approx([40, 50, 120, 150], abs=1.0)

    # A drag during which the picture changes draws nothing, on neither of them.
    view = window.canvas.viewport()
    QTest.mousePress(view, LEFT, pos=at(window, 150, 150))
    QTest.mouseMove(view, at(window, 180, 180))
    controller.step(1)
    qtbot.waitUntil(shows(1), timeout=PATIENCE)
    QTest.mouseMove(view, at(window, 200, 200))
    QTest.mouseRelease(view, LEFT, pos=at(window, 200, 200))
    assert len(boxes(window)) == 1
    controller.step(-1)
    qtbot.waitUntil(shows(0), timeout=PATIENCE)
    assert len(boxes(window)) == 1

    # Undo says so when it changes a picture that nobody sees: it was p1 that was drawn on last.
    window.undo()
    assert len(drawing.annotations()) == 1 and len(boxes(window)) == 1
    assert any("p1.png" in message.text for message in window.messages.messages())
    window.redo()

    out = tmp_path / "boxes.json"
    monkeypatch.setattr(dialogs, "save_boxes", lambda *_: str(out))
    press(drawing, "save as coco")
    saved = json.loads(out.read_text())
    assert [Path(i["file_name"]).name for i in saved["images"]] == ["p0.png", "p1.png"]
    assert len(saved["annotations"]) == 2
    assert saved["annotations"][0]["bbox"] == pytest.approx([40, 50, 80, 100], abs=1.5)
    from engine.datasets.coco import read_coco

    assert len(read_coco(out)) == 2


def test_a_selected_box_is_undone_and_redone(qtbot: QtBot, launch: Launch) -> None:
    window, _ = opened(qtbot, launch, f"scene:{scenes.HELD_OUT + 8}")
    trace = window.selection.trace
    assert trace is not None
    first, second = (int(row) for row in trace.table(trace.final).kept[:2])
    from engine.trace import Ref

    window.selection.select(Ref(trace.final, first))
    assert window.undo_stack.count() == 1
    window.undo()
    assert window.selection.ref is None
    window.redo()
    assert window.selection.ref == Ref(trace.final, first)
    window.selection.select(Ref(trace.final, second))
    # Two picks within a second are one step.
    window.undo()
    assert window.selection.ref != Ref(trace.final, second)


def test_drawn_boxes_join_what_a_scene_knows() -> None:
    frame = scenes.draw(7)
    assert frame.truth is not None
    drawn = (DrawnBox(1, 2, 30, 40, "owl"), DrawnBox(5, 5, 20, 20, frame.truth.classes[1]))
    both = with_drawn(frame, drawn)
    assert both.truth is not None and both.serial == frame.serial and both.pixels is frame.pixels
    n = len(frame.truth)
    assert len(both.truth) == n + 2
    assert np.array_equal(both.truth.boxes[:n], frame.truth.boxes)
    assert both.truth.masks is not None and not both.truth.masks[n:].any()
    assert [both.truth.classes[i] for i in both.truth.labels[n:]] == ["owl", drawn[1].name]
    assert with_drawn(frame, ()) is frame
