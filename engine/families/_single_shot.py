"""What SSD, RetinaNet and FCOS share up to the score threshold: one row per anchor.

A single-shot model scores every (anchor, class) pair: 786,000 of them in SSD300. A table with a row
for each would cost more than the network. So the tables here have ONE row per anchor, with its best
foreground class, and all pairs stand in ``arrays["probabilities"]`` of ``class_scores``. From
``score_threshold`` on (`engine.families._pairs`) rows are pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator

from engine.anchors import AnchorLayout, AnchorLevel, cell_shapes
from engine.families._backbone import backbone_stages, features_from
from engine.families._input import input_stage
from engine.pipeline import Inputs, Output, Stage
from engine.table import Table


class SingleShot(Protocol):
    """What torchvision's SSD, RetinaNet and FCOS modules have in common."""

    backbone: nn.Module
    transform: Any
    anchor_generator: Any
    head: Any
    box_coder: Any
    score_thresh: float
    nms_thresh: float
    topk_candidates: int
    detections_per_img: int


def has_split_head(module: Any) -> bool:
    """Whether classes and boxes come from two heads that can be called one after the other."""
    return hasattr(module.head, "classification_head") and hasattr(module.head, "regression_head")


def maps_of(module: SingleShot) -> tuple[str, Callable[[Inputs], list[Tensor]]]:
    """The stage whose feature maps the heads read, and how to get the maps from it."""
    stage = features_from(module.backbone)
    return stage, lambda inputs: list(inputs.data(stage).values())


def first_stages(
    module: SingleShot,
    help: str,
    notes: Callable[[AnchorLayout], Mapping[str, Any]] = lambda _: {},
) -> list[Stage]:
    """``input``, ``backbone``, perhaps ``fpn``, and ``anchors``, whose ``help`` and further
    ``notes`` differ from family to family.
    """
    return [
        input_stage(module.transform),
        *backbone_stages(module.backbone),
        _anchors_stage(module, help, notes),
    ]


def _anchors_stage(
    module: SingleShot, help: str, notes: Callable[[AnchorLayout], Mapping[str, Any]]
) -> Stage:
    features, maps = maps_of(module)

    def run(inputs: Inputs) -> Output:
        levels = maps(inputs)
        anchors = module.anchor_generator(inputs.data("input").images, levels)[0]
        padded = inputs.data("input").transform.padded
        grids = [(int(m.shape[-2]), int(m.shape[-1])) for m in levels]
        layout = layout_of(module.anchor_generator, grids, padded)
        return Output(
            Table.of(host(anchors)), notes={"layout": layout, **notes(layout)}, data=anchors
        )

    return Stage("anchors", "Anchors", run, needs=("input", features), help=help)


def by_level(name: str, values: Tensor, layout: AnchorLayout) -> dict[str, Tensor]:
    """``name/i`` -> (H, W, A, C): the rows of level i of (N, C) on their grid, without a copy."""
    parts = torch.split(values, [len(level) for level in layout.levels])
    return {
        f"{name}/{i}": part.view(*level.grid, level.per_cell, -1)
        for i, (part, level) in enumerate(zip(parts, layout.levels, strict=True))
    }


def layout_of(
    generator: AnchorGenerator | DefaultBoxGenerator,
    grids: Sequence[tuple[int, int]],
    padded: tuple[int, int],
) -> AnchorLayout:
    """What the anchor indices of a generator stand for.

    ``grids``: (height, width) in cells of each level; ``padded``: (height, width) in network px of
    what the backbone saw.
    """
    if isinstance(generator, DefaultBoxGenerator):
        return _default_box_layout(generator, grids, padded)
    levels = []
    for (h, w), sizes, ratios in zip(grids, generator.sizes, generator.aspect_ratios, strict=True):
        stride = (padded[0] // h, padded[1] // w)
        levels.append(AnchorLevel((h, w), stride, *cell_shapes(sizes, ratios)))
    return AnchorLayout(tuple(levels))


def _default_box_layout(
    generator: DefaultBoxGenerator, grids: Sequence[tuple[int, int]], padded: tuple[int, int]
) -> AnchorLayout:
    steps = generator.steps or [(padded[0] / h, padded[1] / w) for h, w in grids]
    levels = []
    for grid, step, shapes in zip(grids, steps, generator._wh_pairs, strict=True):
        stride = step if isinstance(step, tuple) else (float(step), float(step))
        clipped = shapes.clamp(0, 1) if generator.clip else shapes
        sides = clipped.double().cpu().numpy() * (padded[1], padded[0])
        sizes, ratios = np.sqrt(sides.prod(1)), sides[:, 1] / sides[:, 0]
        levels.append(AnchorLevel(grid, stride, tuple(sizes.tolist()), tuple(ratios.tolist()), 0.5))
    return AnchorLayout(tuple(levels))


def host(tensor: Tensor) -> NDArray[Any]:
    """The tensor as NumPy; a view where it lies on the CPU."""
    array: NDArray[Any] = tensor.detach().cpu().numpy()
    return array


def per_anchor_table(boxes: Tensor, scores: Tensor, labels: Tensor) -> Table:
    """One row per anchor, each the child of the same row of the stage before."""
    return Table.of(host(boxes), host(scores), host(labels), np.arange(len(boxes)))


def moved(table: Table, boxes: Tensor) -> Table:
    """The rows of a per-anchor table with new boxes, children of the same rows before."""
    return replace(table, boxes=host(boxes))
