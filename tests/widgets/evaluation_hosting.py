"""The evaluation view in tests: on screen, a small run of every verdict, and its rows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.datasets import Annotations, Detections, Picture
from tests.widgets.hosting import opened, settled
from widgets.evaluation.panel import EvaluationPanel
from widgets.evaluation.question import EvaluationState, Phase, Run
from widgets.selection import Selection

LEFT = Qt.MouseButton.LeftButton
PICTURES = 3


@pytest.fixture
def panel(qtbot: QtBot, selection: Selection) -> EvaluationPanel:
    return opened(qtbot, selection, "evaluation", EvaluationPanel, None)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three pictures with one row of every verdict for class "a"."""
    folder = tmp_path_factory.mktemp("set")
    for row in range(PICTURES):
        assert cv2.imwrite(str(folder / f"{row}.png"), np.full((100, 100, 3), 90 + 40 * row))
    truth = (  # picture, class, box, crowd
        (0, 0, (10, 10, 30, 30), 0), (0, 1, (60, 60, 80, 80), 0), (1, 0, (10, 10, 50, 50), 0),
        (1, 0, (60, 10, 90, 40), 0), (2, 0, (0, 50, 100, 100), 1),
    )  # fmt: skip
    found = (  # picture, class, score, box
        (0, 0, 0.95, (10, 10, 30, 30)), (0, 0, 0.9, (11, 10, 30, 30)),  # right, then taken
        (0, 0, 0.8, (60, 60, 80, 80)), (1, 0, 0.7, (10, 10, 50, 30)),  # wrong class, IoU .5
        (1, 0, 0.6, (80, 80, 99, 99)), (2, 0, 0.5, (10, 60, 40, 90)),  # nothing here, a crowd
        (1, 0, 0.4, (61, 10, 90, 40)), (0, 1, 0.3, (60, 60, 80, 80)),
    )  # fmt: skip
    pictures = [Picture(row, f"{row}.png", 100, 100) for row in range(PICTURES)]
    columns = list(zip(*truth, strict=True))
    annotations = Annotations.of(
        pictures, ("a", "b", "unused"), columns[0], columns[1], boxes=columns[2],
        crowd=columns[3], folder=folder,
    )  # fmt: skip
    columns = list(zip(*found, strict=True))
    detections = Detections.of(columns[0], columns[1], columns[2], boxes=columns[3])
    return Run("small", "some model", "small set", annotations, detections, 3, 3)


def show(panel: EvaluationPanel, run: Run) -> None:
    """As when an evaluation has ended."""
    QTest.mouseClick(panel.data.evaluate, LEFT)
    panel.selection.evaluation_changed.emit(EvaluationState(Phase.IDLE, snapshot=lambda: run))
    settled()


def click_row(panel: EvaluationPanel, row: int) -> None:
    table = panel.walk.table
    index = table.rows.index(row, 0)
    table.scrollTo(index)
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualRect(index).center())
    settled()
