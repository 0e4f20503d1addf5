"""What became of the picked object, and the buttons that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from widgets.missed import words
from widgets.missed.question import Search
from widgets.rich_text import RichText

if TYPE_CHECKING:
    from engine.miss import Change
    from widgets.missed.objects import Report
    from widgets.missed.question import MissAnswer


class Verdict(QWidget):
    """Wishes: the best ``candidate``, its ``rival``, a moved parameter, a frozen picture."""

    candidate_wished = Signal()
    rival_wished = Signal()
    change_wished = Signal(str, float)
    freeze_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report: Report | None = None
        self._search = Search.NOT_ASKED
        self._change: Change | None = None  # what would save the object
        self._applied: Change | None = None  # what saved it
        self.text = RichText()
        self.text.setObjectName("verdict")
        self.candidate = QPushButton("Show its best candidate")
        self.candidate.setObjectName("candidate")
        self.candidate.clicked.connect(self.candidate_wished)
        self.rival = QPushButton("Show the rival")
        self.rival.setObjectName("rival")
        self.rival.setToolTip("Select the box that suppressed the best candidate")
        self.rival.clicked.connect(self.rival_wished)
        self.save = QPushButton()
        self.save.setObjectName("save")
        self.save.clicked.connect(self._on_save)
        for button in (self.candidate, self.rival, self.save):
            # A long text is cut off rather than that it widens the dock; its tooltip is whole.
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        grid = QGridLayout()
        grid.addWidget(self.candidate, 0, 0)
        grid.addWidget(self.rival, 0, 1)
        grid.addWidget(self.save, 1, 0, 1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)
        column.addLayout(grid)
        self.show_report(None, None)

    @property
    def change(self) -> Change | None:
        """What the button would apply."""
        return self._change

    def show_report(self, report: Report | None, applied: Change | None) -> None:
        """Another object or trace. ``applied``: the change by which it was saved, still in force.

        What is known of the search stays in sight until `show_answer` says something else, so that
        nothing flickers live.
        """
        self._report, self._change, self._applied = report, None, applied
        miss = None if report is None else report.miss
        if report is None or miss is None:
            self.text.set_html("")
            self._search = Search.NOT_ASKED
        else:
            self.text.set_html(words.verdict(report, miss.sentence))
        self.candidate.setEnabled(miss is not None and miss.candidate is not None)
        found = miss is not None and miss.kind == "found"
        self.candidate.setText("Show the detection" if found else "Show its best candidate")
        self.candidate.setToolTip("Select it here and in all views, at the stage that it reached")
        self.rival.setEnabled(miss is not None and miss.rival is not None)
        if self._search in (Search.DONE, Search.FAILED):  # about another trace
            self._search = Search.NOT_ASKED
        self._show_button()

    def show_answer(self, answer: MissAnswer) -> None:
        """How the search for the shown report goes."""
        self._search = answer.search
        if self._report is not None:
            if answer.miss is not None:
                self._change = answer.miss.change
                self.text.set_html(words.verdict(self._report, answer.miss.sentence))
            elif answer.trouble and self._report.miss is not None:
                sentence = f"{self._report.miss.sentence} {answer.trouble}"
                self.text.set_html(words.verdict(self._report, sentence))
        self._show_button()

    def _show_button(self) -> None:
        miss = None if self._report is None else self._report.miss
        found = miss is not None and miss.kind == "found"
        if found and self._applied is not None:
            text, tip, on = words.undo_button(self._applied)
        elif miss is None:
            text, tip, on = words.button(Search.NOT_ASKED, None, False)
        else:
            text, tip, on = words.button(self._search, self._change, found)
        self.save.setText(text)
        self.save.setToolTip(tip)
        self.save.setEnabled(on)

    @Slot()
    def _on_save(self) -> None:
        miss = None if self._report is None else self._report.miss
        if miss is None:
            return
        if miss.kind == "found":
            if self._applied is not None:
                self.change_wished.emit(self._applied.key, self._applied.old)
        elif self._change is not None:
            self.change_wished.emit(self._change.key, self._change.new)
        elif self._search is Search.LIVE:
            self.freeze_wished.emit()
