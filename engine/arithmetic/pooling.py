"""Max-pooling that remembers where each maximum stood, and unpooling to those places."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.arithmetic.result import Cell, Index, Result, join, made
from engine.arithmetic.sizes import checked, pooled
from engine.arithmetic.sliding import slide
from engine.errors import BoxscopeError


def max_pool(
    values: ArrayLike, kernel: int, stride: int, padding: int = 0, dilation: int = 1
) -> Result:
    """``max_pool2d(return_indices=True)`` of (H, W); ``switches`` are its indices.

    Of equal values the first in row-major order wins. All cells of a window are terms, the winner
    with weight 1. Raises BoxscopeError.
    """
    x = checked(values, "input")
    shape, axes = [], []
    for size, name in zip(x.shape, ("rows", "columns"), strict=True):
        count = pooled(size, kernel, stride, padding, dilation, name)
        shape.append(count)
        axes.append(slide(size, count, kernel, stride, padding, dilation))
        if len(np.unique(axes[-1].to)) < count:
            raise BoxscopeError(
                f"Some windows would read padding alone and have no maximum ({size} {name}, "
                f"padding {padding}, dilation {dilation}): take less padding or dilation."
            )
    out = (shape[0], shape[1])
    windows = join(x, axes[0], axes[1], out, window=(kernel, kernel))
    read = x.ravel()[windows.of]
    starts = np.searchsorted(windows.to, np.arange(out[0] * out[1]))
    best = np.maximum.reduceat(read, starts)
    place = np.where(read == best[windows.to], np.arange(len(read)), len(read))
    won = np.minimum.reduceat(place, starts)
    weight = np.zeros(len(read))
    weight[won] = 1.0
    switches = windows.of[won].reshape(out)
    return made(x, out, windows.to, windows.of, windows.by, weight, (kernel, kernel), switches)


def max_unpool(values: ArrayLike, switches: Index, size: Cell) -> Result:
    """``max_unpool2d``: each value goes back to where its maximum stood, zeros elsewhere.

    ``values`` and ``switches`` (H, W), the latter int64 flat cells of a map of ``size``. Where
    windows overlapped, two values may share a place: the last in row-major order stays, the others
    are terms of weight 0. (Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks",
    2014, section 2.1.) Raises BoxscopeError for switches that do not fit.
    """
    x, where = checked(values, "input"), np.asarray(switches, np.int64)
    if where.shape != x.shape:
        raise BoxscopeError(
            f"There are switches for {_by(where.shape)} cells but the input has {_by(x.shape)}: "
            f"unpooling needs one remembered place for each value."
        )
    cells = size[0] * size[1]
    wrong = where[(where < 0) | (where >= cells)]
    if wrong.size:
        raise BoxscopeError(
            f"Switch {int(wrong.flat[0])} points outside of the {_by(size)} output, whose cells "
            f"are numbered 0 to {cells - 1}: use the size of the map that was pooled."
        )
    to, of = where.ravel(), np.arange(x.size)
    weight = np.zeros(x.size)
    weight[x.size - 1 - np.unique(to[::-1], return_index=True)[1]] = 1.0
    order = np.argsort(to, kind="stable")
    return made(x, size, to[order], of[order], np.full(x.size, -1), weight[order])


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(str(side) for side in shape)
