"""Detections and ground truths that share a picture, and how far they overlap."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.datasets.annotations import Annotations, Detections
from engine.metrics.protocol import Protocol, Rule

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

Kind = Literal["box", "mask"]

_AT_ONCE = 2_000_000  # pairs whose corners are held at a time


@dataclass(frozen=True, eq=False)
class Pairs:
    """P overlapping pairs, in ascending order of detection, then of ground truth.

    ``detection`` and ``truth`` (P,) int64 are positions in the rows that were given; ``iou`` (P,)
    float64, above 0; for crowds the intersection over the detection's area (COCO's rule only).
    """

    detection: Rows
    truth: Rows
    iou: Floats


class Overlaps:
    """Measures the pairs of one set of detections with one set of ground truths.

    Boxes are measured in float64, in the order of operations of COCO's mask code (``bbIou``), so
    that values equal pycocotools' bit for bit. For ``kind`` "mask" every row must have a mask.
    """

    def __init__(
        self,
        annotations: Annotations,
        detections: Detections,
        protocol: Protocol,
        kind: Kind = "box",
    ) -> None:
        self._annotations = annotations
        self._detections = detections
        self._one = 1.0 if protocol.inclusive else 0.0
        self._kind = kind
        self._crowd = annotations.crowd if protocol.rule is Rule.COCO else None
        if kind == "box":
            self._of_detections = _sides(detections, protocol)
            self._of_truths = _sides(annotations, protocol)

    def pairs(self, detections: Rows, truths: Rows) -> Pairs:
        """The pairs that share a picture and overlap; (N,) and (M,) int64 rows, in any order."""
        found = []
        picture = self._detections.picture[detections]
        of_truth = self._annotations.picture[truths]
        for d, t in _same_picture(picture, of_truth, len(self._annotations.pictures)):
            overlap = self._measure(detections[d], truths[t])
            some = np.flatnonzero(overlap > 0)
            found.append((d[some], t[some], overlap[some]))
        if not found:
            nothing = np.zeros(0, np.int64)
            return Pairs(nothing, nothing, np.zeros(0))
        return Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))

    def _measure(self, detections: Rows, truths: Rows) -> Floats:
        if self._kind == "mask":
            return self._measure_masks(detections, truths)
        d, t = self._of_detections, self._of_truths
        wide = np.minimum(d[2][detections], t[2][truths])
        wide -= np.maximum(d[0][detections], t[0][truths])
        high = np.minimum(d[3][detections], t[3][truths])
        high -= np.maximum(d[1][detections], t[1][truths])
        wide += self._one
        high += self._one
        meet = (wide > 0) & (high > 0)
        common = wide
        common *= high
        area = d[4][detections]
        union = area + t[4][truths] - common
        if self._crowd is not None:
            union = np.where(self._crowd[truths], area, union)
        result = np.zeros(len(common))
        # Boxes of no area meet nothing, so the union is positive wherever they meet.
        return np.divide(common, union, out=result, where=meet & (union > 0))

    def _measure_masks(self, detections: Rows, truths: Rows) -> Floats:
        from pycocotools import mask as coco_mask

        ours, theirs = self._detections.masks, self._annotations.masks
        assert ours is not None and theirs is not None
        result = np.zeros(len(detections))
        order = np.argsort(self._annotations.picture[truths], kind="stable")
        picture = self._annotations.picture[truths[order]]
        edges = np.flatnonzero(np.diff(picture, prepend=-1, append=-1))
        for start, end in itertools.pairwise(edges):
            part = order[start:end]
            d, at_d = np.unique(detections[part], return_inverse=True)
            t, at_t = np.unique(truths[part], return_inverse=True)
            crowd = np.zeros(len(t), np.uint8) if self._crowd is None else self._crowd[t]
            table = coco_mask.iou(
                [ours[int(i)] for i in d], [theirs[int(i)] for i in t], crowd.astype(np.uint8)
            )
            result[part] = np.asarray(table)[at_d, at_t]
        return result


def _sides(of: Any, protocol: Protocol) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """x1, y1, x2, y2 and area of each box, in px and px²."""
    if protocol.rule is Rule.COCO and not protocol.inclusive:
        # COCO files hold width and height; the far corner is their sum, rounded once.
        x, y, w, h = (np.ascontiguousarray(c) for c in of.xywh.T)
        return x, y, x + w, y + h, w * h
    x1, y1, x2, y2 = (np.ascontiguousarray(c) for c in of.boxes.T)
    one = 1.0 if protocol.inclusive else 0.0
    return x1, y1, x2, y2, (x2 - x1 + one) * (y2 - y1 + one)


def _same_picture(picture: Rows, of_truth: Rows, pictures: int) -> Iterator[tuple[Rows, Rows]]:
    """Positions (detection, truth) of all pairs in one picture, some million at a time."""
    order = np.argsort(of_truth, kind="stable")
    starts = np.searchsorted(of_truth[order], np.arange(pictures + 1))
    count = (starts[1:] - starts[:-1])[picture]
    total = np.cumsum(count)
    begin = 0
    while begin < len(picture):
        before = total[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(total, before + _AT_ONCE, "right")))
        many = count[begin:end]
        d = np.repeat(np.arange(begin, end), many)
        first = starts[picture[begin:end]] - (total[begin:end] - many)
        yield d, order[np.repeat(first, many) + np.arange(before, before + len(d))]
        begin = end
