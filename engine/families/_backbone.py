"""``backbone`` and ``fpn``: feature maps of every level, kept by reference.

The feature pyramid runs through the module's own blocks in the module's own order (Lin et al. 2017,
section 3), so what is kept IS what the network used.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import interpolate
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.ops import FeaturePyramidNetwork

from engine.families._input import NetworkInput
from engine.pipeline import Inputs, Output, Stage

Features = Mapping[str, Tensor]
"""Level name of torchvision ("0", "pool", "p6" ...) -> (1, C, H, W) float32, finest first."""


def backbone_stages(backbone: nn.Module) -> list[Stage]:
    """``backbone``, and ``fpn`` when the module has a feature pyramid.

    The ``data`` of both is `Features`. Arrays: ``level/i`` (C, H, W) float32, i counting levels
    from the finest; ``fpn`` has also ``lateral/i`` (the 1x1 convolution of backbone level i) and
    ``sum/i`` (lateral plus the upsampled coarser sum). Notes: ``names`` of the levels, their
    ``strides`` ((y, x) in network px a cell), ``shapes`` (C, H, W).
    """
    if not isinstance(backbone, BackboneWithFPN):
        return [_backbone(backbone)]
    return [_backbone(backbone.body), _pyramid(backbone.fpn)]


def features_from(backbone: nn.Module) -> str:
    """The name of the stage whose ``data`` are the features that heads read."""
    return "fpn" if isinstance(backbone, BackboneWithFPN) else "backbone"


def _backbone(body: nn.Module) -> Stage:
    def run(inputs: Inputs) -> Output:
        seen: NetworkInput = inputs.data("input")
        features = body(seen.tensor)
        if isinstance(features, Tensor):
            features = OrderedDict([("0", features)])
        return Output(
            arrays=_arrays("level", features.values()),
            notes=_notes(features, seen),
            data=features,
        )

    return Stage(
        "backbone",
        "Backbone",
        run,
        needs=("input",),
        help="A classification network without its classifier. Each level halves the resolution "
        "and sees a larger part of the picture.",
    )


def _pyramid(fpn: FeaturePyramidNetwork) -> Stage:
    def run(inputs: Inputs) -> Output:
        given: Features = inputs.data("backbone")
        maps = list(given.values())
        names = list(given)
        laterals: list[Tensor] = []
        sums: list[Tensor] = []
        levels: list[Tensor] = []
        blocks = list(zip(maps, fpn.inner_blocks, fpn.layer_blocks, strict=True))
        for map_, inner, layer in reversed(blocks):
            lateral = inner(map_)
            total = lateral
            if sums:
                shape = lateral.shape[-2:]
                total = lateral + interpolate(sums[0], size=shape, mode="nearest")
            laterals.insert(0, lateral)
            sums.insert(0, total)
            levels.insert(0, layer(total))
        if fpn.extra_blocks is not None:
            levels, names = fpn.extra_blocks(levels, maps, names)
        features = OrderedDict(zip(names, levels, strict=True))
        return Output(
            arrays={
                **_arrays("lateral", laterals),
                **_arrays("sum", sums),
                **_arrays("level", levels),
            },
            notes=_notes(features, inputs.data("input")),
            data=features,
        )

    return Stage(
        "fpn",
        "Feature pyramid",
        run,
        needs=("input", "backbone"),
        help="From the coarsest level down, each level is a 1x1 convolution of the backbone's map "
        "plus the upsampled level above it, smoothed by a 3x3 convolution: strong semantics at "
        "every resolution.",
    )


def _arrays(kind: str, maps: Any) -> dict[str, Tensor]:
    return {f"{kind}/{i}": m[0] for i, m in enumerate(maps)}


def _notes(features: Features, seen: NetworkInput) -> dict[str, Any]:
    height, width = seen.transform.padded
    shapes = [tuple(f.shape[-3:]) for f in features.values()]
    return {
        "names": tuple(features),
        "strides": tuple((height // h, width // w) for _, h, w in shapes),
        "shapes": tuple(shapes),
    }
