"""Maps of pixels as colours to lay over the picture: (H, W, 4) uint8 BGRA, premultiplied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from widgets.palette import label_colour
from widgets.roi.colours import LOW_TO_HIGH
from widgets.segmentation.truth import UNKNOWN, Labels

GROUND = QColor("#8a8f99")
RIGHT, WRONG, UNCOUNTED = QColor("#56b4e9"), QColor("#d55e00"), QColor("#8a8f99")
Tint = NDArray[np.uint8]
_HEAT = np.concatenate([LOW_TO_HIGH[:, ::-1], np.full((256, 1), 255, np.uint8)], 1)
_RIGHT_STRENGTH = 0.35  # of the opacity of what is wrong, so that this stands out


def class_colours(ground: Sequence[bool]) -> tuple[QColor, ...]:
    """As everywhere, but grey for the classes that are the background."""
    return tuple(GROUND if is_ground else label_colour(k) for k, is_ground in enumerate(ground))


def class_inks(ground: Sequence[bool]) -> Tint:
    """(K, 4): opaque class colours; the background is clear."""
    inks = np.zeros((max(len(ground), 1), 4), np.uint8)
    for at, colour in enumerate(class_colours(ground)):
        if not ground[at]:
            inks[at] = _ink(colour)
    return inks


def class_tint(labels: NDArray[np.integer], inks: Tint) -> Tint:
    return inks[labels]


def outline_tint(labels: NDArray[np.integer], inks: Tint) -> Tint:
    """Only pixels with a neighbour (of four) of another class."""
    lines = np.zeros((*labels.shape, 4), np.uint8)
    edge = edges(labels)
    lines[edge] = inks[labels[edge]]
    return lines


def edges(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(H, W): has the pixel a neighbour of another class?"""
    found = np.zeros(labels.shape, np.bool_)
    down, across = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    found[1:] |= down
    found[:-1] |= down
    found[:, 1:] |= across
    found[:, :-1] |= across
    return found


def heat_tint(values: NDArray[np.floating[Any]], high: float) -> Tint:
    """Dark blue for 0 to yellow for ``high``."""
    part = np.clip(values * np.float32(255 / max(high, 1e-12)), 0, 255).astype(np.uint8)
    return _HEAT[part]


def error_tint(answer: Labels, truth: Labels) -> Tint:
    """Sky blue where right, vermillion where wrong, grey where the truth is not known."""
    inks = np.array([_ink(RIGHT, _RIGHT_STRENGTH), _ink(WRONG), _ink(UNCOUNTED)], np.uint8)
    which = (answer != truth).astype(np.uint8)
    which[truth == UNKNOWN] = 2
    return inks[which]


def _ink(colour: QColor, alpha: float = 1.0) -> tuple[int, int, int, int]:
    red, green, blue, _ = colour.getRgb()[:4]  # type: ignore[misc]
    return round(blue * alpha), round(green * alpha), round(red * alpha), round(255 * alpha)
