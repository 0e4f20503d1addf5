"""The upsampling view: numbers typed, pasted, undone, impossible and remembered."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from engine.arithmetic import Impossible, Operation
from engine.errors import BoxscopeError
from engine.trace import Ref, Trace
from tests.widgets.traces import real_trace
from tests.widgets.upsampling_hosting import box, button, click, hover, panel, point, result, take
from widgets.selection import Selection
from widgets.upsampling.model import read
from widgets.upsampling.panel import UpsamplingPanel
from widgets.upsampling.presets import FIRST
from widgets.upsampling.reading import figure, number, table
from widgets.upsampling.sandbox import SandboxPanel
from widgets.upsampling.words import NAMES

__all__ = ["box", "panel", "real_trace"]
K = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier


# --- changing


def test_typing_changes_a_cell_and_goes_on(qtbot: QtBot, box: SandboxPanel) -> None:
    click(qtbot, box.input, (0, 0))
    qtbot.keyClick(box.input, K.Key_Minus)
    editor = box.input.editor
    assert editor is not None
    qtbot.keyClicks(editor, "2,5")
    qtbot.keyClick(editor, K.Key_Return)
    assert box.sandbox.values == ((-2.5, 1), (2, 3)) and box.input.cursor_cell == (0, 1)
    assert result(box).output[0, 1] == -2.5 and box.preset.currentIndex() == 0
    qtbot.keyClick(box.input, K.Key_7)
    assert box.input.editor is not None
    qtbot.keyClick(box.input.editor, K.Key_Escape)
    assert box.sandbox.values == ((-2.5, 1), (2, 3)) and box.input.editor is None
    qtbot.keyClick(box.input, K.Key_Delete)
    assert box.sandbox.values == ((-2.5, 0), (2, 3))
    qtbot.mouseDClick(
        box.second, Qt.MouseButton.LeftButton, pos=point(box.second, (1, 1)).toPoint()
    )
    assert box.second.editor is not None and box.second.editor.text() == "3"
    qtbot.keyClicks(box.second.editor, "10")
    click(qtbot, box.input, (1, 1))  # a click elsewhere keeps it
    box.input.setFocus()
    qtbot.waitUntil(lambda: box.sandbox.kernel[1][1] == 10)
    qtbot.keyClick(box.input, K.Key_F2)
    assert box.input.editor is not None
    box.input.editor.setText("many")
    qtbot.keyClick(box.input.editor, K.Key_Tab)
    assert "“many” is not a number" in box.note.text()
    assert box.sandbox.values == ((-2.5, 0), (2, 3))


def test_pasted_numbers_become_the_map(qtbot: QtBot, box: SandboxPanel) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("1\t2,5\t3\n4\t5\t6\n")
    click(qtbot, box.input, (0, 1))
    box.input.setFocus()
    qtbot.keyClick(box.input, K.Key_V, CTRL)
    assert box.sandbox.values == ((1, 2.5, 3), (4, 5, 6))
    assert [spin.value() for spin in box.controls.sizes["values"]] == [2, 3]
    clipboard.setText("9")
    qtbot.keyClick(box.input, K.Key_V, CTRL)
    assert box.sandbox.values == ((1, 9, 3), (4, 5, 6))
    clipboard.setText("1 2\n3")
    qtbot.keyClick(box.input, K.Key_V, CTRL)
    assert "must have the same number" in box.note.text()
    clipboard.setText("\n".join(["1 " * 8] * 8))
    box.second.setFocus()
    qtbot.keyClick(box.second, K.Key_V, CTRL)
    assert "7 × 7 at most" in box.note.text() and box.sandbox.kernel == FIRST.kernel


def test_copied_text_holds_every_map(qtbot: QtBot, box: SandboxPanel) -> None:
    qtbot.mouseClick(button(box, "copy"), Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    assert "Transposed convolution" in text and "Output\n0\t0\t1\n0\t4\t6\n4\t12\t9\n" in text
    assert "Kernel\n0\t1\n2\t3" in text and "1\t2\t1\n2\t4\t2\n1\t2\t1" in text
    box.controls.numbers["output_padding"].setValue(1)
    box.output.setFocus()
    qtbot.keyClick(box.output, K.Key_C, CTRL)
    assert "must be smaller than the stride" in QGuiApplication.clipboard().text()


class Greedy(QMainWindow):
    """A window with shortcuts of its own on the view's keys."""

    KEYS = ("Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+V", "Space", "Left", "1", "-", "O")

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self.taken: list[str] = []
        self.setCentralWidget(panel)
        for key in self.KEYS:
            action = QAction(key, self)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(lambda _=False, key=key: self.taken.append(key))
            self.addAction(action)


def test_undo_is_the_sandboxs_own_and_keys_stay_in_the_view(
    qtbot: QtBot, panel: UpsamplingPanel
) -> None:
    box, window = panel.sandbox, Greedy(panel)
    qtbot.addWidget(window)
    window.resize(900, 700)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    assert not button(box, "undo").isEnabled()
    box.controls.numbers["stride"].setFocus()
    qtbot.keyClick(box.controls.numbers["stride"], K.Key_Up)
    assert box.sandbox.setting.stride == 2 and result(box).output.shape == (4, 4)
    box.second.setFocus()
    qtbot.keyClick(box.second, K.Key_1)
    assert box.second.editor is not None
    qtbot.keyClick(box.second.editor, K.Key_Return)
    assert box.sandbox.kernel[0][0] == 1
    undo = (K.Key_Z, CTRL)
    qtbot.keyClick(box.second, *undo)
    assert box.sandbox.kernel == FIRST.kernel and box.sandbox.setting.stride == 2
    spin = box.controls.numbers["stride"]
    spin.setFocus()
    qtbot.keyClick(spin.lineEdit(), *undo)
    assert box.sandbox == FIRST and spin.value() == 1
    box.output.setFocus()
    qtbot.keyClick(box.output, K.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert box.sandbox.setting.stride == 2
    qtbot.mouseClick(button(box, "redo"), Qt.MouseButton.LeftButton)
    assert box.sandbox.kernel[0][0] == 1 and not button(box, "redo").isEnabled()
    box.output.setFocus()
    for key in (K.Key_Left, K.Key_O, K.Key_Space):
        qtbot.keyClick(box.output, key)
    box.input.setFocus()
    qtbot.keyClick(box.input, K.Key_Minus)
    assert window.taken == []
    box.overlap.setFocus()
    qtbot.keyClick(box.overlap, K.Key_Left)
    assert window.taken == ["Left"]


def test_a_held_spin_box_is_one_step_of_undo(box: SandboxPanel) -> None:
    for value in (2, 3, 4):
        box.controls.numbers["stride"].setValue(value)
    box.undo()
    assert box.sandbox == FIRST


def test_sizes_cut_and_fill_with_zeros(box: SandboxPanel) -> None:
    rows, columns = box.controls.sizes["values"]
    columns.setValue(3)
    assert box.sandbox.values == ((0, 1, 0), (2, 3, 0))
    rows.setValue(1)
    assert box.sandbox.values == ((0, 1, 0),)
    assert "Output rows: " in box.formula.text() and "Output columns: " in box.formula.text()


def test_another_operation_keeps_the_maps_where_it_can(box: SandboxPanel) -> None:
    take(box, "Transposed: stride 2")
    box.operation.setCurrentIndex(list(NAMES).index(Operation.NAILS))
    assert box.sandbox.values == ((0, 1), (2, 3)) and box.second.isHidden()
    box.controls.sizes["values"][0].setValue(3)
    box.operation.setCurrentIndex(list(NAMES).index(Operation.MAX_UNPOOL))
    assert result(box).output.shape == (4, 4)  # three rows have no switches: the first example
    assert box.sandbox.values == ((1, 2), (3, 4))


def test_the_impossible_is_explained(qtbot: QtBot, box: SandboxPanel) -> None:
    box.controls.numbers["output_padding"].setValue(1)
    assert isinstance(box.result, Impossible)
    assert "Impossible. Output padding 1 must be smaller" in box.sentence.text()
    assert "= ?" in box.formula.text() and not box.overlap.isEnabled()
    assert box.output.look is not None and box.output.look.title == "No output"
    qtbot.keyClick(box.output, K.Key_Right)
    qtbot.keyClick(box.output, K.Key_Space)
    hover(qtbot, box.input, (0, 0))
    assert not box.transport.playing and not box.grab().isNull()
    box.controls.numbers["stride"].setValue(2)
    assert result(box).output.shape == (5, 5) and box.overlap.isEnabled()


def test_random_numbers_are_whole_and_can_be_undone(qtbot: QtBot, box: SandboxPanel) -> None:
    qtbot.mouseClick(button(box, "random"), Qt.MouseButton.LeftButton)
    values = box.sandbox.map("values")
    assert box.sandbox.values != FIRST.values and (values == values.round()).all()
    qtbot.mouseClick(button(box, "undo"), Qt.MouseButton.LeftButton)
    assert box.sandbox == FIRST


def test_numbers_come_from_the_frame(
    qtbot: QtBot, box: SandboxPanel, selection: Selection, real_trace: Trace
) -> None:
    assert not button(box, "frame").isEnabled()
    selection.set_trace(real_trace)
    selection.select(Ref("detections", 0))
    qtbot.mouseClick(button(box, "frame"), Qt.MouseButton.LeftButton)
    values = box.sandbox.map("values")
    assert values.any() and max(values.shape) <= 6
    maps = real_trace.stages["fpn"].arrays
    windows = [
        np.lib.stride_tricks.sliding_window_view(maps[name], values.shape, (1, 2))
        for name in maps
        if maps[name].ndim == 3 and maps[name].shape[1] >= values.shape[0]
        and maps[name].shape[2] >= values.shape[1]
    ]  # fmt: skip
    assert any((np.abs(w - values).max((-1, -2)) <= 0.006).any() for w in windows)
    selection.set_trace(None)
    assert not button(box, "frame").isEnabled()


def test_what_is_remembered_comes_back(
    qtbot: QtBot, panel: UpsamplingPanel, selection: Selection
) -> None:
    take(panel.sandbox, "Even: kernel 4, stride 2")
    panel.sandbox.set_sandbox(panel.sandbox.sandbox.with_cell("values", (0, 0), 0.1))
    other = UpsamplingPanel(selection)
    qtbot.addWidget(other)
    other.recall(panel.remembered())
    assert other.sandbox.sandbox == panel.sandbox.sandbox
    for damaged in ("", "{}", "[1]", '{"operation": 3}', panel.remembered().replace("0.1", "NaN"),
                    panel.remembered().replace('"stride": 2', '"stride": 9')):  # fmt: skip
        other.recall(damaged)
        assert read(damaged) is None
    assert other.sandbox.sandbox == panel.sandbox.sandbox


# --- numbers as text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2\n3 4", [[1, 2], [3, 4]]),
        ("[[1, 2.5], [-3, 4]]", [[1, 2.5], [-3, 4]]),
        ("1,5;2\n−3;4", [[1.5, 2], [-3, 4]]),
        ("1, 2, 3", [[1, 2, 3]]),
        ("tensor([[0., 1.],\n        [2., 3.]])", [[0, 1], [2, 3]]),
    ],
)
def test_pasted_text_of_many_kinds(text: str, expected: object) -> None:
    assert table(text, 12).tolist() == expected


def test_numbers_are_written_without_needless_zeros() -> None:
    values = (0.0, 4.0, -1.5, 0.0625, 12.0, -np.inf, 0.001, 1 / 3)
    assert [figure(v) for v in values] == ["0", "4", "−1.5", "0.06", "12", "−∞", "1e−03", "0.33"]
    assert number(" −0,5 ") == -0.5
    for bad in ("", "x", "1e9", "nan"):
        with pytest.raises(BoxscopeError):
            number(bad)
