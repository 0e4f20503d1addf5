"""Refinement: how deltas moved and stretched an anchor into a proposal, that into a detection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from widgets.background import Newest
from widgets.empty_page import EmptyPage, unseen
from widgets.image_item import wrap
from widgets.refinement.formula import formula_html
from widgets.refinement.overlap import Bar
from widgets.refinement.page import RefinementPage
from widgets.refinement.picture import Drawn
from widgets.refinement.spread import Spread, spread_of
from widgets.refinement.steps import Step, TruthMatch, steps_of, truth_of
from widgets.refinement.words import HINTS, legend_html, way_html

if TYPE_CHECKING:
    from engine.trace import Ref, Trace
    from widgets.refinement.steps import Floats
    from widgets.selection import Selection

# Of what stands first, second and third on the way, and of the what-if box; and how it is drawn,
# so that nothing hangs on the colour alone.
COLOURS = ("#56b4e9", "#009e73", "#e69f00")
STYLES = (Qt.PenStyle.DotLine, Qt.PenStyle.DashLine, Qt.PenStyle.SolidLine)
WHAT_IF, WHAT_IF_STYLE = "#cc79a7", Qt.PenStyle.DashDotLine
# Of one round after the other, from light to dark.
ROUNDS = ("#ffc2a0", "#ff9a62", "#f0701f", "#d55e00", "#a64a00", "#7a3600")
TRUTH, TRUTH_STYLE = "#ffffff", Qt.PenStyle.DashDotDotLine


class RefinementPanel(QStackedWidget):
    """Follows the selection. Edited deltas last as long as their box stays selected."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._trace: Trace | None = None
        self._ref: Ref | None = None
        self._steps: tuple[Step, ...] = ()
        self._truth: TruthMatch | None = None
        self._what_if: Floats | None = None
        self._counted: tuple[Any, ...] = ()  # what the shown histograms were made of
        self._newest = Newest("boxscope-refinement", self._on_spread)
        self.empty = EmptyPage(selection)
        self.page = RefinementPage(selection, (COLOURS[2], WHAT_IF))
        self.addWidget(self.empty)
        self.addWidget(self.page)
        self.page.tabs.currentChanged.connect(self._on_step)
        self.page.picture.nudged.connect(self._on_nudged)
        self.page.editor.changed.connect(self._on_edited)
        self.page.reset.clicked.connect(self._on_reset)
        self.page.again.changed.connect(self._on_rounds)
        selection.trace_changed.connect(self._on_trace)
        selection.ref_changed.connect(self._on_ref)
        self._refresh()

    @property
    def steps(self) -> tuple[Step, ...]:
        return self._steps

    @property
    def step(self) -> Step | None:
        """The refinement under study."""
        at = self.page.tabs.currentIndex()
        return self._steps[at] if 0 <= at < len(self._steps) else None

    @property
    def what_if(self) -> Floats | None:
        """(4,) float32 deltas that are tried instead of the network's; None for those."""
        return None if self._what_if is None else self._what_if.copy()

    # --- following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        if self._selection.ref is None:
            self._what_if = None
        self._refresh()

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        if ref != self._ref:  # else it is the trace's news, which we have had
            self._refresh()

    def _refresh(self) -> None:
        """Everything for the present trace and box; nothing while nobody sees it."""
        if unseen(self):
            if self._selection.ref != self._ref:
                self._what_if = None  # it was tried on another box
            self.page.again.stop()
            return
        old, old_trace, old_ref = self.step, self._trace, self._ref
        continues = old_trace is not None and old_trace is not self._selection.trace
        self._trace, self._ref = self._selection.trace, self._selection.ref
        if self._is_shown(old_trace, old_ref):
            self.page.again.set_subject(self._trace, _fed_back(self._steps))
            return
        steps = () if self._trace is None else steps_of(self._trace, self._ref)
        self._steps = steps
        self._truth = None if self._trace is None else truth_of(self._trace, steps)
        self._show_tabs()
        if not continues and not _same(old, self.step):
            self._what_if = None
        self.setCurrentIndex(1 if steps else 0)
        self.page.again.set_subject(self._trace, _fed_back(steps))
        if not steps:
            self.empty.show_hint(*HINTS)
            return
        assert self._trace is not None and self._ref is not None
        self.page.way.set_html(way_html(self._trace, self._ref, steps))
        self._show_step()

    def _is_shown(self, old: Trace | None, ref: Ref | None) -> bool:
        """The same box, of stages that did not run again: there is nothing to redraw."""
        trace = self._trace
        if trace is None or old is None or not self._steps or ref is None or ref != self._ref:
            return False
        # A box may reach the second stage now that did not before: then class_deltas is another.
        names = {ref.stage, "class_deltas"}
        names |= {name for s in self._steps for name in (s.stage, s.ref.stage)}
        return trace.frame is old.frame and all(trace.stages[n] is old.stages.get(n) for n in names)

    def _show_tabs(self) -> None:
        """The last step is chosen when other steps appear, else what the user chose stays."""
        titles = [f"{s.names[0]} → {s.names[1]}".capitalize() for s in self._steps]
        if titles == [self.page.tabs.tabText(k) for k in range(self.page.tabs.count())]:
            return
        blocked = self.page.tabs.blockSignals(True)
        while self.page.tabs.count():
            self.page.tabs.removeTab(0)
        for title in titles:
            self.page.tabs.addTab(title)
        self.page.tabs.setCurrentIndex(len(titles) - 1)
        self.page.tabs.blockSignals(blocked)

    def _show_step(self) -> None:
        step, trace = self.step, self._trace
        if step is None or trace is None:
            return
        # Text is compared by Qt; numbers that did not change cost nothing.
        self._show_values(step, trace)
        self._count(step, trace)

    def _show_values(self, step: Step, trace: Trace) -> None:
        values = step.deltas if self._what_if is None else self._what_if
        edited = self._what_if is not None
        self.page.formula.set_html(
            formula_html(step, values, trace.transform, WHAT_IF if edited else "")
        )
        self.page.editor.show_values(step.symbols, step.deltas, values)
        self.page.reset.setEnabled(edited)
        drawn = self._drawn(step, trace)
        self.page.picture.show_boxes(wrap(trace.frame.pixels), trace.frame, drawn)
        self.page.legend.set_html(legend_html(drawn, trace, step, self._what_if))
        self._show_overlap(step, trace)

    def _drawn(self, step: Step, trace: Trace) -> tuple[Drawn, ...]:
        def rect(box: Floats) -> QRectF:
            x1, y1, x2, y2 = trace.transform.to_image(box[None])[0].tolist()
            return QRectF(x1, y1, x2 - x1, y2 - y1)

        drawn = []
        if self._truth is not None:
            x1, y1, x2, y2 = self._truth.box.tolist()
            box = QRectF(x1, y1, x2 - x1, y2 - y1)
            name = f"ground truth: {self._truth.name}"
            drawn.append(Drawn(name, box, TRUTH, TRUTH_STYLE, strong=False))
        for at, one in enumerate(self._steps):
            strong = one is step
            before, after = rect(one.before), rect(one.after)
            look = self._look(one.names[0])
            drawn.append(Drawn(one.names[0], before, *look, to=after, strong=strong))
            if at == len(self._steps) - 1:
                strong = strong or one is step
                drawn.append(Drawn(one.names[1], after, *self._look(one.names[1]), strong=strong))
        path = self.page.again.path
        for k, (x1, y1, x2, y2) in enumerate([] if path is None else path.tolist(), 1):
            box = QRectF(x1, y1, x2 - x1, y2 - y1)
            chosen = k == self.page.again.round
            drawn.append(Drawn(f"round {k}", box, ROUNDS[k - 1], strong=chosen))
        if self._what_if is not None:
            box = rect(step.made_by(self._what_if))
            drawn.append(Drawn("what if", box, WHAT_IF, WHAT_IF_STYLE))
        return tuple(d for d in drawn if _finite(d.box) and (d.to is None or _finite(d.to)))

    @staticmethod
    def _look(name: str) -> tuple[str, Qt.PenStyle]:
        at = {"anchor": 0, "point": 0, "proposal": 1}.get(name, 2)
        return COLOURS[at], STYLES[at]

    def _show_overlap(self, step: Step, trace: Trace) -> None:
        truth = self._truth
        self.page.overlap_heading.setVisible(truth is not None)
        self.page.overlap.setVisible(truth is not None)
        if truth is None:
            return
        self.page.overlap_heading.set_html(
            f"IoU with the ground truth, <b>{truth.name}</b> (object #{truth.row})"
        )
        ways = [(s.names[0], s.before) for s in self._steps]
        ways.append((self._steps[-1].names[1], self._steps[-1].after))
        bars = [Bar(name, truth.iou(trace, box), self._look(name)[0]) for name, box in ways]
        if self._what_if is not None:
            iou = truth.iou(trace, step.made_by(self._what_if))
            bars.append(Bar("what if", iou, WHAT_IF, Qt.PenStyle.DashLine))
        self.page.overlap.show_bars(tuple(bars))

    # --- histograms

    def _count(self, step: Step, trace: Trace) -> None:
        # The stage's own object says whether the rows are the same; the axes hang on the value.
        key = (trace.stages[step.stage], step.label, step.ref.row)
        if len(self._counted) == 3 and all(
            a is b or a == b for a, b in zip(key, self._counted, strict=True)
        ):
            return
        self._counted = key
        crowd, one_sided, value = step.crowd(trace), step.coding.distances, step.deltas

        def job() -> tuple[tuple[Any, ...], Spread, str]:
            return key, spread_of(step.population(trace), value, one_sided), crowd

        if self.isVisible():
            self._newest.submit(job)
        else:  # a picture is taken without a window: nobody waits, and nothing comes later
            self._on_spread(job())

    @Slot(object)
    def _on_spread(self, made: tuple[tuple[Any, ...], Spread, str]) -> None:
        _, spread, crowd = made
        self.page.editor.show_spread(spread, crowd)
        self.page.crowd.set_html(
            f"Deltas (no unit). Grey bars: {crowd}. "
            f"<b style='color:{COLOURS[2]}'>▼</b> this box; move a slider to try other values."
        )

    # --- the user's doing

    @Slot(int)
    def _on_step(self, at: int) -> None:
        self._what_if = None
        self._show_step()

    @Slot(object)
    def _on_edited(self, deltas: Floats) -> None:
        step, trace = self.step, self._trace
        if step is None or trace is None:
            return
        self._what_if = None if np.array_equal(deltas, step.deltas) else deltas
        self._show_values(step, trace)

    @Slot(float, float, float, float)
    def _on_nudged(self, dx: float, dy: float, dw: float, dh: float) -> None:
        """Move the what-if box by dx, dy and stretch it by dw, dh (image px)."""
        step, trace = self.step, self._trace
        if step is None or trace is None:
            return
        values = step.deltas if self._what_if is None else self._what_if
        by = np.array([[dx - dw / 2, dy - dh / 2, dx + dw / 2, dy + dh / 2]], np.float32)
        box = step.decoded(values) + trace.transform.to_network(by)[0]
        if (box[2:] - box[:2] < 1).any():
            return
        self._on_edited(step.coding.encode(box, step.before))

    @Slot()
    def _on_rounds(self) -> None:
        if self.step is not None and self._trace is not None:
            self._show_values(self.step, self._trace)

    @Slot()
    def _on_reset(self) -> None:
        if self.step is not None and self._trace is not None:
            self._what_if = None
            self._show_values(self.step, self._trace)


def _fed_back(steps: tuple[Step, ...]) -> int:
    """The row of ``decode`` that the second stage made, -1 where it made none."""
    made = steps[-1].result if steps and steps[-1].names[0] == "proposal" else None
    return -1 if made is None else made.row


def _same(one: Step | None, other: Step | None) -> bool:
    """Is it the same refinement, though perhaps of another trace?"""
    if one is None or other is None:
        return one is other
    return (one.stage, one.ref, one.label) == (other.stage, other.ref, other.label)


def _finite(box: QRectF) -> bool:
    return bool(np.isfinite([box.x(), box.y(), box.width(), box.height()]).all())
