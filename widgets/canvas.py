"""Canvas: the picture and what the detector made of it.

A QGraphicsView whose scene coordinates are image px. The layers (picture, masks, boxes, highlights,
labels) are made when the first picture comes, because they need NumPy and the first paint of the
window must not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from widgets.canvas_text import draw_badge, draw_caption, draw_empty
from widgets.draw_tool import DrawTool
from widgets.pan_zoom_view import STEP, PanZoomView

if TYPE_CHECKING:
    from engine.frame import Frame
    from engine.trace import Ref, Trace
    from widgets.canvas_layers import Layers
    from widgets.selection import Selection

EMPTY_TEXT = "Drop a picture, video or folder here, or press Ctrl+O"
_CLICK_SLOP = 4  # px that a mouse may move and still click


class Canvas(PanZoomView):
    """Shows a frame, and of the selection's trace the boxes of the present stage.

    Click selects the smallest box under the cursor, a second click at the same place the next
    larger one. Left or middle button drags the picture, the wheel zooms at the cursor; +, -, F
    (fit), 1 (actual size), Shift+arrows do the same from the keyboard. ``cursor_info`` describes
    what is under the cursor, "" when there is nothing; ``moved`` when another part of the picture
    is shown, in another or the same size.
    """

    cursor_info = Signal(str)

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._frame: Frame | None = None
        self._layers: Layers | None = None
        self._caption = ""
        self._pinned = False
        self._pressed: QPoint | None = None
        self._dragged = False
        self._last_click: QPointF | None = None
        self._cursor: QPointF | None = None  # scene coordinates; None when outside
        self.draw_tool = DrawTool(self)
        self.draw_tool.repaint.connect(self._repaint)
        self._shows = {"labels": True, "masks": True, "keypoints": True, "truth": False}
        self.setAccessibleName("Picture")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setAcceptDrops(False)  # the window takes drops, wherever they fall
        self.viewport().setAcceptDrops(False)
        self.setMinimumSize(160, 120)
        self.moved.connect(self._on_moved)
        selection.trace_changed.connect(self._on_trace)
        selection.stage_changed.connect(self._on_stage)
        selection.ref_changed.connect(self._on_ref)
        selection.hover_changed.connect(self._on_hover)
        selection.rejected_changed.connect(self._on_rejected)
        if selection.trace is not None:
            self._on_trace(selection.trace)

    def sizeHint(self) -> QSize:
        return QSize(960, 720)

    # --- what is shown

    @property
    def frame(self) -> Frame | None:
        return self._frame

    @property
    def picture_size(self) -> tuple[int, int] | None:
        return None if self._frame is None else (self._frame.width, self._frame.height)

    def set_frame(self, frame: Frame | None) -> None:
        """Show a picture that has no trace (yet); None empties the canvas.

        Boxes of another picture's trace are hidden until a trace of this one comes.
        """
        old = self._frame
        if frame is old:
            return
        self._frame = frame
        if frame is not None:
            self._need_layers().set_pixels(frame.pixels)
            if old is None or (old.width, old.height) != (frame.width, frame.height):
                self.fit()
        self._refresh()

    def set_caption(self, text: str) -> None:
        """A line over the picture such as "loading model …"; "" takes it away."""
        if text != self._caption:
            self._caption = text
            self.viewport().update()

    def set_pinned(self, on: bool) -> None:
        """Say on the picture that its trace is pinned (frozen)."""
        if on != self._pinned:
            self._pinned = on
            self.viewport().update()

    def set_show_labels(self, on: bool) -> None:
        self._show("labels", on)

    def set_show_masks(self, on: bool) -> None:
        """Masks and keypoints: the shapes of the detections."""
        self._show("masks", on)
        self._show("keypoints", on)

    def set_show_keypoints(self, on: bool) -> None:
        """Keypoints and skeletons alone."""
        self._show("keypoints", on)

    def set_show_truth(self, on: bool) -> None:
        """Ground truth boxes, dashed white over black, where the frame has any."""
        self._show("truth", on)

    @Slot()
    def _repaint(self) -> None:
        self.viewport().update()

    def set_drawing(self, on: bool) -> None:
        """While on, the left button draws boxes (`DrawTool`); the middle one still pans."""
        self.draw_tool.on = on
        self.draw_tool.give_up()
        cursor = Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(cursor)

    def grab_picture(self) -> QImage:
        """Picture and layers in the picture's full resolution; a null image without a frame."""
        if self._frame is None or self._layers is None:
            return QImage()
        return self._layers.render_full()

    def _show(self, name: str, on: bool) -> None:
        self._shows[name] = on
        self._refresh()

    def _need_layers(self) -> Layers:
        if self._layers is None:
            from widgets.canvas_layers import Layers

            self._layers = Layers(self, self._selection)
            self._layers.boxes_arrived.connect(self._look_under_cursor)
        return self._layers

    def _refresh(self) -> None:
        """Bring the layers up to the frame, the selection and what is switched on."""
        if self._layers is not None:
            self._layers.refresh(self._frame, self._shows)
            self._look_under_cursor()
        self.viewport().update()

    @Slot()
    def _on_moved(self) -> None:
        if self._layers is not None:
            self._layers.view_moved()

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        if trace is not None and trace.frame is not self._frame:
            self.set_frame(trace.frame)
        else:
            self._refresh()

    @Slot(str)
    def _on_stage(self, stage: str) -> None:
        self._refresh()

    @Slot(bool)
    def _on_rejected(self, on: bool) -> None:
        self._refresh()

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        if self._layers is not None:
            self._layers.refresh_highlights()

    @Slot(object)
    def _on_hover(self, ref: Ref | None) -> None:
        if self._layers is not None:
            self._layers.refresh_highlights()
            self._tell()

    # --- mouse and keys

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if notches:
            self.set_zoom(self.zoom * STEP**notches, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._draws(event.button()):
            view = event.position()
            self.draw_tool.press(self._to_scene(view), view, self.zoom)
            event.accept()
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed = event.position().toPoint()
            self._dragged = False
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position().toPoint()
        self._cursor = self._to_scene(event.position())
        if self.draw_tool.busy:
            self.draw_tool.move(self._cursor, event.position())
        elif self._pressed is not None:
            moved = here - self._pressed
            if self._dragged or moved.manhattanLength() > _CLICK_SLOP:
                if not self._dragged:
                    self._dragged = True
                    self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
                self._pressed = here
                self.pan(moved.x(), moved.y())
        else:
            self._look_under_cursor()
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.draw_tool.busy and self._draws(event.button()) and self._frame is not None:
            room = QRectF(0, 0, self._frame.width, self._frame.height)
            self.draw_tool.release(self._to_scene(event.position()), room)
            event.accept()
            return
        if self._pressed is None:
            super().mouseReleaseEvent(event)
            return
        self._pressed = None
        self.set_drawing(self.draw_tool.on)  # the cursor as it was
        if not self._dragged and event.button() == Qt.MouseButton.LeftButton:
            self._click(event.position())
        event.accept()

    def _draws(self, button: Qt.MouseButton) -> bool:
        return self.draw_tool.on and self._frame is not None and button == Qt.MouseButton.LeftButton

    def leaveEvent(self, event: QEnterEvent) -> None:
        self._cursor = None
        self._selection.set_hover(None)
        self.cursor_info.emit("")
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        moves = {
            Qt.Key.Key_Left: (1, 0),
            Qt.Key.Key_Right: (-1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        if key in moves and shift:
            size = self.viewport().size()
            dx, dy = moves[Qt.Key(key)]
            self.pan(dx * size.width() / 8, dy * size.height() / 8)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.zoom_out()
        elif key == Qt.Key.Key_F:
            self.fit()
        elif key == Qt.Key.Key_1:
            self.actual_size()
        else:
            # Not QGraphicsView's: it would scroll with the arrows that step through the stages.
            QFrame.keyPressEvent(self, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def _click(self, at: QPointF) -> None:
        if self._layers is None:
            return
        again = self._last_click is not None and (at - self._last_click).manhattanLength() <= 4
        self._last_click = at
        self._selection.select(self._layers.pick(self._to_scene(at), next_larger=again))

    @Slot()
    def _look_under_cursor(self) -> None:
        if self._cursor is None or self._layers is None or self._frame is None:
            return
        before = self._selection.hover
        self._selection.set_hover(self._layers.pick(self._cursor))
        if self._selection.hover == before:
            self._tell()

    def _tell(self) -> None:
        if self._cursor is not None and self._layers is not None and self._frame is not None:
            self.cursor_info.emit(self._layers.describe(self._cursor))

    # --- painting

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        painter.save()
        painter.resetTransform()
        if self._frame is None:
            draw_empty(painter, self, EMPTY_TEXT)
        elif self._layers is not None:
            self._layers.paint_labels(painter)
        if self.draw_tool.on and self._frame is not None:
            self.draw_tool.paint(painter, self.viewportTransform())
        if self._pinned:
            draw_badge(painter, self, "Frozen")
        if self._caption:
            draw_caption(painter, self, self._caption)
        painter.restore()
