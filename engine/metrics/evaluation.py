"""A set of detections held against a set of annotations: measured once, judged often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.datasets.annotations import Annotations, Detections
from engine.metrics.assign import take_in_turn
from engine.metrics.masked import WithoutMask, masked
from engine.metrics.pairs import Kind, Overlaps, Pairs
from engine.metrics.protocol import AREAS, COCO, Protocol, Rule, check_threshold

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

Made = TypeVar("Made")


def picture_order(annotations: Annotations) -> Rows:
    """(P,) int64 place of each picture when sorted by id; by row where ids are words.

    The order of pictures decides between equal scores, as in pycocotools.
    """
    ids = [p.id for p in annotations.pictures]
    place = np.arange(len(ids))
    if all(isinstance(i, int) for i in ids):
        place[sorted(place, key=ids.__getitem__)] = np.arange(len(ids))
    return place


@dataclass(frozen=True, eq=False)
class Ranking:
    """The detections of one class in order of rank, and the ground truths of that class.

    rows (N,) int64 rows of the detections: highest score first, equal scores by picture id, then in
    the order of the file, as pycocotools has them; truths (M,) int64 rows of the annotations;
    left_out: detections beyond the protocol's ``most``.
    """

    rows: Rows
    truths: Rows
    left_out: int


@dataclass(frozen=True, eq=False)
class Wishes:
    """The overlaps of one class, each detection's in the order in which it asks.

    ``pairs``: positions in `Ranking.rows` and `Ranking.truths`; ``begins`` (K,) where each
    detection that overlaps anything begins, so its first wish; ``ignored`` (M,) bool of the truths;
    ``outside`` (N,) bool detections outside the range of areas.
    """

    pairs: Pairs
    begins: Rows
    ignored: Flags
    outside: Flags


@dataclass(frozen=True, eq=False)
class Match:
    """What became of the detections of one class at one IoU threshold.

    ``truth`` (N,) int64 position in `Ranking.truths` that a detection has taken, -1 for none;
    ``iou`` (N,) float64 with it, 0 for none; ``ignored`` (N,) bool counts neither as true nor as
    false; ``positives``: ground truths that count.
    """

    truth: Rows
    iou: Floats
    ignored: Flags
    positives: int


class Evaluation:
    """Answers questions about one set of detections by one protocol.

    Orders and overlaps do not depend on thresholds: they are computed class by class when first
    asked for, and kept. Any thread may ask; the worst that a race does is to compute twice.

    Of ``kind`` "mask" only rows that have a mask take part: ``annotations`` and ``detections``, to
    which all rows refer, then hold nothing else, and ``without_mask`` counts what was left out.
    Raises BoxscopeError when a side has rows and no mask at all.
    """

    def __init__(
        self,
        annotations: Annotations,
        detections: Detections,
        protocol: Protocol = COCO,
        kind: Kind = "box",
    ) -> None:
        self.without_mask = WithoutMask()
        if kind == "mask":
            annotations, detections, self.without_mask = masked(annotations, detections)
        self.annotations = annotations
        self.detections = detections
        self.protocol = protocol
        self.kind = kind
        self._overlaps = Overlaps(annotations, detections, protocol, kind)
        self._kept: dict[tuple[object, ...], object] = {}
        flags = annotations.ignored if protocol.flags else np.zeros(len(annotations), bool)
        self.ignored: Flags = annotations.crowd | flags
        self._shared = annotations.crowd & (protocol.rule is Rule.COCO)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.annotations.classes

    @cached_property
    def picture_rank(self) -> Rows:
        """(P,) int64 place of each picture among equal scores."""
        return picture_order(self.annotations)

    def counts(self, area: str = "all") -> Flags:
        """(N,) bool: the annotations that count as positives, for objects of one range of area."""
        low, high = AREAS[area]
        size = self.annotations.area
        return ~self.ignored & (size >= low) & (size <= high)

    def ranking(self, label: int) -> Ranking:
        """The detections and ground truths of class row ``label``."""
        return self._keep(("ranking", label), lambda: self._rank(label))

    def wishes(self, label: int, area: str = "all") -> Wishes:
        """The overlaps of class row ``label``, for ground truths of area "all", "small" ..."""
        return self._keep(("wishes", label, area), lambda: self._wish(label, area))

    def elsewhere(self, label: int) -> tuple[Rows, Floats]:
        """The best ground truth of ANOTHER class for each detection of class row ``label``.

        (N,) int64 row of the annotations, -1 where none that counts overlaps; (N,) float64 IoU.
        """
        return self._keep(("elsewhere", label), lambda: self._look_elsewhere(label))

    def other_pairs(self, label: int) -> Pairs:
        """The pairs of the detections of class row ``label`` with ground truths of other classes.

        Positions in `Ranking.rows`, and rows of the annotations; only those that count.
        """
        return self._keep(("others", label), lambda: self._other_pairs(label))

    def match(self, label: int, threshold: float, area: str = "all") -> Match:
        """Match class row ``label`` at an IoU threshold by the protocol's rule."""
        check_threshold(threshold)
        ranking, wishes = self.ranking(label), self.wishes(label, area)
        pairs, count = wishes.pairs, len(ranking.rows)
        truth, overlap = np.full(count, -1), np.zeros(count)
        if self.protocol.rule is Rule.COCO:
            good = np.flatnonzero(pairs.iou >= min(threshold, 1 - 1e-10))
            d, t = pairs.detection[good], pairs.truth[good]
            stands = good[take_in_turn(d, t, self._shared[ranking.truths])]
        else:
            first = wishes.begins[pairs.iou[wishes.begins] >= threshold]
            # The first to ask, except that ignored objects are never used up.
            asked = pairs.truth[first]
            winner = np.full(len(ranking.truths), len(first))
            np.minimum.at(winner, asked, np.arange(len(first)))
            stands = first[(winner[asked] == np.arange(len(first))) | wishes.ignored[asked]]
        truth[pairs.detection[stands]] = pairs.truth[stands]
        overlap[pairs.detection[stands]] = pairs.iou[stands]
        ignored = np.where(truth >= 0, np.append(wishes.ignored, False)[truth], wishes.outside)
        return Match(truth, overlap, ignored, int((~wishes.ignored).sum()))

    def _keep(self, key: tuple[object, ...], make: Callable[[], Made]) -> Made:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]  # type: ignore[return-value]  # each key has one maker

    @cached_property
    def _by_class(self) -> tuple[Rows, Rows]:
        """All detections by class, score, picture and row, and where each class begins."""
        d = self.detections
        order = np.lexsort((self.picture_rank[d.picture], -d.scores, d.labels))
        return order, np.searchsorted(d.labels[order], np.arange(len(self.classes) + 1))

    def _rank(self, label: int) -> Ranking:
        order, starts = self._by_class
        rows = order[starts[label] : starts[label + 1]]
        truths = np.flatnonzero(self.annotations.labels == label)
        most, left_out = self.protocol.most, 0
        if most is not None and len(rows):
            picture = self.detections.picture[rows]
            by_picture = np.argsort(picture, kind="stable")
            edge = np.diff(picture[by_picture], prepend=-1) != 0
            at = np.arange(len(rows))
            place = np.empty(len(rows), np.int64)
            place[by_picture] = at - np.maximum.accumulate(np.where(edge, at, 0))
            kept = place < most
            left_out = int((~kept).sum())
            rows = rows[kept]
        return Ranking(rows, truths, left_out)

    def _wish(self, label: int, area: str) -> Wishes:
        ranking = self.ranking(label)
        low, high = AREAS[area]
        ignored = ~self.counts(area)[ranking.truths]
        size = self.detections.area[ranking.rows]
        outside = (size < low) | (size > high)
        pairs = self._keep(
            ("pairs", label), lambda: self._overlaps.pairs(ranking.rows, ranking.truths)
        )
        keys: tuple[NDArray[Any], ...] = (-pairs.iou, pairs.detection)
        if self.protocol.rule is Rule.COCO:
            # Of equal IoUs COCO's loop keeps the last.
            keys = (-pairs.truth, -pairs.iou, ignored[pairs.truth], pairs.detection)
        order = np.lexsort(keys)
        pairs = Pairs(pairs.detection[order], pairs.truth[order], pairs.iou[order])
        begins = np.flatnonzero(np.diff(pairs.detection, prepend=-1))
        return Wishes(pairs, begins, ignored, outside)

    def _other_pairs(self, label: int) -> Pairs:
        truths = np.flatnonzero((self.annotations.labels != label) & ~self.ignored)
        pairs = self._overlaps.pairs(self.ranking(label).rows, truths)
        return Pairs(pairs.detection, truths[pairs.truth], pairs.iou)

    def _look_elsewhere(self, label: int) -> tuple[Rows, Floats]:
        pairs = self.other_pairs(label)
        count = len(self.ranking(label).rows)
        row, best = np.full(count, -1), np.zeros(count)
        order = np.lexsort((-pairs.iou, pairs.detection))
        first = order[np.flatnonzero(np.diff(pairs.detection[order], prepend=-1))]
        row[pairs.detection[first]] = pairs.truth[first]
        best[pairs.detection[first]] = pairs.iou[first]
        return row, best
