"""U-Net: a contracting and an expanding path, joined by concatenation at every resolution.

Source: Ronneberger et al., U-Net: Convolutional Networks for Biomedical Image Segmentation, MICCAI
2015, figure 1. Differences: padded convolutions, so that the map is as large as the picture; batch
normalisation; an eighth of the widths.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from engine.networks.encoder import WIDTHS, Encoder, classify_step, double, narrow
from engine.networks.steps import Maps, Segmenter, Step, start_weights
from engine.scenes import CLASSES


class Expand(nn.Module):
    """One upsampling: a transposed 2x2 convolution of stride 2, the skip beside it, two 3x3."""

    def __init__(self, c_in: int, c_skip: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(c_in, c_skip, 2, stride=2)
        self.convs = double(2 * c_skip, c_skip, c_skip)

    def forward(self, x: Tensor, skip: Tensor) -> Maps:
        up = self.up(x)
        return {"map": self.convs(torch.cat([skip.to(up.dtype), up], 1)), "up": up, "skip": skip}


class UNet(Segmenter):
    """(B, 3, H, W) in 0..1 -> {"out": (B, classes, H, W)}; strides 1 to 16."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.backbone = Encoder()
        for level in range(len(WIDTHS) - 1, 0, -1):
            self.add_module(f"decoder{level}", Expand(WIDTHS[level], WIDTHS[level - 1]))
        self.classifier = nn.Conv2d(WIDTHS[0], classes, 1)
        start_weights(self)

    def steps(self) -> tuple[Step, ...]:
        levels = range(len(WIDTHS) - 1, 0, -1)
        before = "bottleneck"
        steps = list(self.backbone.steps(len(levels), bottleneck=True))
        for level in levels:
            name, source = f"decoder{level}", f"encoder{level}"
            steps.append(
                Step(
                    name,
                    f"Decoder {level}",
                    "decoder",
                    partial(_expand, self.get_submodule(name), before, source),
                    (before, source),
                    source,
                    "concatenation",
                    "A transposed convolution doubles the resolution. The encoder's map of that "
                    "size, which still knows where edges are, is put beside it, and two 3x3 "
                    "convolutions mix both.",
                )
            )
            before = name
        return (*steps, classify_step(self.classifier, before))


def _expand(
    module: nn.Module, before: str, source: str, given: Mapping[str, Maps], skip: bool
) -> Maps:
    beside = given[source]["map"]
    result: Maps = module(narrow(given[before]), beside if skip else torch.zeros_like(beside))
    return result


def unet() -> nn.Module:
    """U-Net for the scenes' classes, background included."""
    return UNet(len(CLASSES))
