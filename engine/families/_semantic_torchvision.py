"""torchvision's segmenters as steps: FCN, DeepLabV3 and LR-ASPP, in the modules' own order.

Sources: Long et al., CVPR 2015 (FCN, here on a dilated ResNet); Chen et al., Rethinking Atrous
Convolution for Semantic Image Segmentation, 2017 (DeepLabV3, figure 5); Howard et al., Searching
for MobileNetV3, ICCV 2019, section 6.4 (LR-ASPP).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.deeplabv3 import ASPP
from torchvision.models.segmentation.lraspp import LRASPP, LRASPPHead

from engine.networks.steps import Maps, Step

Given = Mapping[str, Maps]


def can_step(module: nn.Module) -> bool:
    """Is it built of the parts that this file knows?"""
    backbone, head = module.backbone, module.classifier
    if not isinstance(backbone, IntermediateLayerGetter):
        return False
    if isinstance(module, LRASPP):
        return isinstance(head, LRASPPHead)
    return isinstance(head, nn.Sequential) and len(head) > 1


def steps_of(module: nn.Module) -> tuple[Step, ...]:
    """Encoders by resolution, the head's bottleneck and classifier, and each upsampling."""
    backbone = module.backbone
    assert isinstance(backbone, IntermediateLayerGetter)
    encoders, names = _encoders(backbone)
    if isinstance(module, LRASPP):
        head = module.classifier
        assert isinstance(head, LRASPPHead)
        return (*encoders, *_lraspp(head, names["high"], names["low"]))
    head = module.classifier
    assert isinstance(head, nn.Sequential)
    return (*encoders, *_head(head, names["out"]))


def _encoders(backbone: IntermediateLayerGetter) -> tuple[list[Step], dict[str, str]]:
    """The steps, and which step holds each output of the backbone, by its name there.

    A step begins where the resolution falls, or where a larger dilation stands in its place.
    """
    groups: list[list[tuple[str, nn.Module]]] = []
    reach = 1
    for name, child in backbone.named_children():
        convolutions = [m for m in child.modules() if isinstance(m, nn.Conv2d | nn.MaxPool2d)]
        halves = any(_pair(m.stride)[0] > 1 for m in convolutions)
        dilation = max((_pair(m.dilation)[0] for m in convolutions), default=1)
        if halves or dilation > reach or not groups:
            groups.append([])
        reach = max(reach, dilation)
        groups[-1].append((name, child))
    steps: list[Step] = []
    outputs: dict[str, str] = {}
    for i, group in enumerate(groups, 1):
        before = steps[-1].name if steps else "input"
        kept = {
            at: out
            for at, out in backbone.return_layers.items()
            if at in dict(group) and out != "aux"  # read in training only
        }
        outputs.update(dict.fromkeys(kept.values(), f"encoder{i}"))
        help = f"Layers of the backbone: {', '.join(name for name, _ in group)}."
        run = partial(_encode, group, kept, before)
        steps.append(Step(f"encoder{i}", f"Encoder {i}", "encoder", run, (before,), help=help))
    return steps, outputs


def _pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return (value, value) if isinstance(value, int) else value


def _encode(
    group: list[tuple[str, nn.Module]], kept: dict[str, str], before: str, given: Given, _: bool
) -> Maps:
    """``map``, and ``out/NAME`` of an output of the backbone that is not the group's last map."""
    x = given[before]["map"]
    found: dict[str, Tensor] = {}
    for name, child in group:
        x = child(x)
        if name in kept and name != group[-1][0]:
            found[f"out/{kept[name]}"] = x
    return {"map": x, **found}


def _output(maps: Maps, name: str) -> Tensor:
    """The backbone's output of that name, of the step that holds it."""
    return maps.get(f"out/{name}", maps["map"])


def _head(head: nn.Sequential, out: str) -> tuple[Step, ...]:
    """The head of FCN (a 3x3 convolution) or DeepLabV3 (ASPP), and one upsampling to the end."""
    first = head[0]
    rest: nn.Module
    if isinstance(first, ASPP):
        begin, rest = partial(_aspp, first), nn.Sequential(*list(head)[1:])
        words = (
            "Atrous spatial pyramid pooling: a 1x1 convolution, 3x3 convolutions of several "
            "dilations and the mean of the whole map look at every cell side by side."
        )
    else:
        begin, rest = partial(_plain, nn.Sequential(*list(head)[:-1])), head[-1]
        words = "A 3x3 convolution to a quarter of the channels."
    return (
        Step(
            "bottleneck", "Bottleneck", "bottleneck", partial(_read, begin, out), (out,), help=words
        ),
        Step(
            "classifier",
            "Classifier",
            "scores",
            partial(_read, partial(_plain, rest), "bottleneck"),
            ("bottleneck",),
            help="The last convolution gives every cell one number for each class.",
        ),
        _upsampling("classifier"),
    )


def _read(do: Callable[[Tensor], Maps], before: str, given: Given, _: bool) -> Maps:
    return do(_output(given[before], "out"))


def _plain(module: nn.Module, x: Tensor) -> Maps:
    return {"map": module(x)}


def _aspp(module: ASPP, x: Tensor) -> Maps:
    branches = [branch(x) for branch in module.convs]
    named = {f"branch/{i}": y for i, y in enumerate(branches)}
    return {"map": module.project(torch.cat(branches, dim=1)), **named}


def _lraspp(head: LRASPPHead, high: str, low: str) -> tuple[Step, ...]:
    level = low.removeprefix("encoder")
    return (
        Step(
            "bottleneck",
            "Bottleneck",
            "bottleneck",
            partial(_gate, head, high),
            (high,),
            help="A 1x1 convolution, and beside it the mean of the whole map: a sigmoid of that "
            "turns channels up and down (squeeze and excite).",
        ),
        Step(
            f"decoder{level}",
            f"Decoder {level}",
            "decoder",
            partial(_fuse, head, low),
            ("bottleneck", low),
            low,
            "sum",
            "The map is interpolated to the size of a finer one; a 1x1 convolution of each scores "
            "the classes, and both are added.",
        ),
        _upsampling(f"decoder{level}"),
    )


def _gate(head: LRASPPHead, high: str, given: Given, _: bool) -> Maps:
    x = _output(given[high], "high")
    y, gate = head.cbr(x), head.scale(x)
    return {"map": y * gate, "before": y, "gate": gate}


def _fuse(head: LRASPPHead, low: str, given: Given, skip: bool) -> Maps:
    fine = _output(given[low], "low")
    x = interpolate(
        given["bottleneck"]["map"], size=fine.shape[-2:], mode="bilinear", align_corners=False
    )
    up, added = head.high_classifier(x), head.low_classifier(fine)
    if not skip:
        added = torch.zeros_like(added)
    return {"map": added + up, "up": up, "skip": added}


def _upsampling(before: str) -> Step:
    return Step(
        "decoder0",
        "Upsampling",
        "decoder",
        partial(_upsample, before),
        (before, "input"),
        help="Bilinear interpolation to the size of the picture. Nothing is learned here, so edges "
        "cannot become sharper.",
    )


def _upsample(before: str, given: Given, _: bool) -> Maps:
    size = given["input"]["map"].shape[-2:]
    x = given[before]["map"]
    return {"map": interpolate(x, size=size, mode="bilinear", align_corners=False)}
