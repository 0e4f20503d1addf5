"""Which cells light up: what made an output cell, or where an input cell goes. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine.arithmetic import Operation, Result, transposed
from engine.arithmetic.resampling import place
from widgets.upsampling.look import Cell, Look, Ring
from widgets.upsampling.model import Sandbox

Side = Literal["input", "output"]
LOOKED_AT = 0.35  # how strongly a cell is lit that was compared but not taken
_SLIDES = (Operation.CONVOLUTION, Operation.MAX_POOL)


@dataclass(frozen=True)
class Subject:
    """The cell that is asked about."""

    side: Side
    cell: Cell


@dataclass(frozen=True)
class Looks:
    """The three grids; ``second`` is the kernel, or the map that was pooled before."""

    input: Look
    second: Look | None
    output: Look


def looks(
    sandbox: Sandbox,
    result: Result | None,
    subject: Subject | None,
    faint_from: int | None = None,
    overlap: bool = False,
) -> Looks:
    """All three grids; ``overlap`` shows how many terms each output cell has instead of it."""
    made = _plain(sandbox, result, overlap)
    if result is None or subject is None:
        return made
    made = replace(made, output=replace(made.output, faint_from=faint_from))
    if subject.side == "output":
        return _from_output(made, sandbox, result, subject.cell)
    return _from_input(made, sandbox, result, subject.cell)


def _plain(sandbox: Sandbox, result: Result | None, overlap: bool) -> Looks:
    values = sandbox.map("values")
    title = "Input" if sandbox.operation != Operation.MAX_UNPOOL else "Pooled input"
    first = Look(_titled(title, values), values, "input", _padding(sandbox))
    second = None
    if sandbox.second:
        numbers = sandbox.map(sandbox.second)
        if sandbox.second == "kernel":
            second = Look(_titled("Kernel", numbers), numbers, "kernel")
        else:
            second = Look(_titled("Pooled before", numbers), numbers, "kernel")
            if result is not None:
                pins = frozenset((int(y), int(x)) for y, x in _switches(result))
                second = replace(second, pins=pins)
    if result is None:
        return Looks(first, second, Look("No output", np.zeros((0, 0)), "output"))
    if overlap:
        count = result.overlap.astype(np.float64)
        shown = Look(_titled("Terms a cell", count), count, "output", heat=float(count.max()))
    else:
        ring = _cut(sandbox, result)
        shown = Look(_titled("Output", result.output), result.output, "output", ring)
    if result.switches is not None:
        pins = frozenset(_cells(result.switches.ravel(), values.shape[1]))
        first = replace(first, pins=pins)
    return Looks(first, second, shown)


def _from_output(made: Looks, sandbox: Sandbox, result: Result, cell: Cell) -> Looks:
    terms = result.terms(cell)
    inputs = [tuple(one) for one in terms.inputs.tolist()]
    taken = np.where(terms.weights == 0, LOOKED_AT, 1.0)
    if terms.kernels is not None and sandbox.second == "kernel":
        taken = np.ones(len(terms))
    first = replace(
        made.input,
        lit=dict(zip(inputs, taken.tolist(), strict=True)),
        frame=_window(sandbox, cell),
        cross=_point(sandbox, result, cell),
    )
    second = made.second
    if second is not None and sandbox.second == "kernel" and terms.kernels is not None:
        kernels = [tuple(one) for one in terms.kernels.tolist()]
        second = replace(second, lit=dict.fromkeys(kernels, 1.0), tags=_numbered(kernels))
        first = replace(first, tags=_numbered(inputs))
    elif second is not None:
        second = replace(second, lit={cell: 1.0} if cell in second.pins else {}, subject=cell)
    output = replace(made.output, lit={cell: 1.0}, subject=cell)
    return Looks(first, second, output)


def _from_input(made: Looks, sandbox: Sandbox, result: Result, cell: Cell) -> Looks:
    reached = [tuple(one) for one in result.reached(cell).tolist()]
    first = replace(made.input, lit={cell: 1.0}, subject=cell)
    strong, kernels = {}, []
    for to in reached:
        terms = result.terms(to)
        mine = (terms.inputs == cell).all(1)
        strong[to] = 1.0 if terms.weights[mine].any() or sandbox.second == "kernel" else LOOKED_AT
        if terms.kernels is not None and sandbox.second == "kernel":
            kernels += [tuple(one) for one in terms.kernels[mine].tolist()]
    output, second = replace(made.output, lit=strong), made.second
    if second is not None and kernels:
        second = replace(second, lit=dict.fromkeys(kernels, 1.0), tags=_numbered(kernels))
        output = replace(output, tags=_numbered(reached))
    elif second is not None:
        second = replace(second, lit=dict.fromkeys(reached, 1.0))
    return Looks(first, second, output)


def _numbered(cells: list[Cell]) -> dict[Cell, str]:
    """Pairs are told by number too, not only by colour."""
    return {cell: str(at) for at, cell in enumerate(cells, 1)} if len(cells) > 1 else {}


def _switches(result: Result) -> np.ndarray:
    return np.argwhere(result.overlap > 0)


def _cells(flat: np.ndarray, width: int) -> list[Cell]:
    return [(int(at) // width, int(at) % width) for at in flat]


def _titled(title: str, numbers: np.ndarray) -> str:
    return f"{title} {numbers.shape[0]} × {numbers.shape[1]}"


def _padding(sandbox: Sandbox) -> Ring | None:
    """Around the input of a convolution zeros, of max-pooling nothing: minus infinity."""
    padding = sandbox.setting.padding
    if sandbox.operation not in _SLIDES or not padding:
        return None
    fill = 0.0 if sandbox.operation == Operation.CONVOLUTION else -np.inf
    numbers = np.pad(sandbox.map("values"), padding, constant_values=fill)
    return Ring(padding, (padding, padding), numbers)


def _cut(sandbox: Sandbox, result: Result) -> Ring | None:
    """What the padding of a transposed convolution cuts off its full output."""
    s = sandbox.setting
    if sandbox.operation != Operation.TRANSPOSED or not s.padding:
        return None
    full = transposed(
        sandbox.map("values"), sandbox.map("kernel"), s.stride, 0, 0, s.dilation
    ).output
    height, width = result.output.shape
    below = max(full.shape[0] - s.padding - height, 0)
    right = max(full.shape[1] - s.padding - width, 0)
    numbers = np.zeros((s.padding + height + below, s.padding + width + right))
    numbers[: full.shape[0], : full.shape[1]] = full[: numbers.shape[0], : numbers.shape[1]]
    return Ring(s.padding, (below, right), numbers, cut=True)


def _window(sandbox: Sandbox, cell: Cell) -> tuple[int, int, int, int] | None:
    """Where the kernel lies on the input: top, left, rows, columns."""
    s = sandbox.setting
    if sandbox.operation not in _SLIDES:
        return None
    kernel = sandbox.map("kernel").shape
    if sandbox.operation == Operation.MAX_POOL:
        kernel = (s.window, s.window)
    top, left = (at * s.stride - s.padding for at in cell)
    high, wide = (s.dilation * (side - 1) + 1 for side in kernel)
    return top, left, high, wide


def _point(sandbox: Sandbox, result: Result, cell: Cell) -> tuple[float, float] | None:
    """Where bilinear interpolation reads the input, cut to it."""
    if sandbox.operation != Operation.BILINEAR:
        return None
    corners = sandbox.setting.align_corners
    sizes = zip(result.input.shape, result.output.shape, cell, strict=True)
    y, x = (min(max(place(of, to, at, corners), 0), of - 1) for of, to, at in sizes)
    return y, x
