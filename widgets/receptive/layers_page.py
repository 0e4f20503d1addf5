"""The page of layers: a table to choose from, and the field of a cell on the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.receptive.sight import cell_over
from widgets.explanation import Explanation
from widgets.own_keys import SLIDER, OwnKeys
from widgets.quiet_controls import Chooser
from widgets.receptive.picture import FieldPicture
from widgets.receptive.sheet import FILTERS
from widgets.receptive.table import LayerTable
from widgets.receptive.words import HTML, PAPER, TITLE, cell_html, summary_html
from widgets.rich_text import RichText
from widgets.turning_splitter import TurningSplitter

if TYPE_CHECKING:
    from engine.receptive.fields import Box, Layer
    from engine.trace import Trace
    from widgets.receptive.question import FieldsAnswer


class LayersPage(QWidget):
    """``chosen()``: the user took another layer or cell."""

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._trace: Trace | None = None
        self._answer: FieldsAnswer | None = None
        self._number = -1
        self._point: tuple[float, float] | None = None  # (y, x) network px under study
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setPlaceholderText("Search: layer4 conv")
        self.search.setAccessibleName("Search layers")
        self.search.setToolTip("Layers with all these words in their name or kind")
        self.search.setClearButtonEnabled(True)
        self.only = _Only("Which layers", "Which kind of layers the table shows", tuple(FILTERS))
        self.only.setObjectName("only")
        self.only.setMinimumContentsLength(14)
        self.table = LayerTable()
        self.summary, self.readout = RichText(), RichText()
        self.readout.setObjectName("readout")
        self.picture = FieldPicture()
        self.explanation = Explanation(TITLE, HTML, PAPER)
        first, second = QWidget(), QWidget()
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.only)
        left, right = QVBoxLayout(first), QVBoxLayout(second)
        for column in (left, right):
            column.setContentsMargins(0, 0, 0, 0)
        left.addLayout(top)
        left.addWidget(self.table, 1)
        left.addWidget(self.summary)
        right.addWidget(self.picture, 1)
        right.addWidget(self.readout)
        column = QVBoxLayout(self)
        column.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        column.addWidget(TurningSplitter(first, second, (5, 6)), 1)
        column.addWidget(self.explanation)
        self.search.textChanged.connect(self._show_rows)
        self.only.currentIndexChanged.connect(self._show_rows)
        self.table.picked.connect(self._on_layer)
        self.picture.cell_chosen.connect(self._on_cell)
        self.picture.cell_hovered.connect(self._show_words)
        self.picture.level_stepped.connect(self.table.step)

    @property
    def layer(self) -> Layer | None:
        if self._answer is None or self._answer.fields is None or self._number < 0:
            return None
        return self._answer.fields.layers[self._number]

    @property
    def number(self) -> int:
        return self._number

    @property
    def cell(self) -> tuple[int, int] | None:
        """The chosen cell (y, x); None for layers without a place in the picture."""
        return self.picture.cell

    def show_fields(self, trace: Trace | None, answer: FieldsAnswer | None) -> None:
        """Another network, input or frame; layer and place stay where the network has them."""
        same = answer is self._answer
        name = self.layer.name if self.layer is not None else ""
        self._trace, self._answer = trace, answer
        self.picture.set_frame(None if trace is None else trace.frame)
        self.picture.network = None if trace is None else trace.transform
        if same:
            self._show_words()
            return
        fields = None if answer is None else answer.fields
        self._number = -1
        if fields is not None:
            names = [layer.name for layer in fields.layers]
            deepest = fields.levels[0][1] if fields.levels else len(names) // 2
            self._number = names.index(name) if name in names else deepest
            height, width = fields.size
            y, x = self._point or (height / 2, width / 2)
            self._point = min(y, height - 1), min(x, width - 1)
        self._show_rows()
        self._show_layer()

    def choose(self, number: int, cell: tuple[int, int] | None = None) -> None:
        """Look at a layer; with ``cell`` at this one, else at the one over the same place."""
        fields = None if self._answer is None else self._answer.fields
        if fields is None or not 0 <= number < len(fields.layers):
            return
        self._number = number
        if cell is not None:
            self._aim(cell)
        if number not in self.table.rows.numbers:  # a filter hides it
            self.search.clear()
            self.only.setCurrentIndex(0)
        self.table.mark(number)
        self._show_layer()

    def aim(self, y: float, x: float) -> None:
        """Look at the cell over a point, network px."""
        self._point = (y, x)
        self._show_layer()

    def show_box(self, box: Box | None) -> None:
        self.picture.show_box(box)

    def _aim(self, cell: tuple[int, int]) -> None:
        layer, fields = self.layer, self._answer.fields if self._answer is not None else None
        if layer is not None and fields is not None:
            self._point = (
                (cell[0] + 0.5) * fields.size[0] / layer.grid[0],
                (cell[1] + 0.5) * fields.size[1] / layer.grid[1],
            )

    # --- showing

    @Slot()
    def _show_rows(self) -> None:
        answer = self._answer
        if answer is None or answer.sheet is None or answer.fields is None:
            self.table.show_rows(None, (), -1)
            self.summary.set_html("")
            return
        numbers = answer.sheet.matching(self.search.text(), self.only.currentText())
        self.table.show_rows(answer.sheet, numbers, self._number)
        self.summary.set_html(summary_html(answer.fields, answer.sheet, len(numbers)))

    def _show_layer(self) -> None:
        layer, fields = self.layer, self._answer.fields if self._answer is not None else None
        cell = None
        if layer is not None and fields is not None:
            self.picture.show_layer(layer, fields.size)
            if self.picture.level is not None and self._point is not None:
                cell = cell_over(fields, layer, *self._point)
        else:
            self.picture.show_layer(None, (1, 1))
        self.picture.set_cell(cell)
        self._show_words()

    @Slot()
    def _show_words(self, *_: object) -> None:
        layer, trace = self.layer, self._trace
        fields = self._answer.fields if self._answer is not None else None
        if layer is None or fields is None or trace is None:
            self.readout.set_html(self._answer.trouble if self._answer is not None else "")
            return
        self.readout.set_html(cell_html(fields, layer, self.picture.subject, trace.transform))

    # --- the user's doing

    @Slot(int)
    def _on_layer(self, number: int) -> None:
        self._number = number
        self._show_layer()
        self.chosen.emit()

    @Slot(int, int)
    def _on_cell(self, y: int, x: int) -> None:
        self._aim((y, x))
        self.picture.set_cell((y, x))
        self.picture.forget_mouse()
        self._show_words()
        self.chosen.emit()


class _Only(OwnKeys, Chooser):
    own_keys = SLIDER
