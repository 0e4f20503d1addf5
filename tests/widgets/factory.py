"""Small traces made by hand, with round numbers that a test can be read against."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np

from engine.arrays import Arrays
from engine.frame import Frame, GroundTruth, Transform
from engine.params import Param, Settings
from engine.pipeline import StageInfo, StageResult
from engine.table import Reason, Table
from engine.trace import Trace

CLASSES = ("__background__", "person", "bicycle", "traffic light", "dog")
PARAMS = {
    "score_threshold": (
        Param("min_score", 0.05, "Rows below go no further.", 0.0, 1.0, 0.01),
        Param("strict", True, "Compare with > instead of >=."),
    ),
    "nms": (
        Param("iou", 0.5, "Overlap from which the weaker goes.", 0.0, 1.0, 0.01, "IoU"),
        Param("keep", 100, "How many at the most.", 1, 10000, 1, "boxes"),
        Param("kind", "greedy", "Which one.", choices=("greedy", "soft")),
    ),
}
_serial = iter(range(1, 10**9))


def result(name: str, table: Table | None = None, source: str | None = None, **more: Any) -> Any:
    """A stage result as the pipeline makes it."""
    return StageResult(
        name=name,
        key=(name,),
        serial=next(_serial),
        seconds=more.get("seconds", 0.0012),
        params=MappingProxyType({}),
        table=table,
        source=source,
        arrays=Arrays(more.get("arrays", {})),
        notes=MappingProxyType(more.get("notes", {})),
        data=None,
    )


def frame_of(width: int = 200, height: int = 150, **more: Any) -> Frame:
    """A picture whose pixel (x, y) is (x, y, 90), mod 256."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x % 256, y % 256, np.full_like(x, 90)], axis=2).astype(np.uint8)
    return Frame(pixels, "test", **more)


def trace_of(tables: dict[str, tuple[Table | None, str | None]], **more: Any) -> Trace:
    """A trace of these stages: name -> (table in network px, source)."""
    frame = more.pop("frame", None) or frame_of()
    size = (frame.height, frame.width)
    results = more.pop("results", {})
    infos = tuple(
        StageInfo(n, n.replace("_", " ").title(), (), PARAMS.get(n, ()), f"About {n}.")
        for n in (*tables, *results)
    )
    stages = {n: result(n, table, source) for n, (table, source) in tables.items()} | results
    return Trace(
        frame=frame,
        model=more.pop("model", "toy"),
        family="toy",
        epoch=more.pop("epoch", 0),
        seq=more.pop("seq", 0),
        device="cpu",
        classes=CLASSES,
        transform=more.pop("transform", Transform(size, size, size)),
        infos=infos,
        stages=MappingProxyType({i.name: stages[i.name] for i in infos}),
        final=more.pop("final", "detections"),
        settings=Settings(),
    )


def toy_trace(shift: float = 0.0, **more: Any) -> Trace:
    """Four anchors -> four decoded boxes -> one below the threshold, one suppressed -> two left.

    ``shift`` moves the decoded boxes to the right, as objects do from frame to frame.
    """
    anchors = np.array(
        [[10, 10, 60, 60], [12, 12, 62, 62], [100, 20, 180, 100], [150, 110, 158, 118]], np.float32
    )
    moved = anchors + np.array([2 + shift, 1, 4 + shift, 3], np.float32)
    scores, labels = [0.9, 0.7, 0.8, 0.02], [1, 1, 4, 2]
    kept = [Reason.KEPT] * 4
    return trace_of(
        {
            "input": (None, None),
            "anchors": (Table.of(anchors), None),
            "decode": (Table.of(moved, scores, labels, range(4), kept), "anchors"),
            "score_threshold": (
                Table.of(moved, scores, labels, range(4), [0, 0, 0, Reason.LOW_SCORE]),
                "decode",
            ),
            "nms": (
                Table.of(
                    moved[:3], scores[:3], labels[:3], range(3), [0, Reason.SUPPRESSED, 0],
                    [-1, 0, -1],
                ),
                "score_threshold",
            ),
            "detections": (
                Table.of(moved[[0, 2]], [0.9, 0.8], [1, 4], [0, 2]),
                "nms",
            ),
        },
        **more,
    )  # fmt: skip


def many_boxes(n: int, size: tuple[int, int] = (640, 480), labels: int = 1) -> Trace:
    """N random boxes in one stage "anchors", the final one."""
    rng = np.random.default_rng(n)
    middle = rng.uniform(0, 1, (n, 2)) * size
    half = np.exp(rng.normal(3.0, 0.6, (n, 2))) / 2
    boxes = np.hstack([middle - half, middle + half])
    table = Table.of(boxes, rng.uniform(0, 1, n), rng.integers(0, labels, n))
    return trace_of({"anchors": (table, None)}, frame=frame_of(*size), final="anchors")


def truth_of() -> GroundTruth:
    """Two objects, the second one a crowd."""
    return GroundTruth(
        boxes=np.array([[12, 11, 64, 63], [100, 20, 180, 100]], np.float32),
        labels=np.array([1, 4]),
        classes=CLASSES,
        crowd=np.array([False, True]),
    )
