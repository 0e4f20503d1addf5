"""The scores of all classes for the selected box, with the arithmetic of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from widgets.explanation import Explanation
from widgets.scores import text as scores_text
from widgets.scores.bars import ScoreBars
from widgets.scores.painter import LOG_FROM
from widgets.scores.vector import STAGE, Vector, row_for

if TYPE_CHECKING:
    from engine.trace import Ref, Trace
    from widgets.selection import Selection


class ScoresPanel(QWidget):
    """Follows the selected box back (or on) to its row of ``class_scores``.

    Nothing is computed while it is hidden.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._vector: Vector | None = None
        self._picked = False  # has the user chosen a class, which is then kept?
        self._dirty = False
        self.setAccessibleName("Class scores")
        self.order = QComboBox()
        self.order.setObjectName("order")
        self.order.setAccessibleName("Order of classes")
        self.order.addItem("Highest score first", True)
        self.order.addItem("In order of labels", False)
        self.order.setToolTip("Which class stands first")
        self.log = QCheckBox("Logarithmic")
        self.log.setObjectName("log")
        self.log.setToolTip(f"Bars from {LOG_FROM:g} to 1, so that small scores can be compared")
        self._summary = self._text("summary")
        self.bars = ScoreBars()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self.bars)
        self._legend = self._text("legend")
        self._sum = self._text("arithmetic")
        self._sum.setTextFormat(Qt.TextFormat.RichText)
        self._sum.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        explanation = Explanation(scores_text.TITLE, scores_text.HTML, scores_text.PAPER)
        self._top = QWidget()
        row = QHBoxLayout(self._top)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.order)
        row.addStretch(1)
        row.addWidget(self.log)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 0)
        column.setSpacing(4)
        column.addWidget(self._top)
        column.addWidget(self._summary)
        column.addWidget(self._legend)
        column.addWidget(self._scroll, 100)
        column.addWidget(self._sum)
        column.addStretch(1)
        column.addWidget(explanation)
        self.order.currentIndexChanged.connect(self._show)
        self.log.toggled.connect(self._show)
        self.bars.chosen.connect(self._on_chosen)
        self.bars.opened.connect(selection.select)
        self.bars.moved_to.connect(self._bring_into_sight)
        selection.trace_changed.connect(self._on_trace)
        selection.ref_changed.connect(self._on_ref)
        self._reload()

    def sizeHint(self) -> QSize:
        return QSize(420, 480)

    @property
    def vector(self) -> Vector | None:
        """What is shown, None without a selected box that reached the classifier."""
        return self._vector

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        self._reload()

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        self._reload()

    def _reload(self) -> None:
        if not self.isVisible():
            self._dirty = True
            return
        self._dirty = False
        trace, old = self._selection.trace, self._vector
        row = row_for(trace, self._selection.ref)
        if trace is None or row is None:
            self._vector = None
        elif old is None or old.row != row or not _same(old.trace, trace):
            self._vector = Vector.of(trace, row)
            same_box = old is not None and len(old) == len(self._vector)
            if not (same_box and self._picked):
                self._picked = False
                self.bars.choose(self._first_choice(self._vector))
        if self._vector is not old or self._vector is None:
            self._show()

    def _first_choice(self, vector: Vector) -> int:
        """The class of the selected box where it has one, else the best."""
        ref, trace = self._selection.ref, vector.trace
        if ref is not None and any(f.ref.stage == ref.stage for f in vector.fates.values()):
            label = int(trace.table(ref.stage).labels[ref.row])
            if label in vector.fates:
                return label
        return vector.best

    @Slot()
    def _show(self) -> None:
        vector = self._vector
        ranked = bool(self.order.currentData())
        self.bars.show_vector(vector, ranked, self.log.isChecked())
        empty = scores_text.EMPTY if self._selection.ref is None else scores_text.NOTHING
        self._summary.setText(empty if vector is None else scores_text.summary(vector))
        middle = Qt.AlignmentFlag.AlignCenter if vector is None else Qt.AlignmentFlag.AlignLeft
        self._summary.setAlignment(middle)
        # No higher than its lines, so that the arithmetic stands right below them.
        self._scroll.setMaximumHeight(self.bars.sizeHint().height())
        for widget in (self._top, self._scroll, self._legend):
            widget.setVisible(vector is not None)
        self._legend.setText("" if vector is None else _legend(vector))
        self._show_arithmetic()

    def _show_arithmetic(self) -> None:
        vector, label = self._vector, self.bars.label
        shown = vector is not None and label >= 0
        self._sum.setVisible(shown)
        if shown and vector is not None:
            self._sum.setText(scores_text.arithmetic(vector, label))

    @Slot(int)
    def _on_chosen(self, label: int) -> None:
        self._picked = True
        self._show_arithmetic()

    @Slot(int, int)
    def _bring_into_sight(self, top: int, bottom: int) -> None:
        self._scroll.ensureVisible(0, (top + bottom) // 2, 0, bottom - top)

    def _text(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        return label

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._dirty:
            self._reload()


def _same(old: Trace, new: Trace) -> bool:
    """Do both traces say the same about classes and what became of them?"""
    names = list(new.stages)[list(new.stages).index(STAGE) :]
    return all(old.stages.get(n) is new.stages[n] for n in names)


def _legend(vector: Vector) -> str:
    kind = "Softmax over all classes" if vector.softmax else "A sigmoid for each class"
    parts = ["Outputs that need no softmax" if vector.linear else kind]
    if vector.threshold is not None:
        parts.append(f"dashed line: score threshold {vector.threshold:g}")
    if vector.centerness is not None:
        parts.append("tick: probability without centerness")
    if vector.confidence is not None:
        parts.append("tick: probability without the box's confidence")
    return "; ".join([*parts, "bold: candidates"])
