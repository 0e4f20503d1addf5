"""How the deltas of all rows are spread: four small histograms, counted on another thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 41
_CORE = 0.998  # share of all rows that the axis shows, unless this box's value lies further out


@dataclass(frozen=True, eq=False)
class Spread:
    """Four histograms. ``low``, ``high`` (4,) float64 the axes; ``counts`` (4, BINS) int64."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    counts: NDArray[np.int64]


def axes(
    deltas: NDArray[np.float32], value: NDArray[np.float32], one_sided: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(4,) low and high ends: even around 0, or from 0 where deltas are distances.

    Wide enough for nearly all rows and for this box's ``value`` (4,); never without width.
    """
    far = np.abs(value[None]) if not len(deltas) else np.abs(deltas)
    far = np.where(np.isfinite(far), far, 0)
    core = np.partition(far, int(_CORE * (len(far) - 1)), axis=0)[int(_CORE * (len(far) - 1))]
    high = 1.1 * np.maximum(core, np.abs(np.nan_to_num(value))).astype(np.float64)
    high = np.maximum(high, 0.5)
    return (np.zeros(4) if one_sided else -high), high


def spread_of(
    deltas: NDArray[np.float32], value: NDArray[np.float32], one_sided: bool = False
) -> Spread:
    """Histograms of (N, 4) deltas; what lies beyond an axis counts in its last bin."""
    low, high = axes(deltas, value, one_sided)
    counts = np.zeros((4, BINS), np.int64)
    for k in range(4):
        at = (deltas[:, k] - low[k]) * (BINS / (high[k] - low[k]))
        at = np.clip(np.nan_to_num(at), 0, BINS - 1).astype(np.int64)
        counts[k] = np.bincount(at, minlength=BINS)
    return Spread(low, high, counts)
