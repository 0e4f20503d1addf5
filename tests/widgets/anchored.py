"""Traces made by hand that have an anchor layout, for the anchors and proposals views."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.anchors import AnchorLayout, AnchorLevel, cell_shapes
from engine.frame import GroundTruth
from engine.params import Param
from engine.pipeline import StageInfo
from engine.table import Reason, Table
from engine.trace import Trace
from tests.widgets import factory
from widgets.anchors.shapes import Grid

LIMIT = Param("detections_per_img", 3, "How many.", 1, 1000, 1, "boxes")


def layout_of(*grids: int, sizes: float = 3.0, offset: float = 0.0) -> AnchorLayout:
    """Square grids over 1024 network px; three ratios, sizes ``sizes`` times the stride."""
    levels = []
    for side in grids:
        stride = 1024 // side
        shapes = cell_shapes([sizes * stride], [0.5, 1.0, 2.0])
        levels.append(AnchorLevel((side, side), (stride, stride), *shapes, offset))
    return AnchorLayout(tuple(levels))


def anchored(layout: AnchorLayout, truth: GroundTruth | None = None, **more: Any) -> Trace:
    """Only the stage ``anchors``, on a picture of 1024 x 1024 px."""
    stage = factory.result("anchors", Table.of(Grid(layout).boxes), notes={"layout": layout})
    frame = factory.frame_of(1024, 1024, truth=truth)
    return factory.trace_of({}, results={"anchors": stage}, frame=frame, final="anchors", **more)


def single_shot(layout: AnchorLayout, truth: GroundTruth | None = None, seed: int = 0) -> Trace:
    """``anchors class_scores decode score_threshold nms detections``, with random scores."""
    rng = np.random.default_rng(seed)
    boxes = Grid(layout).boxes
    n = len(boxes)
    scores = rng.uniform(0, 1, n).astype(np.float32)
    rows = np.arange(n)
    best = np.argsort(-scores)[:8] if n > 8 else np.argsort(-scores)
    marks = np.full(n, Reason.LOW_SCORE, np.uint8)
    marks[best] = Reason.KEPT
    cut = np.where(np.arange(len(best)) < 3, Reason.KEPT, Reason.TOPK).astype(np.uint8)
    made = {
        "anchors": (Table.of(boxes), None),
        "class_scores": (Table.of(boxes, scores, rng.integers(1, 5, n), rows), "anchors"),
        "decode": (Table.of(boxes + 1, scores, None, rows), "class_scores"),
        "score_threshold": (Table.of(boxes + 1, scores, None, rows, marks), "decode"),
        "nms": (Table.of(boxes[best] + 1, scores[best], None, best), "score_threshold"),
        "detections": (
            Table.of(boxes[best] + 1, scores[best], None, np.arange(len(best)), cut), "nms",
        ),
    }  # fmt: skip
    results = {
        name: factory.result(name, table, source, notes={"layout": layout})
        for name, (table, source) in made.items()
    }
    results["detections"] = replace(
        results["detections"], params=MappingProxyType({"detections_per_img": 3})
    )
    trace = factory.trace_of(
        {}, results=results, frame=factory.frame_of(1024, 1024, truth=truth), final="detections"
    )
    infos = tuple(
        StageInfo(i.name, i.title, (), (LIMIT,) if i.name == "detections" else (), "")
        for i in trace.infos
    )
    return replace(trace, infos=infos)


def truths(*boxes: tuple[float, float, float, float], crowd: int = -1) -> GroundTruth:
    """Ground truth of the class "dog" in image px; ``crowd`` names a row that is one."""
    given = np.array(boxes, np.float32).reshape(-1, 4)
    many = np.arange(len(given)) == crowd
    return GroundTruth(given, np.full(len(given), 4), factory.CLASSES, many)
