"""Fully convolutional networks: class scores of a coarse map, upsampled; finer scores are added.

Source: Long et al., Fully Convolutional Networks for Semantic Segmentation, CVPR 2015, section 4
and figure 3. FCN-32s upsamples the scores of stride 32 at once; FCN-16s adds the scores of a
map of stride 16 after one doubling, FCN-8s those of stride 8 after another. Upsampling by 2 is a
transposed convolution that begins as bilinear interpolation and is learned; the last one stays
bilinear.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from engine.networks.encoder import WIDTHS, Encoder, classify_step, conv, normed, plain_step
from engine.networks.steps import Maps, Segmenter, Step, start_weights, upsample_step
from engine.scenes import CLASSES

_LAYERS = 4


class FCN(Segmenter):
    """(B, 3, H, W) in 0..1 -> {"out": (B, classes, H, W)}; ``fused``: encoders whose scores add."""

    stride = 2 ** (_LAYERS + 1)

    def __init__(self, classes: int, fused: tuple[int, ...]) -> None:
        super().__init__()
        self.fused = fused
        width = WIDTHS[_LAYERS]
        # The dense layer of a classifier as a convolution (the paper's "convolutionalization").
        self.dense = normed(conv(width, width, 1))
        self.classifier = nn.Conv2d(width, classes, 1)
        start_weights(self)
        self.backbone = Encoder(_LAYERS)
        for level in fused:
            self.add_module(f"decoder{level}", Fuse(WIDTHS[level - 1], classes))

    def steps(self) -> tuple[Step, ...]:
        steps = list(self.backbone.steps())
        words = (
            "The dense layer of a classifier as a 1x1 convolution: what it would say of the whole "
            "picture, said at every cell."
        )
        steps.append(plain_step("bottleneck", "Bottleneck", self.dense, steps[-1].name, words))
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
                    f"convolution scores the map of {source}, and both are added.",
                )
            )
        return (*steps, upsample_step(steps[-1].name, self.stride // 2 ** len(self.fused)))


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


def _fuse(module: Fuse, before: str, source: str, given: Mapping[str, Maps], skip: bool) -> Maps:
    up = module.up(given[before]["map"])
    added = module.score(given[source]["map"])
    if not skip:
        added = torch.zeros_like(added)
    return {"map": up + added, "up": up, "skip": added}


def fcn32s() -> nn.Module:
    return FCN(len(CLASSES), ())


def fcn16s() -> nn.Module:
    return FCN(len(CLASSES), (4,))


def fcn8s() -> nn.Module:
    return FCN(len(CLASSES), (4, 3))
