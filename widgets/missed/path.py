"""The way of one object through the stages: the best IoU at each, and where it broke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLineF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from widgets.missed.objects import GOOD
from widgets.missed.words import FOUND_COLOUR, LOST_COLOUR, reason_words
from widgets.own_keys import OwnKeys

if TYPE_CHECKING:
    from engine.miss import Miss
    from engine.trace import Ref, Trace

_MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


@dataclass(frozen=True)
class Step:
    """One stage: its best IoU of all rows and of those that went on, and a row to look at."""

    stage: str
    title: str
    best_iou: float
    kept_iou: float
    ref: Ref | None
    lost: str = ""  # what happened here, for the stage that lost the object

    @property
    def mark(self) -> str:
        if self.lost:
            return "✕"
        return "✓" if self.kept_iou >= GOOD else "–"


def steps_of(miss: Miss, trace: Trace) -> tuple[Step, ...]:
    """The stages of a miss, with their titles for people."""
    titles = {info.name: info.title for info in trace.infos}
    made = []
    for candidate in miss.stages:
        lost = ""
        ref = candidate.kept if candidate.kept_iou >= GOOD else candidate.best
        if candidate.stage == miss.lost_at:
            lost = "moved away" if miss.reason is None else reason_words(int(miss.reason))
            if miss.candidate is not None and miss.candidate.stage == candidate.stage:
                ref = miss.candidate
        title = titles.get(candidate.stage, candidate.stage)
        made.append(Step(candidate.stage, title, candidate.best_iou, candidate.kept_iou, ref, lost))
    return tuple(made)


class PathBars(OwnKeys, QWidget):
    """One line a stage. A click, or Up, Down, Home and End, wishes a stage by ``picked``."""

    picked = Signal(int)
    own_keys = frozenset({*_MOVES, Qt.Key.Key_Home, Qt.Key.Key_End})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[Step, ...] = ()
        self._current = -1
        self.setAccessibleName("The object's way through the stages")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def steps(self) -> tuple[Step, ...]:
        return self._steps

    @property
    def current(self) -> int:
        """The line of the stage under study, -1 for none."""
        return self._current

    def set_steps(self, steps: tuple[Step, ...]) -> None:
        if steps == self._steps:
            return
        count, self._steps = len(self._steps), steps
        if len(steps) != count:
            self.updateGeometry()
        gone = next((s for s in steps if s.lost), None)
        self.setAccessibleDescription("" if gone is None else f"Lost at {gone.title}: {gone.lost}")
        self.update()

    def set_stage(self, stage: str) -> None:
        """Mark the stage under study."""
        current = next((at for at, s in enumerate(self._steps) if s.stage == stage), -1)
        if current != self._current:
            self._current = current
            self.update()

    def line_rect(self, at: int) -> QRectF:
        return QRectF(0, at * self._line, self.width(), self._line)

    # --- size

    @property
    def _line(self) -> int:
        return round(self.fontMetrics().height() * 1.3)

    def sizeHint(self) -> QSize:
        return QSize(24 * self.fontMetrics().height(), max(1, len(self._steps)) * self._line)

    def minimumSizeHint(self) -> QSize:
        return QSize(12 * self.fontMetrics().height(), self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    # --- mouse and keys

    def _at(self, y: float) -> int:
        at = int(y // self._line)
        return at if 0 <= at < len(self._steps) else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and at >= 0:
            self.picked.emit(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last, key = len(self._steps) - 1, Qt.Key(event.key())
        if key in _MOVES and last >= 0:
            self.picked.emit(min(max(self._current + _MOVES[key], 0), last))
        elif key == Qt.Key.Key_Home and last >= 0:
            self.picked.emit(0)
        elif key == Qt.Key.Key_End and last >= 0:
            self.picked.emit(last)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self._at(event.pos().y())
            QToolTip.showText(event.globalPos(), _tip(self._steps[at]) if at >= 0 else "", self)
            return True
        return super().event(event)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        pad = metrics.height() * 0.3
        number = metrics.horizontalAdvance("0.00") + 2 * pad
        bold = self.font()
        bold.setBold(True)
        widths = ((QFontMetrics(bold) if s.lost else metrics, _words(s)) for s in self._steps)
        widest = max((m.horizontalAdvance(text) for m, text in widths), default=0)
        mark = metrics.horizontalAdvance("✕") + 2 * pad
        words = min(widest + pad, (self.width() - mark - number) * 0.62)
        bars = QRectF(mark + words + pad, 0, self.width() - mark - words - number - pad, 0)
        for at, step in enumerate(self._steps):
            self._paint_line(painter, at, step, mark, words, bars)
        if self._steps:
            x = bars.left() + GOOD * bars.width()
            ink = QPen(self.palette().color(QPalette.ColorRole.WindowText), 1)
            ink.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(ink)
            painter.drawLine(QLineF(x, 0, x, len(self._steps) * self._line))
        painter.end()

    def _paint_line(
        self, painter: QPainter, at: int, step: Step, mark: float, words: float, bars: QRectF
    ) -> None:
        line, role = self.line_rect(at), QPalette.ColorRole
        palette, pad = self.palette(), self.fontMetrics().height() * 0.3
        if at == self._current:
            fill = palette.color(role.Highlight)
            fill.setAlpha(70)
            painter.fillRect(line, fill)
            if self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(palette.color(role.Highlight), 1.5))
                painter.drawRect(line.adjusted(1, 1, -1, -1))
        font = self.font()
        font.setBold(bool(step.lost))
        painter.setFont(font)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(palette.color(role.WindowText))
        painter.drawText(QRectF(0, line.top(), mark, line.height()),
                         middle | Qt.AlignmentFlag.AlignHCenter, step.mark)  # fmt: skip
        text = painter.fontMetrics().elidedText(
            _words(step), Qt.TextElideMode.ElideRight, int(words)
        )
        painter.drawText(QRectF(mark, line.top(), words, line.height()), middle, text)
        right = QRectF(bars.right(), line.top(), self.width() - bars.right() - pad, line.height())
        painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, f"{step.kept_iou:.2f}")
        room = QRectF(bars.left(), line.top() + pad * 0.8, bars.width(), line.height() - 1.6 * pad)
        painter.fillRect(room, palette.color(role.Base))
        good = step.kept_iou >= GOOD
        kept = QRectF(room.left(), room.top(), step.kept_iou * room.width(), room.height())
        painter.fillRect(kept, QColor(FOUND_COLOUR if good else LOST_COLOUR))
        if step.best_iou > step.kept_iou + 0.005:
            pen = QPen(QColor(LOST_COLOUR), 1.5)
            pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            width = step.best_iou * room.width()
            painter.drawRect(QRectF(room.left(), room.top(), width, room.height()))


def _words(step: Step) -> str:
    return f"{step.title}: {step.lost}" if step.lost else step.title


def _tip(step: Step) -> str:
    lost = f"<br>The object is lost here: {step.lost}" if step.lost else ""
    return (
        f"<b>{step.title}</b> ({step.stage})<br>Best IoU of all boxes {step.best_iou:.3f}, "
        f"of those that went on {step.kept_iou:.3f}{lost}<br>"
        "A click shows the stage and this box everywhere"
    )
