"""Repeated refinement: the refined boxes are proposals once more, round after round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.refined import MOST_ROUNDS, can_refine
from widgets.quiet_controls import WholeSpin
from widgets.refinement.question import Asking, RoundsAnswer, RoundsQuestion
from widgets.refinement.rounds import curve_of, detection_rows, paths_of
from widgets.refinement.rounds_chart import RoundsChart, figures
from widgets.rich_text import RichText

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.refinement.rounds import Floats
    from widgets.selection import Selection

ONE_STAGE = (
    "This model looks at the picture once. Only a two-stage detector (R-CNN) can be shown its own "
    "boxes again: choose one to see what more rounds do."
)
NO_PROPOSAL = (
    "This box did not become a proposal, so the second stage never saw it. Choose a proposal or a "
    "detection."
)
OFF = (
    "The second stage can look at its own boxes again: RoIAlign and box head run on the refined "
    "box as if it were a proposal."
)
RUNNING = "The boxes are fed back …"
LIVE = "The picture moves on: freeze it (Space) to feed its boxes back."


class RoundsSection(QWidget):
    """``changed`` when other boxes of rounds should be drawn.

    Asks through the selection while its button is down; the answer stays as long as the boxes that
    were fed back are the trace's.
    """

    changed = Signal()

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._trace: Trace | None = None
        self._row = -1  # of stage decode; -1 for none
        self._asked: RoundsQuestion | None = None
        self._answer: RoundsAnswer | None = None
        self._round = 1
        self.button = QPushButton("Feed the boxes back")
        self.button.setObjectName("again")
        self.button.setCheckable(True)
        self.button.setToolTip("Refine this box and all detections again, with the same box head")
        self.rounds = WholeSpin(1, MOST_ROUNDS, 3, "Rounds", "How often the boxes are fed back")
        self.rounds.setSuffix(" rounds")
        self.words = RichText()
        self.chart = RoundsChart()
        self.readout = QLabel()
        self.readout.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addWidget(self.rounds)
        row.addStretch(1)
        title = QLabel("<b>Repeated refinement</b>")
        title.setTextFormat(Qt.TextFormat.RichText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, self.fontMetrics().height() // 2, 0, 0)
        column.addWidget(title)
        column.addLayout(row)
        column.addWidget(self.words)
        column.addWidget(self.chart)
        column.addWidget(self.readout)
        self.button.toggled.connect(self._on_toggled)
        self.rounds.valueChanged.connect(self._on_rounds)
        self.chart.step_wished.connect(self.set_round)
        selection.rounds_changed.connect(self._on_answer)
        self._show()

    @property
    def round(self) -> int:
        """The round that is marked; 0 is the trace's own box."""
        return self._round

    @property
    def answer(self) -> RoundsAnswer | None:
        """What is shown; None before the first answer for these boxes."""
        return self._answer if self._is_current(self._answer) else None

    @property
    def path(self) -> Floats | None:
        """(R, 4) float32 xyxy image px: the box under study after each round; None while nothing
        is shown."""
        answer = self.answer
        if answer is None or answer.refined is None or self._trace is None:
            return None
        at = np.flatnonzero(answer.refined.rows == self._row)
        if not len(at):
            return None
        return paths_of(self._trace, answer.refined)[2 : 2 + self.rounds.value(), at[0]]

    def set_subject(self, trace: Trace | None, row: int) -> None:
        """The trace, and the row of its stage ``decode`` under study (-1 for none)."""
        idle = self.button.isChecked() and self._asked is None
        if trace is self._trace and row == self._row and not idle:
            return
        self._trace, self._row = trace, row
        self._ask()

    @Slot(int)
    def set_round(self, at: int) -> None:
        """Mark a round in the chart and in the picture."""
        if at != self._round:
            self._round = at
            self._show()
            self.changed.emit()

    def stop(self) -> None:
        """Nobody looks: the engine need not go on."""
        if self._asked is not None:
            self._asked = None
            self._selection.rounds_wished.emit(None)

    # --- asking

    @Slot(bool)
    def _on_toggled(self, _: bool) -> None:
        self._ask()
        self.changed.emit()

    @Slot(int)
    def _on_rounds(self, count: int) -> None:
        self._round = min(self._round, count)
        self._show()
        self.changed.emit()

    def _ask(self) -> None:
        trace = self._trace
        possible = trace is not None and can_refine(trace) and self._row >= 0
        if not possible or not self.button.isChecked():
            self._answer = None
            self.stop()
        elif trace is not None and not self._is_current(self._answer):
            rows = np.unique(np.append(detection_rows(trace), self._row))
            self._asked = RoundsQuestion(trace, rows, MOST_ROUNDS)
            self._selection.rounds_wished.emit(self._asked)
        self._show()

    def _is_current(self, answer: RoundsAnswer | None) -> bool:
        """Is it about the boxes that are shown, all of them?"""
        trace = self._trace
        if answer is None or answer.refined is None or trace is None or self._row < 0:
            return False
        asked = answer.question
        if asked.trace.stages["decode"] is not trace.stages.get("decode"):
            return False
        wanted = np.append(detection_rows(trace), self._row)
        return bool(np.isin(wanted, asked.rows).all())

    @Slot(object)
    def _on_answer(self, answer: RoundsAnswer) -> None:
        if answer.question is self._asked:
            self._answer = answer
            self._show()
            self.changed.emit()

    # --- showing

    def _show(self) -> None:
        trace, answer = self._trace, self.answer
        able = trace is not None and can_refine(trace)
        self.button.setEnabled(able)
        shown = answer is not None and answer.refined is not None and trace is not None
        self.rounds.setEnabled(shown)  # before, there is nothing that it could change
        self.words.setVisible(not shown)
        self.chart.setVisible(shown)
        self.readout.setVisible(shown)
        if not shown:
            self.words.set_html(self._hint(able))
            self.chart.show_curve(None, 0)
            return
        assert answer is not None and answer.refined is not None and trace is not None
        curve = curve_of(trace, answer.refined, self._row).first(self.rounds.value())
        self.chart.show_curve(curve, self._round)
        self.readout.setText(figures(curve, self._round) + ".")

    def _hint(self, able: bool) -> str:
        if not able:
            return ONE_STAGE
        if self._row < 0:
            return NO_PROPOSAL
        if not self.button.isChecked():
            return OFF
        state = self._answer.state if self._answer is not None else Asking.RUNNING
        if state is Asking.FAILED and self._answer is not None:
            return self._answer.trouble
        return LIVE if state is Asking.LIVE else RUNNING
