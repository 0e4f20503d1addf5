"""Training pictures, drawn when they are needed: no scene is seen twice before all were seen."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.frame import Frame
from engine.scenes import draw

Target = dict[str, Tensor]
Batch = tuple[list[Tensor], list[Target]]

TRAINING = 900_000
"""Scenes below are trained on; those from here to HELD_OUT are looked at while a recipe is made."""

_APART = 100_003  # scenes between the beginnings of two seeds


def picture(frame: Frame, device: torch.device | None = None) -> Tensor:
    """(3, H, W) float32 in 0..1, as torchvision's detectors want it."""
    pixels = torch.from_numpy(frame.pixels.transpose(2, 0, 1).copy())
    return pixels.to(device).float() / 255


def target(frame: Frame, device: torch.device | None = None) -> Target:
    """``boxes`` (N, 4) float32 xyxy in image px, ``labels`` (N,) int64, ``masks`` (N, H, W) 0/1.

    Also ``semantic`` (H, W) int64, the class of every pixel with 0 for the background.
    """
    truth = frame.truth
    assert truth is not None and truth.masks is not None and truth.semantic is not None
    found = {
        "boxes": torch.from_numpy(truth.boxes),
        "labels": torch.from_numpy(truth.labels),
        "masks": torch.from_numpy(truth.masks.view(np.uint8)),
        "semantic": torch.from_numpy(truth.semantic.astype(np.int64)),
    }
    return {name: value.to(device) for name, value in found.items()}


def batch(
    step: int, size: int, side: int, device: torch.device | None = None, seed: int = 0
) -> Batch:
    """The pictures of a training step: a pure function of step and seed, so that training resumes.

    Scenes run from ``seed`` * 100,003 and wrap before those that a recipe is judged by.
    """
    first = seed * _APART + step * size
    seeds = ((first + i) % TRAINING for i in range(size))
    frames = [draw(seed, (side, side)) for seed in seeds]
    return [picture(f, device) for f in frames], [target(f, device) for f in frames]
