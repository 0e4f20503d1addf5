"""The one number behind a box of a trace, computed again so that it has a gradient.

The network's own parts are called in the network's own order, as the families do; what comes after
the number (softmax, decoding, NMS) has no part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN

from engine.errors import BoxscopeError
from engine.receptive.fields import Box, Fields, Layer
from engine.receptive.heat import region_field
from engine.trace import Ref, Trace


@dataclass(frozen=True, eq=False)
class Chosen:
    """``run(picture)`` (1, 3, H, W) -> the logit, a scalar; ``what`` it is; ``boxes`` xyxy network
    px by name; ``cell`` (level, y, x) of the anchor; ``region`` what RoIAlign read, if it did.
    """

    run: Callable[[Tensor], Tensor]
    what: str
    boxes: Mapping[str, Box]
    cell: tuple[int, int, int] | None = None
    region: Mapping[str, Any] = field(default_factory=dict)


def chosen_logit(module: nn.Module, trace: Trace, ref: Ref) -> Chosen:
    """The logit behind ``ref``. Raises BoxscopeError when there is none."""
    if ref.stage not in trace.stages or trace.stages[ref.stage].table is None:
        raise BoxscopeError(f"The stage {ref.stage} has no boxes; choose a box of another one.")
    if not 0 <= ref.row < len(trace.table(ref.stage)):
        raise BoxscopeError(f"The stage {ref.stage} has no row {ref.row}.")
    chain = {r.stage: r.row for r in trace.lineage(ref)}
    boxes = _boxes(trace, ref, chain)
    # An anchor without a class yet stands for its most probable one.
    early = ref.stage in _FIRST and "class_scores" in trace.stages
    labelled = trace.table("class_scores" if early else ref.stage)
    label = int(labelled.labels[ref.row]) if ref.row < len(labelled) else 0
    if isinstance(module, GeneralizedRCNN):
        if "roi_level" in chain:
            return _of_proposal(module, trace, ref, chain, boxes)
        return _of_anchor(module, trace, chain, boxes, "objectness logit", _objectness)
    name = trace.name_of(label)
    if hasattr(module, "neck"):
        what = f"class-specific confidence of {name}"
        return _of_anchor(module, trace, chain, boxes, what, _grid_score(label))
    if hasattr(module, "head") and hasattr(module, "backbone"):
        what = f"class logit of {name}"
        return _of_anchor(module, trace, chain, boxes, what, _class_logit(label))
    raise BoxscopeError(f"{trace.model} has no boxes whose logit could be followed.")


_FIRST = ("anchors", "cells")


def _boxes(trace: Trace, ref: Ref, chain: Mapping[str, int]) -> dict[str, Box]:
    found: dict[str, Box] = {}
    for name, stages in (
        ("anchor", _FIRST),
        ("proposal", ("roi_level", "proposals")),
    ):
        for stage in stages:
            if stage in chain and name not in found:
                found[name] = _box(trace, stage, chain[stage])
    if ref.stage not in _FIRST:
        found["detection"] = _box(trace, ref.stage, ref.row)
    return found


def _box(trace: Trace, stage: str, row: int) -> Box:
    x1, y1, x2, y2 = (float(v) for v in trace.table(stage).boxes[row])
    return x1, y1, x2, y2


# --- two stages


def _of_proposal(
    module: Any, trace: Trace, ref: Ref, chain: Mapping[str, int], boxes: Mapping[str, Box]
) -> Chosen:
    row = chain["roi_level"]
    # Rows before the classes are told apart stand for the proposal's most probable class.
    labelled = "class_scores" if ref.stage == "roi_level" else ref.stage
    label = int(trace.table(labelled).labels[ref.row])
    stage = trace.stages["roi_level"]
    heads = module.roi_heads
    level = int(stage.arrays["level"][row])
    sizes = [trace.transform.network]

    def run(picture: Tensor) -> Tensor:
        features = _maps(module.backbone(picture))
        # The trace's tensors are made in inference mode and cannot take part in a gradient.
        box = torch.tensor([boxes["proposal"]], device=picture.device)
        pooled = heads.box_roi_pool(features, [box], sizes)
        logits, _ = heads.box_predictor(heads.box_head(pooled))
        number: Tensor = logits[0, label]
        return number

    region = {
        "level": stage.notes["names"][level],
        "scale": float(stage.notes["scales"][level]),
        "output": tuple(stage.notes["output_size"]),
        "sampling_ratio": int(stage.notes["sampling_ratio"]),
    }
    what = f"class logit of {trace.name_of(label)} for proposal {row}, held fixed"
    return Chosen(run, what, boxes, None, region)


def _objectness(module: Any, features: Mapping[str, Tensor], place: tuple[int, ...]) -> Tensor:
    level, y, x, shape, _ = place
    logits, _ = module.rpn.head(list(features.values()))
    number: Tensor = logits[level][0, shape, y, x]
    return number


# --- one stage

_Read = Callable[[Any, Mapping[str, Tensor], tuple[int, ...]], Tensor]


def _of_anchor(
    module: Any,
    trace: Trace,
    chain: Mapping[str, int],
    boxes: Mapping[str, Box],
    name: str,
    read: _Read,
) -> Chosen:
    """``read(module, features, (level, y, x, shape, row))`` gives the number of the anchor."""
    stage = next((s for s in _FIRST if s in chain), None)
    if stage is None:
        raise BoxscopeError("This box comes from no anchor; choose another one.")
    row = chain[stage]
    level, y, x, shape = (int(v) for v in trace.stages[stage].notes["layout"].locate(row))

    def run(picture: Tensor) -> Tensor:
        return read(module, _maps(module.backbone(picture)), (level, y, x, shape, row))

    what = f"{name} for {stage[:-1]} {row}: level {level}, cell ({y}, {x})"
    return Chosen(run, what, boxes, (level, y, x))


def _class_logit(label: int) -> _Read:
    def read(module: Any, features: Mapping[str, Tensor], place: tuple[int, ...]) -> Tensor:
        logits = module.head.classification_head(list(features.values()))
        number: Tensor = logits[0, place[-1], label]
        return number

    return read


def _grid_score(label: int) -> _Read:
    def read(module: Any, features: Mapping[str, Tensor], place: tuple[int, ...]) -> Tensor:
        said = module.head.read(module.head(module.neck(features)))
        number: Tensor = said.class_confidence()[0, place[-1], label]
        return number

    return read


def _maps(features: Any) -> Mapping[str, Tensor]:
    return features if isinstance(features, Mapping) else {"0": features}


# --- what the number can see


def theory(fields: Fields, chosen: Chosen) -> tuple[Box | None, str]:
    """(theoretical field, "") of a logit, or (None, why it is not known)."""
    if chosen.region:
        number = dict(fields.levels)[chosen.region["level"]]
        layer: Layer | None = fields.layers[number]
    else:
        assert chosen.cell is not None
        layer = head_layer(fields, chosen.cell[0])
    if layer is None:
        return None, "the layer that gives the logits was not found"
    if layer.unknown:
        return None, layer.unknown
    if chosen.region:
        r = chosen.region
        box = chosen.boxes["proposal"]
        return region_field(layer, box, r["scale"], r["output"], r["sampling_ratio"]), ""
    _, y, x = chosen.cell or (0, 0, 0)
    return layer.extent(y, x), ""


def head_layer(fields: Fields, level: int) -> Layer | None:
    """The convolution that scores the anchors of a pyramid level, whatever kind of detector."""
    aliases = fields.aliases or {}
    for path in ("rpn.head.cls_logits", "head.classification_head.cls_logits"):
        number = aliases.get(f"{path}:{level}")
        if number is not None:
            return fields.layers[number]
    for name in (f"head.classification_head.module_list.{level}", "head.conv"):
        if name in aliases:
            return fields.layers[aliases[name]]
    return None
