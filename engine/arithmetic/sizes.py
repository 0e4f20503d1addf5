"""How large an output is, along one axis; and sentences for settings that give none.

Sizes count cells. All raise BoxscopeError with one sentence when a setting is impossible.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.arithmetic.result import Floats
from engine.errors import BoxscopeError

LARGEST = 1_000_000.0


def span(kernel: int, dilation: int) -> int:
    """Cells from the first to the last that a dilated kernel touches: d (k - 1) + 1."""
    return dilation * (kernel - 1) + 1


def convolved(
    size: int, kernel: int, stride: int, padding: int, dilation: int, axis: str = "rows"
) -> int:
    """floor((i + 2p - d (k - 1) - 1) / s) + 1 (Dumoulin & Visin 2016, relationship 15)."""
    at_least(kernel=kernel, stride=stride, dilation=dilation)
    not_negative(padding=padding)
    wide, room = span(kernel, dilation), size + 2 * padding
    if wide > room:
        dilated = f" with dilation {dilation} spans {wide} {axis}" if dilation > 1 else ""
        raise BoxscopeError(
            f"A kernel of {kernel} {axis}{dilated} does not fit into the {room} {axis} of the "
            f"padded input ({size} + 2 · {padding}): take a smaller kernel"
            f"{' or dilation' if dilation > 1 else ''}, more padding or a larger input."
        )
    return (room - wide) // stride + 1


def transposed_size(
    size: int,
    kernel: int,
    stride: int,
    padding: int,
    output_padding: int,
    dilation: int,
    axis: str = "rows",
) -> int:
    """(i - 1) s - 2p + d (k - 1) + op + 1 (Dumoulin & Visin 2016, relationship 14, dilated)."""
    at_least(kernel=kernel, stride=stride, dilation=dilation)
    not_negative(padding=padding, output_padding=output_padding)
    limit = max(stride, dilation)
    if output_padding >= limit:
        possible = f"0 to {limit - 1} are" if limit > 1 else "only 0 is"
        raise BoxscopeError(
            f"Output padding {output_padding} must be smaller than the stride or the dilation "
            f"({stride} and {dilation} here): it chooses among the input sizes that a convolution "
            f"of stride {stride} makes equally small, so {possible} possible."
        )
    full = (size - 1) * stride + span(kernel, dilation) + output_padding
    made = full - 2 * padding
    if made < 1:
        raise BoxscopeError(
            f"Padding {padding} would cut all {full} {axis} off the output, {padding} at each "
            f"end: take less padding."
        )
    return made


def pooled(
    size: int, kernel: int, stride: int, padding: int, dilation: int, axis: str = "rows"
) -> int:
    """As `convolved`; the padding of pooling is no cell, so it is at most half a window."""
    made = convolved(size, kernel, stride, padding, dilation, axis)
    if padding > kernel // 2:
        raise BoxscopeError(
            f"Padding {padding} is more than half of the window's {kernel} {axis}, so a window "
            f"could lie on padding alone and have no maximum: take at most {kernel // 2}."
        )
    return made


def checked(values: ArrayLike, what: str) -> Floats:
    """(H, W) float64. Raises BoxscopeError unless it is a map of finite numbers within ±10^6."""
    array = np.array(values, np.float64)
    if array.ndim != 2 or not array.size:
        raise BoxscopeError(
            f"The {what} must have rows and columns of numbers; this one has the shape "
            f"{array.shape}."
        )
    if not np.isfinite(array).all() or np.abs(array).max() > LARGEST:
        raise BoxscopeError(f"The {what} may hold numbers from −1,000,000 to 1,000,000 only.")
    array.setflags(write=False)
    return array


def at_least(**values: int) -> None:
    """Every value is 1 or more, or BoxscopeError."""
    for name, value in values.items():
        if value < 1:
            raise BoxscopeError(f"The {name.replace('_', ' ')} must be at least 1, not {value}.")


def not_negative(**values: int) -> None:
    """Every value is 0 or more, or BoxscopeError."""
    for name, value in values.items():
        if value < 0:
            raise BoxscopeError(f"The {name.replace('_', ' ')} cannot be negative, as {value} is.")
