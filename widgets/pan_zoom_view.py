"""A view of one picture that is zoomed and moved: scene coordinates are image px."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QResizeEvent, QTransform
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

STEP = 1.25  # one notch of the wheel, one press of +
LARGEST = 64.0  # view px per image px
SMALLEST = 0.02
ROOM = 1e6  # image px on each side


class PanZoomView(QGraphicsView):
    """Where the picture lies and how large; ``moved`` when either changed.

    Whoever inherits says how large the picture is and what mouse and keys do.
    """

    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fitted = True
        self.setScene(QGraphicsScene(self))
        # So large that Qt's own scrolling never meets an end: where the picture may go is up to us.
        self.setSceneRect(QRectF(-ROOM, -ROOM, 2 * ROOM, 2 * ROOM))
        self.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """(width, height) of the picture in image px; None without one."""
        raise NotImplementedError

    @property
    def zoom(self) -> float:
        """View px per image px."""
        return self.transform().m11()

    def fit(self) -> None:
        """The whole picture, as large as it goes; stays fitted while the window is resized."""
        self._fitted = True
        self._apply_fit()

    def actual_size(self) -> None:
        """One image px on one px of the screen."""
        self.set_zoom(1 / self.devicePixelRatioF())

    def zoom_in(self) -> None:
        self.set_zoom(self.zoom * STEP)

    def zoom_out(self) -> None:
        self.set_zoom(self.zoom / STEP)

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom; the view position ``at`` (default: the middle) keeps its image point."""
        if self.picture_size is None:
            return
        zoom = min(max(zoom, SMALLEST), LARGEST)
        at = QPointF(self.viewport().rect().center()) if at is None else at
        under = self._to_scene(at)
        self._fitted = False
        self._place(zoom, at - QPointF(under.x() * zoom, under.y() * zoom))

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by view px."""
        if self.picture_size is not None:
            self._fitted = False
            t = self.viewportTransform()
            self._place(t.m11(), QPointF(t.dx() + dx, t.dy() + dy))

    def follow(self, other: PanZoomView) -> None:
        """Show the same part of the picture as another canvas of the same size does."""
        if self.picture_size is not None:
            t = other.viewportTransform()
            self._fitted = other._fitted
            self._place(t.m11(), QPointF(t.dx(), t.dy()))

    def show_box(self, box: QRectF) -> None:
        """Bring a box (image px) into sight if it is not; the zoom stays."""
        t = self.viewportTransform()
        seen, place = QRectF(self.viewport().rect()), t.mapRect(box)
        if self.picture_size is not None and not seen.intersects(place):
            offset = seen.center() - place.center()
            self.pan(offset.x(), offset.y())

    def _apply_fit(self) -> None:
        if self.picture_size is None:
            return
        view, (width, height) = self.viewport().size(), self.picture_size
        zoom = min(view.width() / width, view.height() / height)
        zoom = min(max(zoom, SMALLEST), LARGEST)
        left = (view.width() - width * zoom) / 2
        top = (view.height() - height * zoom) / 2
        self._place(zoom, QPointF(round(left), round(top)))

    def _place(self, zoom: float, offset: QPointF) -> None:
        """The one place that moves the view; some of the picture always stays in sight."""
        assert self.picture_size is not None
        view, margin, (width, height) = self.viewport().size(), 40, self.picture_size
        x = min(max(offset.x(), margin - width * zoom), view.width() - margin)
        y = min(max(offset.y(), margin - height * zoom), view.height() - margin)
        self.setTransform(QTransform.fromScale(zoom, zoom))
        self.horizontalScrollBar().setValue(round(-x))
        self.verticalScrollBar().setValue(round(-y))
        self.viewport().update()
        self.moved.emit()

    def _to_scene(self, at: QPointF) -> QPointF:
        inverse, _ = self.viewportTransform().inverted()
        return inverse.map(at)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self._apply_fit()
        else:
            self.moved.emit()
