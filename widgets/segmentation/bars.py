"""The class vector of one pixel: a line a class, with its logit and its probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.own_keys import OwnKeys
from widgets.roi.words import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from widgets.segmentation.maps import Pixel

_K = Qt.Key
_BY = {_K.Key_Up: -1, _K.Key_Down: 1}
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ClassBars(OwnKeys, QWidget):
    """``chosen(k)``: the class that was clicked, or that Up and Down lead to.

    Logits begin at the dashed line, which is 0, in a common scale; probabilities reach from 0 to 1.
    The best class is set bold, the true one has a dot.
    """

    chosen = Signal(int)
    own_keys = frozenset(_BY)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._colours: tuple[QColor, ...] = ()
        self._pixel: Pixel | None = None
        self._chosen = -1
        self._reach = 1.0  # the largest |logit| so far: a scale that follows each pixel would jump
        self.setObjectName("classes")
        self.setAccessibleName("Class vector of the pixel")
        self.setToolTip(
            "Logit (no unit) and softmax probability of each class at the pixel. Bold: the best "
            "class; ●: the true one. Click a class to see its score map"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def pixel(self) -> Pixel | None:
        """The pixel whose vector is shown."""
        return self._pixel

    def set_names(self, names: Sequence[str], colours: Sequence[QColor]) -> None:
        if tuple(names) != self._names:
            self._names, self._colours = tuple(names), tuple(colours)
            self._reach, self._pixel = 1.0, None
            self.updateGeometry()
            self.update()

    def show_pixel(self, pixel: Pixel | None) -> None:
        self._pixel = pixel
        if pixel is not None and len(pixel.logits):
            self._reach = max(self._reach, float(np.abs(pixel.logits).max()))
        self.update()

    def choose(self, label: int) -> None:
        """Mark a class without reporting it; -1 for none."""
        if label != self._chosen:
            self._chosen = label
            self.update()

    def line_rect(self, label: int) -> QRectF:
        """Where a class stands, in px of this widget; headings stand above the first."""
        line = self._line()
        return QRectF(0, (label + 1) * line, self.width(), line)

    def _line(self) -> int:
        return round(self.fontMetrics().height() * 1.25)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().height() * 22, (len(self._names) + 1) * self._line() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().height() * 12, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    # --- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        label = int(event.position().y() // self._line()) - 1
        if event.button() == Qt.MouseButton.LeftButton and 0 <= label < len(self._names):
            self.chosen.emit(label)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = _BY.get(_K(event.key()))
        if by is None or not self._names:
            super().keyPressEvent(event)
        else:
            self.chosen.emit(min(max(self._chosen + by, 0), len(self._names) - 1))

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        metrics, palette = self.fontMetrics(), self.palette()
        ink = palette.color(QPalette.ColorRole.WindowText)
        name, logit, score, number = self._columns()
        painter.setPen(ink)
        head = QRectF(0, 0, 1, self._line())
        for (left, right), text in ((name, "class"), (logit, "logit"), (score, "softmax")):
            place = QRectF(left, 0, right - left, head.height())
            painter.drawText(place, _LEFT, text)
        first = max(int(event.rect().top() // self._line()) - 1, 0)
        last = int(event.rect().bottom() // self._line())
        bold, plain = painter.font(), painter.font()
        bold.setBold(True)
        pixel = self._pixel
        for at in range(first, min(last, len(self._names))):
            place = self.line_rect(at)
            if at == self._chosen:
                tint = QColor(palette.color(QPalette.ColorRole.Highlight))
                tint.setAlpha(70)
                painter.fillRect(place, tint)
            best = pixel is not None and at == pixel.best
            painter.setFont(bold if best else plain)
            painter.setPen(ink)
            mark = "● " if pixel is not None and at == pixel.truth else ""
            room = QRectF(name[0], place.top(), name[1] - name[0], place.height())
            words = metrics.elidedText(
                mark + self._names[at], Qt.TextElideMode.ElideRight, round(room.width())
            )
            painter.drawText(room, _LEFT, words)
            if pixel is not None:
                self._bars(painter, at, place, (logit, score, number), pixel)
        painter.setFont(plain)
        if self.hasFocus():
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _columns(self) -> tuple[tuple[float, float], ...]:
        """(left, right) of the names, the logits' bars, the probabilities' bars, a number."""
        em, metrics = self.fontMetrics().height(), self.fontMetrics()
        number = metrics.horizontalAdvance("−00.00 ")
        longest = max((metrics.horizontalAdvance(f"● {n} ") for n in self._names), default=0)
        name = min(longest * 1.1 + em / 2, self.width() * 0.34)
        rest = (self.width() - name - em / 2) / 2
        return (
            (em / 4, name),
            (name, name + rest - em / 2),
            (name + rest, name + 2 * rest),
            (0, number),
        )

    def _bars(
        self,
        painter: QPainter,
        at: int,
        place: QRectF,
        columns: tuple[tuple[float, float], ...],
        pixel: Pixel,
    ) -> None:
        (left, right), (from_, to), (_, number) = columns
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        colour = self._colours[at]
        logit, p = float(pixel.logits[at]), float(pixel.probabilities[at])
        top, high = place.top() + place.height() * 0.2, place.height() * 0.6
        room = right - left - number
        zero = left + room / 2
        wide = room / 2 * min(max(logit / self._reach, -1), 1)
        painter.fillRect(QRectF(zero, top, wide, high).normalized(), colour)
        painter.setPen(QPen(ink, 1, Qt.PenStyle.DotLine))
        painter.drawLine(round(zero), round(place.top()), round(zero), round(place.bottom()))
        painter.setPen(ink)
        painter.drawText(
            QRectF(right - number, place.top(), number, place.height()), _RIGHT, figure(logit, 2)
        )
        room = to - from_ - number
        painter.fillRect(QRectF(from_, top, room * p, high), colour)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 1))
        painter.drawRect(QRectF(from_, top, room, high))
        painter.setPen(ink)
        painter.drawText(
            QRectF(to - number, place.top(), number, place.height()), _RIGHT, f"{p:.3f}"
        )
