"""Examples that courses write on the board, ready to be changed."""

from __future__ import annotations

from dataclasses import dataclass

from engine.arithmetic import Operation, Setting
from widgets.upsampling.model import Rows, Sandbox, rows_of

_SMALL = rows_of([[1, 2], [3, 4]])
_TINY = rows_of([[0, 1], [2, 3]])
_MAP = rows_of([[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]])
_SHAPE = rows_of(
    [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
)
_CROSS = rows_of([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
_EDGE = rows_of([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
_COUNT = rows_of([[5 * y + x for x in range(5)] for y in range(5)])
_TENT = rows_of([[a * b for b in (0.25, 0.75, 0.75, 0.25)] for a in (0.25, 0.75, 0.75, 0.25)])


def _ones(side: int) -> Rows:
    return ((1.0,) * side,) * side


@dataclass(frozen=True)
class Preset:
    """An example with its name in the chooser."""

    title: str
    sandbox: Sandbox


def _of(
    title: str, operation: Operation, values: Rows, kernel: Rows = _TINY, **more: int
) -> Preset:
    setting = Setting(**more)  # type: ignore[arg-type]
    return Preset(title, Sandbox(operation, values, kernel, _MAP, setting))


_OP = Operation
PRESETS: tuple[Preset, ...] = (
    _of("Nearest: 2 × 2 to 4 × 4", _OP.NEAREST, _SMALL, factor=2),
    _of("Bed of nails: 2 × 2 to 4 × 4", _OP.NAILS, _SMALL, factor=2),
    _of("Max-pooling: 4 × 4 to 2 × 2", _OP.MAX_POOL, _MAP, window=2, stride=2),
    _of("Max-unpooling: 2 × 2 to 4 × 4", _OP.MAX_UNPOOL, _SMALL, window=2, stride=2),
    _of("Bilinear: 2 × 2 to 4 × 4", _OP.BILINEAR, _SMALL, factor=2),
    _of("Bilinear: aligned corners", _OP.BILINEAR, _SMALL, factor=2, align_corners=True),
    _of("Transposed: 2 × 2 by 2 × 2", _OP.TRANSPOSED, _TINY, _TINY, stride=1),
    _of("Transposed: stride 2", _OP.TRANSPOSED, _TINY, _TINY, stride=2),
    _of("Transposed: output padding 1", _OP.TRANSPOSED, _SMALL, _EDGE, stride=2, padding=1,
        output_padding=1),
    _of("Checkerboard: kernel 3, stride 2", _OP.TRANSPOSED, _ones(4), _ones(3), stride=2),
    _of("Even: kernel 4, stride 2", _OP.TRANSPOSED, _ones(4), _ones(4), stride=2,
        padding=1),
    _of("Transposed: bilinear kernel", _OP.TRANSPOSED, _SMALL, _TENT, stride=2, padding=1),
    _of("Convolution: 3 × 3 over 5 × 5", _OP.CONVOLUTION, _SHAPE, _CROSS, stride=1),
    _of("Convolution: padding 1", _OP.CONVOLUTION, _SHAPE, _EDGE, stride=1, padding=1),
    _of("Convolution: stride 2", _OP.CONVOLUTION, _COUNT, _CROSS, stride=2),
    _of("Convolution: dilation 2", _OP.CONVOLUTION, _COUNT, _CROSS, stride=1, padding=2,
        dilation=2),
)  # fmt: skip
FIRST = PRESETS[6].sandbox


def preset_of(sandbox: Sandbox) -> int:
    """Index of the example that is shown; -1 when it was changed."""
    found = (at for at, preset in enumerate(PRESETS) if preset.sandbox.shows_same(sandbox))
    return next(found, -1)


def first_of(operation: Operation) -> Sandbox:
    """The first example of an operation."""
    return next(p.sandbox for p in PRESETS if p.sandbox.operation == operation)
