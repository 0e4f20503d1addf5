"""How each shipped model is trained: every number of a recipe in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import BoxscopeError
from engine.training.sheet import Look, classes_of_pixels, detections
from engine.training.terms import detector_terms, segmentation_terms


@dataclass(frozen=True)
class Recipe:
    """AdamW with a linear warm-up and a cosine to nothing, and a running average of the weights.

    ``terms(model, images, targets)`` are the losses of a batch by name, scalars whose sum is
    minimised; ``names`` maps their names to the ones that are shown.
    """

    steps: int
    names: dict[str, str] = field(repr=False)
    terms: Callable[..., Mapping[str, Any]] = field(default=detector_terms, repr=False)
    batch: int = 8
    side: int = 256  # pictures are side x side px
    rate: float = 1.5e-3
    warm_up: int = 200  # steps
    decay: float = 1e-2  # of weights; not of biases and normalisation
    clip: float = 5.0  # largest norm of the gradient
    start: str = ""  # a shipped model whose layers this one begins with, "" for none
    backbone: float = 1.0  # share of the rate for the backbone, which may have been learned before
    average: float = 0.998  # share that the running average of the weights keeps a step
    look: Look = field(default=detections, repr=False)  # how it is asked for results to show
    show_every: int = 500  # steps between pictures of the results for TensorBoard

    def rate_at(self, step: int, steps: int) -> float:
        """The learning rate of a step (from 0) when ``steps`` are planned."""
        from math import cos, pi

        warm_up = min(self.warm_up, max(1, steps // 10))
        if step < warm_up:
            return self.rate * (step + 1) / warm_up
        return self.rate * 0.5 * (1 + cos(pi * (step - warm_up) / max(1, steps - warm_up)))


_TWO_STAGE = {
    "loss_objectness": "RPN classification",
    "loss_rpn_box_reg": "RPN regression",
    "loss_classifier": "class",
    "loss_box_reg": "box",
    "loss_mask": "mask",
}
_SINGLE_SHOT = {"classification": "class", "bbox_regression": "box"}
_GRID = {
    "xy": "centre", "wh": "size", "object": "object", "no_object": "no object", "class": "class",
}  # fmt: skip

_PIXELS = {"cross_entropy": "cross entropy", "dice": "Dice"}


def _segmenter(steps: int, start: str = "boxscope-maskrcnn", rate: float = 8e-3) -> Recipe:
    return Recipe(
        steps,
        _PIXELS,
        segmentation_terms,
        rate=rate,
        warm_up=50,
        side=192,
        average=0.98,
        start=start,
        backbone=0.3,
        look=classes_of_pixels,
    )


RECIPES: dict[str, Recipe] = {
    "boxscope-maskrcnn": Recipe(steps=14000, names=_TWO_STAGE),
    "boxscope-retinanet": Recipe(
        steps=2800, names=_SINGLE_SHOT, rate=1e-3, start="boxscope-maskrcnn"
    ),
    "boxscope-ssd": Recipe(steps=4500, names=_SINGLE_SHOT, batch=16),
    "boxscope-yolo": Recipe(steps=3200, names=_GRID, start="boxscope-maskrcnn"),
    "boxscope-yolo-anchors": Recipe(steps=1500, names=_GRID, rate=1e-3, start="boxscope-yolo"),
    "boxscope-unet": _segmenter(10000),
    "boxscope-segnet": _segmenter(4500, "boxscope-unet"),
    # As in the paper, each goes on from the coarser one, in smaller steps.
    "boxscope-fcn32s": _segmenter(2500),
    "boxscope-fcn16s": _segmenter(800, "boxscope-fcn32s", rate=2e-3),
    "boxscope-fcn8s": _segmenter(1200, "boxscope-fcn16s", rate=2e-3),
    "boxscope-dilated": _segmenter(2500),
}


def recipe(name: str) -> Recipe:
    """Raises BoxscopeError for a name without a recipe."""
    if name not in RECIPES:
        raise BoxscopeError(f"No recipe makes {name!r}: choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]
