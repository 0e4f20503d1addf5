"""The road: every stage a lane with its most active channels, skip connections as arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.encoder_decoder.drawing import Plan, images_of, paint_lane, paint_place, paint_skips
from widgets.encoder_decoder.model import MOST
from widgets.own_keys import ARROWS, OwnKeys
from widgets.palette import is_dark

if TYPE_CHECKING:
    from widgets.encoder_decoder.model import Lane

_K = Qt.Key
_ENTER = (_K.Key_Return, _K.Key_Enter)
Point = tuple[float, float]


class RoadView(OwnKeys, QWidget):
    """Wishes only: `show_lanes` and `choose` show what was granted.

    ``chosen(lane, k)``: the k-th small map of a lane was clicked or walked to; ``pointed(x, y)``:
    a place, network px; ``switched(decoder, on)``: a skip connection, by Enter;
    ``moved_to(top, bottom)``: the lane that keys lead to, px of this widget.
    """

    chosen = Signal(int, int)
    pointed = Signal(float, float)
    switched = Signal(str, bool)
    moved_to = Signal(int, int)
    own_keys = ARROWS | {*_ENTER}

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes: tuple[Lane, ...] = ()
        self._images: dict[Lane, tuple[tuple[float, ...], list[QImage]]] = {}
        self._chosen = (0, 0)
        self._point: Point | None = None
        self.setAccessibleName("Encoder and decoder")
        self.setAccessibleDescription(
            "Up and Down choose a stage, Left and Right a channel, Enter switches its skip "
            "connection."
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return self._lanes

    # --- what is shown

    def show_lanes(self, lanes: tuple[Lane, ...]) -> None:
        shapes = [_shape(lane) for lane in self._lanes] != [_shape(lane) for lane in lanes]
        self._lanes = lanes
        self._images = {lane: kept for lane, kept in self._images.items() if lane in lanes}
        if shapes:
            self.updateGeometry()
        self.update()

    def choose(self, lane: int, k: int) -> None:
        if (lane, k) != self._chosen:
            self._chosen = (lane, k)
            self.update()

    def set_point(self, point: Point | None) -> None:
        """The place under study, network px."""
        if point != self._point:
            self._point = point
            self.update()

    # --- places

    def plan(self) -> Plan:
        return Plan.of(self._lanes, self.width(), self.fontMetrics().height())

    def thumb_rect(self, lane: int, k: int) -> QRectF:
        """A small map, in px of this widget."""
        return self.plan().thumbs(lane, self._lanes[lane])[k]

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 24, Plan.of(self._lanes, max(self.width(), 1), em).height)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().height() * 16, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    # --- mouse and keys

    def _at(self, at: QPointF) -> tuple[int, int] | None:
        plan = self.plan()
        for row, lane in enumerate(self._lanes):
            if plan.lane_rect(row).contains(at):
                for k, place in enumerate(plan.thumbs(row, lane)):
                    if place.contains(at):
                        return row, k
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if found is None:
            return
        place, step = self.thumb_rect(*found), self._lanes[found[0]].step
        _, height, width = step.shape
        x = (event.position().x() - place.left()) / place.width() * width * step.stride[1]
        y = (event.position().y() - place.top()) / place.height() * height * step.stride[0]
        self.pointed.emit(x, y)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(*found)
            self.mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, (lane, k) = _K(event.key()), self._chosen
        if not self._lanes or key not in self.own_keys:
            super().keyPressEvent(event)
            return
        if key in _ENTER:
            step = self._lanes[min(lane, len(self._lanes) - 1)].step
            if step.skip_from:
                self.switched.emit(step.name, not step.on)
            return
        lane += {_K.Key_Up: -1, _K.Key_Down: 1}.get(key, 0)
        k += {_K.Key_Left: -1, _K.Key_Right: 1}.get(key, 0)
        lane = min(max(lane, 0), len(self._lanes) - 1)
        count = len(self.plan().thumbs(lane, self._lanes[lane]))
        self.chosen.emit(lane, min(max(k, 0), max(min(count, MOST) - 1, 0)))
        room = self.plan().lane_rect(lane)
        self.moved_to.emit(int(room.top()), int(room.bottom()))

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, plan = QPainter(self), self.plan()
        for at, lane in enumerate(self._lanes):
            if not plan.lane_rect(at).toAlignedRect().intersects(event.rect()):
                continue
            chosen = self._chosen[1] if at == self._chosen[0] else None
            images = self._images_of(plan, at, lane)
            paint_lane(painter, plan, at, lane, images, chosen, self.palette())
            if self._point is not None:
                paint_place(painter, plan, at, lane, *self._point)
        paint_skips(painter, plan, self._lanes, is_dark())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _images_of(self, plan: Plan, at: int, lane: Lane) -> list[QImage]:
        key = (plan.width, plan.em, plan.gutter, self.devicePixelRatioF())
        kept = self._images.get(lane)
        if kept is None or kept[0] != key:
            kept = (key, images_of(plan, at, lane, key[-1]))
            self._images[lane] = kept
        return kept[1]


def _shape(lane: Lane) -> tuple[object, ...]:
    """What the places depend on."""
    return (lane.step.name, lane.step.shape, len(lane.captions), lane.step.skip_from)
