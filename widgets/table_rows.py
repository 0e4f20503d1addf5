"""The rows of the detection table: which rows of a stage, in which order, and their text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.table import Reason, Table
from widgets.palette import reason_look
from widgets.table_model import HEADINGS

if TYPE_CHECKING:
    from engine.trace import Trace

TIPS = (
    "Row of the stage's table",
    "Class",
    "Score of this stage",
    "Left edge in image px",
    "Upper edge in image px",
    "Right edge in image px",
    "Lower edge in image px",
    "Why the row went no further",
)
CAP = 5000


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of one stage, best score first (row order where scores are equal).

    ``index`` (M,) int64 rows of the stage's table; ``boxes`` (M, 4) float32 xyxy image px;
    ``total`` how many there are, of which the best `CAP` are here.
    """

    trace: Trace
    stage: str
    table: Table
    index: NDArray[np.int64]
    boxes: NDArray[np.float32]
    total: int
    rejected: bool = False

    @classmethod
    def of(cls, trace: Trace, stage: str, rejected: bool, cap: int = CAP) -> Rows | None:
        """The kept rows of a stage, or all of them; None for a stage without boxes."""
        table = trace.stages[stage].table
        if table is None:
            return None
        index = np.arange(len(table)) if rejected else table.kept
        total, scores = len(index), table.scores[index]
        if total > cap and not scores.any():  # anchors: there is no best, so the first
            index, scores = index[:cap], scores[:cap]
        elif total > cap:
            best = np.argpartition(-scores, cap - 1)[:cap]
            index, scores = index[best], scores[best]
        index = index[np.lexsort((index, -scores))]
        boxes = trace.transform.to_image(table.boxes[index])
        return cls(trace, stage, table, index, boxes, total, rejected)

    def __len__(self) -> int:
        return len(self.index)

    def order(self, column: int, descending: bool) -> NDArray[np.int64]:
        """(M,) positions in the order of a column; equal values stay best score first."""
        if HEADINGS[column] == "class":
            known, which = np.unique(self.table.labels[self.index], return_inverse=True)
            names = [self.trace.name_of(int(v)).lower() for v in known]
            keys = np.argsort(np.argsort(names, kind="stable"), kind="stable")[which]
        elif HEADINGS[column] == "#":
            keys = self.index
        elif HEADINGS[column] == "score":
            keys = self.table.scores[self.index]
        elif HEADINGS[column] == "reason":
            keys = self.table.reason[self.index].astype(np.int64)
        else:
            keys = self.boxes[:, column - 3]
        return np.argsort(-keys if descending else keys, kind="stable").astype(np.int64)

    def text(self, at: int, column: int) -> str:
        """What stands in a cell; ``at`` counts in best-score order."""
        row = int(self.index[at])
        name = HEADINGS[column]
        if name == "#":
            return str(row)
        if name == "class":
            return self.class_name(row)
        if name == "score":
            return score_text(float(self.table.scores[row]))
        if name == "reason":
            return reason_text(self.table, row)
        return f"{self.boxes[at, column - 3]:.1f}"

    def class_name(self, row: int) -> str:
        """The class of a row of the table; "–" in a stage that knows no classes."""
        label = int(self.table.labels[row])
        if label == 0 and not self._knows_classes:
            return "–"
        return self.trace.name_of(label).strip("_")

    @cached_property
    def _knows_classes(self) -> bool:
        return bool(self.table.labels.any())


def score_text(score: float) -> str:
    """Three places; more where that would read as 0 or as 1."""
    if 0 < score < 0.0005:
        return f"{score:.1e}"
    return f"{score:.4f}" if 0.9995 <= score < 1 else f"{score:.3f}"


def reason_text(table: Table, row: int) -> str:
    """``kept``, ``suppressed by #4`` ..."""
    words = reason_look(int(table.reason[row])).words
    by = int(table.by[row])
    if table.reason[row] == Reason.SUPPRESSED and by >= 0:
        return f"{words} by #{by}"
    return words
