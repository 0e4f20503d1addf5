"""Which boxes the canvas shows for a stage, in which style, and which one lies under a point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from engine.table import Reason, Table
from engine.trace import Ref
from widgets.palette import LABELS, REASONS, label_indices

if TYPE_CHECKING:
    from engine.trace import Trace

# A style is an index: first the reasons, then the colours of labels, so that kept boxes, which
# have the higher styles, are painted over rejected ones.
FIRST_LABEL = len(REASONS)
BANDS = (0.2, 0.5)  # scores from which a row counts as fairly sure and as sure
COLOURS = (*(look.colour for look in REASONS), *LABELS)
RGB = np.array([QColor(c).getRgb()[:3] for c in COLOURS], np.uint8)


@dataclass(frozen=True, eq=False)
class Shown:
    """Rows of one stage as the canvas draws them, in the order in which it does.

    ``rows`` (N,) int64 rows of ``table``; ``boxes`` (N, 4) float32 xyxy image px; ``styles`` (N,)
    int64 index into `COLOURS`: below `FIRST_LABEL` a reason, from there a label; ``bands`` (N,)
    uint8, ascending: 0 for rejected rows, then how sure the stage is of a row, by `BANDS`. A
    detector that keeps all scores above 0.001 would otherwise bury what it is sure of.
    """

    trace: Trace
    stage: str
    table: Table
    rows: NDArray[np.int64]
    boxes: NDArray[np.float32]
    styles: NDArray[np.int64]
    bands: NDArray[np.uint8]
    rejected: bool = False

    @classmethod
    def of(cls, trace: Trace, stage: str, rejected: bool) -> Shown | None:
        """The boxes of a stage; of the detections for a stage without boxes that follows them."""
        stage = boxes_stage(trace, stage)
        if not stage:
            return None
        table = trace.table(stage)
        rows = np.arange(len(table)) if rejected else table.kept
        every = len(rows) == len(table)
        part = slice(None) if every else rows  # all: a view, not a copy
        styles = FIRST_LABEL + label_indices(table.labels[part])
        bands = _bands(table.scores[part])
        if rejected:
            reasons = table.reason[part]
            out = reasons != Reason.KEPT
            styles[out], bands[out] = reasons[out], 0
        # Below 256, and NumPy sorts bytes in linear time: 200,000 rows in a millisecond.
        key = (bands * len(COLOURS) + styles).astype(np.uint8)
        if (key[1:] < key[:-1]).any():
            order = np.argsort(key, kind="stable")
            rows, every = rows[order], False
            styles, bands = styles[order], bands[order]
        # `take` lets other threads run meanwhile, indexing rows of four does not.
        boxes = trace.transform.to_image(table.boxes if every else table.boxes.take(rows, axis=0))
        return cls(trace, stage, table, rows, boxes, styles, bands, rejected)

    def __len__(self) -> int:
        return len(self.rows)

    def ref(self, at: int) -> Ref:
        return Ref(self.stage, int(self.rows[at]))

    def under(self, x: float, y: float, slop: float) -> list[Ref]:
        """Boxes that hold a point (image px), the smallest first, at most 50 of them.

        ``slop`` (image px) widens boxes, so that very small ones can be hit.
        """
        b = self.boxes
        hit = np.flatnonzero(
            (b[:, 0] - slop <= x)
            & (x <= b[:, 2] + slop)
            & (b[:, 1] - slop <= y)
            & (y <= b[:, 3] + slop)
        )
        areas = self._areas[hit]
        if len(hit) > 50:
            some = np.argpartition(areas, 50)[:50]
            hit, areas = hit[some], areas[some]
        return [self.ref(int(at)) for at in hit[np.argsort(areas, kind="stable")]]

    @cached_property
    def _areas(self) -> NDArray[np.float32]:
        b = self.boxes
        return (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])


def _bands(scores: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(N,) uint8, 1 (unsure) to 3 (sure); all sure where a stage gives no scores."""
    if not scores.any():
        return np.full(len(scores), len(BANDS) + 1, np.uint8)
    bands = np.ones(len(scores), np.uint8)
    for limit in BANDS:
        bands += scores >= limit
    return bands


def boxes_stage(trace: Trace, stage: str) -> str:
    """The stage whose boxes are drawn when ``stage`` is studied; "" for none.

    Masks and keypoints have no boxes of their own: they belong to the detections before them.
    """
    result = trace.stages.get(stage)
    if result is None:
        return ""
    if result.table is not None:
        return stage
    names = list(trace.stages)
    after = trace.final in names and names.index(stage) > names.index(trace.final)
    return trace.final if after and trace.stages[trace.final].table is not None else ""
