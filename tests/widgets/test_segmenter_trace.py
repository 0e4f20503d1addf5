"""What the window's own widgets make of a trace without boxes, on pictures that follow each other.

The class map lies over the picture where the trace has come that far, and never over another one.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine import scenes
from engine.trace import Trace
from tests.widgets.traces import SEED, pixel_trace, real_trace, run
from widgets.background import settle
from widgets.canvas import Canvas
from widgets.canvas_layers import Layers
from widgets.detection_table import DetectionTable
from widgets.lineage_bar import HINT, LineageBar
from widgets.palette import label_colour
from widgets.selection import Selection
from widgets.stage_ribbon import StageRibbon
from widgets.views import view

__all__ = ["pixel_trace", "real_trace"]


def layers(canvas: Canvas) -> Layers:
    (found,) = canvas.findChildren(Layers)
    return found


def tint(canvas: Canvas) -> np.ndarray | None:
    assert settle()
    QApplication.processEvents()
    return layers(canvas)._masks.pixels


def test_the_class_map_lies_over_the_picture(
    qtbot: QtBot, selection: Selection, pixel_trace: Trace
) -> None:
    canvas = Canvas(selection)
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.show()
    selection.set_trace(pixel_trace)
    assert selection.stage == "argmax"
    labels, shown = pixel_trace.stages["argmax"].arrays["classes"], tint(canvas)
    assert shown is not None and shown.shape == (96, 128, 4)
    np.testing.assert_array_equal(shown[..., 3] > 0, labels > 0)
    k = int(labels.max())
    red, green, blue, _ = label_colour(k).getRgb()
    opacity = shown[labels == k][0, 3] / 255
    expected = np.array([blue, green, red]) * opacity
    assert (abs(shown[labels == k][:, :3] - expected) <= 1).all()
    plain = canvas.grab_picture()
    canvas.set_show_masks(False)
    assert tint(canvas) is None and canvas.grab_picture() != plain
    canvas.set_show_masks(True)
    selection.set_stage("encoder1")
    assert tint(canvas) is None  # nothing is said of pixels there
    selection.set_stage("class_scores")
    np.testing.assert_array_equal(tint(canvas), shown)


def test_the_cursor_reads_the_class_of_its_pixel(
    qtbot: QtBot, selection: Selection, pixel_trace: Trace, real_trace: Trace
) -> None:
    canvas = Canvas(selection)
    qtbot.addWidget(canvas)
    selection.set_trace(pixel_trace)
    arrays = pixel_trace.stages["argmax"].arrays
    for x, y in ((3, 4), (70, 60)):
        name = pixel_trace.classes[arrays["classes"][y, x]].strip("_")
        words = layers(canvas).describe(QPointF(x + 0.7, y + 0.2))
        assert words.endswith(f"{name} {arrays['confidence'][y, x]:.3f}")
    assert layers(canvas).describe(QPointF(-1, 5)) == ""
    selection.set_trace(real_trace)
    assert layers(canvas).describe(QPointF(3, 4)).endswith(")")  # the colour, as before


def test_live_the_tint_is_of_the_picture_that_is_shown(
    qtbot: QtBot, selection: Selection, pixel_trace: Trace
) -> None:
    canvas = Canvas(selection)
    qtbot.addWidget(canvas)
    selection.set_trace(pixel_trace)
    for seed, size in ((SEED + 1, (96, 128)), (SEED + 2, (64, 80))):
        newer = run(scenes.draw(seed, size), model="boxscope-unet")
        selection.set_trace(newer)
        shown = tint(canvas)
        assert canvas.frame is newer.frame and shown is not None
        np.testing.assert_array_equal(
            shown[..., 3] > 0, newer.stages["argmax"].arrays["classes"] > 0
        )


def test_views_of_boxes_are_not_offered(pixel_trace: Trace, real_trace: Trace) -> None:
    for key in ("scores", "nms", "masks", "anchors"):
        assert view(key).shows(real_trace) and not view(key).shows(pixel_trace)


def test_ribbon_table_and_lineage_say_what_is_there_instead_of_boxes(
    qtbot: QtBot, selection: Selection, pixel_trace: Trace, real_trace: Trace
) -> None:
    ribbon, table, lineage = (
        StageRibbon(selection),
        DetectionTable(selection),
        LineageBar(selection),
    )
    for widget in (ribbon, table, lineage):
        qtbot.addWidget(widget)
    selection.set_trace(pixel_trace)
    shape = pixel_trace.stages["encoder2"].notes["shape"]
    assert " × ".join(map(str, shape)) in ribbon.chip("encoder2").lines()[1]
    count = len(np.unique(pixel_trace.stages["argmax"].arrays["classes"]))
    assert f"{count} classes" in ribbon.chip("argmax").lines()[1]
    assert not table.model.rowCount() and not table.model.line_of(None) >= 0
    for widget in (table.findChild(type(table._note), "note"), lineage._hint):
        assert "gives every pixel a class" in widget.text()
    table._which.setCurrentIndex(1)
    assert not table.model.rowCount()
    ribbon.setFocus()
    selection.first_stage()
    assert selection.stage == "input"
    selection.last_stage()
    assert selection.stage == "argmax"
    selection.set_trace(real_trace)
    assert lineage._hint.text() == HINT and table.model.rowCount()
    assert selection.stage == "detections"
