"""The picture of one decision: who is chosen, who goes because of it, who stays, who waits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPalette, QPen, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.box_item import to_view
from widgets.nms.backdrop import Backdrop, crop_around
from widgets.nms.painter import Scene, paint_scene
from widgets.own_keys import OwnKeys
from widgets.table_rows import score_text

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

_STEPS = {
    Qt.Key.Key_Left: "back",
    Qt.Key.Key_Right: "forward",
    Qt.Key.Key_Home: "first",
    Qt.Key.Key_End: "last",
    Qt.Key.Key_P: "play",
    Qt.Key.Key_Up: "previous",
    Qt.Key.Key_Down: "next",
    Qt.Key.Key_Z: "zoom",
}


class NmsPicture(OwnKeys, QWidget):
    """Shows a `Scene`.

    White: the row that is chosen now. Vermillion dashes and arrows: the rows that it suppresses.
    Colour of the class (or level): kept before. Thin grey: still waiting. ``picked(row)`` and
    ``hovered(row)`` (-1 for none) report the mouse, ``commanded(word)`` the keys of `_STEPS`.
    """

    own_keys = frozenset(_STEPS)

    picked = Signal(int)
    hovered = Signal(int)
    commanded = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene | None = None
        self._zoomed = True
        self._backdrop = Backdrop()
        self.setObjectName("picture")
        self.setAccessibleName("NMS decision")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 90)

    def sizeHint(self) -> QSize:
        return QSize(360, 270)

    @property
    def scene(self) -> Scene | None:
        """What is shown."""
        return self._scene

    def show_scene(self, scene: Scene | None) -> None:
        """The row under the mouse stays marked while it exists."""
        old = self._scene
        if scene is not None and old is not None and 0 <= old.hover < len(scene.plan.table):
            scene = replace(scene, hover=old.hover)
        self._scene = scene
        self._backdrop.frame = None if scene is None else scene.plan.trace.frame
        self.update()

    def set_hover(self, row: int) -> None:
        """The row under the mouse anywhere in the window, -1 for none."""
        if self._scene is not None and row != self._scene.hover:
            self._scene = replace(self._scene, hover=row)
            self.update()

    def set_zoomed(self, on: bool) -> None:
        self._zoomed = on
        self.update()

    def centre_of(self, row: int) -> QPointF:
        """Where the middle of a row is drawn, in widget px."""
        assert self._scene is not None
        return self._scene.rect(row, self._transform()).center()

    # --- geometry

    @property
    def crop(self) -> QRectF:
        """The part of the picture (image px) that matters to the present decision."""
        scene = self._scene
        if scene is None:
            return QRectF()
        frame = scene.plan.trace.frame
        if not self._close_up:
            return QRectF(0, 0, frame.width, frame.height)
        chosen, gone, _ = scene.step
        boxes = np.vstack([scene.plan.boxes[np.append(gone, chosen)], scene.truth])
        return crop_around(boxes, frame.width, frame.height)

    @property
    def _close_up(self) -> bool:
        return self._zoomed and self._scene is not None and self._scene.number > 0

    def _transform(self) -> QTransform:
        """Image px -> widget px; close up with a margin, so that labels fit beside the boxes."""
        margin = self.fontMetrics().height() if self._close_up else 2
        room = QRectF(self.rect()).adjusted(margin, margin, -margin, -margin)
        return self._backdrop.transform(self.crop, room)

    def _row_at(self, at: QPointF) -> int:
        """The smallest box under a point: of the present decision first, then of those kept."""
        if self._scene is None:
            return -1
        plan, (chosen, gone, _) = self._scene.plan, self._scene.step
        transform = self._transform()
        kept = plan.keep[: self._scene.number]
        for rows in (np.append(gone, chosen) if chosen >= 0 else gone, kept):
            boxes = to_view(plan.boxes[rows], transform)
            x, y = at.x(), at.y()
            inside = (boxes[:, :2] - 3 <= (x, y)).all(1) & ((x, y) <= boxes[:, 2:] + 3).all(1)
            if inside.any():
                sides = boxes[:, 2:] - boxes[:, :2]
                area = np.where(inside, sides[:, 0] * sides[:, 1], np.inf)
                return int(rows[area.argmin()])
        return -1

    # --- events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            self.picked.emit(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position())
        self.hovered.emit(row)
        self.setToolTip(self._tip(row))

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(-1)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        word = _STEPS.get(Qt.Key(event.key()))
        if word is not None and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.commanded.emit(word)
        else:
            super().keyPressEvent(event)

    def _tip(self, row: int) -> str:
        if self._scene is None or row < 0:
            return ""
        plan = self._scene.plan
        x1, y1, x2, y2 = plan.boxes[row].tolist()
        by = int(plan.table.by[row])
        fate = f"suppressed by #{by}, IoU {plan.iou[row]:.3f}" if by >= 0 else "kept"
        return (
            f"#{row} {plan.name(row)}, score {score_text(float(plan.table.scores[row]))}, {fate}\n"
            f"[{x1:.1f}, {y1:.1f}, {x2:.1f}, {y2:.1f}] image px"
        )

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        if self._scene is None:
            return
        painter.setClipRect(self.rect())  # translucent lines are far slower without
        transform = self._transform()
        self._backdrop.paint(painter, transform, self.size())
        paint_scene(painter, self._scene, transform, QRectF(self.rect()))
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
