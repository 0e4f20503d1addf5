"""A dilated network: no pooling after stride 8, kernels that reach further, and a context module.

Source: Yu & Koltun, Multi-Scale Context Aggregation by Dilated Convolutions, ICLR 2016. Front end
of section 4: the last two poolings are gone, and the layers after them are dilated by 2 and 4.
Context module of table 1, "basic": eight layers on the class scores, which begin as the identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from engine.networks.encoder import WIDTHS, Encoder, classify_step, narrow
from engine.networks.fcn import upsample_step
from engine.networks.steps import Maps, Segmenter, Step, start_weights
from engine.scenes import CLASSES

_POOLS = 3
CONTEXT = (1, 1, 2, 4, 8, 16, 1)
"""Dilations of the 3x3 layers of the context module; a cell then sees 67 x 67 cells."""


class Context(nn.Module):
    """(B, classes, h, w) scores -> the same size: seven 3x3 layers and a 1x1."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers = [nn.Conv2d(classes, classes, 3, padding=d, dilation=d) for d in CONTEXT]
        self.layers = nn.ModuleList([*layers, nn.Conv2d(classes, classes, 1)])

    def begin_as_identity(self) -> None:
        """Equation 4 of the paper: each layer passes its own channel on."""
        for layer in self.layers:
            assert isinstance(layer, nn.Conv2d) and layer.bias is not None
            nn.init.dirac_(layer.weight)
            nn.init.zeros_(layer.bias)

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
    """(B, 3, H, W) in 0..1 -> {"out": (B, classes, H, W)}; strides 1 to 8."""

    stride = 2**_POOLS

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.backbone = Encoder(dilations=(1, 1, 1, 1, 2))
        width = WIDTHS[-1]
        self.dense = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=4, dilation=4, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        self.classifier = nn.Conv2d(width, classes, 1)
        self.context = Context(classes)
        start_weights(self)
        self.context.begin_as_identity()

    def steps(self) -> tuple[Step, ...]:
        encoders = self.backbone.steps(_POOLS)
        last = encoders[-1].name
        return (
            *encoders,
            Step(
                "bottleneck",
                "Bottleneck",
                "bottleneck",
                partial(_dense, self.dense, last),
                (last,),
                help="A 3x3 convolution dilated by 4: its nine samples span 9 x 9 cells, and the "
                "resolution stays.",
            ),
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


def _dense(module: nn.Module, before: str, given: Mapping[str, Maps], _: bool) -> Maps:
    return {"map": module(narrow(given[before]))}


def _context(module: Context, before: str, given: Mapping[str, Maps], _: bool) -> Maps:
    layers = module(given[before]["map"])
    return {"map": layers[-1], **{f"layer/{i}": x for i, x in enumerate(layers)}}


def dilated() -> nn.Module:
    """Front end and context module for the scenes' classes, background included."""
    return Dilated(len(CLASSES))
