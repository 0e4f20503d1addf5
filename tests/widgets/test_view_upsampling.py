"""The upsampling view: the board's examples, what lights up, how it looks, and linear layers."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from engine.arithmetic import Operation
from tests.widgets.hosting import settled
from tests.widgets.upsampling_hosting import box, hover, lit, panel, result, take
from widgets.theme import apply_theme
from widgets.upsampling.layer_panel import LayerPanel
from widgets.upsampling.lighting import Subject
from widgets.upsampling.model import Sandbox
from widgets.upsampling.panel import UpsamplingPanel
from widgets.upsampling.presets import FIRST, PRESETS, preset_of
from widgets.upsampling.reading import figure
from widgets.upsampling.sandbox import SandboxPanel
from widgets.upsampling.words import NAMES

__all__ = ["box", "panel"]
K = Qt.Key


# --- the examples


def test_it_begins_with_the_boards_transposed_convolution(box: SandboxPanel) -> None:
    assert result(box).output.tolist() == [[0, 0, 1], [0, 4, 6], [4, 12, 9]]
    assert box.subject == Subject("output", (1, 1))
    assert box.sentence.text() == "Output (1, 1) = 0·3 + 1·2 + 2·1 + 3·0 = 4"
    assert "(2 − 1)·1 − 2·0 + 1·(2 − 1) + 0 + 1 = 3" in box.formula.text()


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Nearest: 2 × 2 to 4 × 4", [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]),
        ("Bed of nails: 2 × 2 to 4 × 4", [[1, 0, 2, 0], [0] * 4, [3, 0, 4, 0], [0] * 4]),
        ("Max-pooling: 4 × 4 to 2 × 2", [[5, 6], [7, 8]]),
        ("Max-unpooling: 2 × 2 to 4 × 4", [[0, 0, 2, 0], [0, 1, 0, 0], [0] * 4, [3, 0, 0, 4]]),
        ("Transposed: 2 × 2 by 2 × 2", [[0, 0, 1], [0, 4, 6], [4, 12, 9]]),
        ("Convolution: 3 × 3 over 5 × 5", [[4, 3, 4], [2, 4, 3], [2, 3, 4]]),
    ],
)
def test_examples_come_out_to_the_digit(box: SandboxPanel, title: str, expected: object) -> None:
    assert take(box, title).output.tolist() == expected
    assert box.output.look is not None and box.output.look.numbers.tolist() == expected


@pytest.mark.parametrize("at", range(len(PRESETS)))
def test_every_example_can_be_asked_cell_by_cell(box: SandboxPanel, at: int) -> None:
    box.preset.setCurrentIndex(at + 1)
    made, sandbox = result(box), PRESETS[at].sandbox
    assert box.sandbox == sandbox and preset_of(box.sandbox) == at
    assert list(NAMES)[box.operation.currentIndex()] == sandbox.operation
    assert str(made.output.shape[0]) in box.formula.text()
    for cell in [(0, 0), tuple(n - 1 for n in made.output.shape)]:
        box.output.chosen.emit(cell)
        assert figure(float(made.output[cell]), 4) in box.sentence.text()
        box.input.chosen.emit((0, 0))
        assert box.sentence.text().startswith("Input (0, 0)")
    box.overlap.setChecked(True)
    assert not box.grab().isNull()


# --- what lights up


def test_the_mouse_over_an_output_cell_lights_what_made_it(qtbot: QtBot, box: SandboxPanel) -> None:
    take(box, "Transposed: output padding 1")
    made = result(box)
    hover(qtbot, box.output, (1, 1))
    terms = made.terms((1, 1))
    assert lit(box.input) == {tuple(c) for c in terms.inputs.tolist()}
    assert terms.kernels is not None
    assert lit(box.second) == {tuple(c) for c in terms.kernels.tolist()}
    assert lit(box.output) == {(1, 1)}
    pairs = zip(terms.inputs.tolist(), terms.kernels.tolist(), strict=True)
    assert box.input.look is not None and box.second.look is not None
    for one, weight in pairs:  # the same number marks what is multiplied
        assert box.input.look.tags[tuple(one)] == box.second.look.tags[tuple(weight)]
    hover(qtbot, box.output, (0, 0))
    assert box.sentence.text().startswith("Output (0, 0)")


def test_the_mouse_over_an_input_cell_lights_where_it_goes(qtbot: QtBot, box: SandboxPanel) -> None:
    hover(qtbot, box.input, (1, 0))
    assert lit(box.output) == {(1, 0), (1, 1), (2, 0), (2, 1)}
    assert lit(box.second) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert box.sentence.text() == (
        "Input (1, 0) = 2 goes into 4 output cells: 2·0 to (1, 0), 2·1 to (1, 1), 2·2 to (2, 0), "
        "2·3 to (2, 1)"
    )
    QApplication.sendEvent(box.input, QEvent(QEvent.Type.Leave))
    assert box.subject == Subject("output", (1, 1))


def test_arrows_walk_over_the_output_and_on_to_the_next_row(
    qtbot: QtBot, box: SandboxPanel
) -> None:
    box.output.setFocus()
    for key, cell in ((K.Key_Right, (1, 2)), (K.Key_Right, (2, 0)), (K.Key_Left, (1, 2)),
                      (K.Key_Up, (0, 2)), (K.Key_End, (2, 2)), (K.Key_Right, (2, 2)),
                      (K.Key_Home, (0, 0))):  # fmt: skip
        qtbot.keyClick(box.output, key)
        assert box.subject == Subject("output", cell)
    assert box.transport.position == 1


def test_switches_are_ringed_in_the_map_that_was_pooled(qtbot: QtBot, box: SandboxPanel) -> None:
    take(box, "Max-unpooling: 2 × 2 to 4 × 4")
    assert box.second.look is not None
    assert box.second.look.pins == {(1, 1), (0, 2), (3, 0), (3, 3)}
    hover(qtbot, box.output, (0, 2))
    assert lit(box.input) == {(0, 1)} and lit(box.second) == {(0, 2)}
    hover(qtbot, box.output, (0, 0))
    assert "no maximum stood: zero" in box.sentence.text() and not lit(box.input)
    take(box, "Max-pooling: 4 × 4 to 2 × 2")
    hover(qtbot, box.output, (0, 0))
    assert lit(box.input) == {(1, 1)} and box.input.look is not None
    assert len(box.input.look.lit) == 4 and box.input.look.frame == (0, 0, 2, 2)
    assert "max(1, 2, 3, 5) = 5" in box.sentence.text()


def test_padding_is_drawn_around_what_it_belongs_to(box: SandboxPanel) -> None:
    take(box, "Convolution: padding 1")
    look = box.input.look
    assert look is not None and look.ring is not None and look.size == (7, 7)
    box.output.chosen.emit((0, 0))
    assert "and 5 cells of padding: 0" in box.sentence.text()
    assert box.input.look is not None and box.input.look.frame == (-1, -1, 3, 3)
    made = take(box, "Transposed: output padding 1")
    ring = box.output.look.ring if box.output.look is not None else None
    assert ring is not None and ring.cut and ring.after == (0, 0)
    np.testing.assert_array_equal(ring.numbers[1:, 1:], made.output)
    assert ring.numbers[0].any()  # what was cut off is seen


def test_the_cross_is_where_bilinear_reads(qtbot: QtBot, box: SandboxPanel) -> None:
    take(box, "Bilinear: 2 × 2 to 4 × 4")
    hover(qtbot, box.output, (1, 2))
    assert box.input.look is not None and box.input.look.cross == (0.25, 0.75)
    assert box.sentence.text() == (
        "Output (1, 2) = 1·0.1875 + 2·0.5625 + 3·0.0625 + 4·0.1875 = 2.25"
    )
    qtbot.mouseClick(box.controls.align, Qt.MouseButton.LeftButton)
    settled()
    assert preset_of(box.sandbox) == 5 and box.preset.currentText() == "Bilinear: aligned corners"


def test_overlap_counts_and_says_whether_it_is_even(qtbot: QtBot, box: SandboxPanel) -> None:
    made = take(box, "Checkerboard: kernel 3, stride 2")
    box.output.setFocus()
    qtbot.keyClick(box.output, K.Key_O)
    look = box.output.look
    assert box.overlap.isChecked() and look is not None and look.heat == 4
    np.testing.assert_array_equal(look.numbers, made.overlap)
    assert "Uneven" in box.note.text() and "1, 2 or 4" in box.note.text()
    take(box, "Even: kernel 4, stride 2")
    assert "Even" in box.note.text() and "4 terms" in box.note.text()


def test_unread_rows_are_told(box: SandboxPanel) -> None:
    take(box, "Convolution: stride 2")
    box.controls.sizes["values"][0].setValue(6)
    assert "the last row stays unread" in box.note.text()
    box.input.chosen.emit((5, 0))
    assert "no window reads it" in box.sentence.text()


# --- playing


def test_space_plays_the_kernel_over_the_output(qtbot: QtBot, box: SandboxPanel) -> None:
    box.transport._speed.setCurrentIndex(3)
    box.output.setFocus()
    qtbot.keyClick(box.output, K.Key_End)
    qtbot.keyClick(box.output, K.Key_Space)
    assert box.transport.playing and box.subject == Subject("output", (0, 0))
    assert box.output.look is not None and box.output.look.faint_from == 1
    seen = []
    box.transport.moved.connect(lambda _: seen.append(box.subject))
    qtbot.waitUntil(lambda: not box.transport.playing)
    cells = [s.cell for s in seen if s is not None]
    assert cells[-1] == (2, 2) and (1, 0) in cells
    assert box.output.look.faint_from is None  # all of it is there again
    button_back = box.transport.findChild(QToolButton, "back")
    qtbot.mouseClick(button_back, Qt.MouseButton.LeftButton)
    assert box.subject == Subject("output", (2, 1)) and box.output.look.faint_from == 8


def test_a_hidden_player_stands_still(qtbot: QtBot, panel: UpsamplingPanel) -> None:
    qtbot.keyClick(panel.sandbox.output, K.Key_Space)
    assert panel.sandbox.transport.playing
    panel.setCurrentIndex(1)
    assert not panel.sandbox.transport.playing


# --- looks


@pytest.mark.parametrize("size", [(900, 700), (420, 700)])
@pytest.mark.parametrize("title", ["Convolution: dilation 2", "Max-unpooling: 2 × 2 to 4 × 4"])
def test_nothing_is_cut_off_and_cells_are_alike(
    qtbot: QtBot, panel: UpsamplingPanel, size: tuple[int, int], title: str
) -> None:
    panel.resize(*size)
    box = panel.sandbox
    take(box, title)
    panel.setCurrentIndex(1)
    settled()
    panel.setCurrentIndex(0)
    settled()
    assert box.width() <= panel.width()
    sides = {round(grid.place().side) for grid in box.grids if grid.isVisible()}
    assert max(sides) - min(sides) <= 1 and min(sides) >= box.fontMetrics().height()
    for grid in (g for g in box.grids if g.isVisible()):
        assert box.board.rect().contains(grid.geometry())


def test_colours_follow_the_theme(qtbot: QtBot, qapp: QApplication, panel: UpsamplingPanel) -> None:
    shown = {}
    for theme in ("light", "dark"):
        apply_theme(qapp, theme, 1.0)
        settled()
        shown[theme] = panel.sandbox.sentence.html()
    assert shown["light"] != shown["dark"]


def test_the_largest_maps_are_drawn(box: SandboxPanel) -> None:
    rng = np.random.default_rng(0)
    sandbox = Sandbox(Operation.TRANSPOSED, FIRST.values).with_setting(stride=4, dilation=4)
    sandbox = sandbox.with_map("values", rng.normal(0, 1e5, (12, 12)))
    box.set_sandbox(sandbox.with_map("kernel", rng.normal(0, 1, (7, 7))))
    assert result(box).output.shape == (69, 69)
    settled()
    assert not box.grab().isNull()


# --- a linear layer as a convolution


@pytest.fixture
def layer(panel: UpsamplingPanel) -> LayerPanel:
    panel.setCurrentIndex(1)
    settled()
    return panel.layer


def test_the_small_layer_is_the_same_both_ways(qtbot: QtBot, layer: LayerPanel) -> None:
    assert "96 weights" in layer.words.text() and "a map of 2 × 3 scores" in layer.words.text()
    hover(qtbot, layer.maps[2], (1, 2))
    assert layer.place == (2, (1, 2))
    assert layer.features[0].look is not None and layer.features[0].look.frame == (1, 2, 4, 4)
    numbers = [grid.look.numbers for grid in (*layer.features, *layer.kernels) if grid.look]
    total = sum((f[1:5, 2:6] * k).sum() for f, k in zip(numbers[:2], numbers[2:], strict=True))
    look = layer.maps[2].look
    assert look is not None
    bias = look.numbers[1, 2] - total
    text = layer.sentence.text()
    assert f"= {figure(look.numbers[1, 2])}" in text and f"{figure(abs(bias))}" in text
    assert "Difference: 0" in text
    layer.rows.setValue(4)
    layer.columns.setValue(4)
    assert "as the linear layer gives" in layer.words.text()
    assert layer.maps[0].look is not None and layer.maps[0].look.numbers.shape == (1, 1)


def test_arrows_walk_over_the_scores(qtbot: QtBot, layer: LayerPanel) -> None:
    layer.maps[1].setFocus()
    for key in (K.Key_Right, K.Key_Down):
        qtbot.keyClick(layer.maps[1], key)
    assert layer.place == (1, (1, 1))


def test_4096_to_1000_is_proved_on_numbers(qtbot: QtBot, layer: LayerPanel) -> None:
    proof = layer.proved
    assert proof is not None and proof.shape == (1000, 4096, 1, 1) and proof.size == (3, 5)
    assert proof.difference < 1e-4 < 1 < proof.largest
    assert "4,096,000" in layer.proof.text() and "15,000 scores" in layer.proof.text()
    layer.high.setValue(1)
    layer.wide.setValue(1)
    qtbot.mouseClick(layer.again, Qt.MouseButton.LeftButton)
    settled()
    assert layer.proved is not None and layer.proved.size == (1, 1)
    assert "on one cell" in layer.proof.text()
