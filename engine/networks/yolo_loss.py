"""The loss of the grid detectors: five terms, as in equation 3 of Redmon et al. 2016.

The one object of a cell teaches one of the cell's boxes, the responsible one. All terms are sums
over a picture, averaged over the pictures of the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from engine.networks.yolo_heads import STRIDE, Prediction

LAMBDA_COORD = 5.0  # few cells have an object: without this, its place would hardly count
LAMBDA_NOOBJ = 0.5  # many cells have none: without this, they would push all confidence to 0
IGNORE_IOU = 0.6  # with anchors, a box that overlaps an object so well is not called empty

Targets = list[dict[str, Tensor]]


@dataclass(frozen=True, eq=False)
class Objects:
    """The M objects of a batch that a cell is responsible for.

    ``picture`` (M,), ``cell`` (M,) = y * S + x, ``labels`` (M,) int64; ``boxes`` (M, 4) float32
    xyxy in network px; ``rank`` (M,) int64: which of its picture's ground truths it is.
    """

    picture: Tensor
    cell: Tensor
    labels: Tensor
    boxes: Tensor
    rank: Tensor

    @property
    def centre(self) -> Tensor:
        return (self.boxes[:, :2] + self.boxes[:, 2:]) / 2

    @property
    def sides(self) -> Tensor:
        return self.boxes[:, 2:] - self.boxes[:, :2]


def yolo_loss(prediction: Prediction, targets: Targets) -> dict[str, Tensor]:
    """The five terms, scalars: ``xy``, ``wh``, ``object``, ``no_object``, ``class``.

    ``targets``: ``boxes`` (N, 4) xyxy in network px and ``labels`` (N,) of each picture.
    """
    objects = assigned(prediction, targets)
    row = responsible(prediction, objects)
    at = objects.picture, row
    overlap = iou(prediction.boxes[at], objects.boxes).detach()
    empty = torch.ones_like(prediction.confidence, dtype=torch.bool)
    if prediction.shapes is not None:
        empty &= ~overlapping(prediction, targets)
    empty[at] = False
    share = 1 / len(targets)
    size = true_size(prediction, objects, row)
    return {
        "xy": LAMBDA_COORD * share * squares(prediction.offset[at], true_offset(objects)),
        "wh": LAMBDA_COORD * share * squares(prediction.size[at], size),
        "object": share * squares(prediction.confidence[at], overlap),
        "no_object": LAMBDA_NOOBJ * share * prediction.confidence[empty].square().sum(),
        "class": share * class_term(prediction, objects, row),
    }


def assigned(prediction: Prediction, targets: Targets) -> Objects:
    """Every object goes to the cell of its centre; of several the largest one has it.

    With anchors a cell has one place for each shape, so there two objects meet only where both fit
    the same anchor best.
    """
    device = prediction.boxes.device
    boxes = torch.cat([t["boxes"] for t in targets])
    labels = torch.cat([t["labels"] for t in targets])
    counts = torch.tensor([len(t["labels"]) for t in targets], device=device)
    picture = torch.arange(len(targets), device=device).repeat_interleave(counts)
    rank = torch.cat([torch.arange(len(t["labels"]), device=device) for t in targets])
    height, width = prediction.grid
    x, y = ((boxes[:, :2] + boxes[:, 2:]) / (2 * STRIDE)).long().unbind(1)
    cell = y.clamp(0, height - 1) * width + x.clamp(0, width - 1)
    objects = Objects(picture, cell, labels, boxes, rank)
    place = picture * height * width + cell
    if prediction.shapes is not None:
        place = place * prediction.per_cell + best_shape(prediction.shapes, objects.sides)
    order = objects.sides.prod(1).argsort(stable=True)
    size = torch.empty_like(order)
    size[order] = torch.arange(len(order), device=device)
    last = torch.full((len(targets) * prediction.confidence.shape[1],), -1, device=device)
    last.scatter_reduce_(0, place, size, "amax")
    keep = last[place] == size
    return Objects(picture[keep], cell[keep], labels[keep], boxes[keep], rank[keep])


def responsible(prediction: Prediction, objects: Objects) -> Tensor:
    """(M,) int64, row of the box that learns each object.

    v1: of the boxes of the cell the one that overlaps the object most now, so that the boxes
    specialise (section 2.2). With anchors: the one whose anchor has the object's shape.
    """
    first = objects.cell * prediction.per_cell
    if prediction.shapes is not None:
        return first + best_shape(prediction.shapes, objects.sides)
    rows = first[:, None] + torch.arange(prediction.per_cell, device=first.device)
    boxes = prediction.boxes[objects.picture[:, None], rows]
    return first + iou(boxes, objects.boxes[:, None]).argmax(1)


def best_shape(shapes: Tensor, sides: Tensor) -> Tensor:
    """(M,) int64, the shape (K, 2) of largest IoU with (M, 2), both with the same centre."""
    both = torch.minimum(shapes[None], sides[:, None]).prod(-1)
    return (both / (shapes.prod(1)[None] + sides.prod(1)[:, None] - both)).argmax(1)


def true_offset(objects: Objects) -> Tensor:
    """(M, 2) where in its cell the centre of an object lies, 0..1."""
    return (objects.centre / STRIDE).frac()


def true_size(prediction: Prediction, objects: Objects, row: Tensor) -> Tensor:
    """(M, 2) what ``size`` should be.

    v1: roots of width and height in shares of the picture, since a px more is worse in a small box
    than in a large one. With anchors: the logarithm of how many times the anchor's they are.
    """
    if prediction.shapes is not None:
        return (objects.sides / prediction.shapes[row % prediction.per_cell]).log()
    height, width = prediction.grid
    return (objects.sides / objects.sides.new_tensor([width * STRIDE, height * STRIDE])).sqrt()


def class_term(prediction: Prediction, objects: Objects, row: Tensor) -> Tensor:
    """v1: squared errors of the cell's probabilities. With anchors: cross-entropy of the box's."""
    wanted = objects.labels - 1
    if prediction.logits is not None:
        return cross_entropy(prediction.logits[objects.picture, row], wanted, reduction="sum")
    given = prediction.classes[objects.picture, objects.cell]
    return squares(given, one_hot(wanted, given.shape[-1]).float())


def overlapping(prediction: Prediction, targets: Targets) -> Tensor:
    """(P, N) bool: boxes that overlap some object well; they are neither right nor empty."""
    good = torch.zeros_like(prediction.confidence, dtype=torch.bool)
    for i, target in enumerate(targets):
        if len(target["boxes"]):
            overlaps = iou(prediction.boxes[i, :, None].detach(), target["boxes"][None])
            good[i] = overlaps.amax(1) > IGNORE_IOU
    return good


def squares(given: Tensor, wanted: Tensor) -> Tensor:
    return (given - wanted).square().sum()


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes (..., 4) and (..., 4), one by one; 0 for two empty ones."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    both = (high - low).clamp(min=0).prod(-1)
    areas = [(v[..., 2:] - v[..., :2]).prod(-1) for v in (a, b)]
    return both / (areas[0] + areas[1] - both).clamp(min=1e-9)
