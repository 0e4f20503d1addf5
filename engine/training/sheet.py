"""A sheet of scenes with what a model finds in them: for eyes, where figures say too little."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.frame import Frame
from engine.scenes import CLASSES, draw
from engine.training.data import picture

Pixels = NDArray[np.uint8]
Look = Callable[[nn.Module, Tensor], Mapping[str, Tensor]]
"""(model, picture (3, H, W) float32 in 0..1) -> one result as torchvision gives it."""

DEVELOPMENT = range(900_000, 900_012)
"""Scenes to look at while training: no recipe reaches them, and no figure is measured on them."""

# Okabe and Ito's colours, which colour-blind people can tell apart, and one more.
COLOURS = np.array([
    (0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178),
    (213, 94, 0), (204, 121, 167), (120, 94, 240),
], np.uint8)  # fmt: skip
_ZOOM, _COLUMNS = 2, 4


def detections(model: nn.Module, image: Tensor) -> Mapping[str, Tensor]:
    """How a detector is asked for its boxes."""
    result: Mapping[str, Tensor] = model([image])[0]
    return result


def classes_of_pixels(model: nn.Module, image: Tensor) -> Mapping[str, Tensor]:
    """How a segmenter is asked: ``out`` (1, C, H, W) logits."""
    result: Mapping[str, Tensor] = model(image[None])
    return result


@torch.no_grad()
def sheet(
    model: nn.Module,
    look: Look = detections,
    side: int = 256,
    seeds: Sequence[int] = DEVELOPMENT,
    least: float = 0.5,
) -> Pixels:
    """(H, W, 3) uint8 RGB: scenes of ``side`` px with results of a score of ``least`` or more.

    ``model`` is in evaluation mode, on any device.
    """
    device = next(model.parameters()).device
    cells = []
    for seed in seeds:
        frame = draw(seed, (side, side))
        cells.append(annotated(frame, look(model, picture(frame, device)), least))
    cells += [np.zeros_like(cells[0])] * (-len(cells) % _COLUMNS)
    rows = [np.hstack(cells[i : i + _COLUMNS]) for i in range(0, len(cells), _COLUMNS)]
    return np.vstack(rows)


def annotated(frame: Frame, result: Mapping[str, Tensor], least: float = 0.5) -> Pixels:
    """The frame at twice its size, with masks or classes tinted, boxes, class names and scores.

    ``result`` has ``boxes``, ``labels``, ``scores`` and perhaps ``masks``; or ``out``.
    """
    image = frame.pixels.copy()
    if "out" in result:
        labels = result["out"][0].argmax(0).cpu().numpy()
        return _enlarged(_tinted(image, labels > 0, COLOURS[labels]))
    sure = (result["scores"] >= least).cpu()
    labels = result["labels"].cpu()[sure].numpy()
    if "masks" in result:
        masks = result["masks"].cpu()[sure][:, 0].numpy() >= 0.5
        for mask, colour in zip(masks, COLOURS[labels], strict=True):
            image = _tinted(image, mask, colour)
    image = _enlarged(image)
    boxes = (result["boxes"].cpu()[sure] * _ZOOM).round().int().tolist()
    for box, label, score in zip(boxes, labels, result["scores"].cpu()[sure], strict=True):
        text = f"{CLASSES[label]} {100 * float(score):.0f}"
        _draw_box(image, box, tuple(map(int, COLOURS[label])), text)
    return image


def _tinted(image: Pixels, where: NDArray[np.bool_], colours: Pixels) -> Pixels:
    mixed = (image * 0.65 + colours * 0.35).astype(np.uint8)
    tinted: Pixels = np.where(where[:, :, None], mixed, image)
    return tinted


def _enlarged(image: Pixels) -> Pixels:
    large: Pixels = cv2.resize(image, None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_LANCZOS4)
    return large


def _draw_box(image: Pixels, box: list[int], colour: tuple[int, ...], text: str) -> None:
    x1, y1, x2, y2 = box
    cv2.rectangle(image, (x1, y1), (x2, y2), colour, 2, cv2.LINE_AA)
    y = max(y1, 12)
    cv2.rectangle(image, (x1, y - 12), (x1 + 6 * len(text) + 4, y), colour, -1)
    cv2.putText(
        image, text, (x1 + 2, y - 3), cv2.FONT_HERSHEY_SIMPLEX, 0.34, (20, 20, 20), 1, cv2.LINE_AA
    )
