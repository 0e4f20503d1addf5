"""Receptive fields as plain values: chains, tables, levels, and what is not understood."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from app.cli import run
from engine import catalogue
from engine.errors import BoxscopeError
from engine.receptive.arithmetic import Step, chain, is_plain, plain
from engine.receptive.builders import fields_by_name, network
from engine.receptive.fields import PICTURE, Fields
from engine.receptive.networks import fields_of
from engine.receptive.report import rows
from engine.receptive.shown import shown
from engine.receptive.sight import cell_over, fits, levels_seeing, uses

# One of each kind of detector and segmenter; the slow rest of the catalogue differs in depth only.
CATALOGUE = {
    "fasterrcnn_mobilenet_v3_large_320_fpn": (320, 640),
    "keypointrcnn_resnet50_fpn": (800, 1344),
    "retinanet_resnet50_fpn_v2": (800, 1344),
    "fcos_resnet50_fpn": (800, 1344),
    "ssd300_vgg16": (300, 300),
    "ssdlite320_mobilenet_v3_large": (320, 320),
    "deeplabv3_mobilenet_v3_large": (520, 520),
}
# torchvision's published GFLOPS (``_ops`` of its weights) and parameters.
PUBLISHED = {
    "alexnet": (0.714, 61100840),
    "vgg16": (15.47, 138357544),
    "resnet50": (4.089, 25557032),
    "mobilenet_v3_large": (0.217, 5483032),
    "vit_b_16": (None, 86567656),
}


@pytest.fixture(scope="module")
def resnet() -> Fields:
    return fields_by_name("resnet50")


@pytest.fixture(scope="module")
def detector() -> Fields:
    return fields_by_name("boxscope-maskrcnn")


@pytest.mark.parametrize(("layers", "kernel"), [(1, 3), (5, 3), (3, 7), (0, 5)])
def test_a_plain_chain_has_one_plus_l_times_f_minus_one(layers: int, kernel: int) -> None:
    steps = [Step(kernel)] * layers
    assert chain(steps)[-1].field == plain(layers, kernel)
    assert not steps or is_plain(steps)


def test_a_chain_agrees_with_the_network_made_of_it() -> None:
    steps = [Step(5, 2, 1), Step(3, 1, 2, 2), Step(2, 2), Step(3, 3, 1)]
    convolutions = [nn.Conv2d(3, 3, s.kernel, s.stride, s.padding, s.dilation) for s in steps]
    fields = fields_of(nn.Sequential(*convolutions), (64, 80))
    for reach, layer in zip(chain(steps, 80)[1:], fields.layers, strict=True):
        _, x = layer.axes()
        assert (x.size, x.jump, x.start, x.centre, layer.grid[1]) == (
            reach.field,
            reach.jump,
            reach.start,
            reach.centre,
            reach.size,
        )
        assert reach.at(2) == x.at(2, padded=True)
    assert not is_plain(steps)


@pytest.mark.parametrize("step", [Step(0), Step(3, 0), Step(3, 1, -1), Step(3, 1, 0, 0), Step(9)])
def test_an_impossible_layer_is_refused_in_words(step: Step) -> None:
    with pytest.raises(BoxscopeError, match="Layer 2: "):
        chain([Step(), step], 8)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_layer_of_the_catalogue_is_understood(name: str) -> None:
    fields = fields_by_name(name)
    assert fields.unknown == ()
    assert fields.size == CATALOGUE[name]
    assert fields.parameters == catalogue.find(name).parameters or "deeplab" in name
    assert bool(fields.levels) == ("deeplab" not in name)


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_operations_and_parameters_are_those_that_torchvision_publishes(name: str) -> None:
    operations, parameters = PUBLISHED[name]
    fields = fields_by_name(name)
    assert fields.parameters == parameters
    assert fields.unknown == ()
    if operations is not None:
        assert fields.macs / 1e9 == pytest.approx(operations, abs=6e-4)


def test_padded_extents_cut_at_the_border_are_the_extents(resnet: Fields) -> None:
    height, width = resnet.size
    for layer in resnet.layers:
        y, x = layer.axes()
        if y.whole:
            continue
        for position in range(len(y)):
            lo, hi = y.at(position, padded=True)
            assert (max(lo, 0), min(hi, height - 1)) == y.at(position), layer.name
    assert (y.size, x.size) == (None, None)  # the last is a dense layer
    assert resnet.layers[-1].extent(0, 0) == (0, 0, width, height)


def test_names_of_modules_calls_and_containers(resnet: Fields) -> None:
    assert resnet["layer1.0.relu:2"] is resnet["layer1.0"]
    assert resnet["layer1.0.add"].inputs == (
        resnet.number("layer1.0.bn3"),
        resnet.number("layer1.0.downsample.1"),
    )
    assert resnet["conv1"].inputs == (-1,)
    assert (resnet["conv1"].kernel, resnet["conv1"].stride) == ((7, 7), (2, 2))
    with pytest.raises(BoxscopeError, match=r"no layer 'conv'; did you mean conv1"):
        resnet["conv"]
    with pytest.raises(BoxscopeError, match="56 x 56 positions"):
        resnet["layer1"].extent(56, 0)


def test_layers_behind_the_border_layer_use_no_resolution(resnet: Fields) -> None:
    """ResNet-50 at 224 px: its 3x3 convolutions pass 224 px in layer3, and 267 at its end."""
    sees = [v for v in resnet.layers if fits(v, resnet.size)]
    assert sees[0].name == "conv1" and "layer4.0.relu:2" not in [v.name for v in sees]
    assert uses(resnet, resnet["layer3.0.conv2"]) and not uses(resnet, resnet["layer4.2.conv2"])
    large = fields_of(network("resnet50"), (512, 512))
    assert all(uses(large, v) for v in large.layers if v.name != "fc")


class _Strange(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.second = nn.Conv2d(4, 4, 3)
        self.aside = nn.Conv2d(3, 4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (
            self.second(torch.cumsum(self.first(x), -1))[..., 1:-1, 1:-1]
            + self.aside(x)[..., 1:-1, 1:-1]
        )


def test_what_is_not_understood_is_named_and_never_guessed() -> None:
    fields = fields_of(_Strange(), (32, 32))
    assert [v.name for v in fields.unknown] == ["cumsum", "second", "add"]
    assert fields["cumsum"].unknown == "cumsum in the model itself is not understood"
    assert "depends on cumsum in the model itself" in fields["second"].unknown
    assert fields["second"].grid == (28, 28)
    assert fields["aside"].extent(0, 0) == (0, 0, 5, 5)
    with pytest.raises(BoxscopeError, match="The field of second is not known"):
        fields["second"].extent(0, 0)
    assert [r["unknown"] is None for r in rows(fields)] == [True, False, False, True, False]


def test_levels_and_the_object_that_they_see(detector: Fields) -> None:
    assert [name for name, _ in detector.levels] == ["0", "1", "2", "3", "pool"]
    seen = levels_seeing(detector, (100, 60, 140, 120))
    assert [s.level for s in seen] == [name for name, _ in detector.levels]
    assert all(s.share == 1 for s in seen)
    assert seen[0].cell == (22, 30)
    assert seen[0].times == pytest.approx(311 / np.sqrt(40 * 60))
    no_pyramid = fields_of(nn.Sequential(nn.Conv2d(3, 3, 3)), (32, 32))
    assert levels_seeing(no_pyramid, (0, 0, 32, 32)) == ()


def test_a_small_field_sees_a_share_of_a_large_object() -> None:
    fields = fields_by_name("boxscope-ssd")
    seen = levels_seeing(fields, (0, 0, 256, 256))
    shares = [s.share for s in seen]
    assert shares == sorted(shares) and shares[0] < 0.2 and shares[-1] == 1


def test_a_checkpoint_is_followed_like_the_model_that_it_fits() -> None:
    info = catalogue.find("boxscope-ssd")
    opened = fields_by_name("boxscope-ssd", (128, 96), str(catalogue.file_of(info)))
    assert rows(opened) == rows(fields_by_name("boxscope-ssd", (128, 96)))


def test_a_point_finds_the_cell_that_lies_over_it(detector: Fields) -> None:
    layer = detector["backbone.body.layer4"]
    cells = [cell_over(detector, layer, 32 * i + 2, 250.0) for i in range(8)]
    assert cells == [(i, 7) for i in range(8)]


@pytest.mark.parametrize(
    ("stage", "array", "grid", "field"),
    [
        ("backbone", "level/0", (64, 64), 15),
        ("backbone", "level/3", (8, 8), 279),
        ("fpn", "lateral/1", (32, 32), 71),
        ("fpn", "sum/0", (64, 64), 279),
        ("fpn", "sum/3", (8, 8), 279),
        ("fpn", "level/4", (4, 4), 343),
        ("objectness", "level/2", (16, 16), 343),
    ],
)
def test_arrays_of_a_trace_find_their_layer(
    detector: Fields, stage: str, array: str, grid: tuple[int, int], field: int
) -> None:
    layer = shown(detector, stage, array)
    assert layer is not None and layer.grid == grid
    assert layer.axes()[0].size == field


def test_arrays_that_are_no_layer_find_none(detector: Fields) -> None:
    assert shown(detector, "nms", "iou") is None
    assert shown(detector, "fpn", "level/9") is None


def test_region_heads_count_in_bins(detector: Fields) -> None:
    head = detector["roi_heads.mask_predictor.mask_fcn_logits"]
    assert head.root == "mask region" and head.extent(0, 0) == (0, 0, 3, 3)
    assert detector["rpn.head.cls_logits:0"].root == PICTURE


def test_the_command_writes_what_the_table_says(tmp_path, capsys) -> None:
    out = tmp_path / "fields.json"
    assert run(["receptive-field", "alexnet", "--input", "97x65", "--out", str(out)]) == 0
    found = json.loads(out.read_text("utf-8"))
    assert found["schema"] == 1 and found["input"] == {"height": 97, "width": 65}
    assert [v["name"] for v in found["layers"]][:2] == ["features.0", "features.1"]
    assert found["layers"][0]["field"] == [11, 11] and found["layers"][0]["start"] == [-2, -2]
    layer = ["receptive-field", "alexnet", "--layer", "features.2", "--out", str(out)]
    assert run(layer) == 0
    (one,) = json.loads(out.read_text("utf-8"))["layers"]
    assert one["extents"]["rows"][:2] == [[0, 16], [6, 24]]
    assert run(layer[:-2]) == 0
    heading, line, summary = capsys.readouterr().out.splitlines()
    assert heading.split()[6:8] == ["jump", "field"] and line.split()[6:8] == ["8", "19"]
    assert "0.714 G multiply-adds" in summary


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["resnet5"], "did you mean resnet50"),
        (["alexnet", "--input", "20x20"], "cannot be followed with a picture of 20 x 20 px"),
        (["alexnet", "--input", "20"], "write height x width"),
        (["alexnet", "--layer", "nothing.at.all.like.it"], "has no layer"),
        (["alexnet", "--out", "fields.txt"], "must end in .json"),
        (["alexnet", "--checkpoint", "x.pth"], "for detectors only"),
    ],
)
def test_the_command_complains_in_one_line(words: list[str], complaint: str, capsys) -> None:
    assert run(["receptive-field", *words]) == 2
    error = capsys.readouterr().err
    assert complaint in error and error.count("\n") == 1
