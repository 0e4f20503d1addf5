"""A picture that a view paints on, in image px, and that answers mouse and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from widgets.own_keys import OwnKeys

if TYPE_CHECKING:
    from engine.frame import Frame

STEP = 1.25  # one notch of the wheel
LARGEST = 64.0  # times the fitted size
MARGIN = 0.04  # of the widget on each side: anchors may reach over the picture's edge


class FrameView(OwnKeys, QWidget):
    """Shows a frame, fitted; the wheel zooms, a drag moves it, F fits it again.

    ``clicked`` and ``hovered`` carry a point in image px (None when the mouse leaves). Subclasses
    paint in `paint_over` and take keys in `take_key`; ``own_keys`` are theirs while they have the
    focus, whatever the window's shortcuts.
    """

    clicked = Signal(QPointF)
    hovered = Signal(object)
    own_keys: ClassVar[frozenset[Qt.Key]] = frozenset()
    empty_text = "Open a picture, video or scene to begin."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: Frame | None = None
        self._zoom = 1.0
        self._middle = QPointF(0.5, 0.5)  # of the picture, in its own size
        self._pressed: QPointF | None = None
        self._dragged = False
        self._backdrop: tuple[tuple[object, ...], QImage] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        line = self.fontMetrics().height()
        self.setMinimumSize(8 * line, 8 * line)

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(24 * line, 20 * line)

    @property
    def frame(self) -> Frame | None:
        return self._frame

    def set_frame(self, frame: Frame | None) -> None:
        """Another picture; zoom and place stay while its size does."""
        old, self._frame = self._frame, frame
        if old is None or frame is None or (old.width, old.height) != (frame.width, frame.height):
            self.fit()
        if frame is not old:
            self.update()

    def fit(self) -> None:
        self._zoom, self._middle = 1.0, QPointF(0.5, 0.5)
        self.update()

    # --- to be filled by the view

    def paint_over(self, painter: QPainter, view: QTransform) -> None:
        """Paint in widget px; ``view`` maps image px there."""

    def take_key(self, event: QKeyEvent) -> bool:
        """Was the key one of ours?"""
        return False

    # --- image px <-> widget px

    def view_transform(self) -> QTransform:
        """Image px -> widget px."""
        if self._frame is None:
            return QTransform()
        width, height = self._frame.width, self._frame.height
        scale = self._zoom * (1 - 2 * MARGIN) * min(self.width() / width, self.height() / height)
        left = self.width() / 2 - self._middle.x() * width * scale
        top = self.height() / 2 - self._middle.y() * height * scale
        return QTransform(scale, 0, 0, scale, left, top)

    def to_image(self, at: QPointF) -> QPointF:
        back, _ = self.view_transform().inverted()
        return back.map(at)

    def zoom_at(self, factor: float, at: QPointF) -> None:
        """Zoom; the widget position ``at`` keeps its image point."""
        if self._frame is None:
            return
        under = self.to_image(at)
        self._zoom = min(max(self._zoom * factor, 1.0), LARGEST)
        now = self.view_transform().map(under)
        self._shift(at - now)
        if self._zoom == 1.0:
            self._middle = QPointF(0.5, 0.5)
        self.update()

    def _shift(self, by: QPointF) -> None:
        if self._frame is None:
            return
        scale = self.view_transform().m11()
        x = self._middle.x() - by.x() / (scale * self._frame.width)
        y = self._middle.y() - by.y() / (scale * self._frame.height)
        self._middle = QPointF(min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0))
        self.update()

    # --- mouse and keys

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = (event.angleDelta().y() or event.angleDelta().x()) / 120
        self.zoom_at(STEP**notches, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            self.hovered.emit(None if self._frame is None else self.to_image(event.position()))
            return
        moved = event.position() - self._pressed
        if self._dragged or moved.manhattanLength() > 4:
            self._dragged = True
            self._pressed = event.position()
            self._shift(moved)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        here, self._pressed = self._pressed, None
        left = event.button() == Qt.MouseButton.LeftButton
        if here is not None and left and not self._dragged and self._frame is not None:
            self.clicked.emit(self.to_image(event.position()))

    def leaveEvent(self, event: QEnterEvent) -> None:
        self.hovered.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, centre = event.key(), QPointF(self.rect().center())
        if self.take_key(event):
            event.accept()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_at(STEP, centre)
        elif key == Qt.Key.Key_Minus:
            self.zoom_at(1 / STEP, centre)
        elif key == Qt.Key.Key_F:
            self.fit()
        else:
            super().keyPressEvent(event)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(self.rect())  # translucent lines are many times slower without
        if self._frame is None:
            self._paint_empty(painter)
        else:
            view = self.view_transform()
            painter.drawImage(QPointF(0, 0), self._picture(view))
            painter.save()
            self.paint_over(painter, view)
            painter.restore()
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _picture(self, view: QTransform) -> QImage:
        """The frame on its background in the size of the widget, made once for many repaints."""
        assert self._frame is not None
        dpr, back = self.devicePixelRatioF(), self.palette().color(QPalette.ColorRole.Base)
        key = (self._frame.serial, view, self.size(), dpr, back.rgb())
        if self._backdrop is None or self._backdrop[0] != key:
            from widgets.image_item import wrap

            image = QImage(self.size() * dpr, QImage.Format.Format_RGB32)
            image.setDevicePixelRatio(dpr)
            image.fill(back)
            painter = QPainter(image)
            small = view.m11() * dpr < 2
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, small)
            painter.setTransform(view, True)
            painter.drawImage(QPointF(0, 0), wrap(self._frame.pixels))
            painter.end()
            self._backdrop = (key, image)
        return self._backdrop[1]

    def _paint_empty(self, painter: QPainter) -> None:
        palette, edge = self.palette(), self.fontMetrics().height()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
        painter.setPen(QPen(QColor(palette.color(QPalette.ColorRole.Mid)), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(room, edge / 2, edge / 2)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room.adjusted(edge, edge, -edge, -edge), flags, self.empty_text)
