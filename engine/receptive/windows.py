"""Operators that read a window of positions: convolution, pooling, resizing, padding.

NumPy only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from engine.receptive import reads, spans, state
from engine.receptive.calls import Call, Done, OpRule, Pair, pair
from engine.receptive.state import State


def _convolution(call: Call) -> Done | None:
    (_, per_group, *kernel), given = call.sizes["weight"], call.main
    if len(kernel) != 2 or given.ndim != 4:
        return None
    stride, dilation = pair(call.get("stride", 1)), pair(call.get("dilation", 1))
    size = int(kernel[0]), int(kernel[1])
    groups = int(call.get("groups", 1))
    padding = _padding_of(call, size, dilation)
    facts = {
        "kernel": size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
    }
    over = zip(size, stride, padding, dilation, strict=True)
    # ``convolution`` says which it is; ``conv_transpose2d`` is told by what it alone takes.
    if call.get("transposed", "output_padding" in call.args):
        y, x = (reads.transposed(*v) for v in over)
        facts["transposed"] = True
        macs = math.prod(given.shape) * per_group * math.prod(size)
    else:
        y, x = (reads.window(*v) for v in over)
        macs = math.prod(call.shape) * per_group * math.prod(size)
    return Done([given.read((y, x), call.shape)], facts, macs=macs)


def _padding_of(call: Call, kernel: Pair, dilation: Pair) -> Pair:
    given = call.get("padding", 0)
    if not isinstance(given, str):
        return pair(given)
    if given == "valid":
        return 0, 0
    # "same": torch puts the odd pixel after the picture.
    return dilation[0] * (kernel[0] - 1) // 2, dilation[1] * (kernel[1] - 1) // 2


def _pooling(call: Call) -> Done | None:
    kernel = pair(call.args["kernel_size"])
    stride = pair(call.get("stride") or kernel)
    padding, dilation = pair(call.get("padding", 0)), pair(call.get("dilation", 1))
    y, x = (reads.window(*v) for v in zip(kernel, stride, padding, dilation, strict=True))
    made = call.main.read((y, x), call.shape)
    facts = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    # The second result, if there is one, are the switches for unpooling.
    switches = replace(made, pool=(kernel, stride, padding) if dilation == (1, 1) else ())
    return Done([made, switches][: len(call.out)], facts)


def _adaptive(call: Call) -> Done | None:
    given = call.main
    y, x = (reads.adaptive(given.shape[d], call.shape[d]) for d in (-2, -1))
    made = given.read((y, x), call.shape)
    return Done([made] * len(call.out), {"kernel": "adaptive"})


def _unpooling(call: Call) -> Done | None:
    switches = call.args.get("indices")
    if not isinstance(switches, State) or not switches.pool:
        return None
    kernel, stride, padding = switches.pool
    y, x = (reads.unpooled(*v) for v in zip(kernel, stride, padding, strict=True))
    both = state.joined([call.main, switches], call.main.shape)
    facts = {"kernel": kernel, "stride": stride, "padding": padding, "transposed": True}
    return Done([both.read((y, x), call.shape)], facts)


def _shuffle(call: Call) -> Done | None:
    factor = int(call.args["upscale_factor"])
    by = reads.nearest(1, factor, Fraction(1, factor))
    return Done([call.main.read((by, by), call.shape)], {"kernel": f"x{factor}"})


def _unshuffle(call: Call) -> Done | None:
    factor = int(call.args["downscale_factor"])
    by = reads.window(factor, factor, 0)
    facts = {"kernel": (factor, factor), "stride": (factor, factor)}
    return Done([call.main.read((by, by), call.shape)], facts)


def _scales(call: Call) -> list[Fraction]:
    """Input positions for each output position, (y, x): torch trusts a given factor."""
    given = call.get("scale_factors") or [call.get("scales_h"), call.get("scales_w")]
    sizes = [Fraction(call.main.shape[d], call.shape[d]) for d in (-2, -1)]
    return [
        1 / Fraction(g).limit_denominator(10_000) if g else s
        for g, s in zip(given, sizes, strict=True)
    ]


def _nearest(exact: bool) -> OpRule:
    def rule(call: Call) -> Done | None:
        scales = _scales(call)
        y, x = (
            reads.nearest(call.main.shape[d], call.shape[d], scale, exact)
            for d, scale in zip((-2, -1), scales, strict=True)
        )
        return Done([call.main.read((y, x), call.shape)], {"kernel": "nearest"})

    return rule


def _interpolated(taps: int, name: str) -> OpRule:
    def rule(call: Call) -> Done | None:
        corners = bool(call.get("align_corners", False))
        by = []
        for d, scale in zip((-2, -1), _scales(call), strict=True):
            size, out = call.main.shape[d], call.shape[d]
            if corners:
                scale = Fraction(size - 1, out - 1) if out > 1 else Fraction(0)
            by.append(reads.interpolated(scale, corners, taps))
        return Done([call.main.read((by[0], by[1]), call.shape)], {"kernel": name})

    return rule


def _padding(border: str) -> OpRule:
    """Rows and columns around the map: zeros, which see nothing, or positions read once more.

    ``border`` unless the call says another one: "constant", "reflect", "replicate".
    """

    def rule(call: Call) -> Done | None:
        given = call.main
        sides = [int(v) for v in call.get("pad", call.get("padding"))]
        mode = call.get("mode", border)
        if mode not in ("constant", "reflect", "replicate"):
            return None
        made = given
        for n, before in enumerate(sides[::2]):  # from the last dimension on
            dim = given.ndim - 1 - n
            size, out = given.shape[dim], call.shape[dim]
            made = made.each(_padded(dim, size, out, before, mode), call.shape)
        return Done([made], {"padding": (sides[2], sides[0])} if len(sides) == 4 else {})

    return rule


def _padded(
    dim: int, size: int, out: int, before: int, border: str
) -> Callable[[spans.Span], spans.Span]:
    def change(span: spans.Span) -> spans.Span:
        padded = spans.read(span, dim, reads.window(1, 1, before), size, out)
        if border == "constant" or not span.along(dim):
            return padded
        place = np.arange(out) - before
        last = size - 1
        place = last - abs(last - abs(place)) if border == "reflect" else np.clip(place, 0, last)
        return replace(padded, lo=np.take(span.lo, place, dim), hi=np.take(span.hi, place, dim))

    return change


RULES: dict[str, OpRule] = {
    **dict.fromkeys(("conv2d", "conv_transpose2d", "convolution", "_convolution"), _convolution),
    **dict.fromkeys(("max_pool2d", "max_pool2d_with_indices", "avg_pool2d"), _pooling),
    **dict.fromkeys(
        ("adaptive_avg_pool2d", "_adaptive_avg_pool2d", "adaptive_max_pool2d"), _adaptive
    ),
    "max_unpool2d": _unpooling,
    "pixel_shuffle": _shuffle,
    "pixel_unshuffle": _unshuffle,
    "upsample_nearest2d": _nearest(False),
    "_upsample_nearest_exact2d": _nearest(True),
    "upsample_bilinear2d": _interpolated(2, "bilinear"),
    "upsample_bicubic2d": _interpolated(4, "bicubic"),
    "constant_pad_nd": _padding("constant"),
    "pad": _padding("constant"),
    "reflection_pad2d": _padding("reflect"),
    "replication_pad2d": _padding("replicate"),
}
