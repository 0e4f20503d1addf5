"""The parts of the sandbox and where they stand."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.arithmetic import Operation
from widgets.explanation import Explanation
from widgets.flow_layout import FlowLayout
from widgets.own_keys import SLIDER, OwnKeys
from widgets.quiet_controls import Chooser
from widgets.rich_text import RichText
from widgets.transport import Transport
from widgets.upsampling.board import Board
from widgets.upsampling.controls import Controls
from widgets.upsampling.grid import NumberGrid
from widgets.upsampling.presets import PRESETS
from widgets.upsampling.words import HTML, NAMES, PAPER, TIPS, TITLE

OWN = "Numbers of your own"
_BUTTONS = (
    ("undo", "↶", "Undo: take the last change of the sandbox back (Ctrl+Z)"),
    ("redo", "↷", "Redo: make it again (Ctrl+Shift+Z)"),
    ("random", "Random", "Whole numbers from 0 to 9 into the input, −2 to 3 into the kernel"),
    ("frame", "From the frame", "Take the input from a feature map of the frame: cells around the "
     "selected box, or in the middle"),
    ("copy", "Copy", "Operation, setting and all numbers as text, for a spreadsheet (Ctrl+C)"),
)  # fmt: skip


class SandboxPage(QWidget):
    """Choosers, numbers, formula, the three grids, one cell in words, player and explanation."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.operation = _Keyed("Operation", "What is done to the input", tuple(NAMES.values()))
        self.operation.setObjectName("operation")
        self.preset = _Keyed("Example", "Examples that courses write on the board")
        self.preset.setObjectName("preset")
        self.preset.set_words((OWN, *(preset.title for preset in PRESETS)))
        for chooser, letters in ((self.operation, 16), (self.preset, 22)):
            chooser.setMinimumContentsLength(letters)
        self.buttons: dict[str, QToolButton] = {}
        self.controls = Controls()
        self.formula, self.sentence, self.note = RichText(), RichText(), RichText()
        self.formula.setObjectName("formula")
        self.sentence.setObjectName("sentence")
        self.note.setObjectName("note")
        large = self.font()
        large.setPointSizeF(large.pointSizeF() * 1.25)
        self.sentence.setFont(large)
        self.sentence.set_centred()
        self.note.set_centred()
        self.input = NumberGrid("Input", TIPS["values"], editable=True)
        self.second = NumberGrid("Kernel", TIPS["second"], editable=True)
        self.output = NumberGrid("Output", TIPS["output"], editable=False)
        self.board = Board(((self.input,), (self.second,), (self.output,)))
        self.transport = Transport("cell", "Space")
        self.overlap = QCheckBox("&Overlap")
        self.overlap.setObjectName("overlap")
        self.overlap.setToolTip("Show how many terms each output cell is the sum of (O)")
        self.explanation = Explanation(TITLE, HTML, PAPER)
        column = QVBoxLayout(self)
        column.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        column.addLayout(self._choices(em))
        column.addWidget(self.controls)
        column.addWidget(self.formula)
        column.addWidget(self.board, 1)
        column.addWidget(self.sentence)
        column.addWidget(self.note)
        line = QHBoxLayout()
        line.addWidget(self.transport, 1)
        line.addWidget(self.overlap)
        column.addLayout(line)
        column.addWidget(self.explanation)

    @property
    def grids(self) -> tuple[NumberGrid, NumberGrid, NumberGrid]:
        return self.input, self.second, self.output

    def show_operation(self, operation: Operation) -> None:
        blocked = self.operation.blockSignals(True)
        self.operation.setCurrentIndex(list(NAMES).index(operation))
        self.operation.blockSignals(blocked)

    def show_preset(self, at: int) -> None:
        """An example by its number; -1 for none of them."""
        blocked = self.preset.blockSignals(True)
        self.preset.setCurrentIndex(at + 1)
        self.preset.blockSignals(blocked)

    def _choices(self, em: int) -> FlowLayout:
        flow = FlowLayout(em // 2)
        for label, chooser in (("Operation", self.operation), ("Example", self.preset)):
            item = QWidget()
            line = QHBoxLayout(item)
            line.setContentsMargins(0, 0, 0, 0)
            name = QLabel(label)
            name.setBuddy(chooser)
            line.addWidget(name)
            line.addWidget(chooser, 1)
            flow.addWidget(item)
        for name, text, tip in _BUTTONS:
            button = QToolButton()
            button.setObjectName(name)
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(name.capitalize())
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.buttons[name] = button
            flow.addWidget(button)
        return flow


class Scrolled(QScrollArea):
    """A page that scrolls down where it is low, and never sideways."""

    def __init__(self, page: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(page)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(18 * em, 10 * em)


class _Keyed(OwnKeys, Chooser):
    own_keys = SLIDER
