"""The last layer of a grid detector, and how its numbers are read.

Boxes run over (y, x, k), the box of a cell fastest: row = (y * S + x) * K + k.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

STRIDE = 16  # network px a cell


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the cells say: P pictures, S x S cells, K boxes a cell, N = S * S * K.

    ``offset`` (P, N, 2) centre (x, y) within its cell, 0..1; ``size`` (P, N, 2) (w, h) as the head
    gives it and the loss compares it; ``boxes`` (P, N, 4) xyxy in network px; ``confidence``
    (P, N), the head's estimate of IoU with an object, 0 where there is none. ``classes`` are
    probabilities of the classes 1, 2 ...: (P, S * S, C) of a cell (v1), or (P, N, C) of a box.
    ``logits`` (P, N, C) where classes are a softmax of them. ``shapes`` (K, 2) width and height of
    the anchors in network px, if there are any. ``grid`` (height, width) in cells. All float32.
    """

    offset: Tensor
    size: Tensor
    boxes: Tensor
    confidence: Tensor
    classes: Tensor
    grid: tuple[int, int]
    per_cell: int
    logits: Tensor | None = None
    shapes: Tensor | None = None

    def class_confidence(self) -> Tensor:
        """(P, N, C + 1) class probability times confidence (Redmon et al. 2016, equation 1)."""
        return self.class_probability() * self.confidence.clamp(0, 1)[..., None]

    def class_probability(self) -> Tensor:
        """(P, N, C + 1) of every box, from 0 to 1.

        Column 0 is the background's and 0, so that a column is a label. Both factors of v1 are
        linear outputs and may leave the range a little: they are cut.
        """
        return self._by_label(self.classes.clamp(0, 1))

    def class_outputs(self) -> Tensor:
        """(P, N, C + 1) what the head gives for the classes of every box; column 0 is 0."""
        return self._by_label(self.classes if self.logits is None else self.logits)

    def _by_label(self, classes: Tensor) -> Tensor:
        if classes.shape[1] != self.confidence.shape[1]:
            classes = classes.repeat_interleave(self.per_cell, 1)
        return torch.cat([torch.zeros_like(classes[..., :1]), classes], -1)


def corner(grid: tuple[int, int], per_cell: int, device: torch.device) -> Tensor:
    """(N, 2) float32 left top corner (x, y) of every box's cell, in cells."""
    y, x = torch.meshgrid(*(torch.arange(n, device=device) for n in grid), indexing="ij")
    cells = torch.stack([x, y], -1).reshape(-1, 2).float()
    return cells.repeat_interleave(per_cell, 0)


def boxes_around(centre: Tensor, sides: Tensor) -> Tensor:
    """(..., 4) xyxy from centres and sides (..., 2)."""
    return torch.cat([centre - sides / 2, centre + sides / 2], -1)


class CellHead(nn.Module):
    """YOLO v1, sections 2 and 2.2: linear outputs, K boxes a cell and one class vector a cell.

    Channels of a cell: (x, y, root of w, root of h, confidence) of each box, then the classes. The
    centre is given in cells, width and height in shares of the picture.
    """

    def __init__(self, channels: int, classes: int, boxes: int) -> None:
        super().__init__()
        self.channels, self.classes, self.per_cell = channels, classes - 1, boxes
        self.conv = nn.Conv2d(channels, 5 * boxes + self.classes, 1)
        nn.init.normal_(self.conv.weight, std=0.01)
        # Boxes begin in the middle of their cell, each with a size of its own.
        roots = torch.linspace(0.35, 0.6, boxes).tolist()
        first = [v for root in roots for v in (0.5, 0.5, root, root, 0.1)]
        bias = torch.tensor(first + [1 / self.classes] * self.classes)
        self.conv.bias = nn.Parameter(bias)

    def forward(self, features: Tensor) -> Tensor:
        """(P, channels, S, S) -> (P, S, S, 5 K + C) float32."""
        raw: Tensor = self.conv(features)
        return raw.permute(0, 2, 3, 1).float()

    def read(self, raw: Tensor) -> Prediction:
        pictures, height, width, _ = raw.shape
        boxes = raw[..., : 5 * self.per_cell].reshape(pictures, -1, 5)
        classes = raw[..., 5 * self.per_cell :].reshape(pictures, height * width, -1)
        offset, size, confidence = boxes[..., :2], boxes[..., 2:4], boxes[..., 4]
        grid = (height, width)
        centre = (corner(grid, self.per_cell, raw.device) + offset) * STRIDE
        picture = raw.new_tensor([width * STRIDE, height * STRIDE])
        sides = size.clamp(min=0).square() * picture
        return Prediction(
            offset, size, boxes_around(centre, sides), confidence, classes, grid, self.per_cell
        )


class AnchorHead(nn.Module):
    """YOLOv2, section 2: anchors, centres bounded by a sigmoid, and classes of each box.

    Channels of a box: (t_x, t_y, t_w, t_h, t_o), then one logit for each class. ``anchors``: width
    and height in network px.
    """

    shapes: Tensor

    def __init__(self, channels: int, classes: int, anchors: Sequence[tuple[float, float]]) -> None:
        super().__init__()
        self.channels, self.classes, self.per_cell = channels, classes - 1, len(anchors)
        self.conv = nn.Conv2d(channels, self.per_cell * (5 + self.classes), 1)
        self.register_buffer("shapes", torch.tensor(anchors), persistent=False)
        nn.init.normal_(self.conv.weight, std=0.01)
        first = [0.0] * 4 + [-2.0] + [0.0] * self.classes
        self.conv.bias = nn.Parameter(torch.tensor(first * self.per_cell))

    def forward(self, features: Tensor) -> Tensor:
        """(P, channels, S, S) -> (P, S, S, K (5 + C)) float32."""
        raw: Tensor = self.conv(features)
        return raw.permute(0, 2, 3, 1).float()

    def read(self, raw: Tensor) -> Prediction:
        pictures, height, width, _ = raw.shape
        boxes = raw.reshape(pictures, -1, 5 + self.classes)
        offset, size = boxes[..., :2].sigmoid(), boxes[..., 2:4]
        logits = boxes[..., 5:]
        grid = (height, width)
        centre = (corner(grid, self.per_cell, raw.device) + offset) * STRIDE
        # A side of e^4 anchors is more than any picture; beyond lies only overflow.
        sides = size.clamp(max=4).exp() * self.shapes.repeat(height * width, 1)
        return Prediction(
            offset, size, boxes_around(centre, sides), boxes[..., 4].sigmoid(),
            logits.softmax(-1), grid, self.per_cell, logits, self.shapes,
        )  # fmt: skip
