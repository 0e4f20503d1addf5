"""SegNet: max-unpooling puts every value back where max-pooling found it.

Source: Badrinarayanan et al., SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image
Segmentation, PAMI 2017, section 3. Four levels as in SegNet-Basic; what crosses from encoder to
decoder is the place of each maximum ("switch"), not the map.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, max_unpool2d

from engine.networks.encoder import WIDTHS, Encoder, classify_step, double, narrow
from engine.networks.steps import Maps, Segmenter, Step, start_weights
from engine.scenes import CLASSES


class SegNet(Segmenter):
    """(B, 3, H, W) in 0..1 -> {"out": (B, classes, H, W)}; strides 1 to 16."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.backbone = Encoder(WIDTHS[:-1])
        # Unpooling needs as many channels as were pooled: the bottleneck ends as narrow.
        self.bottleneck = double(WIDTHS[-2], WIDTHS[-1], WIDTHS[-2])
        for level in self._levels():
            width, out = WIDTHS[level - 1], WIDTHS[max(level - 2, 0)]
            self.add_module(f"decoder{level}", double(width, width, out))
        self.classifier = nn.Conv2d(WIDTHS[0], classes, 1)
        start_weights(self)

    def _levels(self) -> range:
        return range(len(WIDTHS) - 1, 0, -1)

    def steps(self) -> tuple[Step, ...]:
        steps = [
            Step(
                name,
                f"Encoder {i}",
                "encoder",
                partial(_encode, stage, before),
                (before,),
                help=_HELP,
            )
            for i, (stage, name, before) in enumerate(self._encoders(), 1)
        ]
        before = steps[-1].name
        steps.append(
            Step(
                "bottleneck",
                "Bottleneck",
                "bottleneck",
                partial(_convolve, self.bottleneck, before),
                (before,),
                help="Two 3x3 convolutions where the resolution is lowest.",
            )
        )
        for level in self._levels():
            before, source = steps[-1].name, f"encoder{level}"
            module = self.get_submodule(f"decoder{level}")
            steps.append(
                Step(
                    f"decoder{level}",
                    f"Decoder {level}",
                    "decoder",
                    partial(_unpool, module, before, source),
                    (before, source),
                    source,
                    "switches",
                    "Every value goes back to the cell that max-pooling took it from in the "
                    "encoder of this size, zeros lie between, and two 3x3 convolutions fill them. "
                    "Without the switches it goes to the upper left cell (bed of nails).",
                )
            )
        return (*steps, classify_step(self.classifier, steps[-1].name))

    def _encoders(self) -> list[tuple[nn.Module, str, str]]:
        stages = list(self.backbone.children())
        names = ["input", *(f"encoder{i}" for i in range(1, len(stages) + 1))]
        return [(stage, names[i + 1], names[i]) for i, stage in enumerate(stages)]


_HELP = (
    "Two 3x3 convolutions, then the largest value of every 2x2 cells; which of the four it was is "
    "remembered for the decoder."
)


def _encode(stage: nn.Module, before: str, given: Mapping[str, Maps], _: bool) -> Maps:
    x = stage(narrow(given[before]))
    pooled, switches = max_pool2d(x, 2, return_indices=True)
    return {"map": x, "pooled": pooled, "switches": switches}


def _convolve(module: nn.Module, before: str, given: Mapping[str, Maps], _: bool) -> Maps:
    return {"map": module(narrow(given[before]))}


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
