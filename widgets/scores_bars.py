"""One line a class: name, logit, bar of the score, and what became of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.nms_keys import KeysMixin
from widgets.palette import OKABE_ITO, label_colour
from widgets.scores_text import tip
from widgets.table_rows import score_text

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from engine.trace import Ref
    from widgets.scores_vector import Vector

LOG_FROM = 1e-5  # left end of the logarithmic scale
_BACKGROUND = "#8a8f99"
_LINE = OKABE_ITO[5]
_KEYS = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
)


class ScoreBars(KeysMixin, QWidget):
    """``chosen(label)`` when a line is clicked or walked to, ``opened(ref)`` on a double click."""

    chosen = Signal(int)
    opened = Signal(object)
    moved_to = Signal(int, int)  # upper and lower edge (px) of the line that should be in sight

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._vector: Vector | None = None
        self._order: NDArray[np.int64] = np.zeros(0, np.int64)
        self._label = -1
        self._log = False
        self._longest = 0  # px of the longest name
        self.setObjectName("bars")
        self.setAccessibleName("Class scores")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    def handles(self, key: int) -> bool:
        return self._vector is not None and key in _KEYS

    @property
    def order(self) -> NDArray[np.int64]:
        """(C,) labels from the upper line to the lowest."""
        return self._order

    @property
    def label(self) -> int:
        """The class whose arithmetic is shown, -1 for none."""
        return self._label

    @property
    def line_height(self) -> int:
        return self.fontMetrics().height() + 7

    def sizeHint(self) -> QSize:
        """One line a class, one of headings above and one of numbers below."""
        return QSize(380, (len(self._order) + 2) * self.line_height)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def show_vector(self, vector: Vector | None, ranked: bool, log: bool) -> None:
        count = len(self._order)
        self._vector, self._log = vector, log
        self._order = np.zeros(0, np.int64) if vector is None else vector.order(ranked)
        if vector is None or self._label >= len(vector):
            self._label = -1
        self._measure()
        if len(self._order) != count:
            self.updateGeometry()
        self.update()

    def _measure(self) -> None:
        vector, metrics = self._vector, self.fontMetrics()
        names = [] if vector is None else [vector.name(k) for k in range(len(vector))]
        self._longest = max((metrics.horizontalAdvance(name) for name in names), default=0)

    def choose(self, label: int) -> None:
        """Mark a class without reporting it."""
        if label != self._label:
            self._label = label
            self.update()

    def line_rect(self, label: int) -> QRectF:
        """Where a class is drawn, in widget px."""
        at = int(np.flatnonzero(self._order == label)[0])
        return QRectF(0, (at + 1) * self.line_height, self.width(), self.line_height)

    def share(self, score: float) -> float:
        """How much of the bar's room a score fills, 0..1."""
        if not self._log:
            return min(max(score, 0.0), 1.0)
        return min(max(1 - math.log(max(score, 1e-30)) / math.log(LOG_FROM), 0.0), 1.0)

    # --- events

    def _label_at(self, y: float) -> int:
        at = int(y // self.line_height) - 1
        return int(self._order[at]) if 0 <= at < len(self._order) else -1

    def _take(self, label: int) -> None:
        if label >= 0:
            self.choose(label)
            place = self.line_rect(label)
            self.moved_to.emit(int(place.top()), int(place.bottom()))
            self.chosen.emit(label)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._take(self._label_at(event.position().y()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._open(self._label_at(event.position().y()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        label = self._label_at(event.position().y())
        known = self._vector is not None and label >= 0
        self.setToolTip(tip(self._vector, label) if known and self._vector is not None else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, count = event.key(), len(self._order)
        if not count or key not in _KEYS:
            super().keyPressEvent(event)
            return
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self._label)
            return
        here = np.flatnonzero(self._order == self._label)
        at = int(here[0]) if len(here) else -1
        to = {Qt.Key.Key_Up: at - 1, Qt.Key.Key_Down: at + 1, Qt.Key.Key_Home: 0}
        self._take(int(self._order[min(max(to.get(Qt.Key(key), count - 1), 0), count - 1)]))

    def _open(self, label: int) -> None:
        fate = None if self._vector is None else self._vector.fates.get(label)
        if fate is not None:
            ref: Ref = fate.ref
            self.opened.emit(ref)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()
            self.updateGeometry()

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        vector = self._vector
        if vector is None:
            return
        painter = QPainter(self)
        columns = self._columns(vector)
        self._paint_head(painter, vector, columns)
        first = max(0, event.rect().top() // self.line_height - 1)
        last = min(len(self._order), event.rect().bottom() // self.line_height)
        for at in range(first, last):
            self._paint_line(painter, vector, int(self._order[at]), columns)
        self._paint_scale(painter, vector, columns["bar"])
        if self.hasFocus() and self._label >= 0:
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.line_rect(self._label).adjusted(1, 1, -1, -1))

    def _columns(self, vector: Vector) -> dict[str, QRectF]:
        """Name -> (x, width). Narrow widgets leave out bars of logits, then fates."""
        metrics, gap = self.fontMetrics(), 8
        em = metrics.horizontalAdvance("m")
        widths = {
            "name": min(self._longest + 2 * em + 4, self.width() * 0.34),
            "logit": float(metrics.horizontalAdvance("−88.88")),
            "logit bar": em * 9.0,
            "bar": 0.0,
            "score": float(metrics.horizontalAdvance("8.8e-88")),
            "fate": float(metrics.horizontalAdvance("beyond top k")),
        }
        for least, drop in ((24 * em, "logit bar"), (6 * em, "fate")):
            room = self.width() - sum(widths.values()) - gap * (len(widths) + 1)
            if room < least:
                del widths[drop]
        room = self.width() - sum(widths.values()) - gap * (len(widths) + 1)
        widths["bar"] = max(room, 20.0)
        x, places = float(gap), {}
        for name, width in widths.items():
            places[name] = QRectF(x, 0, width, self.line_height)
            x += width + gap
        return places

    def _paint_head(self, painter: QPainter, vector: Vector, columns: dict[str, QRectF]) -> None:
        score = "score" if vector.centerness is not None else "probability"
        words = {"name": "class", "logit": "logit", "bar": score, "fate": "fate"}
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        middle = Qt.AlignmentFlag.AlignVCenter
        for name, text in words.items():
            if name in columns:
                side = Qt.AlignmentFlag.AlignRight if name == "logit" else middle
                painter.drawText(columns[name], middle | side, text)

    def _paint_scale(self, painter: QPainter, vector: Vector, bar: QRectF) -> None:
        """The threshold through all lines, and below them the ends of the scale."""
        bottom = (len(self._order) + 1) * self.line_height
        foot = bar.translated(0, bottom)
        quiet = self.palette().color(QPalette.ColorRole.PlaceholderText)
        painter.setPen(quiet)
        start = f"{LOG_FROM:g}" if self._log else "0"
        clear = bar.left() + self.fontMetrics().horizontalAdvance(f"{start} ")
        if vector.threshold is not None:
            x = bar.left() + self.share(vector.threshold) * bar.width()
            painter.setPen(QPen(QColor(_LINE), 1.6, Qt.PenStyle.DashLine))
            painter.drawLine(int(x), self.line_height, int(x), bottom)
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            text = f"{vector.threshold:g}"
            wide = self.fontMetrics().horizontalAdvance(text)
            painter.drawText(int(x - wide / 2), bottom + self.fontMetrics().ascent(), text)
            painter.setPen(quiet)
            if x + wide < bar.right():
                painter.drawText(foot, Qt.AlignmentFlag.AlignRight, "1")
            if x - wide / 2 < clear:
                return
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, start)

    def _paint_line(
        self, painter: QPainter, vector: Vector, label: int, columns: dict[str, QRectF]
    ) -> None:
        palette, line = self.palette(), self.line_rect(label)
        if label == self._label:
            tint = QColor(palette.color(QPalette.ColorRole.Highlight))
            tint.setAlpha(50)
            painter.fillRect(line, tint)
        at = {name: place.translated(0, line.top()) for name, place in columns.items()}
        nothing = label == 0 and vector.softmax
        colour = QColor(_BACKGROUND) if nothing else label_colour(label)
        candidate = vector.is_candidate(label)
        side = self.fontMetrics().height() * 0.6
        name = at["name"]
        painter.fillRect(QRectF(name.x(), line.center().y() - side / 2, side, side), colour)
        ink = palette.color(QPalette.ColorRole.WindowText)
        quiet = palette.color(QPalette.ColorRole.PlaceholderText)
        painter.setPen(ink if candidate or nothing or label == vector.best else quiet)
        font = painter.font()
        font.setBold(candidate)
        font.setItalic(nothing)
        painter.setFont(font)
        text = painter.fontMetrics().elidedText(
            vector.name(label), Qt.TextElideMode.ElideRight, int(name.width() - side - 6)
        )
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(name.adjusted(side + 6, 0, 0, 0), middle, text)
        painter.setFont(self.font())
        right = middle | Qt.AlignmentFlag.AlignRight
        logit = f"{float(vector.logits[label]):.2f}".replace("-", "−")
        painter.drawText(at["logit"], right, logit)
        painter.drawText(at["score"], right, score_text(float(vector.scores[label])))
        if "fate" in at and candidate:
            painter.setPen(ink)
            painter.drawText(at["fate"], middle, vector.fates[label].words)
        self._paint_bar(painter, at["bar"].adjusted(0, 3, 0, -3), vector, label, colour)
        if "logit bar" in at:
            self._paint_logit(painter, at["logit bar"].adjusted(0, 3, 0, -3), vector, label, colour)

    def _paint_logit(
        self, painter: QPainter, room: QRectF, vector: Vector, label: int, colour: QColor
    ) -> None:
        """To the right of zero or to the left; the largest of all logits fills its side."""
        low = min(0.0, float(vector.logits.min()))
        high = max(0.0, float(vector.logits.max()))
        scale = room.width() / max(high - low, 1e-6)
        zero, value = room.left() - low * scale, float(vector.logits[label])
        bar = QRectF(zero, room.top(), value * scale, room.height()).normalized()
        painter.fillRect(bar, colour)
        painter.setPen(self.palette().color(QPalette.ColorRole.Mid))
        painter.drawLine(int(zero), int(room.top()) - 3, int(zero), int(room.bottom()) + 3)

    def _paint_bar(
        self, painter: QPainter, room: QRectF, vector: Vector, label: int, colour: QColor
    ) -> None:
        track = QColor(self.palette().color(QPalette.ColorRole.Mid))
        track.setAlpha(60)
        painter.fillRect(room, track)
        filled = QRectF(room)
        filled.setWidth(room.width() * self.share(float(vector.scores[label])))
        painter.fillRect(filled, colour)
        if vector.centerness is not None:  # the probability before centerness
            x = room.left() + room.width() * self.share(float(vector.probabilities[label]))
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), 2))
            painter.drawLine(int(x), int(room.top()), int(x), int(room.bottom()))
