"""The receptive fields of a network's layers, as plain values. NumPy only, so that views use it.

Theoretical fields: which px of the network's input CAN change what a unit says. All px are network
px; pixel k spans k .. k + 1, so that the field of px lo .. hi is the box lo .. hi + 1. How they are
worked out: `engine.receptive.networks`; how they are proven: ``tests/reference``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


def fits(layer: Layer, size: Pair) -> bool:
    """Whether the whole field of a position lies in a picture of ``size`` (height, width) px."""
    axes = layer.axes()
    return all(a.size is not None and a.size <= n for a, n in zip(axes, size, strict=True))


def uses(fields: Fields, layer: Layer) -> bool | None:
    """Whether a layer can still see more of the picture than its input does, at this resolution.

    False behind the "border layer", where every input already sees the whole picture: there it can
    only mix what is known. Richter et al., "Should You Go Deeper?", 2021, section 4. None when
    that is not known.
    """
    if layer.root != PICTURE:
        return None
    sizes = []
    for number in layer.inputs:
        before = fields.layers[number] if number >= 0 else None
        if before is None:
            return True
        if before.unknown:
            return None
        sizes.append(
            all(
                a.size is None or a.size >= n
                for a, n in zip(before.axes(), fields.size, strict=True)
            )
        )
    return not all(sizes)


@dataclass(frozen=True)
class Sight:
    """What a pyramid level sees of an object through its cell over the object's middle.

    ``cell`` (y, x); ``field`` xyxy network px, cut at the border; ``share`` of the box's area that
    lies in it; ``times``: side of the uncut field / side of the box (geometric means), None where
    the level sees the whole picture.
    """

    level: str
    layer: str
    cell: Pair
    field: Box
    share: float
    times: float | None


def levels_seeing(fields: Fields, box: Sequence[float]) -> tuple[Sight, ...]:
    """Every level of the pyramid and how much of ``box`` (xyxy, network px) it can see."""
    x1, y1, x2, y2 = (float(v) for v in box)
    found = []
    for name, number in fields.levels:
        layer = fields.layers[number]
        if layer.unknown or layer.root != PICTURE:
            continue
        cell = cell_over(fields, layer, (y1 + y2) / 2, (x1 + x2) / 2)
        seen = layer.extent(*cell)
        width = min(x2, seen[2]) - max(x1, seen[0])
        height = min(y2, seen[3]) - max(y1, seen[1])
        area = max((x2 - x1) * (y2 - y1), 1e-9)
        rows, columns = layer.axes()
        times = None
        if rows.size is not None and columns.size is not None:
            times = math.sqrt(rows.size * columns.size / area)
        share = max(width, 0.0) * max(height, 0.0) / area
        found.append(Sight(name, layer.name, cell, seen, min(share, 1.0), times))
    return tuple(found)


def cell_over(fields: Fields, layer: Layer, y: float, x: float) -> Pair:
    """(y, x) of the cell of a layer's map that lies over a point in px of the picture.

    Maps lie over the whole picture, as anchors do. The middle of the cell's field may lie
    elsewhere: nearest upsampling gives a block of cells the same coarse cell to see through.
    """
    place = (y * layer.grid[0] / fields.size[0], x * layer.grid[1] / fields.size[1])
    cell = [min(max(math.floor(p), 0), n - 1) for p, n in zip(place, layer.grid, strict=True)]
    return cell[0], cell[1]


def shown(fields: Fields, stage: str, array: str) -> Layer | None:
    """The layer whose output a trace shows as ``array`` of a stage, None when there is none.

    ``backbone`` and ``fpn`` leave "level/i", ``fpn`` also "lateral/i" and "sum/i", ``objectness``
    "level/i" (`docs/trace.md`).
    """
    kind, _, index = array.partition("/")
    aliases = fields.aliases or {}
    if not index.isdigit():
        return None
    i = int(index)
    pyramid = "backbone.fpn" in aliases or any(a.startswith("backbone.fpn/") for a in aliases)
    number: int | None = None
    if stage == "backbone" and kind == "level":
        path = "backbone.body/" if pyramid else "backbone/"
        found = [n for name, n in aliases.items() if name.startswith(path)]
        number = found[i] if i < len(found) else aliases.get("backbone") if i == 0 else None
    elif stage == "fpn" and kind == "level" and i < len(fields.levels):
        number = fields.levels[i][1]
    elif stage == "fpn" and kind == "lateral":
        number = aliases.get(f"backbone.fpn.inner_blocks.{i}")
    elif stage == "fpn" and kind == "sum":
        number = _fpn_sum(fields, i)
    elif stage == "objectness" and kind == "level":
        number = aliases.get(f"rpn.head.cls_logits:{i}", aliases.get("rpn.head.cls_logits"))
    return None if number is None else fields.layers[number]


def _fpn_sum(fields: Fields, i: int) -> int | None:
    """Sums run from the coarsest level down; the coarsest is its lateral alone."""
    aliases = fields.aliases or {}
    sums = [n for n, v in enumerate(fields.layers) if v.module == "backbone.fpn" and v.op == "add"]
    blocks = len(sums) + 1
    if i == blocks - 1:
        return aliases.get(f"backbone.fpn.inner_blocks.{i}")
    return sums[blocks - 2 - i] if 0 <= i < blocks - 1 else None


def rows(fields: Fields) -> list[dict[str, Any]]:
    """The table as plain values for JSON and for views; one dict a layer, see `docs`."""
    return [row(fields, layer) for layer in fields.layers]


def row(fields: Fields, layer: Layer) -> dict[str, Any]:
    known = layer.y is not None and layer.x is not None
    inputs = [fields.layers[i].name if i >= 0 else layer.root for i in layer.inputs]
    found: dict[str, Any] = {
        "name": layer.name,
        "kind": layer.kind,
        "inputs": inputs,
        "input_of_field": layer.root,
        "kernel": layer.kernel,
        "stride": layer.stride,
        "padding": layer.padding,
        "dilation": layer.dilation,
        "groups": layer.groups,
        "transposed": layer.transposed,
        "channels": layer.channels,
        "grid": layer.grid,
        "parameters": layer.parameters,
        "macs": layer.macs,
        "unknown": layer.unknown or None,
    }
    if known:
        y, x = layer.axes()
        found |= {
            "field": (y.size, x.size),
            "smallest_field": (y.smallest, x.smallest),
            "whole": y.whole and x.whole,
            "jump": (y.jump, x.jump),
            "start": (y.start, x.start),
            "centre": (y.centre, x.centre),
            "regular": y.regular and x.regular,
            "fits": fits(layer, fields.size) if layer.root == PICTURE else None,
            "uses_resolution": uses(fields, layer),
        }
    return found
