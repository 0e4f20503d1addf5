"""Does a transposed convolution paint evenly, or in a checkerboard?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Coverage:
    """Terms of output cells away from the border.

    ``rows`` and ``columns`` give, for each of the ``stride`` places that a cell can have between
    two input cells, how many kernel rows or columns reach it; a cell has their product of terms.
    """

    stride: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    @property
    def even(self) -> bool:
        """Has every cell the same number of terms?"""
        return len(self.counts) == 1

    @property
    def counts(self) -> tuple[int, ...]:
        """The numbers of terms that occur, ascending."""
        return tuple(sorted({r * c for r in self.rows for c in self.columns}))


def coverage(kernel: tuple[int, int], stride: int, dilation: int = 1) -> Coverage:
    """Without dilation even exactly when the stride divides the kernel's sides.

    Odena, Dumoulin & Olah, "Deconvolution and Checkerboard Artifacts", Distill, 2016.
    """
    rows, columns = (
        tuple(np.bincount(np.arange(k) * dilation % stride, minlength=stride).tolist())
        for k in kernel
    )
    return Coverage(stride, rows, columns)
