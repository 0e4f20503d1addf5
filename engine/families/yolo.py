"""YOLO as it is taught: a grid of cells, boxes with a confidence, and classes of cells or of boxes.

Sources: Redmon et al., You Only Look Once, CVPR 2016, sections 2 and 2.2; for the variant with
anchors Redmon & Farhadi, YOLO9000, CVPR 2017, section 2. Up to the score threshold a row is a box
of a cell, N = S * S * K of them, the box of a cell counted fastest; from then on it is a pair of
box and class (`engine.families._pairs`).

v1 has no anchors: its stage ``cells`` has the square of the cell in every row. The variant's stage
``anchors`` has the anchor in the middle of its cell. Else the stages are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.ops import boxes as box_ops

from engine.anchors import AnchorLayout, AnchorLevel
from engine.families import Family
from engine.families._backbone import backbone_stages
from engine.families._input import input_stage
from engine.families._pairs import Passed, divide, final_stages, threshold_stage, topk_stage
from engine.families._single_shot import host, moved, per_anchor_table
from engine.networks.yolo import GridDetector
from engine.networks.yolo_heads import STRIDE, Prediction, boxes_around, corner
from engine.pipeline import Inputs, Output, Stage
from engine.table import Table


def _accepts(module: nn.Module) -> bool:
    return isinstance(module, GridDetector)


def _stages(module: nn.Module) -> Iterable[Stage]:
    assert isinstance(module, GridDetector)
    first = _first_boxes(module)
    return (
        input_stage(module.transform),
        *backbone_stages(module.backbone),
        _neck(module),
        _head(module),
        first,
        *_box_stages(first.name),
        *_score_stages(first.name),
        threshold_stage(module, "picture", "class_scores", (), _over),
        topk_stage(module, "picture", "clip"),
        *final_stages(module, "topk"),
    )


def _neck(module: GridDetector) -> Stage:
    def run(inputs: Inputs) -> Output:
        features = module.neck(inputs.data("backbone"))
        _, channels, height, width = features.shape
        notes = {
            "names": ("0",),
            "strides": ((STRIDE, STRIDE),),
            "shapes": ((channels, height, width),),
        }
        return Output(arrays={"level/0": features[0]}, notes=notes, data=features)

    return Stage(
        "neck",
        "One map for the grid",
        run,
        needs=("backbone",),
        help="The map of the grid's own stride, the finer one with four neighbours stacked into "
        "one cell (passthrough), and the coarser one repeated, mixed by 3x3 convolutions.",
    )


def _head(module: GridDetector) -> Stage:
    """``data``: `Prediction`; ``raw`` (S, S, channels) float32."""
    per_cell, classes = module.head.per_cell, module.head.classes
    own = f"{per_cell} boxes of 5 numbers, and {classes} classes"
    if hasattr(module.head, "shapes"):
        own = f"{per_cell} anchors, each with 5 numbers and {classes} classes"

    def run(inputs: Inputs) -> Output:
        raw = module.head(inputs.data("neck"))
        prediction = module.head.read(raw)
        notes = {"grid": prediction.grid, "per_cell": per_cell, "classes": classes}
        return Output(arrays={"raw": raw[0]}, notes=notes, data=prediction)

    return Stage(
        "head",
        "Grid head",
        run,
        needs=("neck",),
        help=f"A 1x1 convolution gives every cell all its numbers at once: {own}.",
    )


def _first_boxes(module: GridDetector) -> Stage:
    """``cells`` or ``anchors``; ``notes["layout"]``: `AnchorLayout` of one level."""
    shapes = getattr(module.head, "shapes", None)

    def run(inputs: Inputs) -> Output:
        said: Prediction = inputs.data("head")
        sides = torch.full((said.per_cell, 2), float(STRIDE)) if shapes is None else shapes
        centre = (corner(said.grid, said.per_cell, said.boxes.device) + 0.5) * STRIDE
        rows = said.grid[0] * said.grid[1]
        boxes = boxes_around(centre, sides.to(centre).repeat(rows, 1))
        known = host(sides).astype(np.float64)
        layout = AnchorLayout(
            (
                AnchorLevel(
                    said.grid,
                    (STRIDE, STRIDE),
                    tuple(np.sqrt(known.prod(1)).tolist()),
                    tuple((known[:, 1] / known[:, 0]).tolist()),
                    0.5,
                ),
            )
        )
        return Output(Table.of(host(boxes)), notes={"layout": layout}, data=boxes)

    if shapes is None:
        return Stage(
            "cells",
            "Cells",
            run,
            needs=("input", "head"),
            help="The picture is cut into equal cells. The cell in which an object's centre lies "
            "has to find it, with one of its boxes.",
        )
    return Stage(
        "anchors",
        "Anchors",
        run,
        needs=("input", "head"),
        help="Every cell has anchors, found by k-means on the boxes of training pictures. The cell "
        "in which an object's centre lies has to find it, with the anchor of its shape.",
    )


def _box_stages(first: str) -> tuple[Stage, Stage]:
    def decode(inputs: Inputs) -> Output:
        said: Prediction = inputs.data("head")
        boxes = said.boxes[0]
        table = Table.of(host(boxes), parent=np.arange(len(boxes)))
        arrays: dict[str, Any] = {"offset": said.offset[0], "size": said.size[0]}
        if said.shapes is not None:
            arrays["shapes"] = said.shapes
        return Output(table, first, arrays, data=boxes)

    def clip(inputs: Inputs) -> Output:
        (size,) = inputs.data("input").sizes
        boxes = box_ops.clip_boxes_to_image(inputs.data("decode"), size)
        return Output(moved(inputs.table("decode"), boxes), "decode", data=boxes)

    sides = (
        "shares of the picture (the head gives their square roots)"
        if first == "cells"
        else "multiples of the anchor's (the head gives their logarithms)"
    )
    return (
        Stage(
            "decode",
            "Boxes of the cells",
            decode,
            needs=("head", first),
            help=f"The centre is an offset within the cell, width and height are {sides}.",
        ),
        Stage(
            "clip",
            "Clipped boxes",
            clip,
            needs=("input", "decode"),
            help="Boxes are cut at the border of the picture.",
        ),
    )


def _score_stages(first: str) -> tuple[Stage, ...]:
    def confidence(inputs: Inputs) -> Output:
        said: Prediction = inputs.data("head")
        values = said.confidence[0]
        before = inputs.table("clip")
        table = Table.of(before.boxes, host(values), parent=np.arange(len(before)))
        maps = {"map": values.view(*said.grid, said.per_cell)}
        return Output(table, "clip", maps, data=values)

    def class_map(inputs: Inputs) -> Output:
        said: Prediction = inputs.data("head")
        owners = said.grid if first == "cells" else (*said.grid, said.per_cell)
        arrays = {"map": said.classes[0].view(*owners, -1)}
        if said.logits is not None:
            arrays["logits"] = said.logits[0].view(*owners, -1)
        return Output(arrays=arrays)

    def class_scores(inputs: Inputs) -> Output:
        said: Prediction = inputs.data("head")
        scores = said.class_confidence()[0]
        best, label = scores[:, 1:].max(1)
        table = per_anchor_table(inputs.data("clip"), best, label + 1)
        arrays = {
            "scores": scores,
            "probabilities": said.class_probability()[0],
            "logits": said.class_outputs()[0],
        }
        return Output(table, "confidence", arrays, {"linear": said.logits is None}, data=scores)

    owner = "cell, whatever box it is for" if first == "cells" else "box"
    return (
        Stage(
            "confidence",
            "Box confidence",
            confidence,
            needs=("head", "clip"),
            help="How sure the cell is that the box has an object AND fits it: the network is "
            "taught the IoU of the box with the object, and 0 where there is none.",
        ),
        Stage(
            "class_map",
            "Class probabilities",
            class_map,
            needs=("head",),
            help=f"The class an object would have, IF there is one: one distribution for each "
            f"{owner}.",
        ),
        Stage(
            "class_scores",
            "Class-specific confidence",
            class_scores,
            needs=("head", "clip", "confidence", "class_map"),
            help="Class probability times box confidence: how probable the class is and how well "
            "the box fits, in one number for each pair of box and class.",
        ),
    )


def _over(inputs: Inputs, threshold: float) -> Passed:
    """Pairs over the threshold, by box, then by class; column 0, the background, is never one."""
    scores: Tensor = inputs.data("class_scores")
    flat = scores.flatten()
    found = (flat > threshold).nonzero()[:, 0]

    def pairs_of(rows: Tensor | slice) -> tuple[Tensor, Tensor]:
        return divide(found[rows], scores.shape[1])

    return Passed(flat[found], pairs_of, (len(found),))


FAMILY = Family("yolo", "YOLO", _accepts, _stages)
