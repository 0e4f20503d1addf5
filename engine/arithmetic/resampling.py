"""Upsampling without anything learned: nearest neighbour, bed of nails, bilinear."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.arithmetic.result import Axis, Cell, Result, join
from engine.arithmetic.sizes import at_least, checked


def nearest(values: ArrayLike, size: Cell) -> Result:
    """``interpolate(mode="nearest")`` of (H, W) to ``size``: output cell o copies floor(o i / n).

    Raises BoxscopeError.
    """
    x = checked(values, "input")
    at_least(rows=size[0], columns=size[1])
    axes = [_nearest(of, to) for of, to in zip(x.shape, size, strict=True)]
    return join(x, axes[0], axes[1], size)


def bed_of_nails(values: ArrayLike, factor: int) -> Result:
    """(H, W) to (f H, f W): each value at the upper left of its f x f cells, zeros around it.

    Raises BoxscopeError.
    """
    x = checked(values, "input")
    at_least(factor=factor)
    axes = []
    for size in x.shape:
        of = np.arange(size)
        axes.append(Axis(of * factor, of, np.zeros_like(of), np.ones(size)))
    return join(x, axes[0], axes[1], (x.shape[0] * factor, x.shape[1] * factor))


def bilinear(values: ArrayLike, size: Cell, align_corners: bool = False) -> Result:
    """``interpolate(mode="bilinear")`` of (H, W) to ``size``.

    Output cell o lies at (o + 1/2) i / n - 1/2 of the input, cut to it; with ``align_corners`` at
    o (i - 1) / (n - 1), so that corner meets corner. It is the mean of the four cells around,
    weighted by nearness; cells of weight 0 are no terms. Raises BoxscopeError.
    """
    x = checked(values, "input")
    at_least(rows=size[0], columns=size[1])
    axes = [_linear(of, to, align_corners) for of, to in zip(x.shape, size, strict=True)]
    return join(x, axes[0], axes[1], size)


def place(size: int, made: int, at: int, align_corners: bool) -> float:
    """Where output cell ``at`` of ``made`` lies among ``size`` input cells, before it is cut."""
    if align_corners:
        return at * (size - 1) / (made - 1) if made > 1 else 0.0
    return (at + 0.5) * size / made - 0.5


def _nearest(size: int, made: int) -> Axis:
    to = np.arange(made)
    step = np.float32(size) / np.float32(made)  # float32 as in torch, for sizes that do not divide
    of = np.minimum((to.astype(np.float32) * step).astype(np.int64), size - 1)
    return Axis(to, of, np.zeros_like(to), np.ones(made))


def _linear(size: int, made: int, align_corners: bool) -> Axis:
    at = np.array([place(size, made, k, align_corners) for k in range(made)])
    at = np.clip(at, 0, size - 1)
    low = np.floor(at).astype(np.int64)
    part = at - low
    to = np.arange(made).repeat(2)
    of = np.stack([low, low + 1], 1).ravel()
    weight = np.stack([1 - part, part], 1).ravel()
    used = weight > 0
    return Axis(to[used], of[used], np.zeros_like(to[used]), weight[used])
