"""What a view of one box shows while there is none: what to do, and a button that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from widgets.rich_text import RichText

if TYPE_CHECKING:
    from engine.trace import Ref, Trace
    from widgets.selection import Selection

OPEN = "Open a picture, video or scene to begin."


class EmptyPage(QWidget):
    """A hint, and where the trace has detections a button that selects the best of them."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self.hint = RichText()
        self.hint.set_centred()
        self.hint.setObjectName("hint")
        self.best = QPushButton("Take the best detection")
        self.best.setObjectName("best")
        self.best.setToolTip("Select the detection with the highest score")
        self.best.clicked.connect(self._on_best)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(self.hint)
        column.addWidget(self.best, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)

    def show_hint(self, no_box: str, nothing_found: str, other: str) -> None:
        """Which of the three fits: nothing is selected, nothing was found, or a box that will not
        do is selected.
        """
        trace, ref = self._selection.trace, self._selection.ref
        best = best_detection(trace)
        self.best.setVisible(best is not None)
        if trace is None:
            self.hint.set_html(OPEN)
        elif ref is not None:
            self.hint.set_html(other)
        else:
            self.hint.set_html(nothing_found if best is None else no_box)

    @Slot()
    def _on_best(self) -> None:
        best = best_detection(self._selection.trace)
        if best is not None:
            self._selection.select(best)


def unseen(view: QWidget) -> bool:
    """Is the view in a window that is shown, but hidden there (a closed dock, another tab)?

    Then it need not follow; a view without a window follows, for pictures are taken of it.
    """
    return not view.isVisible() and view.window().isVisible()


def best_detection(trace: Trace | None) -> Ref | None:
    """The detection with the highest score; None without one."""
    from engine.trace import Ref

    if trace is None or trace.final not in trace.stages:
        return None
    table = trace.stages[trace.final].table
    if table is None or not len(table.kept):
        return None
    return Ref(trace.final, int(table.kept[table.scores[table.kept].argmax()]))
