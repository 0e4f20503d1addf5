"""Sample values of any type and range -> RGB uint8, by rules that are written down here.

========================  ==========================================================================
values                    become 0..255 by
========================  ==========================================================================
bool                      false 0, true 255
uint8                     as they are
uint16                    white is 65535 where the format says so (PNG, PPM); in TIFF it is the
                          smallest 2**k - 1, k >= 8, that holds the largest value, since sensors
                          store 10, 12 or 14 bits in 16
other integers            the smallest value 0, the largest 255, over all channels together
float                     0..1 stretched by 255; 0..255 as they are; otherwise smallest to largest.
                          NaN and infinities are black
========================  ==========================================================================
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_uint8(values: NDArray[Any], white: int | None = None) -> NDArray[np.uint8]:
    """The same shape in 0..255; ``white`` fixes which value of an integer type is 255."""
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind == "f":
        return _from_float(values)
    if white is None and values.dtype == np.uint16:
        white = (1 << max(8, int(values.max()).bit_length())) - 1
    low, high = (0, white) if white is not None else (int(values.min()), int(values.max()))
    return _stretch(values, low, high)


def _from_float(values: NDArray[Any]) -> NDArray[np.uint8]:
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low = float(values.min(where=finite, initial=np.inf))
    high = float(values.max(where=finite, initial=-np.inf))
    values = np.where(finite, values, low)
    if low >= 0 and high <= 255:
        low, high = 0.0, 1.0 if high <= 1 else 255.0
    result = _stretch(values, low, high)
    result[~finite] = 0
    return result


def _stretch(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    # Small integers are exact in float32; wide ones and doubles lose digits there.
    scaled: NDArray[Any] = values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)
    # Divided first: the difference of two huge doubles may be infinite.
    largest = max(abs(low), abs(high))
    scaled /= largest
    scaled -= low / largest
    scaled *= 255 / (high / largest - low / largest)
    result: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return result


def on_white(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 laid over white by (H, W) uint8 opacity, not premultiplied."""
    a = alpha[..., None].astype(np.uint16)
    mixed = rgb.astype(np.uint16) * a + np.uint16(255) * (np.uint16(255) - a)
    return ((mixed + 127) // 255).astype(np.uint8)
