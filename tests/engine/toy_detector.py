"""A detector without a network: given boxes go through real stages, so that every fate is known.

Stages and parameters carry the names and meanings that all families share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine import nms
from engine.frame import Frame, Transform
from engine.params import Param, Settings
from engine.pipeline import Inputs, Output, Pipeline, Stage
from engine.table import Reason, Table
from engine.trace import Trace

CLASSES = ("__background__", "cat", "dog")
TRANSFORM = Transform(image=(100, 200), network=(200, 400), padded=(224, 416))
FRAME = Frame(np.zeros((100, 200, 3), np.uint8), "toy")


@dataclass
class Toy:
    """``boxes`` (N, 4) image px, ``scores`` (N,), ``labels`` (N,); what every stage sees.

    ``moved`` (N, 4) image px: where ``decode`` puts the boxes, by default where they are.
    """

    boxes: Any
    scores: Any
    labels: Any
    moved: Any = None
    runs: list[str] = field(default_factory=list)
    last: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        anchors = Table.of(TRANSFORM.to_network(np.float32(self.boxes)))
        moved = self.boxes if self.moved is None else self.moved
        decoded = Table.of(
            TRANSFORM.to_network(np.float32(moved)),
            self.scores,
            self.labels,
            np.arange(len(anchors)),
        )
        self.pipeline = Pipeline(
            [
                Stage("input", "Input", self._noted("input", _input)),
                Stage(
                    "anchors",
                    "Anchors",
                    self._noted("anchors", lambda i: Output(anchors)),
                    ("input",),
                ),
                Stage(
                    "decode",
                    "Decoded boxes",
                    self._noted("decode", lambda i: Output(decoded, "anchors")),
                    ("anchors",),
                ),
                self._stage("score_threshold", "Score threshold", _threshold, "decode", SCORE),
                self._stage("tiny", "Drop tiny boxes", _tiny, "score_threshold", SIZE),
                self._stage("topk", "Top candidates", _topk, "tiny", TOP),
                self._stage("nms", "Class NMS", _nms, "topk", IOU),
                self._stage("detections", "Detections", _detections, "nms", COUNT),
            ]
        )

    def trace(self, settings: Settings | None = None) -> Trace:
        settings = settings or Settings()
        checked = self.pipeline.check(settings)
        self.last = self.pipeline.run(FRAME, ("toy",), checked, self.last)
        return Trace(
            frame=FRAME,
            model="toy",
            family="toy",
            epoch=0,
            seq=0,
            device="cpu",
            classes=CLASSES,
            transform=TRANSFORM,
            infos=self.pipeline.infos,
            stages=self.last,
            final="detections",
            settings=settings,
        )

    def _noted(self, name: str, run: Callable[[Inputs], Output]) -> Callable[[Inputs], Output]:
        def noted(inputs: Inputs) -> Output:
            self.runs.append(name)
            return run(inputs)

        return noted

    def _stage(
        self,
        name: str,
        title: str,
        mark: Callable[[Table, Any], Table],
        source: str,
        param: Param,
    ) -> Stage:
        def run(inputs: Inputs) -> Output:
            before = inputs.table(source)
            rows = before.kept
            if name == "detections":
                rows = rows[nms.by_score(before.scores[rows])]
            given = Table.of(before.boxes[rows], before.scores[rows], before.labels[rows], rows)
            return Output(mark(given, inputs.param(param.name)), source)

        return Stage(name, title, self._noted(name, run), (source,), (param,))


SCORE = Param("score_thresh", 0.05, "Scores above this go on.", 0.0, 1.0, 0.01)
SIZE = Param("min_size", 1.0, "Shorter sides go out.", 0.0, 1000.0, 0.1, "px")
TOP = Param("topk_candidates", 100, "So many go on.", 1, 10_000, 10, "boxes")
IOU = Param("nms_thresh", 0.5, "Larger overlaps go out.", 0.0, 1.0, 0.01, "IoU")
COUNT = Param("detections_per_img", 100, "So many are returned.", 1, 10_000, 1, "boxes")


def _input(inputs: Inputs) -> Output:
    assert inputs.root is FRAME
    return Output(notes={"transform": TRANSFORM})


def _marked(table: Table, keep: Any, reason: Reason) -> Table:
    return table.marked(np.where(keep, Reason.KEPT, reason).astype(np.uint8))


def _threshold(table: Table, limit: float) -> Table:
    return _marked(table, table.scores > np.float32(limit), Reason.LOW_SCORE)


def _tiny(table: Table, limit: float) -> Table:
    sides = table.boxes[:, 2:] - table.boxes[:, :2]
    return _marked(table, (sides >= limit).all(1), Reason.TINY)


def _topk(table: Table, limit: int) -> Table:
    keep = np.zeros(len(table), bool)
    keep[nms.by_score(table.scores)[:limit]] = True
    return _marked(table, keep, Reason.TOPK)


def _nms(table: Table, limit: float) -> Table:
    found = nms.greedy(table.boxes, table.scores, table.labels, limit)
    reason = np.where(found.by < 0, Reason.KEPT, Reason.SUPPRESSED).astype(np.uint8)
    return table.marked(reason, found.by)


def _detections(table: Table, limit: int) -> Table:
    return _marked(table, np.arange(len(table)) < limit, Reason.TOPK)
