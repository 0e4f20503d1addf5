"""The "Why missed?" view: objects that ought to be found, and what became of one of them.

What the trace itself can tell (which objects are found, where one was lost) is worked out here, on
a thread; what would save it takes the detector, and is asked for by `Selection.miss_wished`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from engine import boxes as box_ops
from widgets.missed import words
from widgets.missed.objects import (
    Drawn,
    Report,
    Wanted,
    detections,
    follow,
    report,
    wanted,
)
from widgets.missed.parts import MissedWidgets
from widgets.missed.question import MissAnswer, MissQuestion

if TYPE_CHECKING:
    from engine.miss import Change
    from engine.params import Value
    from engine.trace import Ref, Trace
    from widgets.missed.objects import Box
    from widgets.selection import Selection

_FOLLOWS_FROM = 0.3  # IoU with a box selected elsewhere from which an object is taken along


class MissedPanel(MissedWidgets):
    """Follows the selection: a box selected anywhere picks the object that it overlaps."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._trace: Trace | None = None
        self._objects: tuple[Wanted, ...] = ()
        self._at = -1
        self._drawn: Drawn | None = None
        self._report: Report | None = None
        self._question: MissQuestion | None = None
        self._applied: Change | None = None
        self._ref: Ref | None = None  # the selected box that we know of
        self._newest_job = 0
        self._shown_job = 0
        self._least_job = 0  # older reports are about an object that is no longer picked
        self._connect()
        self._on_trace(selection.trace)

    @property
    def report(self) -> Report | None:
        """What is shown; None without a trace that has boxes."""
        return self._report

    @property
    def drawn(self) -> Drawn | None:
        """The user's box, image px."""
        return self._drawn

    def _connect(self) -> None:
        selection = self._selection
        selection.trace_changed.connect(self._on_trace)
        selection.stage_changed.connect(self.path.set_stage)
        selection.ref_changed.connect(self._on_ref)
        selection.miss_changed.connect(self._on_answer)
        self.picture.picked.connect(self._pick)
        self.picture.drew.connect(self._draw)
        self.picture.removed.connect(self._remove)
        self.table.picked.connect(self._pick)
        self.classes.activated.connect(self._on_class)
        self.remove.clicked.connect(self._remove)
        self.path.picked.connect(self._on_path)
        self.verdict.candidate_wished.connect(self._on_candidate)
        self.verdict.rival_wished.connect(self._on_rival)
        self.verdict.change_wished.connect(self._on_change)
        self.verdict.freeze_wished.connect(self._on_freeze)

    # --- the trace

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.forget()  # a job from before it was shown must not overtake the one that comes now
        self._on_trace(self._selection.trace)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.forget()
        self._ask(None)

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        self._ref = self._selection.ref
        if not self.wanted:
            return
        if trace is None or detections(trace) is None:
            self._show_nothing(trace)
            return
        old, self._trace = self._trace, trace
        if old is None or not _continues(old, trace):
            self._drawn = self._applied = None
            self._at = -1
        elif self._drawn is not None and old.classes != trace.classes:
            self._drawn = Drawn(self._drawn.box)  # its class was the other model's
        picked = self._picked
        self._objects = wanted(trace, self._drawn)
        if old is None or old.frame is not trace.frame:
            self._at = follow(picked, self._objects) if self._at >= 0 else -1
        if self._at >= len(self._objects):
            self._at = -1
        self.show_classes(trace, self._drawn)
        self._work()

    @property
    def _picked(self) -> Wanted | None:
        return self._objects[self._at] if 0 <= self._at < len(self._objects) else None

    def _show_nothing(self, trace: Trace | None) -> None:
        self.forget()
        self._least_job = self._newest_job + 1
        self._trace, self._report, self._drawn, self._applied = None, None, None, None
        self._objects, self._at = (), -1
        self._ask(None)
        self.picture.show_objects(None if trace is None else trace.frame, (), np.zeros(0, bool), -1)
        self.picture.show_candidates(None, None)
        self.show_empty("" if trace is None else words.NO_BOXES)

    def _work(self) -> None:
        """Have the report made of the present trace, objects and pick."""
        if self._trace is not None:
            self._newest_job += 1
            make = partial(_numbered, self._newest_job, self._trace, self._objects, self._at)
            self.submit(make)

    def take(self, result: tuple[int, Report]) -> None:
        number, made = result
        if number < max(self._least_job, self._shown_job):
            return
        self._shown_job = number
        self._report = made
        if number == self._newest_job:
            self._at = made.picked
        self.picture.show_objects(made.trace.frame, made.objects, made.found, made.picked)
        self.picture.show_candidates(*_candidates(made))
        self.show_report(made, self._still_applied(made.trace))
        self.path.set_stage(self._selection.stage)
        if made.trace is self._selection.trace:
            miss, at = made.miss, made.picked
            missed = miss is not None and miss.kind != "found"
            one = made.objects[at] if missed else None
            self._ask(None if one is None else MissQuestion(made.trace, one.box, one.label))

    def _still_applied(self, trace: Trace) -> Change | None:
        change = self._applied
        if change is None:
            return None
        stage, _, name = change.key.partition(".")
        there = stage in trace.stages and name in trace.stages[stage].params
        return change if there and trace.stages[stage].params[name] == change.new else None

    # --- what would save it

    def _ask(self, question: MissQuestion | None) -> None:
        if question is None and self._question is None:
            return
        self._question = question
        self._selection.miss_wished.emit(question)

    @Slot(object)
    def _on_answer(self, answer: MissAnswer) -> None:
        if answer.question is self._question:
            self.verdict.show_answer(answer)

    @Slot(str, float)
    def _on_change(self, key: str, value: float) -> None:
        change = self.verdict.change
        if change is not None:
            self._applied = change
        self._selection.change_wished.emit(key, self._as_declared(key, value))

    def _as_declared(self, key: str, value: float) -> Value:
        """The value in the type of its parameter: a count is a whole number."""
        assert self._trace is not None
        stage, _, name = key.partition(".")
        declared = (p for i in self._trace.infos if i.name == stage for p in i.params)
        param = next(p for p in declared if p.name == name)
        return param.check(int(value) if isinstance(param.default, int) else value)

    @Slot()
    def _on_freeze(self) -> None:
        self._selection.freeze_wished.emit(True)

    # --- picking

    @Slot(int)
    def _pick(self, at: int) -> None:
        """Another object, by its place in the list."""
        if self._trace is None or not 0 <= at < len(self._objects):
            return
        if at != self._at:
            self._applied = None
        self._at = at
        self._least_job = self._newest_job + 1
        self.table.mark(at)
        self._show_at_once()
        self._work()

    @Slot(object)
    def _draw(self, box: Box) -> None:
        """The user's box moves, or there is one now."""
        label = None if self._drawn is None else self._drawn.label
        self._set_drawn(Drawn(box, label))

    @Slot(int)
    def _on_class(self, at: int) -> None:
        if self._drawn is not None:
            self._set_drawn(Drawn(self._drawn.box, self.class_at(at)))

    @Slot()
    def _remove(self) -> None:
        if self._drawn is not None:
            self._set_drawn(None)

    def _set_drawn(self, drawn: Drawn | None) -> None:
        if self._trace is None:
            return
        self._drawn, self._applied = drawn, None
        self._objects = wanted(self._trace, drawn)
        self._at = len(self._objects) - 1 if drawn is not None else -1
        self._least_job = self._newest_job + 1
        self.show_classes(self._trace, drawn)
        self._show_at_once()
        self._work()

    def _show_at_once(self) -> None:
        """The pick and the user's box, before the report about them: a held key must not lag."""
        if self._trace is None:
            return
        found, shown = np.zeros(len(self._objects), bool), self._report
        if shown is not None:
            same = min(len(found), len(shown.objects))
            found[:same] = shown.found[:same]
        self.picture.show_objects(self._trace.frame, self._objects, found, self._at)

    # --- to and from the selection

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        """A box selected elsewhere takes the object along that it overlaps most."""
        known, self._ref = self._ref, ref
        trace = self._trace
        if ref is None or ref == known or trace is None or not self._objects:
            return
        if trace is not self._selection.trace or not self.isVisible():
            return
        box = trace.transform.to_image(trace.table(ref.stage).boxes[[ref.row]])
        boxes = np.stack([o.box for o in self._objects])
        ious = np.nan_to_num(box_ops.iou_pairs(box, boxes))
        if ious.max() >= _FOLLOWS_FROM and int(ious.argmax()) != self._at:
            self._pick(int(ious.argmax()))

    def _select(self, ref: Ref | None) -> None:
        """Select a box of ours; the object that it is about stays picked."""
        shown = self._report
        if ref is not None and shown is not None and shown.trace is self._selection.trace:
            self._ref = ref
            self._selection.select(ref)

    @Slot(int)
    def _on_path(self, at: int) -> None:
        step = self.path.steps[at]
        if step.ref is not None:
            self._select(step.ref)
        else:
            self._selection.set_stage(step.stage)

    @Slot()
    def _on_candidate(self) -> None:
        if self._report is not None and self._report.miss is not None:
            self._select(self._report.miss.candidate)

    @Slot()
    def _on_rival(self) -> None:
        if self._report is not None and self._report.miss is not None:
            self._select(self._report.miss.rival)


def _numbered(number: int, *asked: Any) -> tuple[int, Report]:
    return number, report(*asked)


def _continues(old: Trace, new: Trace) -> bool:
    """The same picture, or the next one of the same video?"""
    same_run = old.epoch == new.epoch and old.frame.source == new.frame.source
    return old.frame.serial == new.frame.serial or same_run


def _candidates(made: Report) -> tuple[Box | None, Box | None]:
    """Boxes (4,) image px of the best candidate and of its rival."""

    def box(ref: Ref | None) -> Box | None:
        if ref is None:
            return None
        boxes = made.trace.table(ref.stage).boxes[[ref.row]]
        return np.asarray(made.trace.transform.to_image(boxes)[0])

    miss = made.miss
    return (None, None) if miss is None else (box(miss.candidate), box(miss.rival))
