"""Instances, classes and both together, of a detector with masks or of a segmenter. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.panoptic import (
    PanopticMap,
    PanopticQuality,
    Segment,
    combine,
    of_regions,
    of_truth,
    quality,
)
from widgets.mask_item import THRESHOLD
from widgets.segmentation.truth import BACKGROUND, UNKNOWN, Labels, to_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.trace import Trace

LEAST = 16  # px of a region that is taken for an object


@dataclass(frozen=True, eq=False)
class Remembered:
    """The class map of a segmenter: of which model and frame, ``names`` of its classes."""

    model: str
    serial: int
    names: tuple[str, ...]
    labels: Labels


@dataclass(frozen=True, eq=False)
class Layers:
    """Three maps of one picture, image px: ``instances`` (things only), ``semantic`` (H, W) int32
    class indices, ``panoptic``. ``classes`` their names.
    """

    instances: PanopticMap
    semantic: Labels
    panoptic: PanopticMap


@dataclass(frozen=True, eq=False)
class Together:
    """What the view shows. ``detector``: instances are detections, else regions of the class map.
    ``rows`` (D,) int64 row of the final table of each mask; ``semantic_from`` names the segmenter
    whose class map was used, "" for none. ``truth`` and ``quality`` None where no masks are known.
    """

    trace: Trace
    found: Layers
    truth: Layers | None
    quality: PanopticQuality | None
    detector: bool
    rows: NDArray[np.int64]
    semantic_from: str

    @property
    def stuff(self) -> tuple[int, ...]:
        return stuff_of(self.trace.classes)


def shows(trace: Trace | None) -> bool:
    return trace is not None and ("masks" in trace.stages or "argmax" in trace.stages)


def stuff_of(classes: Sequence[str]) -> tuple[int, ...]:
    """Classes that are not counted: here the background only."""
    return tuple(k for k, name in enumerate(classes) if name == BACKGROUND) or (0,)


def remember(trace: Trace) -> Remembered | None:
    """The class map of a segmenter's trace, for a detector on the same frame."""
    if "argmax" not in trace.stages:
        return None
    size = (trace.frame.height, trace.frame.width)
    labels = to_size(trace.stages["argmax"].arrays["classes"], size)
    return Remembered(trace.model, trace.frame.serial, trace.classes, labels)


def together(
    trace: Trace, other: Remembered | None, min_score: float, overlap: float
) -> tuple[Together, Remembered | None]:
    """The maps, and what is to be remembered. Slow for the GUI thread.

    ``other``: a segmenter's class map of the same frame, None to do without.
    """
    stuff = stuff_of(trace.classes)
    rows = np.zeros(0, np.int64)
    mine = remember(trace)
    source = ""
    if "masks" in trace.stages:
        table = trace.table(trace.final)
        rows = table.kept
        sure = np.flatnonzero(table.scores[rows] >= min_score)
        masks = np.asarray(trace.stages["masks"].arrays["pasted"])[sure] >= THRESHOLD
        scores, labels = table.scores[rows][sure], table.labels[rows][sure]
        semantic = _induced(masks, scores, labels, stuff[0])
        instances = combine(masks, scores, labels, semantic, (), min_score, 0.0)
        base = np.full(semantic.shape, stuff[0], np.int32)
        if other is not None and other.serial == trace.frame.serial:
            source = other.model
            semantic = base = _by_name(other, trace.classes, stuff[0])
        both = combine(masks, scores, labels, base, stuff, min_score, overlap)
        rows = rows[sure]
    else:
        assert mine is not None
        semantic = mine.labels
        both = of_regions(semantic, stuff, LEAST)
        instances = _things(both, stuff)
    truth = _truth(trace, stuff)
    judged = None if truth is None else quality(both, truth.panoptic, len(trace.classes))
    found = Layers(instances, semantic, both)
    detector = "masks" in trace.stages
    return Together(trace, found, truth, judged, detector, rows, source), mine


def _induced(
    masks: NDArray[np.bool_],
    scores: NDArray[np.float32],
    labels: NDArray[np.int64],
    ground: int,
) -> Labels:
    """The class of the best instance at each px."""
    painted = np.full(masks.shape[1:], ground, np.int32)
    for at in np.argsort(scores, kind="stable").tolist():
        painted[masks[at]] = labels[at]
    return painted


def _by_name(other: Remembered, classes: Sequence[str], ground: int) -> Labels:
    """A class map in the classes of another model; -1 for those that it does not know."""
    known = {name: k for k, name in enumerate(classes)}
    known[BACKGROUND] = ground
    table = np.array([known.get(name, UNKNOWN) for name in other.names], np.int32)
    found: Labels = table[other.labels]
    return found


def _things(both: PanopticMap, stuff: Sequence[int]) -> PanopticMap:
    """The map without its stuff; numbers of segments stay."""
    clear = np.array([0, *(0 if s.label in stuff else i for i, s in enumerate(both.segments, 1))])
    return PanopticMap(clear[both.ids].astype(np.int32), both.segments)


def _truth(trace: Trace, stuff: Sequence[int]) -> Layers | None:
    truth = trace.frame.truth
    if truth is None or truth.masks is None:
        return None
    known = {name: k for k, name in enumerate(trace.classes)}
    table = np.array([known.get(name, UNKNOWN) for name in truth.classes], np.int64)
    both = of_truth(truth, table, stuff[0])
    return Layers(_things(both, stuff), both.labels, both)


def segment_at(map_: PanopticMap, x: int, y: int) -> tuple[int, Segment] | None:
    """(number, segment) of a px; None for void."""
    number = int(map_.ids[y, x])
    return (number, map_.segments[number - 1]) if number else None
