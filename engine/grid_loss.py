"""The five terms of YOLO's loss for one frame, cell by cell, read off a trace. NumPy only.

The same numbers as `engine.networks.yolo_loss` has for a batch of this one picture, but kept apart
for each object and each box, so that they can be shown where they arise.
Redmon et al., You Only Look Once, CVPR 2016, equation 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.kmeans_anchors import size_iou
from engine.trace import Trace

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

TERMS = ("xy", "wh", "object", "no_object", "class")
LAMBDA_COORD = 5.0
LAMBDA_NOOBJ = 0.5
IGNORE_IOU = 0.6


@dataclass(frozen=True, eq=False)
class Grid:
    """What the cells of one frame say; N = height * width * K rows, the box of a cell fastest.

    ``first``: the stage of the cells, "cells" or "anchors". ``grid`` (height, width) in cells;
    ``stride`` network px a cell. ``offset`` (N, 2), ``size`` (N, 2) as the head gives them;
    ``boxes`` (N, 4) xyxy network px, not clipped; ``confidence`` (N,); ``classes``
    (height * width, C) of cells or (N, C) of boxes, column c is label c + 1; ``shapes`` (K, 2)
    network px of the anchors, None without. All float32.
    """

    first: str
    grid: tuple[int, int]
    stride: float
    per_cell: int
    offset: Floats
    size: Floats
    boxes: Floats
    confidence: Floats
    classes: Floats
    shapes: Floats | None

    @property
    def cells(self) -> int:
        return self.grid[0] * self.grid[1]

    @property
    def classes_of_boxes(self) -> bool:
        """Has every box classes of its own (with anchors), or every cell (v1)?"""
        return self.first == "anchors"

    def class_row(self, row: Rows) -> Rows:
        """Which rows of ``classes`` the boxes ``row`` have."""
        return row if self.classes_of_boxes else row // self.per_cell


def grid_of(trace: Trace) -> Grid | None:
    """The grid of a trace; None for a model that has no grid of cells."""
    stages = trace.stages
    first = next((name for name in ("cells", "anchors") if name in stages), "")
    if not first or "class_map" not in stages or "confidence" not in stages:
        return None
    (level,) = stages[first].notes["layout"].levels
    decode, classes = stages["decode"], stages["class_map"].arrays["map"]
    return Grid(
        first,
        level.grid,
        float(level.stride[0]),
        level.per_cell,
        decode.arrays["offset"],
        decode.arrays["size"],
        trace.table("decode").boxes,
        trace.table("confidence").scores,
        classes.reshape(-1, classes.shape[-1]),
        decode.arrays.get("shapes"),
    )


@dataclass(frozen=True, eq=False)
class GridLoss:
    """Who has to find which object, and what it costs.

    ``truth`` (M,) int64 row of the ground truth, ``cell`` (M,), ``row`` (M,) int64 the responsible
    box, ``iou`` (M,) float32 its overlap. ``terms``: "xy", "wh", "object" and "class" (M,), and
    "no_object" (N,) for every box, 0 where it is not counted; float64, already weighted.
    ``crowded``: rows of ground truths that share a cell (and anchor) with a larger one, so that
    nothing is taught them.
    """

    truth: Rows
    cell: Rows
    row: Rows
    iou: Floats
    terms: dict[str, NDArray[np.float64]]
    crowded: Rows

    @cached_property
    def totals(self) -> dict[str, float]:
        """The five terms of the picture."""
        return {name: float(self.terms[name].sum()) for name in TERMS}

    def of_cell(self, cell: int, per_cell: int) -> dict[str, float]:
        """What one cell contributes to each term."""
        mine = self.cell == cell
        parts = {name: float(self.terms[name][mine].sum()) for name in TERMS if name != "no_object"}
        empty = self.terms["no_object"][cell * per_cell : (cell + 1) * per_cell]
        return {name: parts[name] if name in parts else float(empty.sum()) for name in TERMS}


def grid_loss(grid: Grid, boxes: Floats, labels: Rows) -> GridLoss:
    """The loss of a frame whose objects have these ``boxes`` (M, 4) xyxy in network px.

    ``labels`` (M,) int64 from 1 up. An object belongs to the cell of its centre; of several in one
    place the largest has it.
    """
    boxes = box_ops.as_boxes(boxes)
    labels = np.asarray(labels, np.int64)
    sides = boxes[:, 2:] - boxes[:, :2]
    height, width = grid.grid
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 / np.float32(grid.stride)
    column = np.clip(centre[:, 0].astype(np.int64), 0, width - 1)
    cell = np.clip(centre[:, 1].astype(np.int64), 0, height - 1) * width + column
    shape = _best_shape(grid, sides)
    place = cell if shape is None else cell * grid.per_cell + shape
    order = np.argsort(sides.prod(1), kind="stable")
    last = np.full(grid.cells * grid.per_cell, -1, np.int64)
    last[place[order]] = order  # of several the last one stands: the largest
    truth = np.flatnonzero(last[place] == np.arange(len(boxes)))
    crowded = np.setdiff1d(np.arange(len(boxes)), truth)
    cell, mine = cell[truth], boxes[truth]
    row = _responsible(grid, cell, mine) if shape is None else place[truth]
    iou = np.nan_to_num(box_ops.iou_pairs(grid.boxes[row], mine)).astype(np.float32)
    empty = np.ones(len(grid.boxes), bool)
    if shape is not None and len(boxes):
        empty &= ~(np.nan_to_num(box_ops.iou(grid.boxes, boxes)).max(1) > np.float32(IGNORE_IOU))
    empty[row] = False
    no_object = np.where(empty, grid.confidence.astype(np.float64) ** 2, 0)
    terms = {
        "xy": LAMBDA_COORD * _squares(grid.offset[row], centre[truth] % 1),
        "wh": LAMBDA_COORD * _squares(grid.size[row], _true_size(grid, row, sides[truth])),
        "object": (grid.confidence[row].astype(np.float64) - iou) ** 2,
        "no_object": LAMBDA_NOOBJ * no_object,
        "class": _class_term(grid, row, labels[truth]),
    }
    return GridLoss(truth, cell, row, iou, terms, crowded)


def _best_shape(grid: Grid, sides: Floats) -> Rows | None:
    """(M,) int64 the anchor of largest IoU with a box of the same centre; None without anchors."""
    return None if grid.shapes is None else size_iou(sides, grid.shapes).argmax(1)


def _responsible(grid: Grid, cell: Rows, boxes: Floats) -> Rows:
    """(M,) int64: of the boxes of each cell the one that overlaps its object most."""
    rows = cell[:, None] * grid.per_cell + np.arange(grid.per_cell)
    overlap = np.nan_to_num(box_ops.iou_pairs(grid.boxes[rows], boxes[:, None]))
    best: Rows = cell * grid.per_cell + overlap.argmax(1)
    return best


def _true_size(grid: Grid, row: Rows, sides: Floats) -> Floats:
    height, width = grid.grid
    picture = np.array([width, height], np.float32) * np.float32(grid.stride)
    shapes = grid.shapes
    wanted = (
        np.sqrt(sides / picture) if shapes is None else np.log(sides / shapes[row % grid.per_cell])
    )
    return wanted.astype(np.float32, copy=False)


def _class_term(grid: Grid, row: Rows, labels: Rows) -> NDArray[np.float64]:
    """Squared errors of the cell's probabilities (v1), or -log p of the box's true class."""
    given = grid.classes[grid.class_row(row)].astype(np.float64)
    if grid.classes_of_boxes:
        right = given[np.arange(len(row)), labels - 1]
        return -np.log(np.maximum(right, np.finfo(np.float32).tiny))
    return _squares(given, np.eye(given.shape[1])[labels - 1])


def _squares(given: NDArray[np.floating], wanted: NDArray[np.floating]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = ((given.astype(np.float64) - wanted) ** 2).sum(1)
    return total
