"""The strip of a lesson: what to look at, where one is, and the way on and back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from widgets.flow_layout import FlowLayout

LINES = 9  # of the text in sight; more scroll, so that the picture keeps its room


class LessonBar(QWidget):
    """``went(int)``: the user wants this step, from 0; ``forth`` and ``back`` by one, ``again``:
    the present one as it was meant; ``ended``.

    `set_lesson`, then `show_step` whenever another step is shown.
    """

    went = Signal(int)
    forth = Signal()
    back = Signal()
    again = Signal()
    ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._answer = "", ""
        self._open = False
        self.title = QLabel()
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.steps = QComboBox()
        self.steps.setAccessibleName("Step of the lesson")
        self.steps.setToolTip("Where you are in the lesson; choose a step to go there")
        self.steps.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.steps.setMinimumContentsLength(14)
        self.steps.activated.connect(self.went)
        self.again_button = self._button(
            "Again", "Show this step as it was meant, after you changed something", self.again
        )
        self.back_button = self._button("Back", "The step before (B)", self.back)
        self.next_button = self._button("Next", "", self.forth)
        self.end_button = self._button("End", "Leave the lesson: your own picture, model and "
                                       "parameters come back", self.ended)  # fmt: skip
        self.text = _Text(LINES)
        self.text.setAccessibleName("Text of the lesson")
        # In lines: large text and a narrow window leave no room for one.
        row = FlowLayout(6)
        for widget in (
            self.title,
            self.back_button,
            self.next_button,
            self.steps,
            self.again_button,
            self.end_button,
        ):  # fmt: skip
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 3, 8, 3)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.text)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()

    def _button(self, text: str, tip: str, signal: object) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(f"lesson-{text.lower()}")
        button.setToolTip(tip)
        button.clicked.connect(signal)
        return button

    @property
    def step(self) -> int:
        """The step that is shown, from 0."""
        return self.steps.currentIndex()

    @property
    def answer_waits(self) -> bool:
        """Is there an answer that was not asked for yet?"""
        return bool(self._answer) and not self._open

    def set_lesson(self, title: str, steps: Sequence[str]) -> None:
        self.title.setText(title)
        with QSignalBlocker(self.steps):
            self.steps.clear()
            self.steps.addItems([f"{i} of {len(steps)}: {s}" for i, s in enumerate(steps, 1)])

    def show_step(self, step: int, text: str, answer: str = "") -> None:
        """``text`` and ``answer`` are Markdown. The same step again keeps an open answer open."""
        if step != self.step or answer == "":
            self._open = False
        with QSignalBlocker(self.steps):
            self.steps.setCurrentIndex(step)
        self._text, self._answer = text, answer
        self._show()

    def reveal(self) -> None:
        """Show the answer."""
        self._open = True
        self._show()

    def close_answer(self) -> None:
        """Hide the answer again: somebody comes back to the question."""
        self._open = False
        self._show()

    @Slot()
    def _show(self) -> None:
        self.back_button.setEnabled(self.step > 0)
        last = self.step == self.steps.count() - 1
        waits = self.answer_waits
        self.next_button.setText("Answer" if waits else "Finish" if last else "Next")
        what = "Show the answer" if waits else "End the lesson" if last else "The next step"
        self.next_button.setToolTip(f"{what} (N)")
        answer = f"\n\n{self._answer}" if self._open else ""
        self.text.show_markdown(self._text + answer, to_end=bool(answer))


class _Text(QTextBrowser):
    """Markdown as high as it needs to be, up to so many lines; then it scrolls."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self._lines = lines
        self._shown = ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenExternalLinks(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        # The keys of the window, Left and Right above all, stay the window's.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)

    def show_markdown(self, text: str, to_end: bool) -> None:
        if text == self._shown:
            return  # live, numbers are asked for with every frame
        self._shown = text
        self.setMarkdown(text)
        self._fit()
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum() if to_end else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().lineSpacing())

    def _fit(self) -> None:
        self.document().setTextWidth(self.viewport().width())
        high = int(self.document().size().height()) + 2
        self.setFixedHeight(min(high, self._lines * self.fontMetrics().lineSpacing()))
