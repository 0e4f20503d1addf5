"""The proposals view: what the network takes for an object, and how few boxes are left of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMetaObject, QPointF, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from engine.trace import Ref
from widgets.anchors.panel import without_crowds
from widgets.anchors.words import px, shape_words
from widgets.proposals.parts import ProposalWidgets
from widgets.proposals.road import Road, best_row, road_of
from widgets.proposals.study import Answer, Desk, Question
from widgets.proposals.words import EMPTY, NO_SCORES

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.selection import Selection

_NONE = np.zeros((0, 4), np.float32)


class ProposalPanel(ProposalWidgets):
    """Follows the selection; wishes the number of proposals by ``selection.param_wished``."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._trace: Trace | None = None
        self._road: Road | None = None
        self._seen: tuple[Any, ...] = ()
        self._truth = _NONE
        self._hovered: tuple[int, int] | None = None
        self._answer: Answer | None = None
        self._wishes: list[int] = []  # those whose trace has not come yet
        self._desk = Desk()
        self._connect()
        self._on_trace(selection.trace)

    @property
    def answer(self) -> Answer | None:
        return self._answer

    @property
    def road(self) -> Road | None:
        return self._road

    @property
    def level(self) -> int | None:
        """The level that the heat map shows; None for the best of all."""
        at = self.levels.currentIndex()
        return at - 1 if at > 0 else None

    @property
    def shape(self) -> int | None:
        """The shape that the heat map shows; None for the best of all."""
        at = self.shapes.currentIndex()
        return at - 1 if at > 0 else None

    # --- the trace

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_trace(self._selection.trace)

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        if not self.wanted:
            return
        road = None if trace is None else road_of(trace)
        if trace is None or road is None:
            self._trace = self._road = self._answer = None
            self._seen = ()
            self.picture.empty_text = EMPTY if trace is None else NO_SCORES
            self._show_nothing()
            return
        names = ("anchors", road.scores, *road.stages)
        seen = (trace.frame.truth, *(trace.stages[n] for n in names))
        fresh = seen != self._seen
        shown = self.picture.frame
        if shown is None or shown.pixels.shape != trace.frame.pixels.shape:
            self.picture.set_frame(trace.frame)
        self._trace, self._road, self._seen = trace, road, seen
        self._show_count(trace, road)
        if fresh:
            self._show_structure(trace, road)
            self._ask()
        self._on_stage(self._selection.stage)
        self._mark_selected()

    def _show_nothing(self) -> None:
        self.forget()
        self.picture.set_frame(None)
        self.picture.set_structure(None, None)
        self.picture.set_heat(None)
        self.picture.set_cell(None)
        self.steps.set_frame(None)
        self.plot.set_recall(None, 1)
        self.levels.set_words(())
        self.shapes.set_words(())
        self.heading.setText("")
        self.readout.setText("")
        self._enable(False)

    def _enable(self, on: bool) -> None:
        for control in (self.levels, self.shapes, self.opacity, self.count, self.threshold):
            control.setEnabled(on)

    def _show_structure(self, trace: Trace, road: Road) -> None:
        truth = without_crowds(trace.frame.truth)
        self._truth = _NONE if truth is None else trace.transform.to_network(truth.boxes)
        grids = [f"{at}: {v.grid[1]} × {v.grid[0]}" for at, v in enumerate(road.layout.levels)]
        self._enable(True)
        self.levels.set_words(("all levels", *grids))
        self._show_shapes()
        self.count_label.setText(road.words.capitalize())
        self.picture.set_structure(trace.transform, road.layout.levels[self.level or 0])
        self.picture.set_truth(self._truth)

    def _show_shapes(self) -> None:
        """One shape is the same thing only within a level."""
        if self._road is None:
            return
        words: list[str] = []
        if self.level is not None:
            level = self._road.layout.levels[self.level]
            words = [shape_words(level, a) for a in range(level.per_cell)]
        self.shapes.set_words(("best of all", *words))

    def _ask(self) -> None:
        if self._trace is None or self._road is None:
            return
        size = self.steps.picture_size(len(self._road.stages))
        self.submit(
            partial(
                self._desk.answer,
                Question(
                    self._trace, self._road, self._truth, self.level, self.shape,
                    self.threshold.value(), size, self._selection.ref,
                ),
            )
        )  # fmt: skip

    def take(self, answer: Answer) -> None:
        asked, now = answer.question, self._trace
        # An answer about the frame before is late, not wrong; one about another model is.
        if now is None or asked.trace.model != now.model or asked.trace.epoch != now.epoch:
            return
        self._answer = answer
        layout, frame = asked.road.layout, asked.trace.frame
        self.picture.set_frame(frame)
        if asked.level == self.level:
            self.picture.set_structure(asked.trace.transform, layout.levels[asked.level or 0])
            self.picture.set_heat(answer.pixels)
        self.steps.set_frame(frame)
        self.steps.set_steps(answer.steps, len(asked.truth))
        self.plot.set_recall(answer.recall, len(asked.trace.table(asked.road.ranked)))
        self.heading.setText(
            f"<b>Recall against number of {asked.road.words}</b> (IoU ≥ {asked.threshold:.2f})"
        )
        # Queued behind the layout's own request, which knows the old heights only.
        QMetaObject.invokeMethod(self, "fit_page", Qt.ConnectionType.QueuedConnection)  # type: ignore[call-overload]
        self._tell()

    # --- the number of proposals

    def _show_count(self, trace: Trace, road: Road) -> None:
        param = road.param
        self.count.setVisible(param is not None)
        self.count_label.setVisible(param is not None)
        if param is None:
            self.plot.set_count(len(trace.table(road.ranked).kept))
            return
        value = int(trace.stages[road.ranked].params[param.name])
        if value in self._wishes and value != self._wishes[-1]:
            return  # on the way to the last wish: jumping back would fight the hand
        self._wishes.clear()
        with QSignalBlocker(self.count):
            self.count.setRange(int(param.low or 1), int(param.high or 100_000))
            self.count.setToolTip(f"{param.help}\n{road.key}")
            self.count.setValue(value)
        self.plot.set_count(value)

    @Slot(int)
    def _on_count(self, value: int) -> None:
        road = self._road
        if road is None or road.param is None:
            return
        with QSignalBlocker(self.count):
            self.count.setValue(value)
        self.plot.set_count(value)
        self._wishes.append(value)
        self._selection.param_wished.emit(road.key, road.param.check(value, road.key))

    # --- what the user looks at

    @Slot(int)
    def _on_level(self, at: int) -> None:
        if self._trace is None or self._road is None:
            return
        self._hovered = None
        self._show_shapes()
        self.picture.set_cell(None)
        level = self._road.layout.levels[self.level or 0]
        self.picture.set_structure(self._trace.transform, level)
        self.picture.set_heat(None)
        self._tell()
        self._ask()

    @Slot(int)
    def _on_level_step(self, by: int) -> None:
        self.levels.setCurrentIndex(
            min(max(self.levels.currentIndex() + by, 0), self.levels.count() - 1)
        )

    @Slot(int, int)
    def _on_cell(self, y: int, x: int) -> None:
        self.picture.set_cell((y, x))
        self._tell()

    @Slot(QPointF)
    def _on_click(self, point: QPointF) -> None:
        self._select_cell(self.picture.cell_at(point))

    @Slot(int)
    def _on_enter(self, by: int) -> None:
        self._select_cell(self.picture.cell)

    def _select_cell(self, cell: tuple[int, int] | None) -> None:
        """Select the best-scored anchor of a cell everywhere."""
        row = self._row_of(cell)
        if row >= 0 and self._road is not None:
            self._selection.select(Ref(self._road.scores, row))

    def _row_of(self, cell: tuple[int, int] | None) -> int:
        if cell is None or self._trace is None or self._road is None:
            return -1
        layout = self._road.layout
        stride = layout.levels[self.level or 0].stride
        middle = (cell[1] + 0.5) * stride[1], (cell[0] + 0.5) * stride[0]
        scores = self._trace.table(self._road.scores).scores
        return best_row(scores, layout, middle, self.level, self.shape)

    @Slot(object)
    def _on_cell_hover(self, cell: tuple[int, int] | None) -> None:
        self._hovered = cell
        row = self._row_of(cell)
        here = row >= 0 and self._road is not None
        self._selection.set_hover(Ref(self._road.scores, row) if here and self._road else None)
        self._tell()

    def _tell(self) -> None:
        """The best anchor under the mouse, or of the chosen cell."""
        row = self._row_of(self._hovered or self.picture.cell)
        if row < 0 or self._road is None or self._trace is None:
            hint = "" if self._road is None else "Point at a cell to see its best anchor."
            self.readout.setText(hint)
            return
        layout = self._road.layout
        at, y, x, a = (int(v) for v in layout.locate(row))
        score = float(self._trace.table(self._road.scores).scores[row])
        what = "objectness" if self._road.objectness else "best class score"
        if not self._road.objectness:
            label = int(self._trace.table(self._road.scores).labels[row])
            what = f"{self._trace.name_of(label)}, {what}"
        centre = layout.centres([row])[0]
        self.readout.setText(
            f"<b>Level {at}, cell x {x}, y {y}</b>: {what} <b>{score:.3f}</b> for "
            f"{shape_words(layout.levels[at], a)} around ({px(centre[0])}, {px(centre[1])}) "
            "network px"
        )

    # --- the selection

    @Slot(str)
    def _on_stage(self, stage: str) -> None:
        self.steps.set_stage(stage)

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        if self.wanted:
            self._mark_selected()
            self._ask()

    def _mark_selected(self) -> None:
        trace, ref = self._trace, self._selection.ref
        table = None if trace is None or ref is None else trace.stages[ref.stage].table
        if trace is None or ref is None or table is None:
            self.picture.set_marked(None, None)
            return
        row = int(trace.ancestors("anchors", np.array([ref.row]), of=ref.stage)[0])
        anchor = trace.table("anchors").boxes[row] if row >= 0 else None
        self.picture.set_marked(anchor, _box(table.boxes, ref.row))

    # --- making it

    def _connect(self) -> None:
        selection = self._selection
        selection.trace_changed.connect(self._on_trace)
        selection.stage_changed.connect(self._on_stage)
        selection.ref_changed.connect(self._on_ref)
        self.picture.cell_chosen.connect(self._on_cell)
        self.picture.clicked.connect(self._on_click)
        self.picture.cell_hovered.connect(self._on_cell_hover)
        self.picture.level_stepped.connect(self._on_level_step)
        self.picture.box_stepped.connect(self._on_enter)
        self.levels.currentIndexChanged.connect(self._on_level)
        self.shapes.currentIndexChanged.connect(self._on_numbers)
        self.threshold.valueChanged.connect(self._on_numbers)
        self.opacity.valueChanged.connect(self._on_opacity)
        self.steps.step_chosen.connect(selection.set_stage)
        self.steps.size_changed.connect(self._on_numbers)
        self.plot.count_wished.connect(self._on_count)
        self.count.valueChanged.connect(self._on_count)

    @Slot()
    def _on_numbers(self) -> None:
        self._tell()
        self._ask()

    @Slot(int)
    def _on_opacity(self, percent: int) -> None:
        self.picture.set_opacity(percent / 100)


def _box(boxes: NDArray[np.float32], row: int) -> NDArray[np.float32] | None:
    return boxes[row] if row < len(boxes) else None
