"""Instances, classes and panoptic segments as colours: (H, W, 4) uint8 BGRA, premultiplied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QColor

from engine.panoptic import PanopticMap
from widgets.palette import LABELS, SUPPRESSOR, label_colour
from widgets.segmentation.tints import GROUND, Tint, edges
from widgets.segmentation.truth import Labels

_SHADES = (100, 72, 135, 55, 160)  # % of lightness: the instances of one class
_VOID = QColor("#000000")
_GROUND_ALPHA = 0.35


def instance_tint(map_: PanopticMap) -> Tint:
    """A colour for each instance, whatever its class."""
    inks = np.zeros((len(map_.segments) + 1, 4), np.uint8)
    for at in range(len(map_.segments)):
        inks[at + 1] = _ink(QColor(LABELS[at % len(LABELS)]))
    return inks[map_.ids]


def semantic_tint(labels: Labels, stuff: Sequence[int]) -> Tint:
    """A colour for each class; unknown ones black."""
    inks = np.zeros((max(int(labels.max(initial=0)), 0) + 2, 4), np.uint8)
    for k in range(len(inks) - 1):
        inks[k] = _ink(GROUND, _GROUND_ALPHA) if k in stuff else _ink(label_colour(k))
    inks[-1] = _ink(_VOID)
    return inks[labels]


def panoptic_tint(map_: PanopticMap, stuff: Sequence[int]) -> Tint:
    """The class's colour, lighter and darker for its instances; void black."""
    inks = np.zeros((len(map_.segments) + 1, 4), np.uint8)
    inks[0] = _ink(_VOID)
    seen: dict[int, int] = {}
    for at, segment in enumerate(map_.segments, 1):
        if segment.label in stuff:
            inks[at] = _ink(GROUND, _GROUND_ALPHA)
            continue
        shade = _SHADES[seen.get(segment.label, 0) % len(_SHADES)]
        seen[segment.label] = seen.get(segment.label, 0) + 1
        inks[at] = _ink(label_colour(segment.label).lighter(shade))
    return inks[map_.ids]


def lines_of(map_: PanopticMap, chosen: int) -> Tint:
    """White lines between segments, yellow ones around the chosen (0 for none)."""
    lines = np.zeros((*map_.ids.shape, 4), np.uint8)
    # On one side only: a line two px wide would hide small objects.
    inner = edges(map_.ids) & (map_.ids > 0) & _things(map_)
    lines[inner] = _ink(QColor("#ffffff"), 0.8)
    if chosen:
        lines[edges(map_.ids == chosen)] = _ink(QColor(SUPPRESSOR))
    return lines


def _things(map_: PanopticMap) -> np.ndarray:
    table = np.array([False, *(s.row >= 0 for s in map_.segments)])
    return np.asarray(table[map_.ids])


def _ink(colour: QColor, alpha: float = 1.0) -> tuple[int, int, int, int]:
    red, green, blue = colour.red(), colour.green(), colour.blue()
    return round(blue * alpha), round(green * alpha), round(red * alpha), round(255 * alpha)
