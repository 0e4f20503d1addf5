"""A dilated network: no halving after stride 8, kernels that reach further, and a context module.

Source: Yu & Koltun, Multi-Scale Context Aggregation by Dilated Convolutions, ICLR 2016. Front end
of section 4: the last two halvings are gone, and the layers after them are dilated by 2 and 4 (in a
residual network: Yu et al., Dilated Residual Networks, CVPR 2017). Context module of table 1,
"basic": eight layers on the class scores, which begin as the identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from engine.networks.encoder import WIDTHS, Encoder, classify_step
from engine.networks.steps import Maps, Segmenter, Step, start_weights, upsample_step
from engine.scenes import CLASSES

_LAYERS = 4
_DILATIONS = {"layer3": 2, "layer4": 4}
CONTEXT = (1, 1, 2, 4, 8, 16, 1)
"""Dilations of the 3x3 layers of the context module; a cell then sees 67 x 67 cells."""


class Context(nn.Module):
    """(B, classes, h, w) scores -> the same size: seven 3x3 layers and a 1x1."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers = [nn.Conv2d(classes, classes, 3, padding=d, dilation=d) for d in CONTEXT]
        self.layers = nn.ModuleList([*layers, nn.Conv2d(classes, classes, 1)])
        # Equation 4 of the paper: each layer begins by passing its own channel on.
        for name, value in self.named_parameters():
            nn.init.dirac_(value) if name.endswith("weight") else nn.init.zeros_(value)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """The output of every layer, the last one's last."""
        found: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i < len(CONTEXT):
                x = torch.relu(x)
            found.append(x)
        return tuple(found)


class Dilated(Segmenter):
    """(B, 3, H, W) in 0..1 -> {"out": (B, classes, H, W)}; strides 2 to 8."""

    stride = 8

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classifier = nn.Conv2d(WIDTHS[_LAYERS], classes, 1)
        start_weights(self)
        self.context = Context(classes)
        self.backbone = Encoder(_LAYERS)
        for name, dilation in _DILATIONS.items():
            _dilate(self.backbone.body.get_submodule(name), dilation)

    def steps(self) -> tuple[Step, ...]:
        encoders = self.backbone.steps(bottleneck=True)
        return (
            *(replace(e, help=_HELP) if e.name in _DILATED else e for e in encoders),
            classify_step(self.classifier, "bottleneck"),
            Step(
                "context",
                "Context module",
                "context",
                partial(_context, self.context, "classifier"),
                ("classifier",),
                help="Seven 3x3 convolutions on the class scores, dilated by 1, 1, 2, 4, 8, 16 and "
                "1, and a 1x1: the part of the picture that is seen grows exponentially, the "
                "number of weights only with the layers.",
            ),
            upsample_step("context", self.stride),
        )


_DILATED = ("encoder4", "bottleneck")
_HELP = (
    "Residual blocks of dilated 3x3 convolutions: their nine samples lie apart, so that a cell "
    "sees more of the picture while the resolution stays."
)


def _dilate(layer: nn.Module, dilation: int) -> None:
    """Take the stride out of a layer, and let its kernels reach as far as they would with it.

    The first 3x3 kernel reads a map that was not halved by this layer: half the dilation.
    """
    stepped = False
    for module in layer.modules():
        if isinstance(module, nn.Conv2d):
            module.stride = (1, 1)
            if module.kernel_size == (3, 3):
                reach = dilation if stepped else dilation // 2
                module.dilation = module.padding = (reach, reach)
                stepped = True


def _context(module: Context, before: str, given: Mapping[str, Maps], _: bool) -> Maps:
    layers = module(given[before]["map"])
    return {"map": layers[-1], **{f"layer/{i}": x for i, x in enumerate(layers)}}


def dilated() -> nn.Module:
    """Front end and context module for the scenes' classes, background included."""
    return Dilated(len(CLASSES))
