"""Selection: what is under study in one window. Every view reads it, every view may change it.

One trace, one stage of it, one box (a `Ref`), one box under the mouse. Setters ignore a value that
is already set, so views may connect their own changes back to themselves without an endless loop.

While boxes are stepped through stages the selection follows the box that was picked: to its parent
in earlier stages, to what became of it in later ones. The pick itself is remembered, so stepping
there and back ends on the same row although an anchor has many descendants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from engine.trace import Ref, Trace


class Selection(QObject):
    """The trace, stage and ref under study.

    Order of signals when a trace arrives: ``trace_changed``, then ``stage_changed``,
    ``ref_changed`` and ``hover_changed`` where those differ. Inside a slot all properties already
    have their new value.
    """

    trace_changed = Signal(object)
    stage_changed = Signal(str)
    ref_changed = Signal(object)
    hover_changed = Signal(object)
    # The user picked another box, or none: (before, after), each a Ref or None. Not for a box that
    # is followed to another stage or frame.
    picked = Signal(object, object)
    rejected_changed = Signal(bool)
    # A view's wish, for whoever owns the parameters: "stage.param" and the value it should have.
    param_wished = Signal(str, object)
    # The same from a button: a step of its own for undo, never merged with a slider's drag.
    change_wished = Signal(str, object)
    # A question for whoever has the detector: a `missed_question.MissQuestion`, None when nobody
    # waits for the answer any more; and its `MissAnswer`.
    miss_wished = Signal(object)
    miss_changed = Signal(object)
    # A source that should be opened; and a wish for a crowd in which NMS removes a good box, which
    # whoever has the detector looks for and opens.
    source_wished = Signal(str)
    crowd_wished = Signal()
    # Boxes to be fed back through the second stage, a `refinement.question.RoundsQuestion` or None;
    # and its `RoundsAnswer`.
    rounds_wished = Signal(object)
    rounds_changed = Signal(object)
    # What the trace should be compared with, a `compare.question.CompareWish` or None; what came of
    # it, a `Compared`; and moved parameters of the other side with the word by which they merge
    # into one step of undo.
    compare_wished = Signal(object)
    compare_changed = Signal(object)
    compare_settings_wished = Signal(object, str)
    # What an evaluation should do or open, an `evaluation.question` EvaluateWish, Command or
    # OpenWish; and how it stands with it, an `EvaluationState`.
    evaluation_wished = Signal(object)
    evaluation_changed = Signal(object)
    # The receptive fields of the network for a trace's input: the `Trace`, from any view; and the
    # `receptive.question.FieldsAnswer`, for all of them. A gradient, a `HeatQuestion` or None; and
    # its `HeatAnswer`.
    fields_wished = Signal(object)
    fields_changed = Signal(object)
    heat_wished = Signal(object)
    heat_changed = Signal(object)
    # A wish to pin the shown trace.
    freeze_wished = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._trace: Trace | None = None
        self._stage = ""
        self._ref: Ref | None = None
        self._picked: Ref | None = None  # what the user chose; `_ref` is its kin in this stage
        self._hover: Ref | None = None
        self._rejected = False

    @property
    def trace(self) -> Trace | None:
        return self._trace

    @property
    def stage(self) -> str:
        """Name of the stage under study; "" without a trace."""
        return self._stage

    @property
    def ref(self) -> Ref | None:
        """The selected box: a row of the present stage, or of another one that led to nothing."""
        return self._ref

    @property
    def hover(self) -> Ref | None:
        return self._hover

    @property
    def show_rejected(self) -> bool:
        return self._rejected

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the trace's stages in order; empty without a trace."""
        return tuple(self._trace.stages) if self._trace else ()

    def set_trace(self, trace: Trace | None) -> None:
        """Show a trace.

        The stage stays if the trace has it. A box stays selected through a running video and
        through moved parameters (`widgets.kin.same_box`); another picture or model clears it.
        """
        if trace is self._trace:
            return
        old, old_stage, old_ref, old_hover = self._trace, self._stage, self._ref, self._hover
        self._trace = trace
        if trace is None:
            self._stage = ""
        elif self._stage not in trace.stages:
            self._stage = trace.final if trace.final in trace.stages else list(trace.stages)[-1]
        self._hover = None  # rows mean something else now; the canvas looks again under the mouse
        if old is None or trace is None or not _continues(old, trace):
            self._ref = self._picked = None
        elif self._ref is not None and self._picked is not None:
            from widgets.kin import same_box

            same = self._picked == self._ref
            self._ref = same_box(old, trace, self._ref)
            self._picked = self._ref if same else same_box(old, trace, self._picked) or self._ref
        self.trace_changed.emit(trace)
        if self._stage != old_stage:
            self.stage_changed.emit(self._stage)
        if self._ref != old_ref:
            self.ref_changed.emit(self._ref)
        if self._hover != old_hover:
            self.hover_changed.emit(self._hover)

    def set_stage(self, name: str) -> None:
        """Study another stage; a selected box is followed there. Unknown names are ignored."""
        if name == self._stage or self._trace is None or name not in self._trace.stages:
            return
        self._stage = name
        old_ref = self._ref
        if self._picked is not None:
            from widgets.kin import kin

            self._ref = kin(self._trace, self._picked, name) or self._picked
        self._drop_hover()
        self.stage_changed.emit(name)
        if self._ref != old_ref:
            self.ref_changed.emit(self._ref)

    def select(self, ref: Ref | None) -> None:
        """Pick a box, and with it its stage; None clears. A ref outside the trace is ignored."""
        if ref is not None and not self._has(ref):
            return
        self._picked = ref
        if ref == self._ref:
            return
        before, self._ref = self._ref, ref
        new_stage = ref is not None and ref.stage != self._stage
        if ref is not None and new_stage:
            self._stage = ref.stage
            self._drop_hover()
            self.stage_changed.emit(self._stage)
        self.ref_changed.emit(ref)
        self.picked.emit(before, ref)

    def step_stage(self, by: int) -> None:
        """Go ``by`` stages on (or back), stopping at the first and the last."""
        names = self.stages
        if names:
            at = names.index(self._stage) + by
            self.set_stage(names[min(max(at, 0), len(names) - 1)])

    def first_stage(self) -> None:
        if self.stages:
            self.set_stage(self.stages[0])

    def last_stage(self) -> None:
        if self.stages:
            self.set_stage(self.stages[-1])

    def set_hover(self, ref: Ref | None) -> None:
        """Name the box under the mouse."""
        if ref != self._hover and (ref is None or self._has(ref)):
            self._hover = ref
            self.hover_changed.emit(ref)

    def set_show_rejected(self, on: bool) -> None:
        if on != self._rejected:
            self._rejected = on
            self.rejected_changed.emit(on)

    def _drop_hover(self) -> None:
        self.set_hover(None)

    def _has(self, ref: Ref) -> bool:
        if self._trace is None or ref.stage not in self._trace.stages:
            return False
        table = self._trace.stages[ref.stage].table
        return table is not None and 0 <= ref.row < len(table)


def _continues(old: Trace, new: Trace) -> bool:
    """Is ``new`` the next look at what ``old`` showed: the same picture, or the same live run?"""
    same_picture = old.frame.serial == new.frame.serial
    return old.model == new.model and (old.epoch == new.epoch or same_picture)
