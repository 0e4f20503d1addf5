"""Fully convolutional networks: class scores of a coarse map, upsampled; finer scores are added.

Source: Long et al., Fully Convolutional Networks for Semantic Segmentation, CVPR 2015, section 4
and figure 3. FCN-32s upsamples the scores of stride 32 at once; FCN-16s adds the scores of pool4
after one doubling, FCN-8s those of pool3 after another. Upsampling by 2 is a transposed
convolution that begins as bilinear interpolation and is learned; the last one stays bilinear.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from engine.networks.encoder import WIDTHS, Encoder, classify_step, narrow
from engine.networks.steps import Maps, Segmenter, Step, start_weights
from engine.scenes import CLASSES

_POOLS = 5


class FCN(Segmenter):
    """(B, 3, H, W) in 0..1 -> {"out": (B, classes, H, W)}; ``fused``: levels of pools that add."""

    stride = 2**_POOLS

    def __init__(self, classes: int, fused: tuple[int, ...]) -> None:
        super().__init__()
        self.fused = fused
        self.backbone = Encoder()
        width = WIDTHS[-1]
        # VGG's two dense layers of 4096 as convolutions (the paper's "convolutionalization").
        self.dense = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        )  # fmt: skip
        self.classifier = nn.Conv2d(width, classes, 1)
        start_weights(self)
        for level in fused:
            self.add_module(f"decoder{level}", Fuse(WIDTHS[level - 1], classes))

    def steps(self) -> tuple[Step, ...]:
        steps = list(self.backbone.steps(_POOLS))
        before = steps[-1].name
        steps.append(
            Step(
                "bottleneck",
                "Bottleneck",
                "bottleneck",
                partial(_convolve, self.dense, before),
                (before,),
                help="VGG's dense layers as a 3x3 and a 1x1 convolution: what a classifier would "
                "say of the picture, said at every cell.",
            )
        )
        steps.append(classify_step(self.classifier, "bottleneck"))
        for level in self.fused:
            before, source = steps[-1].name, f"encoder{level}"
            fuse = self.get_submodule(f"decoder{level}")
            assert isinstance(fuse, Fuse)
            steps.append(
                Step(
                    f"decoder{level}",
                    f"Decoder {level}",
                    "decoder",
                    partial(_fuse, fuse, before, source),
                    (before, source),
                    source,
                    "sum",
                    "A transposed convolution doubles the resolution of the scores; a 1x1 "
                    f"convolution scores the map of pool{level}, and both are added.",
                )
            )
        factor = 2 ** (_POOLS - len(self.fused))
        return (*steps, upsample_step(steps[-1].name, factor))


class Fuse(nn.Module):
    """Scores twice as fine, and what a finer map of ``channels`` says of the classes."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1, bias=False)
        self.score = nn.Conv2d(channels, classes, 1)
        # Zeros, so that learning begins with what the coarser network says (section 4.2).
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)  # type: ignore[arg-type]  # there is one
        with torch.no_grad():
            self.up.weight.copy_(bilinear(classes))


def bilinear(classes: int) -> Tensor:
    """(classes, classes, 4, 4): each class by itself, interpolated by 2."""
    line = torch.tensor([0.25, 0.75, 0.75, 0.25])
    return torch.eye(classes)[:, :, None, None] * line[:, None] * line


def upsample_step(before: str, factor: int) -> Step:
    """All the way to the picture's size, by fixed bilinear interpolation."""
    return Step(
        "decoder1",
        "Upsampling",
        "decoder",
        partial(_upsample, before),
        (before, "input"),
        help=f"Bilinear interpolation by {factor}, to the size of the picture. Nothing is learned "
        "here, so edges cannot become sharper.",
    )


def _convolve(module: nn.Module, before: str, given: Mapping[str, Maps], _: bool) -> Maps:
    return {"map": module(narrow(given[before]))}


def _fuse(module: Fuse, before: str, source: str, given: Mapping[str, Maps], skip: bool) -> Maps:
    up = module.up(given[before]["map"])
    added = module.score(given[source]["pooled"])
    if not skip:
        added = torch.zeros_like(added)
    return {"map": up + added, "up": up, "skip": added}


def _upsample(before: str, given: Mapping[str, Maps], _: bool) -> Maps:
    size = given["input"]["map"].shape[-2:]
    x = given[before]["map"]
    return {"map": interpolate(x, size=size, mode="bilinear", align_corners=False)}


def fcn32s() -> nn.Module:
    return FCN(len(CLASSES), ())


def fcn16s() -> nn.Module:
    return FCN(len(CLASSES), (4,))


def fcn8s() -> nn.Module:
    return FCN(len(CLASSES), (4, 3))
