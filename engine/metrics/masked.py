"""The part of a set that figures of masks can be had of: the rows that have one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.datasets.annotations import Annotations, Detections, Masks
from engine.errors import BoxscopeError

Rows = NDArray[np.int64]

_COLUMNS = ("picture", "boxes", "xywh", "labels", "area")


@dataclass(frozen=True)
class WithoutMask:
    """How many objects and detections have no mask, and so take no part in figures of masks."""

    truths: int = 0
    detections: int = 0

    @property
    def sentence(self) -> str:
        """For people; empty when every row has one."""
        sides = ((self.truths, "object"), (self.detections, "detection"))
        counts = [f"{n} {what}{'s' if n > 1 else ''}" for n, what in sides if n]
        if not counts:
            return ""
        have = "has" if self.truths + self.detections == 1 else "have"
        return f"{' and '.join(counts)} {have} no mask; the figures of masks leave them out."


def masked(
    annotations: Annotations, detections: Detections
) -> tuple[Annotations, Detections, WithoutMask]:
    """Both sides with only the rows that have a mask, and how many were left out.

    What is whole is given back as it is. Raises BoxscopeError when a side has rows and no mask at
    all: figures of masks would say nothing.
    """
    truths = _rows(annotations.masks, len(annotations), "ground truth")
    found = _rows(detections.masks, len(detections), "detections")
    without = WithoutMask(len(annotations) - len(truths), len(detections) - len(found))
    if without.truths or annotations.masks is None:
        annotations = replace(
            annotations,
            masks=_chosen(annotations.masks, truths),
            **{
                name: getattr(annotations, name)[truths]
                for name in (*_COLUMNS, "crowd", "ignored", "ids")
            },
        )
    if without.detections or detections.masks is None:
        detections = replace(
            detections,
            masks=_chosen(detections.masks, found),
            **{name: getattr(detections, name)[found] for name in (*_COLUMNS, "scores")},
        )
    return annotations, detections, without


def _rows(masks: Masks | None, count: int, side: str) -> Rows:
    """(K,) int64 rows that have a mask."""
    rows = [] if masks is None else [row for row in range(count) if masks[row] is not None]
    if count and not rows:
        raise BoxscopeError(
            f"none of the {count} rows of the {side} has a mask; evaluate boxes instead."
        )
    return np.array(rows, np.int64)


def _chosen(masks: Masks | None, rows: Rows) -> Masks:
    return [] if masks is None else [masks[int(row)] for row in rows]
