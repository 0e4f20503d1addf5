"""Theoretical fields against the truth: the gradient of one unit of the very same network."""

from __future__ import annotations

import pytest
import torch
from receptive_support import measured, outputs
from torch import nn

from engine import networks
from engine.receptive.builders import network
from engine.receptive.fields import Fields, Layer
from engine.receptive.networks import fields_of

SIZE = (97, 65)  # small, and odd at every stride: borders and roundings matter
TORCHVISION = (
    "alexnet",
    "vgg16",
    "resnet18",
    "resnet50",
    "mobilenet_v3_large",
    "googlenet",
    "shufflenet_v2_x0_5",
    "fcn_resnet50",
    "lraspp_mobilenet_v3_large",
)


def _pointwise(layer: Layer) -> bool:
    return layer.kernel in (None, (1, 1)) and layer.stride in (None, (1, 1))


def _to_measure(fields: Fields) -> list[Layer]:
    """Layers that are a module's output, but those that a pointwise layer alone follows.

    What a pointwise layer sees IS what its input sees: measuring it measures both.
    """
    followed = {
        layer.inputs[0]
        for layer in fields.layers
        if layer.call >= 0 and len(layer.inputs) == 1 and _pointwise(layer)
    }
    return [v for i, v in enumerate(fields.layers) if v.call >= 0 and i not in followed]


def _positions(layer: Layer) -> list[tuple[int, int]]:
    h, w = layer.grid
    return sorted({(0, 0), (h - 1, w - 1), (0, w // 2), (h // 2, 0), (h // 2, w // 2)})


def check(module: nn.Module, size: tuple[int, int]) -> int:
    """Number of layers whose fields were measured, each at several positions."""
    fields = fields_of(module, size)
    assert not fields.unknown
    found, inputs = outputs(module, size)
    layers = _to_measure(fields)
    for layer in layers:
        output = found[layer.module, layer.call]
        for y, x in _positions(layer):
            unit = output[0, :, y, x].sum() if output.dim() == 4 else output[0].sum()
            truth = measured(unit, inputs[layer.root])
            assert layer.extent(y, x) == truth, (layer.name, y, x)
    return len(layers)


@pytest.mark.parametrize("name", [*TORCHVISION, *networks.NAMES])
def test_every_layer_sees_what_its_gradient_says(name: str) -> None:
    size = (112, 80) if "yolo" in name else SIZE  # its cells must come out even
    assert check(network(name), size) > 7


def _dilated() -> nn.Module:
    """Dilations 1, 2, 4, 8 as in Yu & Koltun 2016, table 1, with a stride and an even kernel."""
    layers: list[nn.Module] = [nn.Conv2d(3, 4, 4, 2, 1)]
    for dilation in (1, 2, 4, 8):
        layers += [nn.Conv2d(4, 4, 3, padding=dilation, dilation=dilation), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(4, 4, (1, 3), padding="same", dilation=(1, 3)))


class _Hourglass(nn.Module):
    """The ways from small maps to large ones that the other networks lack."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, 2, 1)
        self.pool = nn.MaxPool2d(2, 2, return_indices=True)
        self.mid = nn.Conv2d(4, 4, 3, 1, 0)
        self.back = nn.ConvTranspose2d(4, 4, 3, 1, 0)
        self.unpool = nn.MaxUnpool2d(2, 2)
        self.odd = nn.ConvTranspose2d(4, 4, 3, 2, 1, output_padding=1, dilation=1)
        self.shuffle = nn.PixelShuffle(2)
        self.linear = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.corners = nn.Upsample(size=(31, 23), mode="bilinear", align_corners=True)
        self.nearest = nn.Upsample(size=(45, 40), mode="nearest")
        self.adaptive = nn.AdaptiveAvgPool2d((7, 5))
        self.reflect = nn.ReflectionPad2d((2, 1, 0, 3))
        self.repeat = nn.ReplicationPad2d(2)
        self.last = nn.Conv2d(4, 2, 3, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.down(x)
        pooled, switches = self.pool(first)
        up = self.unpool(self.back(self.mid(pooled)), switches, output_size=first.shape)
        up = self.odd(up + first)
        up = self.linear(torch.cat([self.shuffle(up)] * 4, 1))
        up = self.adaptive(self.nearest(self.corners(up)))
        return self.last(self.repeat(self.reflect(up)))


@pytest.mark.parametrize("build", [_dilated, _Hourglass])
def test_operators_that_those_networks_lack(build) -> None:
    assert check(build(), (45, 38)) > 5


@pytest.mark.parametrize(
    ("name", "layer", "field"),
    [("alexnet", "features.12", 195), ("vgg16", "features.30", 212), ("resnet50", "layer4", 427)],
)
def test_published_fields(name: str, layer: str, field: int) -> None:
    """Araujo, Norris & Sim 2019, table 1, where torchvision builds the same network."""
    y, x = fields_of(network(name), (224, 224))[layer].axes()
    assert (y.size, x.size) == (field, field)


def test_resnet_as_published_strides_in_its_first_convolutions() -> None:
    """ResNet v1 has 483 px; torchvision's strides in the 3x3 convolution, and has 427."""
    module = network("resnet50")
    for stage in (module.layer2, module.layer3, module.layer4):
        stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
    y, _ = fields_of(module, (224, 224))["layer4"].axes()
    assert (y.size, y.jump) == (483, 32)
