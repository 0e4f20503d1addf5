"""A small picture of what one method of suppression leaves, with its count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.box_item import draw_rects, snapped, to_view
from widgets.nms.backdrop import Backdrop
from widgets.nms.what_if import TIPS, TITLES
from widgets.palette import HALO, LABELS, label_indices

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from widgets.nms.plan import Plan
    from widgets.nms.what_if import Outcome

DRAWN = 1500  # boxes drawn at most, the best


class OutcomeCard(QWidget):
    """Title and count above, the boxes on the picture below."""

    def __init__(self, method: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.method = method
        self._plan: Plan | None = None
        self._outcome: Outcome | None = None
        self._crop = QRectF()
        self._backdrop = Backdrop()
        self.setObjectName(method)
        self.setAccessibleName(TITLES[method])
        self.setToolTip(TIPS[method])
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(90, 80)

    def sizeHint(self) -> QSize:
        return QSize(170, 150)

    @property
    def outcome(self) -> Outcome | None:
        return self._outcome

    @property
    def text(self) -> str:
        """``46 boxes``, and for methods that choose among the rows what differs from the trace."""
        if self._outcome is None:
            return "…"
        count = len(self._outcome)
        text = f"{count:,} {'box' if count == 1 else 'boxes'}"
        if self._outcome.rows is None:
            return text
        if not self._outcome.extra and not self._outcome.missing:
            return f"{text}, as the model"
        return f"{text}, +{self._outcome.extra:,} −{self._outcome.missing:,}"

    def show_crop(self, crop: QRectF) -> None:
        """The part of the picture to show, in image px."""
        if crop != self._crop:
            self._crop = crop
            self.update()

    def show_outcome(self, plan: Plan | None, outcome: Outcome | None) -> None:
        self._plan, self._outcome = plan, outcome
        self._backdrop.frame = None if plan is None else plan.trace.frame
        self.setAccessibleDescription(self.text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        line = QFontMetricsF(self.font()).height()
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, self.width(), line), flags, TITLES[self.method])
        painter.setFont(self.font())
        painter.drawText(QRectF(0, line, self.width(), line), flags, self.text)
        if self._plan is None:
            return
        room = QRectF(2, 2 * line + 2, self.width() - 4, self.height() - 2 * line - 4)
        if room.height() < 10:
            return
        transform = self._backdrop.transform(self._crop, room)
        painter.setClipRect(room)
        self._backdrop.paint(painter, transform, self.size())
        if self._outcome is None:
            return
        boxes = self._plan.trace.transform.to_image(self._outcome.boxes[:DRAWN])
        rects = snapped(to_view(boxes, transform), self.devicePixelRatioF())
        styles = label_indices(self._outcome.labels[:DRAWN])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for style in np.unique(styles).tolist():
            chosen = rects[styles == style]
            painter.setPen(QPen(QColor(HALO), 0))
            draw_rects(painter, chosen + np.array([-1, -1, 2, 2]))
            painter.setPen(QPen(QColor(LABELS[style]), 0))
            draw_rects(painter, chosen)
