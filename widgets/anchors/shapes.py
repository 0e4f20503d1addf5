"""What-if anchors: the layout of a model with other sizes and ratios. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.anchors import AnchorLayout, AnchorLevel, cell_anchors, grid_anchors

Boxes = NDArray[np.float32]
_SAME = 0.02  # log of the quotient: nearer ratios of one level are one (rounded sides)
_NEAR = 0.3  # nearer ratios of other levels are variants of one (sides cut at the picture's)


@dataclass(frozen=True)
class Shapes:
    """The sizes and ratios of a layout as few numbers, so that they can be changed by hand.

    ``bases`` the smallest size of each level, network px; ``ratios`` the distinct height / width;
    ``origins`` for each ratio its place in the model's own list, -1 for one that was added.
    """

    bases: tuple[float, ...]
    ratios: tuple[float, ...]
    origins: tuple[int, ...]

    @classmethod
    def of(cls, layout: AnchorLayout) -> Shapes:
        """The shapes that the model has."""
        ratios: tuple[float, ...] = ()
        for level in layout.levels:
            new = _distinct(list(level.ratios))
            far = [r for r in new if not ratios or _distance(ratios, r).min() > _NEAR]
            ratios += tuple(far)
        bases = tuple(min(level.sizes) for level in layout.levels)
        return cls(bases, ratios, tuple(range(len(ratios))))

    def with_base(self, level: int, size: float) -> Shapes:
        bases = (*self.bases[:level], size, *self.bases[level + 1 :])
        return replace(self, bases=bases)

    def with_ratio(self, at: int, ratio: float) -> Shapes:
        return replace(self, ratios=(*self.ratios[:at], ratio, *self.ratios[at + 1 :]))

    def added(self, ratio: float) -> Shapes:
        return replace(self, ratios=(*self.ratios, ratio), origins=(*self.origins, -1))

    def removed(self) -> Shapes:
        """Without the last ratio; one stays."""
        if len(self.ratios) == 1:
            return self
        return replace(self, ratios=self.ratios[:-1], origins=self.origins[:-1])

    def scaled(self, factor: float) -> Shapes:
        return replace(self, bases=tuple(b * factor for b in self.bases))


@dataclass(frozen=True, eq=False)
class Grid:
    """A layout and, made when asked for, its boxes (N, 4) float32 xyxy network px."""

    layout: AnchorLayout

    @cached_property
    def boxes(self) -> Boxes:
        parts = [_boxes_of(level) for level in self.layout.levels]
        return np.concatenate(parts) if parts else np.zeros((0, 4), np.float32)


def changed(layout: AnchorLayout, shapes: Shapes) -> AnchorLayout:
    """The layout with other shapes; the same grids, strides and offsets.

    Every size of a level is scaled as its smallest one, every ratio as the one that it is or that
    it is a variant of. An added ratio makes a shape of each size of the level. A level of which all
    ratios were taken away gets those that are left.
    """
    own = Shapes.of(layout)
    new_of = dict(zip(shapes.origins, shapes.ratios, strict=True))
    levels = []
    for level, base, was in zip(layout.levels, shapes.bases, own.bases, strict=True):
        factor = base / was
        pairs = []
        for size, ratio in zip(level.sizes, level.ratios, strict=True):
            origin = int(_distance(own.ratios, ratio).argmin())
            if origin in new_of:
                pairs.append((size * factor, ratio * (new_of[origin] / own.ratios[origin])))
        sizes = _distinct(list(level.sizes))
        extra = [
            r for r, o in zip(shapes.ratios, shapes.origins, strict=True) if o < 0 or not pairs
        ]
        pairs += [(size * factor, ratio) for ratio in extra for size in sizes]
        levels.append(
            replace(level, sizes=tuple(s for s, _ in pairs), ratios=tuple(r for _, r in pairs))
        )
    return AnchorLayout(tuple(levels))


def cell_boxes(level: AnchorLevel, y: int, x: int) -> Boxes:
    """(A, 4) float32 xyxy network px: the anchors of one cell of a level."""
    shift = np.float32([(x + level.offset) * level.stride[1], (y + level.offset) * level.stride[0]])
    return _around_origin(level) + np.tile(shift, 2).astype(np.float32)


def _boxes_of(level: AnchorLevel) -> Boxes:
    shift = np.float32([level.offset * level.stride[1], level.offset * level.stride[0]])
    shapes = _around_origin(level) + np.tile(shift, 2)
    return grid_anchors(level.grid, (level.stride[0], level.stride[1]), shapes)  # type: ignore[arg-type]


def _around_origin(level: AnchorLevel) -> Boxes:
    """(A, 4) shapes as the family makes them: rounded in R-CNN (offset 0), exact in SSD."""
    if level.offset == 0:
        pairs = zip(level.sizes, level.ratios, strict=True)
        return np.concatenate([cell_anchors([s], [r]) for s, r in pairs])
    half = np.asarray(level.sizes) / 2
    root = np.sqrt(np.asarray(level.ratios))
    sides = np.stack([-half / root, -half * root, half / root, half * root], 1)
    return sides.astype(np.float32)


def _distance(ratios: tuple[float, ...], ratio: float) -> NDArray[np.float64]:
    return np.abs(np.log(ratios) - np.log(ratio))


def _distinct(values: list[float]) -> tuple[float, ...]:
    """In order of first appearance, near ones only once."""
    found: list[float] = []
    for value in values:
        if all(abs(np.log(value / other)) > _SAME for other in found):
            found.append(value)
    return tuple(found)
