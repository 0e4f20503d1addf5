"""The anchors view: picture, levels, and what the anchors of this picture are taught."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from engine.frame import GroundTruth
from engine.matching import Role
from engine.trace import Ref
from widgets.anchors.cell import best_words, legend
from widgets.anchors.parts import DRAWN, AnchorWidgets
from widgets.anchors.picture import MOST, best_roles
from widgets.anchors.shapes import cell_boxes
from widgets.anchors.study import FIRST_RULE, RULE_OF_FAMILY, Answer, Desk, Question
from widgets.anchors.words import EMPTY, NO_ANCHORS, NOTES

if TYPE_CHECKING:
    from engine.anchors import AnchorLayout
    from engine.pipeline import StageResult
    from engine.trace import Trace
    from widgets.selection import Selection

STAGE = "anchors"
_NONE = np.zeros((0, 4), np.float32)


class AnchorPanel(AnchorWidgets):
    """Follows the selection: a box that is selected anywhere shows the cell that it came from."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._result: StageResult | None = None
        self._given: GroundTruth | None = None  # the frame's, as it was given
        self._truth: GroundTruth | None = None  # without crowds
        self._family = ""
        self._level = 0
        self._cell: tuple[int, int] | None = None
        self._hovered: tuple[int, int] | None = None
        self._answer: Answer | None = None
        self._desk = Desk()
        self._connect()
        self._on_trace(selection.trace)

    @property
    def answer(self) -> Answer | None:
        """What is shown of the matching; None without ground truth."""
        return self._answer

    @property
    def measured(self) -> int:
        """How often IoUs were computed since the view was made."""
        return self._desk.measured

    @property
    def place(self) -> tuple[int, tuple[int, int] | None]:
        """The level that is looked at, and its chosen cell (y, x)."""
        return self._level, self._cell

    # --- the trace

    @property
    def _layout(self) -> AnchorLayout | None:
        return None if self._result is None else self._result.notes.get("layout")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_trace(self._selection.trace)

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        if not self.wanted:
            return
        result = None if trace is None else trace.stages.get(STAGE)
        if result is not None and (result.table is None or "layout" not in result.notes):
            result = None
        self.picture.set_frame(None if result is None or trace is None else trace.frame)
        given = None if trace is None else trace.frame.truth
        fresh = result is not self._result or given is not self._given
        self._result = result
        if result is None or trace is None:
            self._given = self._truth = self._answer = None
            self.picture.empty_text = EMPTY if trace is None else NO_ANCHORS
            self._show_nothing()
            return
        if given is not self._given:
            self._given, self._truth = given, without_crowds(given)
        if trace.family != self._family:
            self._family = trace.family
            rule = RULE_OF_FAMILY.get(trace.family, FIRST_RULE)
            self.matching.set_preset(rule, NOTES.get(trace.family, ""))
        if fresh:
            self._show_structure(trace)
            self._ask()
        self._on_ref(self._selection.ref)

    def _show_nothing(self) -> None:
        self._cell = None
        self.levels.set_levels(None)
        self.what_if.set_layout(None)
        self.kmeans.set_trace(None, None)
        self.picture.set_structure(None, None)
        self._show_answer(None)

    def _show_structure(self, trace: Trace) -> None:
        layout = self._layout
        assert layout is not None
        self._level = min(self._level, len(layout.levels) - 1)
        level = layout.levels[self._level]
        if self._cell is not None and not _inside(self._cell, level.grid):
            self._cell = None
        if self._hovered is not None and not _inside(self._hovered, level.grid):
            self._hovered = None
        self.levels.set_levels(layout)
        self.levels.mark(self._level)
        self.what_if.set_layout(layout)
        self.kmeans.set_trace(trace, layout)
        self.picture.set_structure(trace.transform, level)
        self.picture.set_truth(self._truth_boxes(trace))
        self._show_cell()

    def _truth_boxes(self, trace: Trace) -> NDArray[np.float32]:
        """(M, 4) network px."""
        return _NONE if self._truth is None else trace.transform.to_network(self._truth.boxes)

    # --- matching, away from the GUI thread

    @Slot()
    def _ask(self) -> None:
        trace, layout, result = self._selection.trace, self._layout, self._result
        if trace is None or layout is None or result is None or result.table is None:
            return
        if self._truth is None or not len(self._truth):
            self.forget()
            self._show_answer(None)
            return
        question = Question(
            result.table.boxes, layout, self._truth_boxes(trace), self.matching.rule,
            self.matching.draw, self.what_if.shapes, self.kmeans.layout_found,
        )  # fmt: skip
        self.submit(partial(self._desk.answer, question))

    def take(self, answer: Answer) -> None:
        asked, truth = answer.question, self._truth
        table = None if self._result is None else self._result.table
        if table is None or truth is None:
            return
        # An answer about the frame before is shown, but not one about another model's anchors.
        if len(asked.boxes) == len(table) and len(asked.truth) == len(truth):
            self._show_answer(answer)

    def _show_answer(self, answer: Answer | None) -> None:
        self._answer = answer
        self.drawn.setEnabled(answer is not None)
        self.matching.set_answer(answer, self._truth)
        self.what_if.set_answer(answer, self._truth)
        self.kmeans.set_answer(answer, self._truth)
        self.levels.set_counts(None if answer is None else answer.figures.counts)
        self._show_roles()
        self._show_boxes()
        self._show_cell()

    def _show_roles(self) -> None:
        layout = self._layout
        if layout is None or self._answer is None:
            self.picture.set_cell_roles(None)
            return
        level = layout.levels[self._level]
        start, end = layout.starts[self._level : self._level + 2]
        roles = self._answer.figures.matches.role[start:end]
        self.picture.set_cell_roles(best_roles(roles.reshape(*level.grid, level.per_cell)))

    @Slot()
    def _show_boxes(self) -> None:
        answer, groups = self._answer, []
        words = self.drawn.currentText()
        if answer is not None and words != DRAWN[0]:
            roles = answer.figures.matches.role
            if words == "mini-batch":
                parts = (
                    (Role.NEGATIVE, answer.batch.negative),
                    (Role.POSITIVE, answer.batch.positive),
                )
            else:
                role = Role.POSITIVE if words == "positive" else Role.NEUTRAL
                parts = ((role, np.flatnonzero(roles == role)),)
            room = MOST
            for role, rows in parts:
                groups.append((role, answer.question.boxes[rows[:room]]))
                room -= len(groups[-1][1])
        self.picture.set_boxes(groups)
        self._tell()

    # --- level and cell

    @Slot(int)
    def set_level(self, at: int) -> None:
        """Look at another pyramid level; the cell at the same place of the picture is chosen."""
        layout, trace = self._layout, self._selection.trace
        if layout is None or trace is None or not 0 <= at < len(layout.levels):
            return
        old, new = layout.levels[self._level], layout.levels[at]
        if self._cell is not None and at != self._level:
            y, x = self._cell
            y = int((y + 0.5) * old.stride[0] / new.stride[0])
            x = int((x + 0.5) * old.stride[1] / new.stride[1])
            self._cell = min(y, new.grid[0] - 1), min(x, new.grid[1] - 1)
        self._level, self._hovered = at, None
        self.levels.mark(at)
        self.picture.set_structure(trace.transform, new)
        self._show_roles()
        self._show_cell()
        self._tell()

    @Slot(int)
    def _on_level_step(self, by: int) -> None:
        self.set_level(self._level + by)

    @Slot(int, int)
    def set_cell(self, y: int, x: int) -> None:
        """Look at the anchors of a cell of the level."""
        self._cell = (y, x)
        self._show_cell()

    def _show_cell(self) -> None:
        layout, trace, cell = self._layout, self._selection.trace, self._cell
        table = None if self._result is None else self._result.table
        if layout is None or trace is None or table is None or cell is None:
            self.cell_tab.clear()
            self.picture.set_cell(None)
            self.picture.set_anchors(_NONE, [], _NONE)
            return
        self.cell_tab.show_cell(
            layout, trace.transform, (self._level, *cell), self._answer, self._truth
        )
        rows = self._rows_of(cell)
        tried = self.what_if.layout_tried
        other = _NONE if tried is None else cell_boxes(tried.levels[self._level], *cell)
        self.picture.set_cell(cell)
        self.picture.set_anchors(table.boxes[rows], self._roles_of(rows), other)
        self._mark_selected()

    def _rows_of(self, cell: tuple[int, int]) -> NDArray[np.int64]:
        layout = self._layout
        assert layout is not None
        shapes = np.arange(layout.levels[self._level].per_cell)
        return layout.index(self._level, cell[0], cell[1], shapes)

    def _roles_of(self, rows: NDArray[np.int64]) -> list[Role]:
        if self._answer is None:
            return []
        return [Role(v) for v in self._answer.figures.matches.role[rows].tolist()]

    # --- the selection

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        if not self.wanted:
            return
        row, layout = self._anchor_of(ref), self._layout
        if row >= 0 and layout is not None:
            level, y, x, _ = (int(v) for v in layout.locate(row))
            if (level, (y, x)) != (self._level, self._cell):
                self.set_level(level)
                self.set_cell(y, x)
                return
        self._mark_selected()

    def _anchor_of(self, ref: Ref | None) -> int:
        """The row of the anchor that a box came from, -1 for none."""
        trace = self._selection.trace
        if ref is None or trace is None or self._result is None:
            return -1
        return int(trace.ancestors(STAGE, np.array([ref.row]), of=ref.stage)[0])

    def _mark_selected(self) -> None:
        row, shape = self._anchor_of(self._selection.ref), -1
        table = None if self._result is None else self._result.table
        box = None if table is None or row < 0 else table.boxes[row]
        if box is not None and self._cell is not None:
            rows = self._rows_of(self._cell)
            shape = int(row - rows[0]) if rows[0] <= row <= rows[-1] else -1
        self.picture.set_marked(box)
        self.cell_tab.table.mark(shape)

    @Slot(int)
    def _on_anchor(self, shape: int) -> None:
        if self._cell is not None:
            self._selection.select(Ref(STAGE, int(self._rows_of(self._cell)[shape])))

    @Slot(int)
    def _on_anchor_step(self, by: int) -> None:
        """The next anchor of the cell, from its first on."""
        layout = self._layout
        if layout is None or self._cell is None:
            return
        now, count = self.cell_tab.table.currentRow(), layout.levels[self._level].per_cell
        self._on_anchor((now + by) % count if now >= 0 else 0)

    @Slot(int)
    def _on_anchor_hover(self, shape: int) -> None:
        here = self._cell is not None and shape >= 0
        row = int(self._rows_of(self._cell)[shape]) if here and self._cell is not None else -1
        self._selection.set_hover(Ref(STAGE, row) if row >= 0 else None)

    @Slot(int)
    def _on_truth(self, at: int) -> None:
        """Show the best anchor of a ground truth."""
        if self._answer is not None and at < len(self._answer.figures.overlaps.first):
            row = int(self._answer.figures.overlaps.first[at])
            self._selection.select(Ref(STAGE, row))

    # --- what lies under the mouse

    @Slot(object)
    def _on_cell_hover(self, cell: tuple[int, int] | None) -> None:
        table = None if self._result is None else self._result.table
        if table is None or cell is None:
            self.picture.set_hovered(_NONE)
        else:
            self.picture.set_hovered(table.boxes[self._rows_of(cell)])
        self._hovered = cell
        self._tell()

    def _tell(self) -> None:
        """One line below the picture: the best anchor of the cell, or what the colours mean."""
        layout, cell = self._layout, self._hovered
        if layout is None:
            self.readout.setText("")
        elif cell is None:
            self.readout.setText(legend(layout.levels[self._level], self._answer is not None))
        else:
            rows, level = self._rows_of(cell), layout.levels[self._level]
            text = best_words(level, rows, self._answer, self._truth)
            self.readout.setText(
                f"<b>Level {self._level}, cell x {cell[1]}, y {cell[0]}</b>: {text}"
            )

    # --- making it

    def _connect(self) -> None:
        selection = self._selection
        selection.trace_changed.connect(self._on_trace)
        selection.ref_changed.connect(self._on_ref)
        self.picture.cell_chosen.connect(self._on_cell_chosen)
        self.picture.cell_hovered.connect(self._on_cell_hover)
        self.picture.level_stepped.connect(self._on_level_step)
        self.picture.box_stepped.connect(self._on_anchor_step)
        self.levels.picked.connect(self.set_level)
        self.cell_tab.anchor_picked.connect(self._on_anchor)
        self.cell_tab.anchor_hovered.connect(self._on_anchor_hover)
        self.matching.changed.connect(self._ask)
        self.matching.truth_picked.connect(self._on_truth)
        self.what_if.changed.connect(self._on_what_if)
        self.kmeans.changed.connect(self._ask)
        self.drawn.currentIndexChanged.connect(self._show_boxes)
        self.grid.toggled.connect(self.picture.set_show_grid)

    @Slot(int, int)
    def _on_cell_chosen(self, y: int, x: int) -> None:
        self.set_cell(y, x)
        self.tabs.setCurrentWidget(self.cell_page)

    @Slot()
    def _on_what_if(self) -> None:
        self._show_cell()
        self._ask()


def without_crowds(truth: GroundTruth | None) -> GroundTruth | None:
    """The objects that count for matching; None where there are none."""
    if truth is None or truth.crowd is None or not truth.crowd.any():
        return truth if truth is not None and len(truth) else None
    rows = np.flatnonzero(~truth.crowd)
    if not len(rows):
        return None
    return GroundTruth(truth.boxes[rows], truth.labels[rows], truth.classes)


def _inside(cell: tuple[int, int], grid: tuple[int, int]) -> bool:
    return 0 <= cell[0] < grid[0] and 0 <= cell[1] < grid[1]
