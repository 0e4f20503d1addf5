"""How much of a gradient lies inside each rectangle, as bars with their share."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QLineF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.receptive.heat_picture import LOOKS


class ShareBars(QWidget):
    """A line of text and a bar for each of `LOOKS` that there is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares: dict[str, float] = {}
        self.setObjectName("shares")
        self.setToolTip("Share of the sum of |gradient| over all px that lies inside, in percent")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def shares(self) -> Mapping[str, float]:
        return self._shares

    def show_shares(self, shares: Mapping[str, float]) -> None:
        """0 to 1 by name; of none the room stays."""
        lines = len(self._shares)
        self._shares = dict(shares)
        words = (f"{LOOKS[name][2]} {100 * share:.0f} %" for name, share in shares.items())
        self.setAccessibleName(f"Gradient inside: {', '.join(words)}")
        if len(shares) > lines:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(16 * line, round(max(len(self._shares), 2) * 1.3 * line))

    def minimumSizeHint(self) -> QSize:
        return QSize(12 * self.fontMetrics().height(), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        metrics, palette = self.fontMetrics(), self.palette()
        ink = palette.color(QPalette.ColorRole.WindowText)
        line = 1.3 * metrics.height()
        words = max(metrics.horizontalAdvance(f"{look[2]} ") for look in LOOKS.values())
        figure = metrics.horizontalAdvance("100.0 % ")
        sample = 1.6 * metrics.height()
        left = sample + words + metrics.horizontalAdvance(" ")
        room = max(self.width() - left - figure, 10.0)
        for at, (name, share) in enumerate(self._shares.items()):
            colour, style, text = LOOKS[name]
            top = at * line
            middle = top + line / 2
            for wide, tone, dash in (
                (4, QColor("#000000"), Qt.PenStyle.SolidLine), (2, QColor(colour), style),
            ):  # fmt: skip
                painter.setPen(QPen(tone, wide, dash))
                painter.drawLine(QLineF(2, middle, sample - 6, middle))
            painter.setPen(ink)
            level = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(sample, top, words, line), level, text)
            trough = QRectF(left, top + line * 0.2, room, line * 0.6)
            painter.fillRect(trough, palette.color(QPalette.ColorRole.AlternateBase))
            full = QRectF(trough)
            full.setWidth(room * min(max(share, 0.0), 1.0))
            painter.fillRect(full, QColor(colour))
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Shadow), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(trough)
            painter.setPen(ink)
            place = QRectF(self.width() - figure, top, figure, line)
            painter.drawText(place, level | Qt.AlignmentFlag.AlignRight, f"{100 * share:.1f} %")
