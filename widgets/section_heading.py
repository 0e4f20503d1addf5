"""A heading that folds what stands under it: flat, with an arrow, no push button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPalette, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

_TINT = 24  # opacity (of 255) of the ground under the mouse


class SectionHeading(QAbstractButton):
    """Checked while unfolded. A click or Space folds and unfolds."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self.setAccessibleName(title)
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        # As wide as when bold, so that nothing moves when the section becomes the present one.
        return QSize(
            round(1.15 * metrics.horizontalAdvance(self.text())) + 2 * metrics.height(),
            round(1.6 * metrics.height()),
        )

    def minimumSizeHint(self) -> QSize:
        return QSize(8 * self.fontMetrics().averageCharWidth(), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        room = self.rect()
        if self.underMouse() or self.hasFocus():
            tint = QColor(ink)
            tint.setAlpha(_TINT)
            painter.fillRect(room, tint)
        line = self.palette().color(QPalette.ColorRole.Mid)
        painter.fillRect(QRect(0, room.height() - 1, room.width(), 1), line)
        side = self.fontMetrics().height()
        self._arrow(painter, ink, QPointF(side / 2, room.height() / 2), side / 4)
        place = room.adjusted(side + side // 8, 0, 0, -1)
        text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, place.width()
        )
        painter.setPen(ink)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _arrow(self, painter: QPainter, ink: QColor, at: QPointF, size: float) -> None:
        """Down when unfolded, right when folded."""
        points = [QPointF(-size, -size / 2), QPointF(size, -size / 2), QPointF(0, size / 2)]
        if not self.isChecked():
            points = [QPointF(p.y(), p.x()) for p in points]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawPolygon(QPolygonF([at + p for p in points]))

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()
