"""Which positions of its input one output position of an operator reads, along one axis.

Every operator of a convolutional network reads periodically: what output i reads, output
i + ``period`` reads ``advance`` positions further on. Positions below 0 or beyond the input are
padding. NumPy only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Reads:
    """``taps`` (period, T) int64: the input positions that outputs 0 .. period - 1 read; where
    ``real`` (period, T) is False there is none.

    ``whole``: the number of positions depends on the size of the input (adaptive pooling to one
    value), so that the rule of this size says nothing about others.
    """

    taps: Ints
    real: Mask
    advance: int
    whole: bool = False

    @property
    def period(self) -> int:
        return len(self.taps)

    @property
    def is_identity(self) -> bool:
        """Output i reads input i and nothing else."""
        return self.taps.shape == (1, 1) and self.taps[0, 0] == 0 and self.advance == 1

    def index(self, out: int, size: int) -> tuple[Ints, Mask]:
        """(out, T) positions in an input of ``size``, and which of them are in it."""
        block, phase = np.divmod(np.arange(out), self.period)
        index = self.taps[phase] + (block * self.advance)[:, None]
        inside = self.real[phase] & (index >= 0) & (index < size)
        return np.where(inside, index, 0), inside


def reads(taps: Sequence[Sequence[int]], advance: int, whole: bool = False) -> Reads:
    """`Reads` from a list of positions for each phase; the lists may differ in length."""
    width = max((len(t) for t in taps), default=0) or 1
    table = np.zeros((len(taps), width), np.int64)
    real = np.zeros((len(taps), width), bool)
    for phase, positions in enumerate(taps):
        table[phase, : len(positions)] = positions
        real[phase, : len(positions)] = True
    return Reads(table, real, advance, whole)


@lru_cache(maxsize=256)
def window(kernel: int, stride: int, padding: int, dilation: int = 1) -> Reads:
    """Convolution and pooling: output i reads i s - p + k d, k = 0 .. kernel - 1."""
    return reads([[k * dilation - padding for k in range(kernel)]], stride)


@lru_cache(maxsize=256)
def transposed(kernel: int, stride: int, padding: int, dilation: int = 1) -> Reads:
    """Transposed convolution: output i reads every j with i = j s - p + k d for some k."""
    phases = [
        [
            (phase + padding - k * dilation) // stride
            for k in range(kernel)
            if (phase + padding - k * dilation) % stride == 0
        ]
        for phase in range(stride)
    ]
    return reads(phases, 1)


@lru_cache(maxsize=256)
def unpooled(kernel: int, stride: int, padding: int) -> Reads:
    """Max-unpooling: output i reads every j whose pooling window holds i.

    The value comes from the one whose maximum lay at i, and which one that is depends on all.
    """
    phases = [
        list(range(math.ceil((i + padding - kernel + 1) / stride), (i + padding) // stride + 1))
        for i in range(stride)
    ]
    return reads(phases, 1)


@lru_cache(maxsize=256)
def nearest(size: int, out: int, scale: Fraction, exact: bool = False) -> Reads:
    """Nearest neighbour: output i reads floor(i scale), or floor((i + 1/2) scale) when ``exact``.

    ``scale``: input positions for each output position; ``size`` of the input cuts the result.
    """
    half = Fraction(1, 2) if exact else Fraction(0)
    period = scale.denominator
    taps = [[math.floor((i + half) * scale)] for i in range(period)]
    return reads(taps, scale.numerator)


@lru_cache(maxsize=256)
def interpolated(scale: Fraction, align_corners: bool, taps: int = 2) -> Reads:
    """Linear (2 ``taps``) and cubic (4) interpolation; weights that are exactly 0 read nothing.

    Output i lies at (i + 1/2) scale - 1/2, with ``align_corners`` at i scale, of the input. Torch
    repeats the border value beyond the border: nothing is read there that is not read anyhow.
    """
    half = Fraction(0) if align_corners else Fraction(1, 2)
    phases = []
    for i in range(scale.denominator):
        place = (i + half) * scale - half
        low = math.floor(place)
        reach = taps // 2
        near = range(low - reach + 1, low + reach + 1)
        phases.append([low] if place == low else list(near))
    return reads(phases, scale.numerator)


@lru_cache(maxsize=256)
def adaptive(size: int, out: int) -> Reads:
    """Adaptive pooling: output i reads floor(i size / out) .. ceil((i + 1) size / out) - 1."""
    scale = Fraction(size, out)
    taps = [
        list(range(math.floor(i * scale), math.ceil((i + 1) * scale)))
        for i in range(scale.denominator)
    ]
    return reads(taps, scale.numerator, whole=out == 1 and size > 1)
