"""Which boxes became which on the way to the selected one, and by which deltas. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.coder import Coding
from engine.trace import Ref
from widgets.kin import kin

if TYPE_CHECKING:
    from engine.pipeline import StageResult
    from engine.trace import Trace

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Step:
    """One refinement: ``before`` is moved and stretched by ``deltas``.

    ``before`` (4,) float32 xyxy network px; ``deltas`` (4,) float32; ``limit`` (height, width)
    network px at which the model cuts boxes; ``stage`` the trace's stage that holds the deltas;
    ``label`` the class whose deltas these are, -1 where classes share them; ``ref`` the row that
    was refined; ``result`` the row that came of it, where the trace has one.
    """

    names: tuple[str, str]
    stage: str
    ref: Ref
    result: Ref | None
    before: Floats
    deltas: Floats
    coding: Coding
    limit: tuple[int, int]
    label: int = -1

    @property
    def symbols(self) -> tuple[str, str, str, str]:
        return ("l", "t", "r", "b") if self.coding.distances else ("tx", "ty", "tw", "th")

    @cached_property
    def after(self) -> Floats:
        """(4,) float32 xyxy network px, cut to the picture."""
        return self.made_by(self.deltas)

    def decoded(self, deltas: Floats) -> Floats:
        """(4,) float32 xyxy network px that (4,) deltas make of ``before``, not cut."""
        return self.coding.decode(deltas, self.before)

    def made_by(self, deltas: Floats) -> Floats:
        """(4,) float32 xyxy network px that (4,) deltas make of ``before``, cut to the picture."""
        return box_ops.clip(self.decoded(deltas)[None], self.limit)[0]

    def population(self, trace: Trace) -> Floats:
        """(N, 4) float32 deltas of all rows of the stage, of the same class."""
        deltas = trace.stages[self.stage].arrays["deltas"]
        return deltas if deltas.ndim == 2 else deltas[:, self.label]

    def crowd(self, trace: Trace) -> str:
        """Words for the population: "all 16,368 anchors"."""
        count = len(trace.stages[self.stage].arrays["deltas"])
        words = f"all {count:,} {self.names[0]}s"
        return words if self.label < 0 else f"{words}, class {trace.name_of(self.label)}"


def steps_of(trace: Trace, ref: Ref | None) -> tuple[Step, ...]:
    """The refinements on the way of a box, the first one first.

    Two-stage: anchor -> proposal, and where the box (or what came of it) reached the second stage,
    proposal -> detection, for its own class or else for its most probable one. Single-shot: anchor
    -> detection. Empty when there is no box or it leads back to no anchor.
    """
    if ref is None or ref.stage not in trace.stages or trace.stages[ref.stage].table is None:
        return ()
    anchor = kin(trace, ref, "anchors") if "anchors" in trace.stages else None
    if "rpn_deltas" not in trace.stages:
        return () if anchor is None else _single_shot(trace, ref, anchor)
    steps = () if anchor is None else (_of_anchor(trace, anchor),)
    return steps + _of_proposal(trace, ref)


def _of_anchor(trace: Trace, anchor: Ref) -> Step:
    result = trace.stages["rpn_deltas"]
    names = ("anchor", "proposal")
    return _step(trace, result, names, anchor, Ref("rpn_decode", anchor.row))


def _of_proposal(trace: Trace, ref: Ref) -> tuple[Step, ...]:
    if "roi_level" not in trace.stages or "class_deltas" not in trace.stages:
        return ()
    proposal = kin(trace, ref, "roi_level")
    if proposal is None:
        return ()
    label = _label(trace, ref, proposal)
    classes = trace.stages["class_deltas"].arrays["deltas"].shape[1]
    made = Ref("decode", proposal.row * classes + label)
    names = ("proposal", "detection")
    return (_step(trace, trace.stages["class_deltas"], names, proposal, made, label),)


def _label(trace: Trace, ref: Ref, proposal: Ref) -> int:
    """The class of a row that belongs to one, else the proposal's most probable object class."""
    order = list(trace.stages)
    if order.index(ref.stage) >= order.index("decode"):
        return int(trace.table(ref.stage).labels[ref.row])
    probabilities = trace.stages["class_scores"].arrays["probabilities"][proposal.row]
    return int(probabilities[1:].argmax()) + 1


def _single_shot(trace: Trace, ref: Ref, anchor: Ref) -> tuple[Step, ...]:
    if "class_deltas" not in trace.stages:
        return ()
    result = trace.stages["class_deltas"]
    first = "point" if result.notes["coding"].distances else "anchor"
    made = kin(trace, ref, "decode") if "decode" in trace.stages else None
    return (_step(trace, result, (first, "detection"), anchor, made),)


def _step(
    trace: Trace,
    result: StageResult,
    names: tuple[str, str],
    ref: Ref,
    made: Ref | None,
    label: int = -1,
) -> Step:
    deltas = result.arrays["deltas"]
    return Step(
        names=names,
        stage=result.name,
        ref=ref,
        result=made,
        before=trace.table(ref.stage).boxes[ref.row],
        deltas=deltas[ref.row] if label < 0 else deltas[ref.row, label],
        coding=result.notes["coding"],
        limit=trace.transform.network,
        label=label,
    )


@dataclass(frozen=True, eq=False)
class TruthMatch:
    """The object of the ground truth that a refinement ends nearest to. ``box`` image px."""

    row: int
    name: str
    box: Floats

    def iou(self, trace: Trace, box: Floats) -> float:
        """IoU with a (4,) box in network px."""
        return float(box_ops.iou(trace.transform.to_image(box[None]), self.box[None])[0, 0])


def truth_of(trace: Trace, steps: tuple[Step, ...]) -> TruthMatch | None:
    """The object with the highest IoU with what the last step made; None without any overlap."""
    truth = trace.frame.truth
    if truth is None or not len(truth) or not steps:
        return None
    end = trace.transform.to_image(steps[-1].after[None])
    overlap = box_ops.iou(end, truth.boxes)[0]
    row = int(overlap.argmax())
    if not overlap[row] > 0:
        return None
    label = int(truth.labels[row])
    name = truth.classes[label] if 0 <= label < len(truth.classes) else f"class {label}"
    return TruthMatch(row, name, truth.boxes[row])
