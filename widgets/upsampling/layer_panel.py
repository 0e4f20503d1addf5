"""The tab on linear layers as convolutions: an example to walk through, and a proof by numbers."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from widgets.explanation import Explanation
from widgets.flow_layout import FlowLayout
from widgets.quiet_controls import WholeSpin
from widgets.rich_text import RichText
from widgets.study_panel import StudyPanel
from widgets.upsampling.board import Board
from widgets.upsampling.grid import NumberGrid
from widgets.upsampling.layer_model import (
    CHANNELS,
    LARGEST,
    OUTPUTS,
    WINDOW,
    Proof,
    example,
    example_looks,
    prove,
)
from widgets.upsampling.layer_words import (
    HTML,
    PAPER,
    TITLE,
    cell_html,
    example_html,
    proof_html,
)
from widgets.upsampling.look import Cell

_TIP = "Point at a score, or press the arrow keys: the window and the kernel that made it"


class LayerPanel(StudyPanel):
    """One output and one cell are asked about; the proof is computed on a thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("boxscope-layer", parent)
        self._seed = 4
        self._output, self._cell = 0, (0, 0)
        self._hover: tuple[int, Cell] | None = None
        self._proof: Proof | None = None
        self._asked: tuple[int, int, int] | None = None
        self._shown = example(self._seed, 5, 6)
        self.words, self.sentence, self.proof = RichText(), RichText(), RichText()
        self.proof.setObjectName("proof")
        self.sentence.setObjectName("sentence")
        self.features = tuple(self._grid(f"Features {at}") for at in range(CHANNELS))
        self.kernels = tuple(self._grid(f"Kernel {at}") for at in range(CHANNELS))
        self.maps = tuple(self._grid(f"Scores {at}") for at in range(OUTPUTS))
        self.board = Board((self.features, self.kernels, self.maps))
        self.rows, self.columns = (
            self._size("rows", WINDOW[0], 5),
            self._size("columns", WINDOW[1], 6),
        )
        self.high, self.wide = self._size("map rows", 1, 3), self._size("map columns", 1, 5)
        self.again = QToolButton()
        self.again.setObjectName("again")
        self.again.setText("Other numbers")
        self.again.setToolTip("Draw other weights and features, and compute again")
        self.again.clicked.connect(self._on_again)
        self._lay_out()
        for grid in self.maps:
            grid.hovered.connect(self._on_hovered)
            grid.chosen.connect(self._on_chosen)
        for spin in (self.rows, self.columns):
            spin.valueChanged.connect(self._on_size)
        for spin in (self.high, self.wide):
            spin.valueChanged.connect(self._ask)
        self._show()
        self.proof.set_html(proof_html(None))

    @property
    def place(self) -> tuple[int, Cell]:
        """The output and the cell that are asked about."""
        return self._hover or (self._output, self._cell)

    @property
    def proved(self) -> Proof | None:
        return self._proof

    def _grid(self, name: str) -> NumberGrid:
        return NumberGrid(name, _TIP, editable=False)

    def _size(self, name: str, low: int, value: int) -> WholeSpin:
        spin = WholeSpin(low, LARGEST, value, name.capitalize(), f"Cells, {low} to {LARGEST}")
        spin.setObjectName(name.replace(" ", "-"))
        return spin

    def _lay_out(self) -> None:
        em = self.fontMetrics().height()
        column = QVBoxLayout(self)
        column.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        flow = FlowLayout(em)
        flow.addWidget(_named("Features", self.rows, QLabel("×"), self.columns))
        flow.addWidget(self.again)
        column.addLayout(flow)
        column.addWidget(self.words)
        column.addWidget(self.board, 1)
        column.addWidget(self.sentence)
        line = FlowLayout(em)
        title = QLabel("<b>4096 → 1000</b>, as in AlexNet and VGG")
        line.addWidget(title)
        line.addWidget(_named("over cells", self.high, QLabel("×"), self.wide))
        column.addSpacing(em // 2)
        column.addLayout(line)
        column.addWidget(self.proof)
        column.addWidget(Explanation(TITLE, HTML, PAPER))

    # --- showing

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def _show(self) -> None:
        self.words.set_html(example_html(self._shown))
        self._show_cell()
        self.board.arrange(("∗", "="))

    def _show_cell(self) -> None:
        output, cell = self.place
        parts = example_looks(self._shown, output, cell)
        for grids, found in zip((self.features, self.kernels, self.maps), parts, strict=True):
            for grid, look in zip(grids, found, strict=True):
                grid.show_look(look)
        self.sentence.set_html(cell_html(self._shown, output, cell))

    @Slot()
    def _ask(self) -> None:
        """Prove it for the present numbers, if that is not what is shown or under way."""
        wanted = self._seed, self.high.value(), self.wide.value()
        if wanted != self._asked and self.isVisible():
            self._asked = wanted
            self.submit(partial(prove, *wanted))

    def take(self, result: Proof) -> None:
        self._proof = result
        self.proof.set_html(proof_html(result))

    # --- the user's doing

    @Slot(object)
    def _on_hovered(self, cell: Cell | None) -> None:
        at = self.maps.index(self.sender())  # type: ignore[arg-type]
        self._hover = None if cell is None else (at, cell)
        self._show_cell()

    @Slot(object)
    def _on_chosen(self, cell: Cell) -> None:
        self._output, self._cell = self.maps.index(self.sender()), cell  # type: ignore[arg-type]
        self._hover = None
        self._show_cell()

    @Slot()
    def _on_size(self) -> None:
        self._shown = example(self._seed, self.rows.value(), self.columns.value())
        rows, columns = self._shown.maps.shape[1:]
        self._cell = min(self._cell[0], rows - 1), min(self._cell[1], columns - 1)
        for grid in self.maps:
            grid.forget_mouse()
        self._hover = None
        self._show()

    @Slot()
    def _on_again(self) -> None:
        self._seed += 1
        self._on_size()
        self._ask()


def _named(label: str, *widgets: QWidget) -> QWidget:
    item = QWidget()
    line = QHBoxLayout(item)
    line.setContentsMargins(0, 0, 0, 0)
    for widget in (QLabel(label), *widgets):
        line.addWidget(widget)
    return item
