"""The contracting path that the shipped segmenters share: the backbone of boxscope-maskrcnn.

SegNet, FCN and the dilated network of the papers begin with VGG-16, trained to classify; these
begin with the residual layers of the trained Mask R-CNN, which have the same names and shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from torch import Tensor, nn

from engine.networks.backbones import small_resnet
from engine.networks.steps import Maps, Step

STEM = 24
WIDTHS = (STEM, 32, 64, 96, 128)
"""Channels of ``stem``, ``layer1`` ... ``layer4``; layer i sees the picture halved i + 1 times."""

_DEPTHS = (1, 2, 2, 1)


class Encoder(nn.Module):
    """``body``: the stem and the first ``layers`` residual layers, of strides 2, 4, 8 ..."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.body = small_resnet(WIDTHS[1 : layers + 1], _DEPTHS[:layers], STEM)

    def steps(self, bottleneck: bool = False) -> tuple[Step, ...]:
        """A step for each layer; with ``bottleneck`` that is the name of the last one."""
        steps: list[Step] = []
        layers = list(self.body.children())
        for i, layer in enumerate(layers, 1):
            before = steps[-1].name if steps else "input"
            last = bottleneck and i == len(layers)
            name, title = ("bottleneck", "Bottleneck") if last else (f"encoder{i}", f"Encoder {i}")
            kind = "bottleneck" if last else "encoder"
            steps.append(
                Step(name, title, kind, partial(_run, layer, before), (before,), help=_words(i))
            )
        return tuple(steps)


def normed(*layers: nn.Conv2d) -> nn.Sequential:
    """Convolutions, each normalised and rectified."""
    modules = [m for c in layers for m in (c, nn.BatchNorm2d(c.out_channels), nn.ReLU())]
    return nn.Sequential(*modules)


def conv(c_in: int, c_out: int, size: int = 3, dilation: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size, without bias: a normalisation follows."""
    reach = size // 2 * dilation
    return nn.Conv2d(c_in, c_out, size, padding=reach, dilation=dilation, bias=False)


def plain_step(name: str, title: str, module: nn.Module, before: str, help: str) -> Step:
    """A module that reads the map of the step before it, at the same resolution."""
    return Step(name, title, name, partial(_run, module, before), (before,), help=help)


def classify_step(module: nn.Module, before: str) -> Step:
    """The last convolution: from channels to classes, at each place by itself."""
    return Step(
        "classifier",
        "Classifier",
        "scores",
        partial(_run, module, before),
        (before,),
        help="A 1x1 convolution gives every place one number for each class.",
    )


def narrow(maps: Maps) -> Tensor:
    """What the next step reads: the pooled map where there is one."""
    return maps["pooled"] if "pooled" in maps else maps["map"]


def _words(i: int) -> str:
    if i == 1:
        return "A 3x3 convolution of stride 2 halves the resolution."
    return (
        "Residual blocks of 3x3 convolutions; the first has stride 2. The resolution is halved, "
        "and each cell sees a larger part of the picture."
    )


def _run(module: nn.Module, before: str, given: Mapping[str, Maps], _: bool) -> Maps:
    return {"map": module(narrow(given[before]))}
