"""What fields mean for a picture: which layers use its resolution, which levels see an object.

NumPy only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.receptive.fields import PICTURE, Box, Fields, Layer, Pair


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
