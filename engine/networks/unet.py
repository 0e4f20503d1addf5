"""U-Net: a contracting and an expanding path, joined by concatenation at every resolution.

Source: Ronneberger et al., U-Net: Convolutional Networks for Biomedical Image Segmentation, MICCAI
2015, figure 1. Differences: the contracting path is a small residual network that halves by
strides, five times in place of four; convolutions are padded, so that the map is as large as the
picture; batch normalisation; the finest skip connection is the picture itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from engine.networks.encoder import WIDTHS, Encoder, classify_step, conv, normed
from engine.networks.steps import Maps, Segmenter, Step, start_weights
from engine.scenes import CLASSES

_LAYERS = 4
_FINEST = 16  # channels at the picture's own resolution


class Expand(nn.Module):
    """One upsampling: a transposed 2x2 convolution, the skip beside it, two 3x3 over both."""

    def __init__(self, c_in: int, c_skip: int, c_out: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(c_in, c_out, 2, stride=2)
        self.convs = normed(conv(c_out + c_skip, c_out), conv(c_out, c_out))

    def forward(self, x: Tensor, skip: Tensor) -> Maps:
        up = self.up(x)
        return {"map": self.convs(torch.cat([skip.to(up.dtype), up], 1)), "up": up, "skip": skip}


class UNet(Segmenter):
    """(B, 3, H, W) in 0..1 -> {"out": (B, classes, H, W)}; strides 1 to 32."""

    stride = 2 ** (_LAYERS + 1)

    def __init__(self, classes: int) -> None:
        super().__init__()
        skips = (3, *WIDTHS[:_LAYERS])
        outs = (_FINEST, *WIDTHS[:_LAYERS])
        for level in range(_LAYERS, -1, -1):
            expand = Expand(WIDTHS[level], skips[level], outs[level])
            self.add_module(f"decoder{level}", expand)
        self.classifier = nn.Conv2d(_FINEST, classes, 1)
        start_weights(self)
        self.backbone = Encoder(_LAYERS)

    def steps(self) -> tuple[Step, ...]:
        steps = list(self.backbone.steps(bottleneck=True))
        for level in range(_LAYERS, -1, -1):
            before, source = steps[-1].name, f"encoder{level}" if level else "input"
            expand = self.get_submodule(f"decoder{level}")
            steps.append(
                Step(
                    f"decoder{level}",
                    f"Decoder {level}",
                    "decoder",
                    partial(_expand, expand, before, source),
                    (before, source),
                    source,
                    "concatenation",
                    "A transposed convolution doubles the resolution. The map of that size from "
                    "the way down, which still knows where edges are, is put beside it, and two "
                    "3x3 convolutions mix both.",
                )
            )
        return (*steps, classify_step(self.classifier, steps[-1].name))


def _expand(
    module: nn.Module, before: str, source: str, given: Mapping[str, Maps], skip: bool
) -> Maps:
    beside = given[source]["map"]
    maps: Maps = module(given[before]["map"], beside if skip else torch.zeros_like(beside))
    return maps


def unet() -> nn.Module:
    """U-Net for the scenes' classes, background included."""
    return UNet(len(CLASSES))
