"""Trace: all stage results of one frame by one detector; refs and lineage through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.frame import Frame, Transform
from engine.params import Settings
from engine.pipeline import StageInfo, StageResult
from engine.table import Reason, Table


class Ref(NamedTuple):
    """One box somewhere in a trace."""

    stage: str
    row: int

    def __str__(self) -> str:
        return f"{self.stage}:{self.row}"


@dataclass(frozen=True, eq=False)
class Trace:
    """What the network computed for one frame, stage by stage.

    ``stages`` in the order they ran; ``final`` names the stage whose kept rows are the detections;
    ``classes`` names label ids (index = label; "__background__" or "N/A" where a label is unused).
    Boxes of every table are in network px; ``transform`` maps them to image px.
    """

    frame: Frame
    model: str
    family: str
    epoch: int
    seq: int
    device: str
    classes: tuple[str, ...]
    transform: Transform
    infos: tuple[StageInfo, ...]
    stages: Mapping[str, StageResult]
    final: str
    settings: Settings

    def of_frame(self, frame: Frame) -> Trace:
        """The same trace for the same picture with other ground truth; no stage looks at that."""
        assert frame.serial == self.frame.serial
        return self if frame is self.frame else replace(self, frame=frame)

    @property
    def seconds(self) -> float:
        """Seconds spent in all stages when they last ran."""
        return sum(s.seconds for s in self.stages.values())

    @property
    def detections(self) -> Table:
        """Kept rows of the final stage, network px, best score first, as the model returns them."""
        table = self.table(self.final)
        return table.take(table.kept)

    def table(self, stage: str) -> Table:
        """The table of a stage. Raises KeyError when the stage is unknown or has no boxes."""
        table = self.stages[stage].table
        if table is None:
            raise KeyError(f"stage {stage!r} has no boxes")
        return table

    def boxes_image(self, stage: str) -> NDArray[np.float32]:
        """(N, 4) float32 xyxy of a stage's rows in image px."""
        return self.transform.to_image(self.table(stage).boxes)

    def name_of(self, label: int) -> str:
        return self.classes[label] if 0 <= label < len(self.classes) else f"class {label}"

    def lineage(self, ref: Ref) -> tuple[Ref, ...]:
        """The chain from ``ref`` back to the first stage with boxes, ``ref`` first."""
        chain = [ref]
        while True:
            result = self.stages[ref.stage]
            assert result.table is not None, f"{ref} has no table"
            parent = int(result.table.parent[ref.row])
            if result.source is None or parent < 0:
                return tuple(chain)
            ref = Ref(result.source, parent)
            chain.append(ref)

    def ancestors(self, stage: str, rows: NDArray[np.int64], of: str) -> NDArray[np.int64]:
        """(N,) int64: for rows of ``of``, the row of ``stage`` each came from, -1 for none."""
        rows = np.asarray(rows, np.int64)
        while of != stage:
            result = self.stages[of]
            if result.source is None or result.table is None:
                return np.full(len(rows), -1, np.int64)
            parent = result.table.parent
            rows = np.where(rows >= 0, parent[rows] if len(parent) else -1, -1)
            of = result.source
        return rows

    def descendants(self, ref: Ref) -> dict[str, NDArray[np.int64]]:
        """Stage -> rows that came from ``ref``, for every later stage that has any."""
        found = {ref.stage: np.array([ref.row], np.int64)}
        for name, result in self.stages.items():
            if result.table is not None and result.source in found and name != ref.stage:
                rows = np.flatnonzero(np.isin(result.table.parent, found[result.source]))
                if len(rows):
                    found[name] = rows
        return found

    def reason(self, ref: Ref) -> Reason:
        return Reason(int(self.table(ref.stage).reason[ref.row]))
