"""Table: N boxes as a structure of arrays, the only way boxes travel."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Reason(IntEnum):
    """Why a row went no further. A stage marks rows; it never drops them silently."""

    KEPT = 0
    LOW_SCORE = 1
    TINY = 2
    TOPK = 3
    SUPPRESSED = 4
    BACKGROUND = 5


_DTYPES = {
    "boxes": np.float32,
    "scores": np.float32,
    "labels": np.int64,
    "parent": np.int64,
    "reason": np.uint8,
    "by": np.int64,
}


@dataclass(frozen=True, eq=False)
class Table:
    """N boxes of one stage. Arrays are read-only and equal in length.

    boxes (N, 4) float32 xyxy in network px; scores (N,) float32; labels (N,) int64 (0 where the
    stage knows no classes); parent (N,) int64 row in the stage the row came from, -1 for none;
    reason (N,) uint8 `Reason`; by (N,) int64 row of THIS table that suppressed it, -1 for none.

    Raises ValueError with expected and actual shape or dtype when made wrong.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    parent: NDArray[np.int64]
    reason: NDArray[np.uint8]
    by: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.boxes)
        for name, dtype in _DTYPES.items():
            array = getattr(self, name)
            shape = (n, 4) if name == "boxes" else (n,)
            if array.shape != shape or array.dtype != dtype:
                raise ValueError(
                    f"table.{name}: expected {shape} {np.dtype(dtype)}, "
                    f"got {array.shape} {array.dtype}"
                )
            if array.flags.writeable:
                view = array.view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)

    @classmethod
    def of(
        cls,
        boxes: Any,
        scores: Any = None,
        labels: Any = None,
        parent: Any = None,
        reason: Any = None,
        by: Any = None,
    ) -> Table:
        """A table from whatever columns are known; the others get their neutral value.

        Columns may be NumPy arrays or CPU tensors; right dtypes are taken without a copy.
        """
        b = np.asarray(boxes, np.float32).reshape(-1, 4)
        n = len(b)

        def column(value: Any, name: str, fill: int) -> NDArray[Any]:
            dtype = _DTYPES[name]
            return np.full(n, fill, dtype) if value is None else np.asarray(value, dtype)

        return cls(
            b,
            column(scores, "scores", 0),
            column(labels, "labels", 0),
            column(parent, "parent", -1),
            column(reason, "reason", Reason.KEPT),
            column(by, "by", -1),
        )

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def kept(self) -> NDArray[np.int64]:
        """(K,) int64 rows that went on, in order."""
        return np.flatnonzero(self.reason == Reason.KEPT)

    def take(self, rows: NDArray[Any]) -> Table:
        """The given rows as a new table; ``by`` is remapped, -1 where its row was left out."""
        rows = np.asarray(rows)
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        columns = {f.name: getattr(self, f.name)[rows] for f in fields(self)}
        new_row = np.full(len(self) + 1, -1, np.int64)  # the extra slot answers by == -1
        new_row[rows] = np.arange(len(rows))
        columns["by"] = new_row[self.by[rows]]
        return Table(**columns)

    def marked(self, reason: NDArray[np.uint8], by: NDArray[np.int64] | None = None) -> Table:
        """The same rows with new reasons; every other column is shared, not copied."""
        return replace(self, reason=reason, by=self.by if by is None else by)

    def counts(self) -> dict[str, int]:
        """How many rows carry each reason, by name, zero counts left out."""
        n = np.bincount(self.reason, minlength=len(Reason))
        return {r.name: int(n[r]) for r in Reason if n[r]}
