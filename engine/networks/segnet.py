"""SegNet: max-unpooling puts every value back where max-pooling found it.

Source: Badrinarayanan et al., SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image
Segmentation, PAMI 2017, section 3. What crosses from encoder to decoder is the place of each
maximum (its "switch"), not the map. Difference: the layers are those of a small residual network,
with max-pooling in the place of their strides; its first convolution keeps the stride of 2, so
that the last doubling is bilinear.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, max_unpool2d

from engine.networks.backbones import Block
from engine.networks.encoder import WIDTHS, Encoder, classify_step, conv, narrow, normed, plain_step
from engine.networks.steps import Maps, Segmenter, Step, start_weights, upsample_step
from engine.scenes import CLASSES

_LAYERS = 4


class SegNet(Segmenter):
    """(B, 3, H, W) in 0..1 -> {"out": (B, classes, H, W)}; strides 2 to 32."""

    stride = 2 ** (_LAYERS + 1)

    def __init__(self, classes: int) -> None:
        super().__init__()
        # Unpooling needs as many channels as were pooled: each decoder ends as narrow as the next.
        self.narrowing = normed(conv(WIDTHS[_LAYERS], WIDTHS[_LAYERS - 1]))
        for level in range(_LAYERS, 0, -1):
            width, out = WIDTHS[level - 1], WIDTHS[max(level - 2, 0)]
            self.add_module(f"decoder{level}", normed(conv(width, width), conv(width, out)))
        self.classifier = nn.Conv2d(WIDTHS[0], classes, 1)
        start_weights(self)
        self.backbone = Encoder(_LAYERS)
        for module in self.backbone.modules():
            if isinstance(module, Block):
                _pool_instead(module)

    def steps(self) -> tuple[Step, ...]:
        layers = list(self.backbone.body.children())
        steps: list[Step] = []
        for i, layer in enumerate(layers[:-1], 1):
            before = f"encoder{i - 1}" if i > 1 else "input"
            run = partial(_encode, layer, before)
            steps.append(Step(f"encoder{i}", f"Encoder {i}", "encoder", run, (before,), help=_HELP))
        deepest = nn.Sequential(layers[-1], self.narrowing)
        words = "Residual blocks where the resolution is lowest, and a 3x3 convolution."
        steps.append(plain_step("bottleneck", "Bottleneck", deepest, steps[-1].name, words))
        for level in range(_LAYERS, 0, -1):
            before, source = steps[-1].name, f"encoder{level}"
            run = partial(_unpool, self.get_submodule(f"decoder{level}"), before, source)
            steps.append(
                Step(
                    f"decoder{level}",
                    f"Decoder {level}",
                    "decoder",
                    run,
                    (before, source),
                    source,
                    "switches",
                    "Every value goes back to the cell that max-pooling took it from in the "
                    "encoder of this size, zeros lie between, and two 3x3 convolutions fill them. "
                    "Without the switches it goes to the upper left cell (bed of nails).",
                )
            )
        steps.append(classify_step(self.classifier, steps[-1].name))
        return (*steps, upsample_step("classifier", 2))


_HELP = (
    "Convolutions, then the largest value of every 2x2 cells; which of the four it was is "
    "remembered for the decoder."
)


def _pool_instead(block: Block) -> None:
    """Take the stride out of a block: pooling before it halves the map already."""
    block.conv1.stride = (1, 1)
    if isinstance(block.shortcut, nn.Sequential):
        first = block.shortcut[0]
        assert isinstance(first, nn.Conv2d)
        first.stride = (1, 1)


def _encode(layer: nn.Module, before: str, given: Mapping[str, Maps], _: bool) -> Maps:
    x = layer(narrow(given[before]))
    pooled, switches = max_pool2d(x, 2, return_indices=True)
    return {"map": x, "pooled": pooled, "switches": switches}


def _unpool(
    module: nn.Module, before: str, source: str, given: Mapping[str, Maps], skip: bool
) -> Maps:
    x = given[before]["map"]
    size = given[source]["map"].shape[-2:]
    switches = given[source]["switches"] if skip else upper_left(x, size)
    up = max_unpool2d(x, switches, (2, 2), output_size=size)
    return {"map": module(up), "up": up, "skip": switches}


def upper_left(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """(B, C, h, w) int64 switches that put each value into the upper left of its 2x2 cells."""
    height, width = x.shape[-2:]
    rows = torch.arange(height, device=x.device)[:, None] * 2 * size[-1]
    columns = torch.arange(width, device=x.device) * 2
    return (rows + columns).expand(x.shape).contiguous()


def segnet() -> nn.Module:
    """SegNet for the scenes' classes, background included."""
    return SegNet(len(CLASSES))
