"""The operations under one roof: a name, a setting, a result or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from numpy.typing import ArrayLike

from engine.arithmetic import pooling, resampling, sizes, sliding
from engine.arithmetic.result import Cell, Floats, Result
from engine.errors import BoxscopeError

MOST = 65_536
"""Output cells of `calculate`, at most: it is for maps that people look at."""


class Operation(StrEnum):
    """What can be done to a map."""

    NEAREST = "nearest"
    NAILS = "bed_of_nails"
    BILINEAR = "bilinear"
    MAX_POOL = "max_pool"
    MAX_UNPOOL = "max_unpool"
    CONVOLUTION = "convolution"
    TRANSPOSED = "transposed_convolution"


@dataclass(frozen=True)
class Setting:
    """Numbers that an operation may read; cells, the same along both axes.

    ``factor`` of nearest, bed of nails and bilinear; ``window`` of pooling and unpooling.
    """

    factor: int = 2
    window: int = 2
    stride: int = 2
    padding: int = 0
    output_padding: int = 0
    dilation: int = 1
    align_corners: bool = False


@dataclass(frozen=True)
class Impossible:
    """Why a setting gives no output, as one sentence for the user."""

    sentence: str


def calculate(
    operation: Operation, values: ArrayLike, second: ArrayLike, setting: Setting
) -> Result | Impossible:
    """Do it, or say why it cannot be done.

    ``values`` (H, W). ``second`` is the kernel (KH, KW) of convolutions, and for unpooling the map
    whose max-pooling left the switches; other operations do not read it.
    """
    try:
        x = sizes.checked(values, "input")
        height, width = output_sizes(operation, _shape(x), second, setting)
        if height * width > MOST:
            raise BoxscopeError(
                f"An output of {height} × {width} cells is more than can be shown: take a smaller "
                f"input, factor or stride."
            )
        return _done(operation, x, second, setting)
    except BoxscopeError as error:
        return Impossible(str(error))


def output_sizes(operation: Operation, size: Cell, second: ArrayLike, setting: Setting) -> Cell:
    """(OH, OW) of an input of ``size``. Raises BoxscopeError for an impossible setting."""
    s = setting
    high, wide = size
    match operation:
        case Operation.NEAREST | Operation.NAILS | Operation.BILINEAR:
            sizes.at_least(factor=s.factor)
            return high * s.factor, wide * s.factor
        case Operation.MAX_POOL:
            whole = s.window, s.stride, s.padding, s.dilation
            return sizes.pooled(high, *whole), sizes.pooled(wide, *whole, "columns")
        case Operation.MAX_UNPOOL:
            return _shape(sizes.checked(second, "remembered map"))
    kernel = _shape(sizes.checked(second, "kernel"))
    if operation == Operation.CONVOLUTION:
        rest = s.stride, s.padding, s.dilation
        return (
            sizes.convolved(high, kernel[0], *rest),
            sizes.convolved(wide, kernel[1], *rest, "columns"),
        )
    more = s.stride, s.padding, s.output_padding, s.dilation
    return (
        sizes.transposed_size(high, kernel[0], *more),
        sizes.transposed_size(wide, kernel[1], *more, "columns"),
    )


def _done(operation: Operation, x: Floats, second: ArrayLike, s: Setting) -> Result:
    size = x.shape[0] * s.factor, x.shape[1] * s.factor
    match operation:
        case Operation.NEAREST:
            return resampling.nearest(x, size)
        case Operation.NAILS:
            return resampling.bed_of_nails(x, s.factor)
        case Operation.BILINEAR:
            return resampling.bilinear(x, size, s.align_corners)
        case Operation.MAX_POOL:
            return pooling.max_pool(x, s.window, s.stride, s.padding, s.dilation)
        case Operation.MAX_UNPOOL:
            before = pooling.max_pool(second, s.window, s.stride, s.padding, s.dilation)
            assert before.switches is not None
            return pooling.max_unpool(x, before.switches, _shape(before.input))
        case Operation.CONVOLUTION:
            return sliding.convolve(x, second, s.stride, s.padding, s.dilation)
    return sliding.transposed(x, second, s.stride, s.padding, s.output_padding, s.dilation)


def _shape(array: Floats) -> Cell:
    return array.shape[0], array.shape[1]
