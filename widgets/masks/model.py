"""Masks of detections: pasted with NumPy and OpenCV, cut at a threshold, held to the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from widgets.kin import kin
from widgets.mask_item import OPACITY

if TYPE_CHECKING:
    from engine.frame import GroundTruth
    from engine.trace import Ref, Trace

OVERVIEW = 1024  # px of the longer side of the picture of all masks
Outline = NDArray[np.float32]
"""(K, 2) x, y in image px, closed."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """A detection with its mask: ``row`` of the final table, ``at`` of the masks' arrays.

    ``probabilities`` (M, M) float32; ``box`` (4,) float32 xyxy image px.
    """

    row: int
    at: int
    probabilities: NDArray[np.float32]
    box: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pasted:
    """Probabilities (h, w) float32 of a mask in image px, from column ``x`` and row ``y`` on."""

    x: int
    y: int
    values: NDArray[np.float32]

    @property
    def part(self) -> tuple[slice, slice]:
        """Where it lies in an array (H, W) of the picture."""
        height, width = self.values.shape
        return slice(self.y, self.y + height), slice(self.x, self.x + width)


@dataclass(frozen=True, eq=False)
class Match:
    """The true object that a mask fits best: IoU with its visible part and with the whole of it.

    ``modal``, ``amodal``: IoU, NaN where the truth has no such mask; outlines of both.
    """

    row: int
    name: str
    modal: float
    amodal: float
    visible: tuple[Outline, ...]
    whole: tuple[Outline, ...]


@dataclass(frozen=True, eq=False)
class Shown:
    """All that is drawn for one detection at one threshold.

    ``tint`` (h, w, 4) uint8 BGRA premultiplied, of ``pasted``; ``all`` the same of every detection
    for the whole picture, made small where that is large. ``area`` in image px².
    """

    trace: Trace
    chosen: Chosen
    threshold: float
    pasted: Pasted
    area: int
    tint: NDArray[np.uint8]
    all: NDArray[np.uint8]
    outlines: tuple[Outline, ...]
    match: Match | None


def chosen_of(trace: Trace | None, ref: Ref | None) -> Chosen | None:
    """The detection that the selected box is, or became; None without one."""
    if trace is None or ref is None or "masks" not in trace.stages:
        return None
    found = kin(trace, ref, trace.final)
    if found is None or found.stage != trace.final:
        return None
    kept = trace.table(trace.final).kept
    at = np.flatnonzero(kept == found.row)
    maps = trace.stages["masks"].arrays["probabilities"]
    if not len(at) or at[0] >= len(maps):
        return None
    box = trace.transform.to_image(trace.table(trace.final).boxes[found.row][None])[0]
    return Chosen(found.row, int(at[0]), maps[at[0]], box)


def paste(
    probabilities: NDArray[np.float32], box: NDArray[np.float32], size: tuple[int, int]
) -> Pasted:
    """As torchvision's ``paste_masks_in_image``: (M, M) -> its place in a picture (height, width).

    A border of one zero is laid around the map and the box is widened by as much, so that the
    edge of the map does not cut the object off (Detectron); corners are cut to whole px, and the
    map is stretched to them by bilinear interpolation.
    """
    import cv2

    side = probabilities.shape[-1]
    framed = np.pad(probabilities, 1)
    half = (box[2:] - box[:2]) * np.float32(0.5) * np.float32((side + 2) / side)
    middle = (box[2:] + box[:2]) * np.float32(0.5)
    x1, y1 = (int(v) for v in (middle - half).tolist())
    x2, y2 = (int(v) for v in (middle + half).tolist())
    width, height = max(x2 - x1 + 1, 1), max(y2 - y1 + 1, 1)
    large = cv2.resize(framed, (width, height), interpolation=cv2.INTER_LINEAR)
    left, top = max(x1, 0), max(y1, 0)
    right, bottom = min(x2 + 1, size[1]), min(y2 + 1, size[0])
    seen = large[top - y1 : max(bottom, top) - y1, left - x1 : max(right, left) - x1]
    return Pasted(left, top, seen)


def shown_of(trace: Trace, chosen: Chosen, threshold: float, colours: NDArray[np.uint8]) -> Shown:
    """Slow for the GUI thread. ``colours`` (D, 3) uint8 RGB, one for each mask."""
    size = (trace.frame.height, trace.frame.width)
    pasted = paste(chosen.probabilities, chosen.box, size)
    inside = pasted.values >= threshold
    tint = np.zeros((*inside.shape, 4), np.uint8)
    tint[inside] = _ink(colours[chosen.at])
    truth = trace.frame.truth
    return Shown(
        trace,
        chosen,
        threshold,
        pasted,
        int(inside.sum()),
        tint,
        _tint_all(trace, threshold, colours),
        outlines_of(inside, pasted.x, pasted.y),
        None if truth is None else match_of(pasted, inside, truth),
    )


def _tint_all(trace: Trace, threshold: float, colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w, 4) of the whole picture, the best detection on top."""
    table = trace.table(trace.final)
    boxes = trace.transform.to_image(table.boxes[table.kept])
    maps = trace.stages["masks"].arrays["probabilities"]
    height, width = trace.frame.height, trace.frame.width
    scale = np.float32(min(1.0, OVERVIEW / max(height, width)))
    size = (max(round(height * scale), 1), max(round(width * scale), 1))
    out = np.zeros((*size, 4), np.uint8)
    for at in range(min(len(maps), len(boxes)) - 1, -1, -1):  # at most some hundred detections
        pasted = paste(maps[at], boxes[at] * scale, size)
        out[pasted.part][pasted.values >= threshold] = _ink(colours[at])
    return out


def _ink(colour: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    blue, green, red = (round(int(v) * OPACITY) for v in colour[::-1])
    return blue, green, red, round(255 * OPACITY)


def outlines_of(mask: NDArray[np.bool_], x: int = 0, y: int = 0) -> tuple[Outline, ...]:
    """Outlines of a mask whose first px is column ``x`` and row ``y``, through px centres."""
    import cv2

    found, _ = cv2.findContours(
        np.ascontiguousarray(mask, np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    shift = np.array([x + 0.5, y + 0.5], np.float32)
    return tuple(line[:, 0].astype(np.float32) + shift for line in found)


def match_of(pasted: Pasted, inside: NDArray[np.bool_], truth: GroundTruth) -> Match | None:
    """The object whose visible mask (else full mask) has the largest IoU; None for no overlap."""
    first = truth.masks if truth.masks is not None else truth.full_masks
    if first is None or not len(truth):
        return None
    overlap = _ious(pasted, inside, first)
    row = int(overlap.argmax())
    if overlap[row] <= 0:
        return None

    def one(masks: NDArray[np.bool_] | None) -> tuple[float, tuple[Outline, ...]]:
        if masks is None:
            return float("nan"), ()
        return float(_ious(pasted, inside, masks[row : row + 1])[0]), outlines_of(masks[row])

    modal, visible = one(truth.masks)
    amodal, whole = one(truth.full_masks)
    name = truth.classes[int(truth.labels[row])]
    return Match(row, name, modal, amodal, visible, whole)


def _ious(
    pasted: Pasted, inside: NDArray[np.bool_], masks: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(N,) IoU of one mask with each of ``masks`` (N, H, W), in px."""
    common = (masks[:, *pasted.part] & inside).sum((1, 2))
    union = masks.sum((1, 2)) + inside.sum() - common
    share: NDArray[np.float64] = common / np.maximum(union, 1)
    return share
