"""What an operation made of a map, and which cells and weights made each number of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Cell = tuple[int, int]
"""Row and column."""


@dataclass(frozen=True, eq=False)
class Terms:
    """The products whose sum is one output cell; K of them, in row-major order.

    ``inputs`` (K, 2) int64 row and column of input cells; ``kernels`` (K, 2) int64 of kernel cells,
    None for operations without a kernel; ``weights``, ``values`` and ``products`` (K,) float64.
    """

    inputs: Index
    kernels: Index | None
    weights: Floats
    values: Floats

    @property
    def products(self) -> Floats:
        return self.weights * self.values

    def __len__(self) -> int:
        return len(self.weights)


@dataclass(frozen=True, eq=False)
class Result:
    """An output map as a sparse matrix times the input map.

    ``input`` (H, W) and ``output`` (OH, OW) float64. The other arrays have one row for each term,
    sorted by output cell: ``to`` (N,) int64 flat output cell, ``of`` (N,) int64 flat input cell,
    ``by`` (N,) int64 flat kernel cell or -1, ``weight`` (N,) float64. Padding gives no terms: it is
    zero. Terms of weight 0 are cells that were looked at but not taken (max-pooling), or written
    and then written over (max-unpooling). ``switches`` (OH, OW) int64, of max-pooling alone: the
    flat input cell that each maximum came from.
    """

    input: Floats
    output: Floats
    to: Index
    of: Index
    by: Index
    weight: Floats
    kernel_shape: Cell | None = None
    switches: Index | None = None

    @cached_property
    def _starts(self) -> Index:
        bounds: Index = np.searchsorted(self.to, np.arange(self.output.size + 1)).astype(np.int64)
        return bounds

    def terms(self, cell: Cell) -> Terms:
        """What made an output cell. Raises IndexError outside the output."""
        flat = _flat(cell, self.output.shape)
        part = slice(int(self._starts[flat]), int(self._starts[flat + 1]))
        of, by = self.of[part], self.by[part]
        kernels = None
        if self.kernel_shape is not None:
            kernels = np.stack(np.divmod(by, self.kernel_shape[1]), 1)
        inputs = np.stack(np.divmod(of, self.input.shape[1]), 1)
        return Terms(inputs, kernels, self.weight[part], self.input.ravel()[of])

    def reached(self, cell: Cell) -> Index:
        """(M, 2) int64 rows and columns of the output cells that an input cell goes into.

        Raises IndexError outside the input.
        """
        flat = _flat(cell, self.input.shape)
        cells: Index = np.stack(
            np.divmod(np.unique(self.to[self.of == flat]), self.output.shape[1]), 1
        )
        return cells

    @cached_property
    def overlap(self) -> Index:
        """(OH, OW) int64: how many terms each output cell has."""
        count: Index = np.diff(self._starts).reshape(self.output.shape)
        return count

    def matrix(self) -> Floats:
        """(OH * OW, H * W) float64: times the flat input it gives the flat output.

        The matrix of a transposed convolution is that of the convolution with the same setting,
        transposed (Dumoulin & Visin 2016, section 4.1): hence the name.
        """
        full = np.zeros((self.output.size, self.input.size))
        np.add.at(full, (self.to, self.of), self.weight)
        return full


@dataclass(frozen=True, eq=False)
class Axis:
    """Along one axis: output cell ``to`` takes ``weight`` times input cell ``of``, by kernel cell
    ``by`` where there is a kernel; (N,) each."""

    to: Index
    of: Index
    by: Index
    weight: Floats


def join(
    values: Floats,
    rows: Axis,
    columns: Axis,
    shape: Cell,
    kernel: Floats | None = None,
    window: Cell | None = None,
) -> Result:
    """Every pair of a row term and a column term is a term of the map.

    ``shape`` of the output. With ``kernel`` its cells are the weights; ``window`` is the size of a
    kernel that has none.
    """
    size = kernel.shape if kernel is not None else window
    wide = values.shape[1], shape[1], size[1] if size is not None else 1
    to = (rows.to[:, None] * wide[1] + columns.to).ravel()
    of = (rows.of[:, None] * wide[0] + columns.of).ravel()
    by = (rows.by[:, None] * wide[2] + columns.by).ravel()
    weight = (rows.weight[:, None] * columns.weight).ravel()
    if size is None:
        by = np.full_like(by, -1)
    if kernel is not None:
        weight = kernel.ravel()[by]
    order = np.lexsort((by, of, to))
    return made(values, shape, to[order], of[order], by[order], weight[order], size)


def made(
    values: Floats,
    shape: Cell,
    to: Index,
    of: Index,
    by: Index,
    weight: Floats,
    size: tuple[int, ...] | None = None,
    switches: Index | None = None,
) -> Result:
    """The result of terms that are sorted by output cell."""
    products = weight * values.ravel()[of]
    output: Floats = np.bincount(to, products, shape[0] * shape[1]).astype(np.float64)
    output = output.reshape(shape)
    kernel_shape = (size[0], size[1]) if size is not None else None
    return Result(values, output, to, of, by, weight, kernel_shape, switches)


def _flat(cell: Cell, shape: tuple[int, ...]) -> int:
    if not (0 <= cell[0] < shape[0] and 0 <= cell[1] < shape[1]):
        raise IndexError(f"cell {cell} of a map of {shape[0]} x {shape[1]}")
    return cell[0] * shape[1] + cell[1]
