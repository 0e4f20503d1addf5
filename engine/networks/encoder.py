"""The contracting path that the shipped segmenters share: stages of two 3x3 convolutions.

It is VGG's plan (Simonyan & Zisserman 2015) in an eighth of U-Net's widths. SegNet, FCN and the
dilated network of the papers begin with VGG-16 trained for classification; here they begin with the
stages of the trained U-Net, which have the same names and shapes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import partial

from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from engine.networks.steps import Maps, Step

WIDTHS = (8, 16, 32, 64, 128)
"""Channels of the stages; stage i sees the picture halved i times, from i = 0."""


def double(c_in: int, c_mid: int, c_out: int, dilation: int = 1) -> nn.Sequential:
    """Two 3x3 convolutions, each normalised and rectified; the size stays."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for i, (a, b) in enumerate(((c_in, c_mid), (c_mid, c_out)), 1):
        layers[f"conv{i}"] = nn.Conv2d(a, b, 3, padding=dilation, dilation=dilation, bias=False)
        layers[f"norm{i}"] = nn.BatchNorm2d(b)
        layers[f"relu{i}"] = nn.ReLU(inplace=True)
    return nn.Sequential(layers)


class Encoder(nn.Module):
    """``stage1``, ``stage2`` ... of the given widths; ``dilations`` of their kernels."""

    def __init__(
        self, widths: tuple[int, ...] = WIDTHS, dilations: tuple[int, ...] = (1, 1, 1, 1, 1)
    ) -> None:
        super().__init__()
        c_in = 3
        for i, (width, dilation) in enumerate(zip(widths, dilations, strict=False), 1):
            self.add_module(f"stage{i}", double(c_in, width, width, dilation))
            c_in = width

    def steps(self, pooled: int, bottleneck: bool = False) -> tuple[Step, ...]:
        """A step for each stage; the first ``pooled`` end with max-pooling by 2 (``pooled``).

        With ``bottleneck`` the last step has that name, else it is an encoder like the others.
        """
        stages = list(self.children())
        steps: list[Step] = []
        for i, stage in enumerate(stages, 1):
            before = steps[-1].name if steps else "input"
            last = bottleneck and i == len(stages)
            name, title = ("bottleneck", "Bottleneck") if last else (f"encoder{i}", f"Encoder {i}")
            run = partial(_encode, stage, before, i <= pooled)
            words = f"Two 3x3 convolutions{_POOLED if i <= pooled else '.'}"
            kind = "bottleneck" if last else "encoder"
            steps.append(Step(name, title, kind, run, (before,), help=words))
        return tuple(steps)


_POOLED = (
    ", then the largest value of every 2x2 cells: half the resolution, twice the part of the "
    "picture that a cell sees."
)


def narrow(maps: Maps) -> Tensor:
    """What the next step reads: the pooled map where there is one."""
    return maps["pooled"] if "pooled" in maps else maps["map"]


def classify_step(module: nn.Module, before: str) -> Step:
    """The last convolution: from channels to classes, at each place by itself."""
    return Step(
        "classifier",
        "Classifier",
        "scores",
        partial(_classify, module, before),
        (before,),
        help="A 1x1 convolution gives every place one number for each class.",
    )


def _encode(stage: nn.Module, before: str, pool: bool, given: Mapping[str, Maps], _: bool) -> Maps:
    x = stage(narrow(given[before]))
    return {"map": x, "pooled": max_pool2d(x, 2)} if pool else {"map": x}


def _classify(module: nn.Module, before: str, given: Mapping[str, Maps], _: bool) -> Maps:
    return {"map": module(narrow(given[before]))}
