"""One line a class: name, logit, bar of the score, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.own_keys import OwnKeys
from widgets.scores.painter import BarsLook, paint_bars
from widgets.scores.text import tip

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from engine.trace import Ref
    from widgets.scores.vector import Vector

_KEYS = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
)


class ScoreBars(OwnKeys, QWidget):
    """``chosen(label)`` when a line is clicked or walked to, ``opened(ref)`` on a double click."""

    own_keys = frozenset(_KEYS)

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
        assert self._vector is not None
        return self._look(self._vector).line_rect(label)

    def _look(self, vector: Vector) -> BarsLook:
        return BarsLook(
            vector,
            self._order,
            self._label,
            self._log,
            self.width(),
            self.line_height,
            self._longest,
            self.font(),
            self.fontMetrics(),
            self.palette(),
        )

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
        if self._vector is None:
            return
        painter = QPainter(self)
        paint_bars(painter, self._look(self._vector), event.rect())
        if self.hasFocus() and self._label >= 0:
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.line_rect(self._label).adjusted(1, 1, -1, -1))
