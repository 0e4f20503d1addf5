"""A skip connection switched off, undone and compared in the real window; the class map beside."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from app.launch import Launcher
from app.main_window import MainWindow
from engine import scenes
from tests.app.conftest import PATIENCE
from widgets.canvas_layers import Layers
from widgets.encoder_decoder.panel import EncoderDecoderPanel
from widgets.segmentation.panel import ClassMapPanel

LEFT = Qt.MouseButton.LeftButton
ONE = frozenset({"decoder1"})


def opened(qtbot: QtBot, window: MainWindow, key: str, kind: type):  # type: ignore[no-untyped-def]
    """A view, opened as the Panels menu does."""
    dock = window.docks[key]
    if not dock.toggleViewAction().isChecked():
        dock.toggleViewAction().trigger()
    dock.raise_()
    qtbot.waitUntil(lambda: bool(dock.findChildren(kind)), timeout=PATIENCE)
    (panel,) = dock.findChildren(kind)
    qtbot.waitUntil(panel.isVisible, timeout=PATIENCE)
    return panel


def test_a_skip_connection_is_switched_off_and_undone(
    qtbot: QtBot, launch: Callable[..., Launcher]
) -> None:
    window = launch(f"scene:{scenes.HELD_OUT + 3}", model="boxscope-unet").window
    selection = window.selection
    qtbot.waitUntil(lambda: selection.trace is not None, timeout=PATIENCE)
    assert selection.stage == "argmax"
    panel = opened(qtbot, window, "encoder_decoder", EncoderDecoderPanel)
    qtbot.waitUntil(lambda: frozenset() in panel.tried, timeout=PATIENCE)
    whole = selection.trace

    box = panel.switches.box("decoder1")
    qtbot.mouseClick(box, LEFT, pos=QPoint(box.height() // 2, box.height() // 2))
    qtbot.waitUntil(lambda: ONE in panel.tried, timeout=PATIENCE)
    cut = selection.trace
    assert cut.settings.get("decoder1.skip") is False
    assert cut.stages["decoder2"] is whole.stages["decoder2"]
    assert panel.tried[ONE].changed > 0 and panel.tried[ONE].mean_iou >= 0
    assert not box.isChecked() and "Decoder 1" in panel.cost.text()

    window.undo()
    qtbot.waitUntil(lambda: selection.trace.settings.get("decoder1.skip", True), timeout=PATIENCE)
    qtbot.waitUntil(box.isChecked, timeout=PATIENCE)
    for name in ("class_scores", "argmax"):
        for key, values in whole.stages[name].arrays.items():
            assert np.array_equal(values, selection.trace.stages[name].arrays[key])
    assert set(panel.tried) == {frozenset(), ONE}  # both can still be compared

    maps = opened(qtbot, window, "class_map", ClassMapPanel)
    qtbot.waitUntil(lambda: maps.look is not None, timeout=PATIENCE)
    maps.picture.picked.emit(40, 60)
    label = whole.stages["argmax"].arrays["classes"][60, 40]
    assert maps.pixel.best == label
    (layers,) = window.canvas.findChildren(Layers)
    words = layers.describe(QPointF(40.5, 60.5))
    assert whole.classes[label].strip("_") in words
