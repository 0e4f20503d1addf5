"""Colours for activations: one scale from low to high, one from below to above zero.

Both keep their order for colour-blind eyes and in grey: dark blue to yellow by steps of equal
lightness; blue, pale, orange-red for signed differences.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

_LOW_TO_HIGH = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
_SIGNED = ((0, 72, 128), (86, 160, 211), (245, 245, 245), (236, 142, 80), (176, 70, 0))


def _table(stops: tuple[tuple[int, int, int], ...]) -> NDArray[np.uint8]:
    at = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(at, range(len(stops)), [s[k] for s in stops]) for k in range(3)]
    return np.stack(channels, 1).round().astype(np.uint8)


LOW_TO_HIGH = _table(_LOW_TO_HIGH)
SIGNED = _table(_SIGNED)


def coloured(
    values: NDArray[np.float32], low: float, high: float, table: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB, C-contiguous, of (H, W) values; ``low`` and ``high`` are the ends."""
    part = (np.nan_to_num(values) - low) * (255 / max(high - low, 1e-12))
    return np.ascontiguousarray(table[np.clip(part, 0, 255).astype(np.uint8)])


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage of (H, W, 3) uint8 that owns its memory."""
    height, width, _ = pixels.shape
    image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888)
    return image.copy()
