"""The cells view of grid detectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from engine.trace import Ref
from widgets.empty_page import unseen
from widgets.grid.model import (
    Shown,
    box_rows,
    cell_words,
    class_rows,
    formula,
    loss_rows,
    object_rows,
    shown_of,
)
from widgets.grid.parts import GridWidgets
from widgets.grid.picture import sure_rows
from widgets.grid.words import COLOURED, DRAWN, EMPTY, NO_GRID, NO_TRUTH
from widgets.palette import label_colour

if TYPE_CHECKING:
    from engine.frame import GroundTruth
    from widgets.selection import Selection

# Stages with one row for every box; a pick stays in the one that is looked at.
_STAGES = ("class_scores", "cells", "anchors", "decode", "clip", "confidence")


class GridPanel(GridWidgets):
    """Follows the selection: a box that is selected anywhere shows the cell that it came from."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._shown: Shown | None = None
        self._truth: GroundTruth | None = None
        self._cell: int | None = None
        self._box = 0
        self._connect()
        self._refresh()

    @property
    def shown(self) -> Shown | None:
        return self._shown

    @property
    def place(self) -> tuple[int | None, int]:
        """The chosen cell (y * width + x), and the number of its chosen box."""
        return self._cell, self._box

    def _connect(self) -> None:
        selection, picture = self._selection, self.picture
        selection.trace_changed.connect(self._refresh)
        selection.ref_changed.connect(self._on_ref)
        picture.cell_chosen.connect(self._on_cell)
        picture.cell_hovered.connect(self._on_hover)
        picture.box_stepped.connect(self._on_step)
        self.colours.currentTextChanged.connect(self._show_colours)
        self.drawn.currentIndexChanged.connect(self._show_boxes)
        self.boxes.picked.connect(self._on_box)
        self.boxes.hovered.connect(self._on_box_hover)
        self.classes.picked.connect(self._on_class)
        self.objects.picked.connect(self._on_object)

    # --- the trace

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        if unseen(self):
            return
        trace, old = self._selection.trace, self._shown
        truth = None if trace is None else trace.frame.truth
        shown = None
        if trace is not None and all(name in trace.stages for name in ("confidence", "class_map")):
            shown = shown_of(trace)
        same = old is not None and shown is not None and truth is self._truth
        if same and all(a is b for a, b in zip(old.key, shown.key, strict=True)):
            self._on_ref(self._selection.ref)
            return
        self._shown, self._truth = shown, truth
        self.picture.set_frame(None if shown is None or trace is None else trace.frame)
        self.picture.empty_text = EMPTY if trace is None else NO_GRID
        self.picture.set_shown(shown)
        self.page.setVisible(shown is not None)
        if shown is None:
            self._cell = None
        elif self._cell is None or self._cell >= shown.grid.cells:
            self._take(int(shown.scores.max(1).argmax()))
        self._show_columns()
        self._show_colours()
        self._on_ref(self._selection.ref)
        self._show()

    def _show_columns(self) -> None:
        """Columns that say nothing are not there."""
        shown = self._shown
        if shown is None:
            return
        self.boxes.setColumnHidden(1, shown.grid.shapes is None)
        for column in (6, 7):
            self.boxes.setColumnHidden(column, shown.loss is None)
        taught = shown.loss is not None
        self.objects.setVisible(taught)
        self.loss.setVisible(taught)
        self.note.setVisible(not taught)
        self.note.set_html(NO_TRUTH)

    @Slot()
    def _show_colours(self) -> None:
        mode = self.colours.currentText()
        self.picture.set_colours(mode)
        self.heat.setVisible(mode == COLOURED[2])
        self.legend.set_html(self._legend(mode))

    def _legend(self, mode: str) -> str:
        shown = self._shown
        if shown is None:
            return ""
        parts = []
        if mode in COLOURED[:2]:
            for label in range(1, shown.scores.shape[1]):
                chip = f'<span style="color:{label_colour(label).name()}">■</span>'
                parts.append(f"{chip}&nbsp;{shown.trace.name_of(label)}")
        parts.append("thicker&nbsp;lines: more&nbsp;confident")
        if shown.loss is not None:
            parts.append("┄&nbsp;ground&nbsp;truth, ●&nbsp;its&nbsp;middle")
        return "&nbsp; ".join(parts)

    # --- cell and box

    def _take(self, row: int) -> None:
        assert self._shown is not None
        self._cell, self._box = divmod(row, self._shown.grid.per_cell)

    @property
    def _row(self) -> int:
        """The row of the chosen box, -1 for none."""
        if self._shown is None or self._cell is None:
            return -1
        return self._cell * self._shown.grid.per_cell + self._box

    def _show(self) -> None:
        shown, cell = self._shown, self._cell
        if shown is None or cell is None:
            self.picture.set_cell(None)
            return
        y, x = divmod(cell, shown.grid.grid[1])
        self.picture.set_cell((y, x))
        self.cell.set_html(cell_words(shown, cell))
        self.boxes.set_rows(box_rows(shown, cell))
        self.boxes.mark(self._box)
        owner = f"box {self._box}" if shown.grid.classes_of_boxes else "the cell, for both boxes"
        if not shown.grid.classes_of_boxes and shown.grid.per_cell != 2:
            owner = "the cell, for all its boxes"
        self.of_box.setText(f"<b>Box {self._box}</b>; classes of {owner}")
        self.formula.set_html(formula(shown, self._row))
        self.classes.set_rows(class_rows(shown, self._row))
        self.objects.set_rows(object_rows(shown))
        self.objects.mark(shown.taught(self._row))
        self.loss.set_rows(*loss_rows(shown, cell))
        self._show_boxes()

    @Slot()
    def _show_boxes(self) -> None:
        shown, words = self._shown, self.drawn.currentText()
        rows: NDArray[np.int64] = np.zeros(0, np.int64)
        if shown is not None:
            if words == DRAWN[0]:
                rows = sure_rows(shown)
            elif words == DRAWN[1]:
                rows = np.arange(len(shown.grid.boxes))
            elif self._cell is not None:
                rows = np.array(shown.rows_of(self._cell), np.int64)
        self.picture.set_boxes(rows, self._row)

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        shown = self._shown
        trace = self._selection.trace
        if ref is None or shown is None or trace is None or unseen(self):
            return
        if shown.grid.first not in trace.stages:
            return  # another model; its trace is on the way
        row = int(trace.ancestors(shown.grid.first, np.array([ref.row]), of=ref.stage)[0])
        if row >= 0 and row != self._row:
            self._take(row)
            self._show()

    # --- the user's doing

    @Slot(int, int)
    def _on_cell(self, y: int, x: int) -> None:
        """Look at a cell, at its best box first."""
        shown = self._shown
        if shown is not None:
            self._take(int(shown.best_box[y * shown.grid.grid[1] + x]))
            self._show()

    @Slot(int)
    def _on_box(self, at: int) -> None:
        """Select a box of the cell everywhere."""
        shown = self._shown
        if shown is None or self._cell is None or not 0 <= at < shown.grid.per_cell:
            return
        self._box = at
        self._show()
        self._selection.select(Ref(self._stage(), self._row))

    def _stage(self) -> str:
        now = self._selection.stage
        return now if now in _STAGES else _STAGES[0]

    @Slot(int)
    def _on_step(self, by: int) -> None:
        if self._shown is not None:
            self._on_box((self._box + by) % self._shown.grid.per_cell)

    @Slot(int)
    def _on_box_hover(self, at: int) -> None:
        shown = self._shown
        if at < 0 or shown is None or self._cell is None:
            self._selection.set_hover(None)
        else:
            row = self._cell * shown.grid.per_cell + at
            self._selection.set_hover(Ref(self._stage(), row))

    @Slot(int)
    def _on_class(self, at: int) -> None:
        """Select what became of the pair of this box and this class, as far as it came."""
        shown, trace = self._shown, self._selection.trace
        if shown is None or trace is None:
            return
        given = shown.grid.classes[int(shown.grid.class_row(np.array([self._row]))[0])]
        label = int(np.argsort(-given, kind="stable")[at]) + 1
        table = trace.table("score_threshold")
        mine = np.flatnonzero((table.parent == self._row) & (table.labels == label))
        if len(mine):
            self._selection.select(Ref("score_threshold", int(mine[0])))

    @Slot(int)
    def _on_object(self, at: int) -> None:
        """Show the box that has to find an object."""
        shown = self._shown
        if shown is None or shown.loss is None:
            return
        place = np.flatnonzero(shown.loss.truth == at)
        if len(place):
            self._take(int(shown.loss.row[place[0]]))
            self._show()
            self._selection.select(Ref(self._stage(), self._row))

    @Slot(object)
    def _on_hover(self, cell: tuple[int, int] | None) -> None:
        shown = self._shown
        if shown is None or cell is None:
            self.picture.setToolTip("")
            return
        at = cell[0] * shown.grid.grid[1] + cell[1]
        labels, probability, score = (values[at] for values in shown.cell_classes)
        confidence = float(shown.grid.confidence[shown.best_box[at]])
        self.picture.setToolTip(
            f"cell x {cell[1]}, y {cell[0]}: {shown.trace.name_of(int(labels))} "
            f"{float(probability):.2f}, confidence {confidence:.2f}, score {float(score):.2f}"
        )
