"""Colours of a heat map, safe for colour-blind people: dark blue over sky blue to yellow.

Lightness rises all the way, so the order survives any eye and any projector; what is low is
also translucent, so that the picture below stays in sight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STOPS = np.array(
    [(0.0, 8, 12, 60), (0.25, 0, 74, 140), (0.5, 40, 150, 175), (0.75, 170, 205, 90),
     (1.0, 255, 240, 60)]
)  # fmt: skip
_LOWEST, _HIGHEST = 0.62, 0.92  # opacity at both ends
STEPS = 256


def _table() -> NDArray[np.uint8]:
    at = np.linspace(0, 1, STEPS)
    rgb = [np.interp(at, _STOPS[:, 0], _STOPS[:, channel]) for channel in (3, 2, 1)]
    alpha = 255 * (_LOWEST + (_HIGHEST - _LOWEST) * at)
    return np.stack([*rgb, alpha], 1).round().astype(np.uint8)


TABLE = _table()
"""(256, 4) uint8 BGRA, straight alpha, for values 0 to 1."""


def shade(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(H, W, 4) uint8 BGRA, straight alpha, of values (H, W) from 0 to 1."""
    return TABLE[np.clip(np.nan_to_num(values) * (STEPS - 1), 0, STEPS - 1).round().astype(np.intp)]
