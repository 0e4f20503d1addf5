"""The receptive fields of a network's layers, as plain values. NumPy only, so that views use it.

Theoretical fields: which px of the network's input CAN change what a unit says. All px are network
px; pixel k spans k .. k + 1, so that the field of px lo .. hi is the box lo .. hi + 1. How they are
worked out: `engine.receptive.networks`; how they are proven: ``tests/reference``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import BoxscopeError
from engine.receptive.rule import Rule

PICTURE = "picture"
Box = tuple[float, float, float, float]
Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Axis:
    """The fields of a layer's positions along one axis of its input.

    ``lo``, ``hi`` (n,) int64: first and last px, inclusive, that each of the n positions sees, cut
    at the border; lo > hi where a position sees nothing. ``rule``: the same beyond the border, None
    where positions do not repeat (a map that was resized by an odd factor and added to another).
    """

    lo: NDArray[np.int64]
    hi: NDArray[np.int64]
    rule: Rule | None

    def __len__(self) -> int:
        return len(self.lo)

    @property
    def whole(self) -> bool:
        """Sees the whole input whatever its size (global pooling, squeeze-and-excite, dense)."""
        return self.rule is not None and self.rule.whole

    @property
    def regular(self) -> bool:
        """Whether every position sees as much, in equal steps, but for the border."""
        return self.rule is not None and not self.whole and self.rule.period == 1

    @property
    def size(self) -> int | None:
        """The classical figure: px that a position sees, padding counted; the largest where
        positions differ, and as cut at the border where there is no rule. None: the whole input.
        """
        if self.whole:
            return None
        if self.rule is not None:
            return self.rule.sizes[1]
        return int(np.maximum(self.hi - self.lo + 1, 0).max(initial=0))

    @property
    def smallest(self) -> int | None:
        """As `size`, for the position that sees least, border not counted."""
        return self.rule.sizes[0] if self.rule is not None and not self.whole else self.size

    @property
    def jump(self) -> float:
        """Px from one position to the next (the stride of papers on detectors)."""
        if self.rule is not None:
            return float(self.rule.jump)
        middle = (self.lo + self.hi) / 2
        return float(middle[-1] - middle[0]) / max(len(self) - 1, 1)

    @property
    def start(self) -> int | None:
        """First px that position 0 sees; below 0 where it sees padding. None: the whole input."""
        if self.whole:
            return None
        return int(self.rule.lo[0]) if self.rule is not None else int(self.lo[0])

    @property
    def centre(self) -> float:
        """Middle of position 0's field in px, padding counted; 0.5 is the middle of pixel 0."""
        if self.rule is not None:
            return float(self.rule.centre)
        return float(self.lo[0] + self.hi[0] + 1) / 2

    def at(self, position: int, padded: bool = False) -> Pair:
        """(first, last) px of a position; ``padded``: with what lies beyond the border."""
        if padded and self.rule is not None and not self.whole:
            turn, phase = divmod(position, self.rule.period)
            move = turn * self.rule.step
            return int(self.rule.lo[phase]) + move, int(self.rule.hi[phase]) + move
        return int(self.lo[position]), int(self.hi[position])


@dataclass(frozen=True, eq=False)
class Layer:
    """One row of the table: a module that computes something, or an operation without one.

    ``name``: the module's path; "path:1" when it is called more than once; "path.add" for an
    operation. ``op`` torch's name of the operator; ``kind`` of module ("Conv2d") or the operation.
    ``inputs``: numbers of the layers it reads, -1 the input itself. ``channels``, ``grid`` (height,
    width) of its output. ``parameters``; ``macs`` multiply-adds of convolutions, dense layers and
    matrix products, bias not counted (what torchvision publishes as GFLOPS, in 1e9).

    ``root``: the input that fields count in: the picture, or the pooled map of one region ("box
    region", in bins). ``unknown``: empty, or one sentence why there is no field; y and x are None
    then. ``module``: path of the innermost module that was running, and ``call`` its how-manieth
    call, for the effective field; ``call`` is -1 where the output is no module's.
    """

    name: str
    op: str
    kind: str
    inputs: tuple[int, ...]
    channels: int
    grid: Pair
    y: Axis | None
    x: Axis | None
    kernel: Pair | str | None = None
    stride: Pair | None = None
    padding: Pair | None = None
    dilation: Pair | None = None
    groups: int = 1
    transposed: bool = False
    parameters: int = 0
    macs: int = 0
    root: str = PICTURE
    unknown: str = ""
    module: str = ""
    call: int = -1

    @property
    def flops(self) -> int:
        """Floating point operations, two for each multiply-add."""
        return 2 * self.macs

    def axes(self) -> tuple[Axis, Axis]:
        """(y, x). Raises BoxscopeError, with the reason, for a layer that is not understood."""
        if self.y is None or self.x is None:
            raise BoxscopeError(f"The field of {self.name} is not known: {self.unknown}.")
        return self.y, self.x

    def extent(self, y: int, x: int, padded: bool = False) -> Box:
        """xyxy in px of its input: what position (y, x) of the map sees; empty: x2 <= x1.

        ``padded``: as if the picture went on beyond its border. Raises BoxscopeError when the
        layer is not understood or has no such position.
        """
        rows, columns = self.axes()
        if not (0 <= y < self.grid[0] and 0 <= x < self.grid[1]):
            raise BoxscopeError(
                f"{self.name} has {self.grid[0]} x {self.grid[1]} positions; ({y}, {x}) is none."
            )
        (y1, y2), (x1, x2) = rows.at(y, padded), columns.at(x, padded)
        if y2 < y1 or x2 < x1:
            return (0.0, 0.0, 0.0, 0.0)
        return float(x1), float(y1), float(x2 + 1), float(y2 + 1)


@dataclass(frozen=True, eq=False)
class Fields:
    """All layers of a network for one input size, in the order in which they run.

    ``size`` (height, width) of the input in network px. ``levels``: (name, number of the layer) of
    the feature maps that heads read, finest first; empty for a classifier. ``parameters`` of the
    whole model, shared ones counted once. ``aliases``: more names
    of layers: containers ("layer1"), entries of dicts ("backbone.body/0").
    """

    model: str
    size: Pair
    layers: tuple[Layer, ...]
    parameters: int = 0
    levels: tuple[tuple[str, int], ...] = ()
    aliases: Mapping[str, int] | None = None

    def number(self, name: str) -> int:
        """A layer's number. Raises BoxscopeError, with names that are near, when there is none."""
        for i, layer in enumerate(self.layers):
            if layer.name == name:
                return i
        aliases = self.aliases or {}
        if name in aliases:
            return aliases[name]
        import difflib

        names = [layer.name for layer in self.layers] + list(aliases)
        near = difflib.get_close_matches(name, names, 3, 0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "see the table without --layer."
        raise BoxscopeError(f"{self.model} has no layer {name!r}; {hint}")

    def __getitem__(self, name: str) -> Layer:
        return self.layers[self.number(name)]

    @property
    def unknown(self) -> tuple[Layer, ...]:
        """Layers without a field, in order; the first of them says what was not understood."""
        return tuple(layer for layer in self.layers if layer.unknown)

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)
