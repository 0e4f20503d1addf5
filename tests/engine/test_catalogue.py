"""The catalogue's facts against torchvision's own, and what is here."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torchvision.models as published
from safetensors.torch import save_file

from engine import catalogue, scenes
from engine.catalogue import ModelInfo
from engine.catalogue import catalogue as models
from engine.errors import BoxscopeError

DOWNLOADS = [info for info in models().values() if not info.shipped]


def test_all_of_torchvision_is_there() -> None:
    ours = {info.name for info in DOWNLOADS}
    theirs = set(published.list_models(module=published.detection))
    theirs |= set(published.list_models(module=published.segmentation))
    assert ours == theirs


@pytest.mark.parametrize("info", DOWNLOADS, ids=lambda info: info.name)
def test_facts_are_torchvisions_own(info: ModelInfo) -> None:
    weights = published.get_model_weights(info.name).DEFAULT
    meta = weights.meta
    assert info.url == weights.url
    assert info.filename.endswith(f"-{info.sha256}.pth")
    assert len(info.sha256) == 8
    assert info.parameters == meta["num_params"]
    assert info.class_names == tuple(meta["categories"])
    assert info.size_bytes / 2**20 == pytest.approx(meta["_file_size"], abs=1e-6)
    assert dict(info.metrics) == next(iter(meta["_metrics"].values()))


def test_cache_folder_is_torchs_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variables in (
        {},
        {"TORCH_HOME": str(tmp_path)},
        {"TORCH_HOME": "~/somewhere"},
        {"XDG_CACHE_HOME": str(tmp_path / "cache")},
    ):
        with monkeypatch.context() as patch:
            for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
                patch.delenv(name, raising=False)
            for name, value in variables.items():
                patch.setenv(name, value)
            assert catalogue.cache_folder() == Path(torch.hub.get_dir()) / "checkpoints"


def test_states(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    info = models()["ssd300_vgg16"]
    assert catalogue.state(info) == "needs download"
    path = catalogue.file_of(info)
    path.parent.mkdir(parents=True)
    path.with_name(path.name + ".part").touch()
    assert catalogue.state(info) == "needs download"
    path.touch()
    assert catalogue.state(info) == "cached"
    absent = replace(models()["boxscope-ssd"], asset="not-there.safetensors")
    assert catalogue.state(absent) == "missing"


@pytest.mark.parametrize("info", [i for i in models().values() if i.shipped], ids=lambda i: i.name)
def test_shipped_models(info: ModelInfo) -> None:
    assert info.class_names == tuple(scenes.CLASSES)
    here = catalogue.file_of(info).is_file()
    assert (catalogue.state(info) == "shipped") == here
    assert bool(info.parameters) == bool(info.size_bytes) == here


def test_parameters_of_a_safetensors_file_are_counted(tmp_path: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    path = tmp_path / "net.safetensors"
    save_file(net.state_dict(), path, {"format": "pt"})
    expected = sum(p.numel() for p in net.parameters()), path.stat().st_size
    assert catalogue._measure(path) == expected
    assert catalogue._measure(tmp_path / "absent") == (0, 0)


def test_unknown_name_suggests_near_ones() -> None:
    with pytest.raises(BoxscopeError, match="did you mean ssd300_vgg16"):
        catalogue.find("ssd300_vgg1")
    with pytest.raises(BoxscopeError, match="boxscope models"):
        catalogue.find("?")


def test_table_is_plain_text_and_complete() -> None:
    rows = catalogue.models_table()
    assert [row["name"] for row in rows] == list(models())
    assert all(isinstance(cell, str) and cell for row in rows for cell in row.values())
    row = next(row for row in rows if row["name"] == "fasterrcnn_resnet50_fpn")
    assert row["classes"] == "80 (COCO 2017)"
    assert row["size"] == "168 MB"
    assert row["box mAP"] == "37.0"


def test_no_torch_for_the_catalogue() -> None:
    code = (
        "import sys; from engine.catalogue import models_table; models_table(); "
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
