"""Non-maximum suppression (NMS) made answerable: the order, and who suppressed whom. NumPy only.

Greedy NMS goes through the boxes from best to worst score; a box is kept unless its IoU with a box
kept before is greater than the threshold (Girshick et al., "Rich feature hierarchies ...", CVPR
2014, section 2.2). Results equal ``torchvision.ops.nms`` and ``batched_nms`` on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.decisions import Decisions as Decisions  # also of this module's interface
from engine.decisions import Step as Step
from engine.overlap import pairs_above

Boxes = NDArray[np.float32]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

_BLOCK = 256  # rows that fell to rounding, compared at once with all kept rows
_FIRST, _LAST = 128, 1024  # boxes settled at once: bounds the pairs held when all meet all

SHIFTED_MAX, SHIFTED_MAX_GPU = 1_000, 25_000
"""Up to so many boxes torchvision's ``batched_nms`` moves groups apart; above, each runs alone."""


def by_score(scores: Floats) -> Rows:
    """(N,) int64 rows by falling score; equal scores keep their order, NaN comes first (torch)."""
    key = np.where(np.isnan(scores), -np.inf, -np.asarray(scores, np.float32))
    return key.argsort(kind="stable")


def as_compared(
    boxes: Boxes, groups: Rows | None, shifted_max: int = SHIFTED_MAX
) -> tuple[Boxes, Rows | None]:
    """Boxes and groups as ``torchvision.ops.batched_nms`` compares them.

    Up to ``shifted_max`` boxes it adds ``group * (largest coordinate + 1)`` to every coordinate
    and forgets the groups; float32 then rounds corners to some thousandths of a px, which can tip
    an IoU over the threshold. Above, every group is compared for itself.
    """
    if groups is None or not 0 < len(boxes) <= shifted_max:
        return boxes, groups
    shift = groups.astype(np.float32) * (boxes.max() + np.float32(1))
    return boxes + shift[:, None], None


def greedy(boxes: Boxes, scores: Floats, groups: Rows | None = None, iou: float = 0.5) -> Decisions:
    """NMS of ``boxes`` (N, 4) float32 xyxy with ``scores`` (N,) float32.

    With ``groups`` (N,) int64 (class, level) only boxes of one group compete, as in
    ``torchvision.ops.batched_nms``; without, all do, as in ``torchvision.ops.nms``. The kept rows
    are torchvision's, equal scores and IoUs on the threshold included. Their order too, but for one
    thing: above 1,000 boxes ``batched_nms`` leaves the order of equal scores open, here they
    keep the order of their rows.
    """
    boxes = box_ops.as_boxes(boxes)
    scores = np.asarray(scores, np.float32)
    order = by_score(scores)
    boxes, groups = as_compared(boxes, groups)
    by = np.full(len(boxes), -1, np.int64)
    with_iou = np.zeros(len(boxes), np.float32)
    place = np.empty(len(boxes), np.int64)
    place[order] = np.arange(len(order))
    keep = order[:0]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for start, stop in _blocks(len(order)):
            rows = order[start:stop]
            # From the worst suppressor to the best: the last write of an index stands.
            for kept, lost, overlap in pairs_above(boxes, groups, keep[::-1], rows, iou):
                by[lost], with_iou[lost] = kept, overlap
            rows = rows[by[rows] < 0]
            a, b, overlaps = _rivals(boxes, groups, rows, place, iou)
            stays = settle(place[a], place[b], len(order))
            real = stays[place[a]]
            by[b[real]], with_iou[b[real]] = a[real], overlaps[real]
            keep = np.concatenate([keep, rows[stays[place[rows]]]])
    return Decisions(order, keep, by, with_iou)


def _blocks(count: int) -> Iterator[tuple[int, int]]:
    """Ranges of ranks to settle together: small at first, since the best boxes end most others."""
    start, size = 0, _FIRST
    while start < count:
        yield start, min(start + size, count)
        start, size = start + size, min(size * 2, _LAST)


def _rivals(
    boxes: Boxes, groups: Rows | None, rows: Rows, place: Rows, iou: float
) -> tuple[Rows, Rows, Floats]:
    """Pairs (better, worse, IoU) over the threshold among ``rows``, worst ``better`` first."""
    found: list[tuple[Rows, Rows, Floats]] = [(rows[:0], rows[:0], np.zeros(0, np.float32))]
    for a, b, overlap in pairs_above(boxes, groups, rows[::-1], rows, iou):
        falls = place[a] < place[b]
        found.append((a[falls], b[falls], overlap[falls]))
    better, worse, overlaps = zip(*found, strict=True)
    return np.concatenate(better), np.concatenate(worse), np.concatenate(overlaps)


def settle(better: Rows, worse: Rows, count: int) -> NDArray[np.bool_]:
    """(count,) bool: who stays, when each pair says that ``better``, if it stays, ends ``worse``.

    In rounds instead of box by box: whoever has no rival left stays, and ends all its worse ones.
    The best of all that are open has no rival, so every round settles at least one.
    """
    stays = np.ones(count, bool)
    while len(worse):
        has_rival = np.zeros(count, bool)
        has_rival[worse] = True
        stays[worse[~has_rival[better]]] = False
        open_ = stays[better] & stays[worse]
        better, worse = better[open_], worse[open_]
    return stays


def attribute(
    boxes: Boxes, scores: Floats, groups: Rows | None, keep: Rows, iou: float
) -> tuple[Rows, Floats]:
    """For every row that NMS suppressed, the kept row that did it, and their IoU.

    ``boxes`` (N, 4) float32 xyxy; ``scores`` (N,) float32; ``groups`` (N,) int64 class or level
    within which boxes compete, or None; ``keep`` (K,) int64 the rows that survived, in the order in
    which NMS kept them; ``iou`` the threshold of that NMS. Returns (by (N,) int64 row or -1 for
    kept rows, iou (N,) float32, 0 for kept rows).

    The suppressor is the first kept row of the same group whose IoU is above the threshold. When
    rounding elsewhere (a GPU, boxes shifted by class) suppressed a row for which no kept row passes
    that test, it is the better-scored kept row of its group with the largest IoU.
    """
    by = np.full(len(boxes), -1, np.int64)
    with_iou = np.zeros(len(boxes), np.float32)
    gone = np.ones(len(boxes), bool)
    gone[keep] = False
    rows = gone.nonzero()[0]
    if not len(rows) or not len(keep):
        return by, with_iou
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # From the last kept row to the first: NumPy lets the last write of an index stand.
        for kept, lost, overlap in pairs_above(boxes, groups, keep[::-1], rows, iou):
            by[lost], with_iou[lost] = kept, overlap
        found = by.take(rows)
        # A worse-scored suppressor is no suppressor: such a row fell to rounding.
        odd = (found < 0) | (scores.take(found) < scores.take(rows))
        if odd.any():
            lost = rows[odd]
            for start in range(0, len(lost), _BLOCK):
                part = lost[start : start + _BLOCK]
                by[part], with_iou[part] = _likeliest(boxes, scores, groups, keep, part)
    return by, with_iou


def _likeliest(
    boxes: Boxes, scores: Floats, groups: Rows | None, keep: Rows, rows: Rows
) -> tuple[Rows, Floats]:
    """The kept row of largest IoU: better-scored ones of the group first, then any of the group.

    Only when its group kept nothing at all (boxes shifted by group can still meet, where
    coordinates are negative) it is one of another group.
    """
    overlap = np.nan_to_num(box_ops.iou(boxes[rows], boxes[keep]), nan=0.0)
    rating = overlap + (scores[keep] >= scores[rows, None])
    if groups is not None:
        rating[groups[rows, None] != groups[keep]] -= 3
    best = rating.argmax(1)
    return keep[best], overlap[np.arange(len(rows)), best]
