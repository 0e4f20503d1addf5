"""What an evaluation found: detections of a data set's pictures, ready to be measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.datasets import Annotations, Detections
from engine.evaluation.names import ClassMap
from engine.evaluation.record import Record
from engine.evaluation.stages import stage_recall
from engine.evaluation.subset import subset

if TYPE_CHECKING:
    from engine.params import Value


@dataclass(frozen=True, eq=False)
class Outcome:
    """``records`` of the pictures of ``data`` that were done, in its order; ``failed`` those that
    could not be read. ``total``: how many the plan asked for. ``classes`` names the model's labels;
    ``settings``: moved parameters. ``note``: whether the run went on from earlier results."""

    model: str
    classes: tuple[str, ...]
    device: str
    settings: Mapping[str, Value]
    data: Annotations
    records: tuple[Record, ...]
    failed: tuple[Record, ...]
    total: int
    names: ClassMap
    note: str = ""

    @property
    def complete(self) -> bool:
        return len(self.records) + len(self.failed) == self.total

    @property
    def ms(self) -> float | None:
        """Median wall milliseconds of a picture's trace; reading it and pasting masks not in."""
        return median(record.ms for record in self.records) if self.records else None

    @property
    def segments(self) -> bool:
        """Whether the model gave pixels a class, and found no boxes."""
        return any(record.confusion is not None for record in self.records)

    @cached_property
    def annotations(self) -> Annotations:
        """The truth of the pictures that were done; rows of `detections` refer to this."""
        row = {picture.id: i for i, picture in enumerate(self.data.pictures)}
        return subset(self.data, [row[record.picture] for record in self.records])

    @cached_property
    def detections(self) -> Detections:
        """All detections whose class the data set has; picture by picture, best score first."""
        counts = [len(record) for record in self.records]
        if not sum(counts):
            return Detections.of()
        picture = np.repeat(np.arange(len(self.records)), counts)
        labels = self.names.rows[np.concatenate([r.labels for r in self.records])]
        known = labels >= 0
        masks = None
        if all(record.masks is not None for record in self.records):
            every = [m for record in self.records for m in record.masks or ()]
            masks = [
                {"size": list(m["size"]), "counts": m["counts"].encode("ascii")}
                for m, wanted in zip(every, known.tolist(), strict=True)
                if wanted
            ]
        return Detections.of(
            picture[known],
            labels[known],
            np.concatenate([r.scores for r in self.records])[known],
            boxes=np.concatenate([r.boxes for r in self.records])[known],
            masks=masks,
        )

    @cached_property
    def unknown(self) -> dict[str, int]:
        """Class of the model that the data set lacks -> how many detections were left out."""
        labels = np.concatenate([r.labels for r in self.records] or [np.zeros(0, np.int64)])
        counts = np.bincount(labels, minlength=len(self.classes))
        return {
            name: int(count)
            for name, row, count in zip(self.classes, self.names.rows, counts, strict=True)
            if count and row < 0
        }

    def sentences(self) -> list[str]:
        """What does not count, and why: classes that one side lacks, pictures that failed."""
        said = []
        if self.names.sentence():
            said.append(f"{self.names.sentence()[:1].upper()}{self.names.sentence()[1:]}.")
        if self.unknown:
            said.append(
                f"{sum(self.unknown.values())} detections of classes that the data set lacks "
                "were left out."
            )
        said += [record.error for record in self.failed]
        if not self.complete:
            missing = self.total - len(self.records) - len(self.failed)
            said.append(f"{missing} of {self.total} pictures were not run; no figure counts them.")
        return said

    def about(self) -> dict[str, Any]:
        """The run as plain values, for a results file. ``settings`` names moved parameters only."""
        return {
            "model": self.model,
            "device": self.device,
            "settings": dict(self.settings),
            "ms_per_picture": None if self.ms is None else round(self.ms, 3),
            "complete": self.complete,
            "run": self.note,
            "run_notes": self.sentences(),
            "stages": [
                {
                    "stage": stage.stage,
                    "also": list(stage.also),
                    "ranked": stage.ranked,
                    "objects": stage.objects,
                    "iou": stage.iou,
                    "recall": {str(k) if k else "all": v for k, v in stage.recall.items()},
                    "AR": {str(k) if k else "all": v for k, v in stage.average.items()},
                }
                for stage in stage_recall(self.records)
            ],
        }
