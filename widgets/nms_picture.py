"""The picture of one decision: who is chosen, who goes because of it, who stays, who waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPalette,
    QPen,
    QTransform,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.decisions import Step
from widgets.box_item import draw_rects, snapped, to_view
from widgets.nms_arrows import Arrow, draw_arrows
from widgets.nms_backdrop import Backdrop, crop_around
from widgets.nms_keys import KeysMixin
from widgets.palette import HALO, LABELS, REASONS, SELECTED, SUPPRESSOR, label_indices, text_on
from widgets.table_rows import score_text

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from widgets.nms_plan import Plan

ARROWS = 12  # more of them hide the boxes; the largest overlaps are shown
WAITING = 500  # boxes not yet decided that are drawn, the best; more are a fog
GONE = REASONS[4]
WAIT_COLOUR = "#bbbbbb"
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


class NmsPicture(KeysMixin, QWidget):
    """Shows decision ``number`` of a `Plan`; 0 is before the first.

    White: the row that is chosen now. Vermillion dashes and arrows: the rows that it suppresses.
    Colour of the class (or level): kept before. Thin grey: still waiting. ``picked(row)`` and
    ``hovered(row)`` (-1 for none) report the mouse, ``commanded(word)`` the keys of `_STEPS`.
    """

    picked = Signal(int)
    hovered = Signal(int)
    commanded = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan: Plan | None = None
        self._number, self._focus, self._hover = 0, -1, -1
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

    def handles(self, key: int) -> bool:
        return key in _STEPS

    def show_decision(self, plan: Plan | None, number: int, focus: int) -> None:
        """``focus``: the row the user picked, -1 for none."""
        self._plan, self._number, self._focus = plan, number, focus
        self._backdrop.frame = None if plan is None else plan.trace.frame
        if plan is None or self._hover >= len(plan.table):
            self._hover = -1
        self.update()

    def set_hover(self, row: int) -> None:
        """The row under the mouse anywhere in the window, -1 for none."""
        if row != self._hover:
            self._hover = row
            self.update()

    def set_zoomed(self, on: bool) -> None:
        self._zoomed = on
        self.update()

    def centre_of(self, row: int) -> QPointF:
        """Where the middle of a row is drawn, in widget px."""
        assert self._plan is not None
        return self._rect(row).center()

    # --- geometry

    def _shown(self) -> Step:
        """The chosen row (-1 before the first decision), those that go now, and their IoU."""
        if self._plan is None or not self._number:
            return Step(-1, np.zeros(0, np.int64), np.zeros(0, np.float32))
        return self._plan.step(self._number)

    @property
    def crop(self) -> QRectF:
        """The part of the picture (image px) that matters to the present decision."""
        if self._plan is None:
            return QRectF()
        frame = self._plan.trace.frame
        chosen, gone, _ = self._shown()
        if not self._zoomed or chosen < 0:
            return QRectF(0, 0, frame.width, frame.height)
        return crop_around(self._plan.boxes[np.append(gone, chosen)], frame.width, frame.height)

    @property
    def _room(self) -> QRectF:
        """Where the crop lies: with a margin, so that labels fit beside boxes at its edge."""
        margin = self.fontMetrics().height()
        return QRectF(self.rect()).adjusted(margin, margin, -margin, -margin)

    def _transform(self) -> QTransform:
        return self._backdrop.transform(self.crop, self._room)

    def _rect(self, row: int) -> QRectF:
        assert self._plan is not None
        x1, y1, x2, y2 = to_view(self._plan.boxes[row : row + 1], self._transform())[0].tolist()
        return QRectF(x1, y1, x2 - x1, y2 - y1)

    def _row_at(self, at: QPointF) -> int:
        """The smallest box under a point: of the present decision first, then of those kept."""
        if self._plan is None:
            return -1
        chosen, gone, _ = self._shown()
        kept = self._plan.keep[: self._number]
        for rows in (np.append(gone, chosen) if chosen >= 0 else gone, kept):
            boxes = to_view(self._plan.boxes[rows], self._transform())
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
        if self._plan is None or row < 0:
            return ""
        plan, (x1, y1, x2, y2) = self._plan, self._plan.boxes[row].tolist()
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
        if self._plan is None:
            return
        painter.setClipRect(self.rect())  # translucent lines are far slower without
        self._backdrop.paint(painter, self._transform(), self.size())
        self._paint_boxes(painter)
        self._paint_decision(painter)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _paint_boxes(self, painter: QPainter) -> None:
        """Kept before, and still waiting."""
        assert self._plan is not None
        plan, transform, dpr = self._plan, self._transform(), self.devicePixelRatioF()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ahead = plan.order[plan.decision[plan.order] > self._number][:WAITING]
        colour = QColor(WAIT_COLOUR)
        colour.setAlpha(150 if len(ahead) < 200 else 80)
        painter.setPen(QPen(colour, 0))
        draw_rects(painter, snapped(to_view(plan.boxes[ahead], transform), dpr))
        kept = plan.keep[: max(self._number - 1, 0)]
        by_class = plan.within == "class"
        styles = label_indices(plan.table.labels[kept] if by_class else plan.groups[kept] + 1)
        boxes = snapped(to_view(plan.boxes[kept], transform), dpr)
        for style in np.unique(styles).tolist():
            rects = boxes[styles == style]
            for inset, paint in ((-1, HALO), (0, LABELS[style]), (1, LABELS[style])):
                painter.setPen(QPen(QColor(paint), 0))
                draw_rects(painter, rects + np.array([inset, inset, -2 * inset, -2 * inset]))

    def _paint_decision(self, painter: QPainter) -> None:
        assert self._plan is not None
        chosen, gone, ious = self._shown()
        if chosen < 0:
            return
        plan, to = self._plan, self._rect(chosen)
        fill = QColor(SELECTED)
        fill.setAlpha(26)
        painter.fillRect(to, fill)
        stressed = [r for r in (self._focus, self._hover) if r >= 0 and r != chosen]
        for row in gone.tolist():
            self._outline(painter, self._rect(row), GONE.colour, 1.5, GONE.style)
        largest = np.argsort(-ious, kind="stable")[:ARROWS]
        arrows = [
            Arrow(r, self._rect(r), to, f"{plan.iou[r]:.2f}", GONE.colour)
            for r in gone[largest][::-1].tolist()
            if r not in stressed
        ]
        self._outline(painter, to, SELECTED, 3, Qt.PenStyle.SolidLine)
        for row in stressed:
            by = int(plan.table.by[row])
            self._outline(painter, self._rect(row), SUPPRESSOR, 2.5, Qt.PenStyle.SolidLine)
            if by >= 0:
                text = f"#{row} IoU {plan.iou[row]:.3f}"
                arrows.append(Arrow(row, self._rect(row), self._rect(by), text, SUPPRESSOR, 2.5))
        taken = [self._name(painter, chosen, to)]
        draw_arrows(painter, arrows, QRectF(self.rect()), taken)

    def _outline(
        self, painter: QPainter, box: QRectF, colour: str, width: float, style: Qt.PenStyle
    ) -> None:
        for paint, wide, pattern in (
            (HALO, width + (2 if style == Qt.PenStyle.SolidLine else 1), Qt.PenStyle.SolidLine),
            (colour, width, style),
        ):
            tint = QColor(paint)
            tint.setAlpha(110 if paint == HALO and style != Qt.PenStyle.SolidLine else 255)
            pen = QPen(tint, wide, pattern)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(box)

    def _name(self, painter: QPainter, row: int, box: QRectF) -> QRectF:
        """Row, class and score of the chosen box, inside its upper edge; where it was written."""
        assert self._plan is not None
        score = score_text(float(self._plan.table.scores[row]))
        text = f"#{row} {self._plan.name(row)} {score}"
        metrics = QFontMetricsF(painter.font())
        size = metrics.horizontalAdvance(text) + 8
        x = min(max(box.left(), 2), self.width() - size - 2)
        y = box.top() - metrics.height() - 2
        y = y if y >= 2 else min(max(box.top() + 3, 2), self.height() - metrics.height() - 2)
        place = QRectF(x, y, size, metrics.height())
        painter.fillRect(place, QColor(SELECTED))
        painter.setPen(text_on(QColor(SELECTED)))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        return place
