"""Stage ribbon: the stages of the trace in order, with what each kept and how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.selection import Selection

_THINGS = {"masks": "mask", "keypoints": "pose"}
_PAD = 9
_GAP = 3


class StageRibbon(QScrollArea):
    """One chip for each stage; a click or Left, Right, Home and End choose the stage.

    Chips keep their width while numbers change, so that nothing jitters live.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._chips: dict[str, StageChip] = {}
        self._coverage: dict[str, tuple[int, int]] = {}
        self.setAccessibleName("Stages")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._strip = QWidget()
        self._row = QHBoxLayout(self._strip)
        self._row.setContentsMargins(_GAP, _GAP, _GAP, _GAP)
        self._row.setSpacing(_GAP)
        self._row.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._row.addStretch(1)
        self.setWidget(self._strip)
        self.horizontalScrollBar().rangeChanged.connect(self._show_current)
        selection.trace_changed.connect(self._on_trace)
        selection.stage_changed.connect(self._on_stage)
        self._on_trace(selection.trace)
        self._on_stage(selection.stage)

    def chip(self, stage: str) -> StageChip:
        """The chip of a stage. Raises KeyError for a stage that the trace lacks."""
        return self._chips[stage]

    def set_coverage(self, coverage: Mapping[str, tuple[int, int]]) -> None:
        """Stage -> (ground truth boxes still covered, of how many); {} takes it away."""
        self._coverage = dict(coverage)
        for name, chip in self._chips.items():
            chip.set_coverage(self._coverage.get(name))
        self._fit_height()

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        names = tuple(trace.stages) if trace else ()
        if names != tuple(self._chips):
            self._rebuild(trace)
        if trace is not None:
            for name, chip in self._chips.items():
                result = trace.stages[name]
                table = result.table
                counts = None if table is None else (len(table.kept), len(table))
                chip.set_numbers(counts, result.seconds, _things(trace, name))

    def _rebuild(self, trace: Trace | None) -> None:
        for chip in self._chips.values():
            self._row.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = {}
        for at, info in enumerate(trace.infos if trace else ()):
            chip = StageChip(info.name, info.title, info.help, self._strip)
            chip.chosen.connect(self._on_chip)
            chip.grown.connect(self._fit_height)
            chip.set_coverage(self._coverage.get(info.name))
            self._row.insertWidget(at, chip)
            self._chips[info.name] = chip
        self._on_stage(self._selection.stage)
        self._fit_height()

    @Slot(str)
    def _on_stage(self, stage: str) -> None:
        for name, chip in self._chips.items():
            chip.setChecked(name == stage)
        self._show_current()

    @Slot()
    def _show_current(self) -> None:
        """Scroll as little as shows the present chip whole, with some of its neighbours."""
        left = _GAP
        for name, chip in self._chips.items():
            # By what the chips ask for: the layout may not have come to place them yet.
            right = left + chip.sizeHint().width()
            if name == self._selection.stage:
                bar, margin = self.horizontalScrollBar(), 60
                lowest = right + margin - self.viewport().width()
                bar.setValue(max(min(bar.value(), left - margin), lowest))
                return
            left = right + _GAP

    @Slot(str)
    def _on_chip(self, stage: str) -> None:
        self.setFocus()
        self._selection.set_stage(stage)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Left:
                self._selection.step_stage(-1)
            case Qt.Key.Key_Right:
                self._selection.step_stage(1)
            case Qt.Key.Key_Home:
                self._selection.first_stage()
            case Qt.Key.Key_End:
                self._selection.last_stage()
            case _:
                super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """An upright wheel moves the ribbon sideways: there is nothing to scroll upright."""
        delta = event.angleDelta()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (delta.y() or delta.x()))
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            for chip in self._chips.values():
                chip.updateGeometry()
            self._fit_height()
        super().changeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._strip.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._strip.update()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.height())

    @Slot()
    def _fit_height(self) -> None:
        lines = 3 if any(self._coverage.values()) else 2
        for chip in self._chips.values():
            chip.set_lines(lines)
        height = lines * self.fontMetrics().lineSpacing() + _PAD + 2 * _GAP
        # By what the chips ask for: the layout's own sum lags behind while it is dirty.
        wide = sum(chip.sizeHint().width() + _GAP for chip in self._chips.values()) + _GAP
        if wide > self.width():
            height += self.horizontalScrollBar().sizeHint().height()
        if self.height() != height or self.minimumHeight() != height:
            self.setFixedHeight(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit_height()
            self._show_current()


class StageChip(QAbstractButton):
    """Title, kept / total, milliseconds and coverage of one stage."""

    chosen = Signal(str)
    grown = Signal()

    def __init__(self, name: str, title: str, help_text: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.name, self.title = name, title
        self._help = help_text
        self._counts: tuple[int, int] | None = None
        self._things = ""
        self._seconds = 0.0
        self._coverage: tuple[int, int] | None = None
        self._widest = ""
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lines = 2
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._on_clicked)

    def lines(self) -> tuple[str, ...]:
        """What is written on the chip, from top to bottom."""
        numbers = f"{self._counted()}   {_milliseconds(self._seconds)}"
        covered = () if self._coverage is None else ("truth {}/{}".format(*self._coverage),)
        return (self.title, numbers, *covered)

    def _counted(self) -> str:
        if self._counts is None:
            return self._things or "no boxes"
        return "{:,} / {:,}".format(*self._counts)

    def set_numbers(self, counts: tuple[int, int] | None, seconds: float, things: str = "") -> None:
        """``counts`` (kept, total), or None for a stage without boxes: it may have ``things``."""
        if (counts, seconds, things) == (self._counts, self._seconds, self._things):
            return
        self._counts, self._seconds, self._things = counts, seconds, things
        widest = (
            self._counted() if counts is None else "{0} / {0}".format("8" * len(f"{counts[1]:,}"))
        )
        if len(widest) > len(self._widest):  # grows, never shrinks: no jitter
            self._widest = widest
            self.updateGeometry()
            self.grown.emit()
        self._describe()
        self.update()

    def set_lines(self, lines: int) -> None:
        """Be this high, so that all chips are equal."""
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()

    def set_coverage(self, coverage: tuple[int, int] | None) -> None:
        if coverage != self._coverage:
            self._coverage = coverage
            self._describe()
            self.update()

    def sizeHint(self) -> QSize:
        bold = self.font()
        bold.setBold(True)
        metrics = self.fontMetrics()
        width = max(
            QFontMetrics(bold).horizontalAdvance(self.title),
            metrics.horizontalAdvance(f"{self._widest}   8888 ms"),
        )
        return QSize(width + 2 * _PAD, self._lines * metrics.lineSpacing() + _PAD)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = self.palette()
        role = QPalette.ColorRole
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.rect().adjusted(1, 1, -1, -1)
        if self.isChecked():
            fill, ink = palette.color(role.Highlight), palette.color(role.HighlightedText)
        else:
            fill, ink = palette.color(role.Button), palette.color(role.ButtonText)
            if self.underMouse():
                fill = palette.color(role.Midlight)
        border = QPen(ink if self.isChecked() else palette.color(role.Mid), 1)
        if self._counts is None:
            border.setStyle(Qt.PenStyle.DashLine)
            if not self.isChecked():
                fill = QColor(Qt.GlobalColor.transparent)
        painter.setPen(border)
        painter.setBrush(fill)
        painter.drawRoundedRect(box, 5, 5)
        line = self.fontMetrics().lineSpacing()
        top = _PAD // 2
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        bold = self.font()
        bold.setBold(True)
        for at, text in enumerate(self.lines()):
            painter.setPen(ink)
            painter.setFont(self.font() if at else bold)
            if at == 2:
                painter.setFont(bold)
            place = QRect(_PAD, top + at * line, self.width() - 2 * _PAD, line)
            painter.drawText(place, left, text)

    def _describe(self) -> None:
        words = [f"<b>{self.title}</b> ({self.name})"]
        if self._counts is not None:
            words.append("{:,} boxes kept of {:,}".format(*self._counts))
        elif self._things:
            words.append(self._things)
        if self._coverage is not None:
            words.append("{} of {} ground truth boxes still covered".format(*self._coverage))
        words.append(_milliseconds(self._seconds))
        if self._help:
            words.append(self._help)
        self.setToolTip("<br>".join(words))
        self.setAccessibleName(", ".join(self.lines()))

    @Slot()
    def _on_clicked(self) -> None:
        self.setChecked(True)
        self.chosen.emit(self.name)


def _things(trace: Trace, stage: str) -> str:
    """What a stage made for each detection: "22 masks"; "" for stages before the detections.

    Without detections: the size of its map, "24 × 128 × 128" (channels, rows, columns).
    """
    result, names = trace.stages[stage], list(trace.stages)
    if not trace.final:
        notes: Any = result.notes
        if "pixels" in notes:
            count = sum(1 for area in notes["pixels"] if area)
            return f"{count} class{'' if count == 1 else 'es'}"
        return " × ".join(map(str, notes.get("shape", ())))
    final = trace.stages.get(trace.final)
    if result.table is not None or not result.arrays or final is None or final.table is None:
        return ""
    if names.index(stage) < names.index(trace.final):
        return ""
    count, thing = len(final.table.kept), _THINGS.get(stage, "result")
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _milliseconds(seconds: float) -> str:
    value = seconds * 1000
    return f"{value:.1f} ms" if value < 9.95 else f"{value:,.0f} ms"
