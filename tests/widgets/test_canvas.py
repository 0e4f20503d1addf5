"""The canvas by mouse and keyboard, and the px it paints."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.table import Reason, Table
from engine.trace import Ref
from tests.widgets.factory import frame_of, many_boxes, result, toy_trace, trace_of, truth_of
from widgets.canvas import Canvas
from widgets.canvas_layers import Layers
from widgets.keypoint_item import KeypointItem
from widgets.palette import OKABE_ITO, label_colour, reason_look
from widgets.selection import Selection

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def canvas(qtbot: QtBot, selection: Selection) -> Canvas:
    canvas = Canvas(selection)
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)  # the toy picture, 200 x 150, twice as large
    canvas.show()
    qtbot.waitExposed(canvas)
    return canvas


def layers(canvas: Canvas) -> Layers:
    assert canvas._layers is not None
    return canvas._layers


def view(canvas: Canvas, x: float, y: float) -> QPoint:
    """Where an image point is on the viewport."""
    return canvas.mapFromScene(QPointF(x, y))


def shot(canvas: Canvas) -> QImage:
    return canvas.grab().toImage()


def colour(image: QImage, at: QPoint) -> tuple[int, int, int]:
    return image.pixelColor(at).getRgb()[:3]


def test_an_empty_canvas_says_what_to_do(canvas: Canvas) -> None:
    image = shot(canvas)
    paper = colour(image, QPoint(60, 60))
    middle = {colour(image, QPoint(x, y)) for x in range(60, 340) for y in range(130, 170)}
    assert len(middle - {paper}) > 5  # words, smoothed
    assert canvas.grab_picture().isNull()


def test_a_frame_is_fitted_and_painted_exactly(canvas: Canvas) -> None:
    canvas.set_frame(frame_of())
    assert canvas.zoom == 2
    image = shot(canvas)
    for x, y in ((0, 0), (100, 70), (199, 149)):
        assert colour(image, QPoint(2 * x + 1, 2 * y + 1)) == (x, y, 90)


def test_a_picture_of_another_shape_is_fitted_anew(canvas: Canvas) -> None:
    canvas.set_frame(frame_of())
    canvas.zoom_in()
    canvas.set_frame(frame_of(100, 150))
    assert canvas.zoom == 2
    assert view(canvas, 50, 75) == QPoint(200, 150)


def test_the_next_frame_keeps_the_zoom(canvas: Canvas) -> None:
    canvas.set_frame(frame_of())
    canvas.set_zoom(5)
    place = view(canvas, 10, 10)
    canvas.set_frame(frame_of())
    assert (canvas.zoom, view(canvas, 10, 10)) == (5, place)


def test_resizing_keeps_a_fitted_picture_fitted(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.set_frame(frame_of())
    canvas.resize(200, 150)
    qtbot.waitUntil(lambda: canvas.zoom == 1)


def test_the_wheel_zooms_at_the_cursor(canvas: Canvas) -> None:
    canvas.set_frame(frame_of())
    at = QPointF(view(canvas, 150, 20))
    event = QWheelEvent(
        at, canvas.viewport().mapToGlobal(at), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        NO, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas.viewport(), event)
    assert canvas.zoom == pytest.approx(2 * 1.25**2)
    assert (view(canvas, 150, 20) - at.toPoint()).manhattanLength() <= 2


@pytest.mark.parametrize(
    ("key", "zoom"),
    [(Qt.Key.Key_Plus, 2.5), (Qt.Key.Key_Minus, 1.6), (Qt.Key.Key_1, 1), (Qt.Key.Key_F, 2)],
)
def test_keys_zoom(canvas: Canvas, qtbot: QtBot, key: Qt.Key, zoom: float) -> None:
    canvas.set_frame(frame_of())
    qtbot.keyClick(canvas, key)
    assert canvas.zoom == pytest.approx(zoom)


def test_zoom_has_ends(canvas: Canvas) -> None:
    canvas.set_frame(frame_of())
    for _ in range(60):
        canvas.zoom_in()
    assert canvas.zoom == 64
    for _ in range(90):
        canvas.zoom_out()
    assert canvas.zoom == 0.02


def test_shift_arrows_pan_and_arrows_do_not(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.set_frame(frame_of())
    start = view(canvas, 0, 0)
    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    assert view(canvas, 0, 0) == start
    qtbot.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert view(canvas, 0, 0) == start + QPoint(50, 0)


@pytest.mark.parametrize("button", [LEFT, Qt.MouseButton.MiddleButton])
def test_dragging_moves_the_picture_and_selects_nothing(
    canvas: Canvas, selection: Selection, qtbot: QtBot, button: Qt.MouseButton
) -> None:
    selection.set_trace(toy_trace())
    grip = view(canvas, 40, 40)
    qtbot.mousePress(canvas.viewport(), button, pos=grip)
    for step in (10, 20, 33):
        qtbot.mouseMove(canvas.viewport(), grip + QPoint(step, step))
    qtbot.mouseRelease(canvas.viewport(), button, pos=grip + QPoint(33, 33))
    assert view(canvas, 40, 40) == grip + QPoint(33, 33)
    assert selection.ref is None


def test_the_picture_cannot_be_lost(canvas: Canvas) -> None:
    canvas.set_frame(frame_of())
    canvas.pan(1e7, -1e7)
    seen = canvas.mapToScene(canvas.viewport().rect()).boundingRect()
    assert seen.intersects(QRectF(0, 0, 200, 150))


def test_a_click_selects_the_smallest_box_and_again_the_next(
    canvas: Canvas, selection: Selection, qtbot: QtBot
) -> None:
    boxes = [[10, 10, 110, 110], [20, 20, 80, 80], [30, 30, 50, 50]]
    selection.set_trace(trace_of({"detections": (Table.of(boxes, [0.9, 0.8, 0.7]), None)}))
    picked = []
    for _ in range(4):
        qtbot.mouseClick(canvas.viewport(), LEFT, pos=view(canvas, 40, 40))
        picked.append(selection.ref)
    assert picked == [Ref("detections", row) for row in (2, 1, 0, 2)]
    qtbot.mouseClick(canvas.viewport(), LEFT, pos=view(canvas, 190, 140))
    assert selection.ref is None


def test_a_tiny_box_can_be_hit(canvas: Canvas, selection: Selection, qtbot: QtBot) -> None:
    selection.set_trace(trace_of({"detections": (Table.of([[50, 50, 50.2, 50.2]]), None)}))
    qtbot.mouseClick(canvas.viewport(), LEFT, pos=view(canvas, 50, 50) + QPoint(2, 2))
    assert selection.ref == Ref("detections", 0)


def test_hover_tells_place_colour_and_numbers(
    canvas: Canvas, selection: Selection, qtbot: QtBot
) -> None:
    selection.set_trace(toy_trace())
    selection.set_stage("nms")
    with qtbot.waitSignal(canvas.cursor_info) as told:
        qtbot.mouseMove(canvas.viewport(), view(canvas, 120, 60))
    assert selection.hover == Ref("nms", 2)
    assert told.args == [
        "x 120, y 60 image px   rgb(120, 60, 90)   "
        "nms #2 dog 0.800 [102.0, 21.0, 184.0, 103.0] 82.0 × 82.0 kept"
    ]
    with qtbot.waitSignal(canvas.cursor_info, check_params_cb=lambda text: text == ""):
        QApplication.sendEvent(canvas.viewport(), _leave())
        QApplication.sendEvent(canvas, _leave())
    assert selection.hover is None


def test_hover_follows_a_live_picture_under_a_still_mouse(
    canvas: Canvas, selection: Selection, qtbot: QtBot
) -> None:
    selection.set_trace(trace_of({"detections": (Table.of([[10, 10, 50, 50]]), None)}))
    qtbot.mouseMove(canvas.viewport(), view(canvas, 30, 30))
    assert selection.hover == Ref("detections", 0)
    moved = [[90, 10, 120, 50], [10, 10, 50, 50]]
    selection.set_trace(trace_of({"detections": (Table.of(moved), None)}, seq=1))
    assert selection.hover == Ref("detections", 1)
    selection.set_trace(trace_of({"detections": (Table.of(moved[:1]), None)}, seq=2))
    assert selection.hover is None


def test_kept_boxes_have_the_colour_of_their_label(canvas: Canvas, selection: Selection) -> None:
    canvas.set_show_labels(False)
    selection.set_trace(trace_of({"detections": (Table.of([[20, 20, 80, 80]], [1], [2]), None)}))
    image = shot(canvas)
    assert colour(image, view(canvas, 20, 50)) == label_colour(2).getRgb()[:3]
    assert colour(image, view(canvas, 50, 50)) == (50, 50, 90)  # the inside stays free
    halo = colour(image, view(canvas, 20, 50) - QPoint(1, 0))
    assert sum(halo) < sum((19, 50, 90))


def test_rejected_boxes_come_on_demand_in_their_reasons_colour(
    canvas: Canvas, selection: Selection
) -> None:
    table = Table.of([[20, 20, 80, 80]], [0.5], [1], reason=[Reason.SUPPRESSED])
    selection.set_trace(trace_of({"detections": (table, None)}))
    plain = shot(canvas)
    edge = [view(canvas, 20, 30) + QPoint(0, i) for i in range(60)]
    assert all(colour(plain, at)[2] == 90 for at in edge)
    selection.set_show_rejected(True)
    marked = shot(canvas)
    orange = QColor(reason_look(Reason.SUPPRESSED).colour)
    changed = [colour(marked, at) for at in edge if colour(marked, at) != colour(plain, at)]
    assert 0 < len(changed) < len(edge)  # dashed
    assert all(c[0] > 120 and c[2] < 90 for c in changed), orange.name()


def test_lines_stay_one_px_wide_at_any_zoom(canvas: Canvas, selection: Selection) -> None:
    canvas.set_show_labels(False)
    selection.set_trace(trace_of({"detections": (Table.of([[20, 20, 80, 80]], [1], [2]), None)}))
    want = label_colour(2).getRgb()[:3]
    for zoom in (1.0, 2.0, 7.0):
        canvas.set_zoom(zoom, QPointF(view(canvas, 20, 50)))
        image, middle = shot(canvas), view(canvas, 20, 50)
        row = [colour(image, middle + QPoint(dx, 0)) for dx in range(-5, 6)]
        assert row.count(want) == 2


def test_boxes_smaller_than_a_px_stay_visible(canvas: Canvas, selection: Selection) -> None:
    canvas.set_show_labels(False)
    trace = trace_of({"detections": (Table.of([[100, 80, 103, 83]], [1], [2]), None)})
    selection.set_trace(trace)
    canvas.set_zoom(0.1)
    at = view(canvas, 100.5, 80.5)
    assert colour(shot(canvas), at) == label_colour(2).getRgb()[:3]


def test_the_selected_box_shows_its_suppressor(canvas: Canvas, selection: Selection) -> None:
    selection.set_trace(toy_trace())
    selection.select(Ref("nms", 1))
    marks = layers(canvas)._highlights.marks
    assert [m.box.left() for m in marks] == [12.0, 14.0]  # suppressor, itself
    assert marks[0].link == marks[1].box


def test_boxes_of_another_picture_are_not_shown(canvas: Canvas, selection: Selection) -> None:
    selection.set_trace(toy_trace())
    assert layers(canvas).shown is not None
    canvas.set_frame(frame_of())
    assert layers(canvas).shown is None
    selection.set_trace(toy_trace(seq=1))
    assert layers(canvas).shown is not None


def test_an_unchanged_stage_is_not_drawn_anew(canvas: Canvas, selection: Selection) -> None:
    """Moving a later parameter gives a trace that shares the earlier stages."""
    import dataclasses

    trace = toy_trace()
    selection.set_trace(trace)
    selection.set_stage("decode")
    before = layers(canvas).shown
    selection.set_trace(dataclasses.replace(trace, seq=1))
    assert layers(canvas).shown is before


def test_ground_truth_is_dashed_and_named(canvas: Canvas) -> None:
    canvas.set_frame(frame_of(truth=truth_of()))
    assert layers(canvas)._highlights.marks == ()
    canvas.set_show_truth(True)
    shot(canvas)
    styles = [m.style for m in layers(canvas)._highlights.marks]
    assert styles == [Qt.PenStyle.DashLine, Qt.PenStyle.DotLine]
    assert {p.label.text for p in layers(canvas).label_layer.placed} == {"person", "dog"}


def test_masks_tint_the_picture(canvas: Canvas, selection: Selection, qtbot: QtBot) -> None:
    canvas.set_show_labels(False)
    pasted = np.zeros((1, 150, 200), np.float32)
    pasted[0, 40:60, 40:60] = 0.9
    table = Table.of([[20, 20, 80, 80]], [1], [2])
    trace = trace_of(
        {"detections": (table, None)}, results={"masks": result("masks", arrays={"pasted": pasted})}
    )
    selection.set_trace(trace)
    item = layers(canvas)._masks
    qtbot.waitUntil(lambda: item.pixels is not None)
    image = shot(canvas)
    assert colour(image, view(canvas, 30, 30) + QPoint(1, 1)) == (30, 30, 90)
    want = label_colour(2).getRgb()[:3]
    mixed = [round(0.55 * a + 0.45 * b) for a, b in zip((50, 50, 90), want, strict=True)]
    assert np.abs(np.subtract(colour(image, view(canvas, 50, 50) + QPoint(1, 1)), mixed)).max() <= 3
    canvas.set_show_masks(False)
    assert item.pixels is None


def posed(scores: list[float]) -> dict[str, object]:
    """The results of a keypoint stage: persons that stand 60 px apart, all joints on a grid."""
    grid = np.stack([np.arange(17) * 3.0, np.arange(17) * 6.0, np.ones(17)], 1)
    points = np.stack([grid + np.array([20 + 60 * d, 20, 0]) for d in range(len(scores))])
    logits = np.full((len(scores), 17), 5.0)
    return {"keypoints": result("keypoints", arrays={"keypoints": points, "scores": logits})}


def test_keypoints_of_sure_and_of_selected_detections(canvas: Canvas, selection: Selection) -> None:
    canvas.set_show_labels(False)
    scores = [0.9, 0.3]
    table = Table.of([[20, 20, 70, 120], [80, 20, 130, 120]], scores, [1, 1])
    selection.set_trace(trace_of({"detections": (table, None)}, results=posed(scores)))
    nose, second = view(canvas, 20, 20), view(canvas, 80, 20)
    yellow = QColor(OKABE_ITO[3]).getRgb()[:3]
    assert colour(shot(canvas), nose) == yellow != colour(shot(canvas), second)
    ankle = view(canvas, 20 + 15 * 3, 20 + 15 * 6)  # of the left leg
    assert colour(shot(canvas), ankle) == QColor(OKABE_ITO[0]).getRgb()[:3]
    selection.select(Ref("detections", 1))
    far = view(canvas, 80 + 15 * 3, 20 + 15 * 6)
    off = np.subtract(colour(shot(canvas), far), QColor(OKABE_ITO[0]).getRgb()[:3])
    assert np.abs(off).max() < 40  # under the tint of the selected box
    canvas.set_show_keypoints(False)
    assert layers(canvas)._keypoints.empty
    canvas.set_show_masks(True)  # shapes of detections are switched together
    assert not layers(canvas)._keypoints.empty
    selection.set_stage("keypoints")
    assert not layers(canvas)._keypoints.empty


def test_doubtful_keypoints_get_no_limbs(qapp: QApplication) -> None:
    item = KeypointItem()
    points = np.tile([50.0, 50.0, 1.0], (1, 17, 1))
    item.set_points(points, np.zeros((1, 17)))
    assert not item.empty and not any(item._limbs)
    item.set_points(points, np.full((1, 17), 3.0))
    assert sum(len(limbs) for limbs in item._limbs) == 19
    item.set_points(points[:0], np.zeros((0, 17)))
    assert item.empty


@pytest.mark.parametrize("labels", [1, 5])
def test_many_boxes_come_as_a_picture_from_another_thread(
    canvas: Canvas, selection: Selection, qtbot: QtBot, labels: int
) -> None:
    selection.set_trace(many_boxes(8000, (400, 300), labels))
    assert layers(canvas)._boxes.wants_overlay
    bare = shot(canvas)
    qtbot.waitUntil(lambda: layers(canvas)._boxes._overlay is not None)
    qtbot.waitUntil(lambda: not layers(canvas).overlay_busy)
    full = shot(canvas)
    assert full != bare
    canvas.zoom_in()  # the old picture stands in until the new one comes
    assert layers(canvas)._boxes._overlay is not None
    qtbot.waitUntil(lambda: not layers(canvas).overlay_busy)


@pytest.mark.parametrize("count", [20_000, 60_000])  # while drawn, while sorted
def test_deleting_the_canvas_while_a_picture_is_made_is_safe(
    qtbot: QtBot, selection: Selection, count: int
) -> None:
    canvas = Canvas(selection)
    canvas.resize(400, 300)
    selection.set_trace(many_boxes(count, (400, 300)))
    assert layers(canvas).overlay_busy
    canvas.deleteLater()
    del canvas
    QApplication.sendPostedEvents(None, 0)
    selection.set_trace(toy_trace())  # nobody listens any more


def test_the_whole_picture_is_saved_in_its_own_resolution(
    canvas: Canvas, selection: Selection
) -> None:
    selection.set_trace(trace_of({"detections": (Table.of([[20, 20, 80, 80]], [1], [2]), None)}))
    canvas.set_zoom(9)  # what is seen does not matter
    image = canvas.grab_picture()
    assert (image.width(), image.height()) == (200, 150)
    assert colour(image, QPoint(20, 50)) == label_colour(2).getRgb()[:3]
    assert colour(image, QPoint(150, 100)) == (150, 100, 90)


def test_caption_and_badge_are_painted(canvas: Canvas) -> None:
    canvas.set_frame(frame_of())
    before = shot(canvas)
    canvas.set_caption("Loading the model …")
    captioned = shot(canvas)
    assert captioned != before
    canvas.set_pinned(True)
    assert shot(canvas) != captioned
    canvas.set_caption("")
    canvas.set_pinned(False)
    assert shot(canvas) == before


def _leave() -> object:
    from PySide6.QtCore import QEvent

    return QEvent(QEvent.Type.Leave)
