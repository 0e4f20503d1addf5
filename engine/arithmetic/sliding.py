"""Convolution and transposed convolution: a kernel that slides over the input or the output."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.arithmetic.result import Axis, Result, join
from engine.arithmetic.sizes import checked, convolved, transposed_size


def convolve(
    values: ArrayLike, kernel: ArrayLike, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Result:
    """``torch.nn.functional.conv2d`` of one channel: the kernel is not flipped.

    ``values`` (H, W), ``kernel`` (KH, KW). Output cell o reads input cell o s - p + k d through
    kernel cell k. Raises BoxscopeError for an impossible setting.
    """
    x, w = checked(values, "input"), checked(kernel, "kernel")
    shape, axes = [], []
    for size, cells, name in zip(x.shape, w.shape, ("rows", "columns"), strict=True):
        made = convolved(size, cells, stride, padding, dilation, name)
        shape.append(made)
        axes.append(slide(size, made, cells, stride, padding, dilation))
    return join(x, axes[0], axes[1], (shape[0], shape[1]), w)


def transposed(
    values: ArrayLike,
    kernel: ArrayLike,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> Result:
    """``torch.nn.functional.conv_transpose2d`` of one channel.

    ``values`` (H, W), ``kernel`` (KH, KW). Input cell i adds itself times kernel cell k to output
    cell i s - p + k d; where stamps overlap they are summed. Also called deconvolution (Zeiler et
    al. 2010), which it does not undo, or fractionally strided convolution. Raises BoxscopeError.
    """
    x, w = checked(values, "input"), checked(kernel, "kernel")
    shape, axes = [], []
    for size, cells, name in zip(x.shape, w.shape, ("rows", "columns"), strict=True):
        made = transposed_size(size, cells, stride, padding, output_padding, dilation, name)
        shape.append(made)
        back = slide(made, size, cells, stride, padding, dilation)
        # The same pairs as of the convolution from the output's size to the input's, turned round.
        axes.append(Axis(back.of, back.to, back.by, back.weight))
    return join(x, axes[0], axes[1], (shape[0], shape[1]), w)


def slide(size: int, made: int, kernel: int, stride: int, padding: int, dilation: int) -> Axis:
    """Which of ``size`` cells each of ``made`` windows reads along one axis; padding left out."""
    to, by = (part.ravel() for part in np.indices((made, kernel)))
    of = to * stride - padding + by * dilation
    inside = (of >= 0) & (of < size)
    to, of, by = (part[inside].astype(np.int64) for part in (to, of, by))
    return Axis(to, of, by, np.ones(len(to)))
