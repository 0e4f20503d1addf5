"""A made-up two-stage trace of any size, and windows that want the arrow keys."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QWidget

from engine.coder import ROI_WEIGHTS, Coding, decode
from engine.table import Table
from engine.trace import Trace
from tests.widgets.factory import frame_of, result, trace_of


def two_stage(anchors: int, proposals: int, classes: int, stride: int = 4) -> Trace:
    """Random numbers in the stages that the refinement and RoI views read."""
    rng = np.random.default_rng(anchors)
    corner = rng.uniform(0, 400, (anchors, 2))
    boxes = np.hstack([corner, corner + rng.uniform(8, 200, (anchors, 2))]).astype(np.float32)
    deltas = rng.normal(0, 0.5, (anchors, 4)).astype(np.float32)
    moved, scores = decode(deltas, boxes), rng.uniform(0, 1, anchors)
    rows, each = np.arange(anchors), np.arange(proposals)
    taken = np.clip(moved[:proposals], 0, (640, 480) * 2).astype(np.float32)
    class_deltas = rng.normal(0, 0.5, (proposals, classes, 4)).astype(np.float32)
    made = decode(class_deltas, taken[:, None], ROI_WEIGHTS).reshape(-1, 4)
    probabilities = rng.dirichlet(np.ones(classes), proposals).astype(np.float32)
    labels, parents = np.tile(np.arange(classes), proposals), np.repeat(each, classes)
    final = np.flatnonzero(labels == 1)[:100]
    grid = (480 // stride, 640 // stride)
    level_notes = {
        "names": ("0",), "scales": (1 / stride,), "k_min": 2, "k_max": 2,
        "canonical_scale": 224, "canonical_level": 4, "output_size": (7, 7), "sampling_ratio": 2,
    }  # fmt: skip
    results = {
        "fpn": result(
            "fpn",
            arrays={"level/0": rng.normal(0, 1, (16, *grid)).astype(np.float32)},
            notes={"names": ("0",), "strides": ((stride, stride),), "shapes": ((16, *grid),)},
        ),
        "anchors": result("anchors", Table.of(boxes)),
        "rpn_deltas": result("rpn_deltas", arrays={"deltas": deltas}, notes={"coding": Coding()}),
        "rpn_decode": result("rpn_decode", Table.of(moved, scores, None, rows), "anchors"),
        "proposals": result("proposals", Table.of(taken, None, None, each), "rpn_decode"),
        "roi_level": result(
            "roi_level",
            Table.of(taken, None, None, each),
            "proposals",
            arrays={"level": np.zeros(proposals, np.int64)},
            notes=level_notes,
        ),
        "roi_align": result(
            "roi_align",
            arrays={"features": rng.normal(0, 1, (proposals, 16, 7, 7)).astype(np.float32)},
        ),
        "class_scores": result(
            "class_scores",
            Table.of(taken, None, None, each),
            "roi_level",
            arrays={"probabilities": probabilities},
        ),
        "class_deltas": result(
            "class_deltas", arrays={"deltas": class_deltas}, notes={"coding": Coding(ROI_WEIGHTS)}
        ),
        "decode": result(
            "decode", Table.of(made, probabilities.ravel(), labels, parents), "class_scores"
        ),
        "detections": result(
            "detections",
            Table.of(made[final], probabilities.ravel()[final], labels[final], final),
            "decode",
        ),
    }
    return trace_of({"input": (None, None)}, results=results, frame=frame_of(640, 480))


class ArrowWindow(QMainWindow):
    """A window in which Left and Right are shortcuts, as in the real one; it counts them."""

    def __init__(self, view: QWidget) -> None:
        super().__init__()
        self.stepped = 0
        self.setCentralWidget(view)
        for key in ("Left", "Right"):
            action = QAction(self)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(self._on_step)
            self.addAction(action)

    def _on_step(self) -> None:
        self.stepped += 1
