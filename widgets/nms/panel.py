"""NMS decision by decision: picture, player, list, what-if and the IoU matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from engine.trace import Ref
from widgets.kin import kin
from widgets.nms import text as nms_text
from widgets.nms.crowd import CrowdLoss, crowd_losses, words
from widgets.nms.painter import Scene
from widgets.nms.parts import NmsWidgets
from widgets.nms.plan import Plan, nms_stages, stage_for

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.selection import Selection

_TITLES = {"rpn_nms": "Proposals (rpn_nms)", "nms": "Detections (nms)"}


class NmsPanel(NmsWidgets):
    """Follows the selection and changes it: the chosen row of each decision, a picked box.

    Which NMS is shown follows the stage under study. Nothing is computed while it is hidden.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._plan: Plan | None = None
        self._focus = -1
        self._losses: tuple[CrowdLoss, ...] = ()
        self._dirty = False
        self._wished_in = -1  # the epoch in which a crowd was asked for
        self._connect()
        self._reload()

    @property
    def plan(self) -> Plan | None:
        """The decisions that are shown, None without a trace that has any."""
        return self._plan

    @property
    def position(self) -> int:
        """How many decisions have fallen at this point of the play."""
        return self.transport.position

    def _connect(self) -> None:
        selection = self._selection
        selection.trace_changed.connect(self._on_trace)
        selection.stage_changed.connect(self._on_stage)
        selection.ref_changed.connect(self._on_ref)
        selection.hover_changed.connect(self._on_hover)
        self.which.activated.connect(self._on_which)
        self.zoom.toggled.connect(self._on_zoom)
        self.picture.picked.connect(self._pick)
        self.picture.hovered.connect(self._on_hovered)
        self.picture.commanded.connect(self._on_command)
        self.transport.moved.connect(self._on_moved)
        self.table.picked.connect(self._pick)
        self.matrix.picked.connect(self._pick)
        self.matrix.described.connect(self._cell.setText)
        self.grouped.toggled.connect(self._on_grouped)
        self.what_if.wished.connect(self._on_wished)
        self._hint.linkActivated.connect(self._on_link)
        self.crowd.clicked.connect(self._on_crowd)
        selection.source_wished.connect(self._on_crowd_found)

    # --- following the selection

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        if trace is None or trace.epoch != self._wished_in:
            self._on_crowd_found()
        self._reload()

    @Slot(str)
    def _on_stage(self, stage: str) -> None:
        self._reload()

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        if self.isVisible():
            self._follow_ref()
            self._show()
        else:
            self._dirty = True

    @Slot(object)
    def _on_hover(self, hover: Ref | None) -> None:
        plan = self._plan
        here = hover is not None and plan is not None and hover.stage == plan.stage
        self.picture.set_hover(hover.row if here and hover is not None else -1)

    def _reload(self) -> None:
        if not self.isVisible():
            self._dirty = True
            return
        self._dirty = False
        trace = self._selection.trace
        stage = stage_for(trace, self._selection.stage)
        self._fill_which(trace, stage)
        old, plan = self._plan, None
        if trace is not None and stage:
            same = old is not None and old.trace.stages.get(old.stage) is trace.stages[stage]
            if same and old is not None and old.trace.frame is trace.frame:
                plan = old
            else:
                plan = Plan.of(trace, stage)
        if plan is not old or plan is None:
            self._plan = plan
            self._losses = crowd_losses(plan) if plan is not None else ()
            self._show_plan(new_stage=old is None or plan is None or old.stage != plan.stage)
        self._follow_ref()
        self._show()

    def _fill_which(self, trace: Trace | None, stage: str) -> None:
        names = nms_stages(trace)
        if [self.which.itemData(i) for i in range(self.which.count())] != list(names):
            self.which.clear()
            for name in names:
                self.which.addItem(_TITLES[name], name)
        with QSignalBlocker(self.which):
            self.which.setCurrentIndex(self.which.findData(stage))
        self.which.setEnabled(len(names) > 1)

    def _show_plan(self, new_stage: bool) -> None:
        plan = self._plan
        self.transport.set_length(0 if plan is None else len(plan))
        if new_stage:
            self.transport.stop()
            self.transport.set_position(1)
        self._focus = -1
        self.table.set_plan(plan)
        self.what_if.show_plan(plan)
        self._summary.setText("" if plan is None else nms_text.summary(plan))
        rule = "" if plan is None else f"Only boxes of one {plan.within} suppress each other"
        self._summary.setToolTip(rule)
        self._empty.setVisible(plan is None)
        self._splitter.setVisible(plan is not None)
        self._show_hint(plan)

    def _show_hint(self, plan: Plan | None) -> None:
        """Above the list, where it comes and goes without moving the picture."""
        self._hint.setVisible(plan is not None and plan.trace.frame.truth is not None)
        if plan is None or not self._losses:
            self._hint.setText("Crowd: no object lost its box to a neighbour's here.")
            return
        loss, more = self._losses[0], len(self._losses) - 1
        rest = f" ({more} more)" if more else ""
        text = f"{words(loss, plan.threshold)} <a href='{loss.row}'>Show it</a>{rest}"
        self._hint.setText(f"<b>Crowd:</b> {text}")

    def _follow_ref(self) -> None:
        """The decision in which the selected box, or what became of it, met its fate."""
        plan, ref, trace = self._plan, self._selection.ref, self._selection.trace
        self._focus = -1
        if plan is None or ref is None or trace is None or ref.stage not in trace.stages:
            return
        here = kin(trace, ref, plan.stage)
        if here is not None:
            self._focus = here.row
            # Live, a playing list goes on although the row of the followed box moved in rank.
            if plan.decision[here.row] and not self.transport.playing:
                self.transport.set_position(int(plan.decision[here.row]))

    def _show(self) -> None:
        plan, number = self._plan, self.transport.position
        scene = None if plan is None else Scene(plan, number, self._focus, truth=self._truth())
        self.picture.show_scene(scene)
        self.what_if.show_crop(self.picture.crop)
        self.table.lines.set_number(number)
        row = self._focus
        if row < 0 and plan is not None and number:
            row = plan.step(number).row
        self.table.choose(row)
        if row < 0:
            self.table.scrollToTop()
        self.matrix.show_plan(plan, row, self.grouped.isChecked())
        two_lines = 2 * self.fontMetrics().lineSpacing()  # so that nothing jumps while it plays
        self._sentence.setMinimumHeight(two_lines)
        self._sentence.setText("" if plan is None else nms_text.sentence(plan, number, self._focus))

    def _truth(self) -> NDArray[np.float32]:
        """(K, 4) image px: both objects where the picked row is a box that a crowd cost."""
        found = [loss for loss in self._losses if loss.row == self._focus]
        truth = None if self._plan is None else self._plan.trace.frame.truth
        if not found or truth is None:
            return np.zeros((0, 4), np.float32)
        return truth.boxes[[found[0].truth, found[0].other]]

    # --- what the user does

    @Slot(int)
    def _pick(self, row: int) -> None:
        if self._plan is not None:
            self.transport.stop()
            self._selection.select(Ref(self._plan.stage, row))

    @Slot(int)
    def _on_moved(self, number: int) -> None:
        """Stepping selects the row that is chosen, so that every other view follows."""
        if self._plan is None:
            return
        if number:
            self._selection.select(Ref(self._plan.stage, self._plan.step(number).row))
        else:
            self._focus = -1
            self._show()

    @Slot(int)
    def _on_hovered(self, row: int) -> None:
        plan = self._plan
        self._selection.set_hover(None if plan is None or row < 0 else Ref(plan.stage, row))

    @Slot(str)
    def _on_command(self, word: str) -> None:
        player = self.transport
        match word:
            case "back" | "forward" | "first" | "last":
                getattr(player, word)()
            case "play":
                player.toggle()
            case "zoom":
                self.zoom.toggle()
            case _:
                self._walk(-1 if word == "previous" else 1)

    def _walk(self, by: int) -> None:
        """Through the rows of the present decision: the chosen one, then those that go."""
        plan, number = self._plan, self.transport.position
        if plan is None or not number:
            return
        chosen, gone, _ = plan.step(number)
        rows = [chosen, *gone.tolist()]
        at = rows.index(self._focus) if self._focus in rows else 0
        self._pick(rows[(at + by) % len(rows)])

    @Slot(int)
    def _on_which(self, at: int) -> None:
        self._selection.set_stage(str(self.which.itemData(at)))

    @Slot(bool)
    def _on_zoom(self, on: bool) -> None:
        self.picture.set_zoomed(on)
        self.what_if.show_crop(self.picture.crop)

    @Slot(bool)
    def _on_grouped(self, on: bool) -> None:
        self._show()

    @Slot(float)
    def _on_wished(self, threshold: float) -> None:
        if self._plan is not None and self._plan.key:
            self._selection.param_wished.emit(self._plan.key, threshold)

    @Slot(str)
    def _on_link(self, row: str) -> None:
        self._pick(int(row))

    @Slot()
    def _on_crowd(self) -> None:
        trace = self._selection.trace
        self._wished_in = -1 if trace is None else trace.epoch
        self.crowd.setEnabled(False)
        self.crowd.setText(nms_text.LOOKING)
        self._selection.crowd_wished.emit()

    @Slot()
    def _on_crowd_found(self, *_: object) -> None:
        self.crowd.setEnabled(True)
        self.crowd.setText(nms_text.CROWD)

    # --- while hidden

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._dirty:
            self._reload()
