"""The upsampling view in tests: on screen, its examples, and the mouse over its cells."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from engine.arithmetic import Result
from tests.widgets.hosting import opened, settled
from widgets.selection import Selection
from widgets.upsampling.grid import NumberGrid
from widgets.upsampling.look import Cell
from widgets.upsampling.panel import UpsamplingPanel
from widgets.upsampling.presets import PRESETS
from widgets.upsampling.sandbox import SandboxPanel


@pytest.fixture
def panel(qtbot: QtBot, selection: Selection) -> UpsamplingPanel:
    return opened(qtbot, selection, "upsampling", UpsamplingPanel, None)


@pytest.fixture
def box(panel: UpsamplingPanel) -> SandboxPanel:
    return panel.sandbox


def take(box: SandboxPanel, title: str) -> Result:
    """An example by its name, through the chooser."""
    titles = [preset.title for preset in PRESETS]
    box.preset.setCurrentIndex(1 + titles.index(title))
    settled()
    return result(box)


def result(box: SandboxPanel) -> Result:
    assert isinstance(box.result, Result)
    return box.result


def point(grid: NumberGrid, cell: Cell) -> QPointF:
    return grid.rect_of(cell).center()


def hover(qtbot: QtBot, grid: NumberGrid, cell: Cell) -> None:
    qtbot.mouseMove(grid, QPoint(1, 1))  # from where no cell is: the mouse does move
    qtbot.mouseMove(grid, point(grid, cell).toPoint())


def click(qtbot: QtBot, grid: NumberGrid, cell: Cell) -> None:
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=point(grid, cell).toPoint())


def lit(grid: NumberGrid) -> set[Cell]:
    """Cells that are lit in full."""
    assert grid.look is not None
    return {cell for cell, part in grid.look.lit.items() if part == 1}


def button(box: SandboxPanel, name: str) -> QToolButton:
    return box.buttons[name]
