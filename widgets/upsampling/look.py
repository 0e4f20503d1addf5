"""How one grid of numbers is to be drawn, as data. No painting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Cell = tuple[int, int]
"""Row and column; outside of the map (-1, or its height) in the ring around it."""
Role = Literal["input", "kernel", "output"]
PLAIN: Mapping[Cell, float] = {}


@dataclass(frozen=True, eq=False)
class Ring:
    """Cells around a map that are none of it: padding, or what is cut off.

    ``numbers`` is the map with its ring, (before + H + after rows, before + W + after columns).
    """

    before: int
    after: tuple[int, int]
    numbers: NDArray[np.float64]
    cut: bool = False
    """Cut off (hatched), or added (dotted)."""


@dataclass(frozen=True, eq=False)
class Look:
    """``lit`` cells have the colour of the ``role``, as strong as their value, 0 to 1.

    ``tags`` stand small in the corner of a cell; ``frame`` is a dashed rectangle (top, left, rows,
    columns) in cells, which may reach into the ring; ``subject`` is the cell in question; cells
    from the flat index ``faint_from`` on are yet to come; ``heat`` colours all cells from 0 to this
    number; ``cross`` is a point (y, x) among cell centres; ``pins`` are cells with a mark of their
    own (switches).
    """

    title: str
    numbers: NDArray[np.float64]
    role: Role
    ring: Ring | None = None
    lit: Mapping[Cell, float] = field(default_factory=dict)
    tags: Mapping[Cell, str] = field(default_factory=dict)
    frame: tuple[int, int, int, int] | None = None
    subject: Cell | None = None
    faint_from: int | None = None
    heat: float | None = None
    cross: tuple[float, float] | None = None
    pins: frozenset[Cell] = frozenset()

    @property
    def size(self) -> Cell:
        """Rows and columns with the ring."""
        height, width = self.numbers.shape
        if self.ring is None:
            return height, width
        before, (below, right) = self.ring.before, self.ring.after
        return height + before + below, width + before + right

    @property
    def before(self) -> int:
        return self.ring.before if self.ring is not None else 0
