"""YOLO's loss: by hand on a tiny grid, against plain loops, and as the trace's cells show it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from engine import grid_loss
from engine.grid_loss import Grid, GridLoss
from engine.kmeans_anchors import anchors_by_kmeans, size_iou
from engine.networks import yolo_loss as torch_loss
from engine.networks.yolo import ANCHORS, SIDE
from engine.networks.yolo_heads import AnchorHead, CellHead, Prediction
from engine.networks.yolo_loss import yolo_loss
from engine.scenes import draw

CLASSES = 4  # the background and three more
HEADS = {
    "v1": lambda: CellHead(6, CLASSES, boxes=2),
    "anchors": lambda: AnchorHead(6, CLASSES, ((10, 10), (20, 30), (60, 40))),
}
KINDS = pytest.mark.parametrize("kind", list(HEADS))


def target(boxes: list[list[float]], labels: list[int]) -> dict[str, Tensor]:
    return {"boxes": torch.tensor(boxes).reshape(-1, 4), "labels": torch.tensor(labels).long()}


def random_case(kind: str, seed: int) -> tuple[Prediction, list[dict[str, Tensor]]]:
    """Three pictures of 5 x 5 cells with 7, 0 and 2 objects; some share a cell."""
    torch.manual_seed(seed)
    head = HEADS[kind]()
    torch.nn.init.normal_(head.conv.weight, std=0.2)
    with torch.no_grad():
        prediction = head.read(head(torch.randn(3, 6, 5, 5)))
    targets = []
    for count in (7, 0, 2):
        centre, sides = torch.rand(count, 2) * 80, torch.rand(count, 2) * 40 + 4
        boxes = torch.cat([centre - sides / 2, centre + sides / 2], 1)
        targets.append({"boxes": boxes, "labels": torch.randint(1, CLASSES, (count,))})
    if len(targets[0]["boxes"]):  # two objects of one size in one cell, one of them larger
        targets[0]["boxes"][1] = targets[0]["boxes"][0] + torch.tensor([-0.5, -0.5, 0.5, 0.5])
    return prediction, targets


def overlap(a: list[float], b: list[float]) -> float:
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    both = max(w, 0) * max(h, 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def looped(prediction: Prediction, targets: list[dict[str, Tensor]]) -> dict[str, float]:
    """Equation 3 in plain loops."""
    terms = dict.fromkeys(("xy", "wh", "object", "no_object", "class"), 0.0)
    size, k = prediction.grid[0], prediction.per_cell
    shapes = None if prediction.shapes is None else prediction.shapes.tolist()
    for p, one in enumerate(targets):
        boxes = prediction.boxes[p].tolist()
        owner: dict[tuple[int, int], int] = {}
        for i, (x1, y1, x2, y2) in enumerate(one["boxes"].tolist()):
            cell = int((y1 + y2) / 32) * size + int((x1 + x2) / 32)
            shape = -1
            if shapes is not None:
                mine = [0, 0, x2 - x1, y2 - y1]
                fits = [
                    overlap([-w / 2, -h / 2, w / 2, h / 2],
                            [-mine[2] / 2, -mine[3] / 2, mine[2] / 2, mine[3] / 2])
                    for w, h in shapes
                ]  # fmt: skip
                shape = fits.index(max(fits))
            rival = owner.get((cell, shape))
            areas = (one["boxes"][:, 2:] - one["boxes"][:, :2]).prod(1)
            if rival is None or areas[i] >= areas[rival]:
                owner[cell, shape] = i
        used = set()
        for (cell, shape), i in owner.items():
            x1, y1, x2, y2 = truth = one["boxes"][i].tolist()
            rows = range(cell * k, cell * k + k)
            fits = [overlap(boxes[r], truth) for r in rows]
            row = cell * k + (shape if shapes is not None else fits.index(max(fits)))
            used.add(row)
            x, y = prediction.offset[p, row].tolist()
            w, h = prediction.size[p, row].tolist()
            tx, ty = (x1 + x2) / 32 % 1, (y1 + y2) / 32 % 1
            if shapes is not None:
                tw, th = (
                    math.log((x2 - x1) / shapes[shape][0]),
                    math.log((y2 - y1) / shapes[shape][1]),
                )
                p_class = prediction.classes[p, row].tolist()
                terms["class"] += -math.log(p_class[int(one["labels"][i]) - 1])
            else:
                tw, th = math.sqrt((x2 - x1) / (16 * size)), math.sqrt((y2 - y1) / (16 * size))
                for c, value in enumerate(prediction.classes[p, cell].tolist()):
                    terms["class"] += (value - (c == int(one["labels"][i]) - 1)) ** 2
            terms["xy"] += 5 * ((x - tx) ** 2 + (y - ty) ** 2)
            terms["wh"] += 5 * ((w - tw) ** 2 + (h - th) ** 2)
            confidence = float(prediction.confidence[p, row])
            terms["object"] += (confidence - overlap(boxes[row], truth)) ** 2
        for row, box in enumerate(boxes):
            near = shapes is not None and any(overlap(box, t) > 0.6 for t in one["boxes"].tolist())
            if row not in used and not near:
                terms["no_object"] += 0.5 * float(prediction.confidence[p, row]) ** 2
    return {name: value / len(targets) for name, value in terms.items()}


@KINDS
@pytest.mark.parametrize("seed", range(4))
def test_the_loss_is_that_of_plain_loops(kind: str, seed: int) -> None:
    prediction, targets = random_case(kind, seed)
    given = {name: float(value) for name, value in yolo_loss(prediction, targets).items()}
    assert given == pytest.approx(looped(prediction, targets), rel=1e-4)
    assert all(given.values())


def test_one_cell_by_hand() -> None:
    """2 x 2 cells of 16 px; the object (16, 0, 32, 16) fills the second, class 2."""
    head = CellHead(1, CLASSES, boxes=2)
    raw = torch.zeros(1, 2, 2, 13)
    raw[0, 0, 1, :10] = torch.tensor([0.5, 0.5, 0.6, 0.6, 0.7, 0.5, 0.25, 0.5, 0.5, 0.2])
    raw[0, 0, 1, 10:] = torch.tensor([0.1, 0.6, 0.2])
    raw[0, 1, 0, 4] = 0.4
    prediction = head.read(raw)
    # Shares of 32 px: 0.36 and 0.25, so sides of 11.52 and 8 px.
    np.testing.assert_allclose(
        prediction.boxes[0, 2:4], [[18.24, 2.24, 29.76, 13.76], [20, 0, 28, 8]], rtol=1e-6
    )
    terms = yolo_loss(prediction, [target([[16, 0, 32, 16]], [2])])
    iou = 11.52**2 / 256  # of the first box, which lies inside; the second has 64 / 256
    root = math.sqrt(0.5)
    wanted = {
        "xy": 0.0,
        "wh": 5 * 2 * (0.6 - root) ** 2,
        "object": (0.7 - iou) ** 2,
        "no_object": 0.5 * (0.2**2 + 0.4**2),
        "class": 0.1**2 + 0.4**2 + 0.2**2,
    }
    assert {k: float(v) for k, v in terms.items()} == pytest.approx(wanted, abs=1e-6)


def test_a_picture_without_objects_teaches_only_emptiness() -> None:
    prediction, _ = random_case("anchors", 0)
    terms = yolo_loss(prediction, [target([], [])] * 3)
    assert float(terms["no_object"]) > 0
    assert not any(float(terms[k]) for k in ("xy", "wh", "object", "class"))


def trace_grid(prediction: Prediction, picture: int) -> Grid:
    """What `grid_loss.grid_of` reads from a trace, straight from a prediction."""
    values = {
        name: getattr(prediction, name)[picture].numpy()
        for name in ("offset", "size", "boxes", "confidence", "classes")
    }
    shapes = None if prediction.shapes is None else prediction.shapes.numpy()
    first = "cells" if shapes is None else "anchors"
    return Grid(first, prediction.grid, 16.0, prediction.per_cell, **values, shapes=shapes)


@KINDS
@pytest.mark.parametrize("seed", range(4))
def test_the_cells_of_a_frame_add_up_to_the_training_loss(kind: str, seed: int) -> None:
    prediction, targets = random_case(kind, seed)
    losses: list[GridLoss] = []
    for picture, one in enumerate(targets):
        grid = trace_grid(prediction, picture)
        loss = grid_loss.grid_loss(grid, one["boxes"].numpy(), one["labels"].numpy())
        losses.append(loss)
        parts = [loss.of_cell(cell, grid.per_cell) for cell in range(grid.cells)]
        for name, total in loss.totals.items():
            assert sum(part[name] for part in parts) == pytest.approx(total, abs=1e-9)
    assert len(losses[0].crowded) >= 1
    for name, value in yolo_loss(prediction, targets).items():
        mean = sum(loss.totals[name] for loss in losses) / len(losses)
        assert mean == pytest.approx(float(value), rel=1e-4), name


def test_both_know_the_same_numbers() -> None:
    for name in ("LAMBDA_COORD", "LAMBDA_NOOBJ", "IGNORE_IOU"):
        assert getattr(grid_loss, name) == getattr(torch_loss, name)


def test_the_anchors_that_ship_fit_the_training_scenes() -> None:
    """They are the k-means of a thousand scenes; those of the first fifty fit these no better."""
    boxes = np.concatenate([draw(seed).truth.boxes for seed in range(50)])
    sizes = (boxes[:, 2:] - boxes[:, :2]) * (SIDE / 256)
    own = anchors_by_kmeans(sizes, len(ANCHORS)).mean_iou
    shipped = size_iou(sizes, ANCHORS).max(1).mean()
    assert shipped > 0.65 and own - shipped < 0.02
