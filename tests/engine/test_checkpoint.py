"""Somebody's own weights: what fits, what does not, and what must never run."""

from __future__ import annotations

import argparse
import os
import pickle
import re
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision.models as published
from safetensors.torch import save_file
from torch import Tensor, nn

from engine import architecture, checkpoint
from engine.catalogue import ModelInfo, catalogue, find
from engine.checkpoint import open_checkpoint, read_state
from engine.errors import BoxscopeError

DOWNLOADS = [info for info in catalogue().values() if not info.shipped]
SMALL = find("ssdlite320_mobilenet_v3_large")  # 14 MB
MOBILE = find("fasterrcnn_mobilenet_v3_large_320_fpn")
State = dict[str, Tensor]
TINY: State = {"layer.weight": torch.ones(300, 300), "layer.bias": torch.ones(300)}


@cache
def _module(name: str, classes: int) -> nn.Module:
    torch.manual_seed(classes)
    build = published.get_model_builder(name)
    return build(weights=None, weights_backbone=None, num_classes=classes).eval()


def _state(info: ModelInfo = SMALL, classes: int = 4) -> State:
    return dict(_module(info.name, classes).state_dict())


def _is_one_sentence(error: BoxscopeError) -> None:
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert not re.search(r"[.?!] ", text)


@pytest.mark.parametrize("info", DOWNLOADS, ids=lambda info: info.name)
def test_published_architecture_is_the_one_torchvision_builds(
    info: ModelInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Layer for layer, eps for eps, what torchvision builds around its own published weights.

    Its builder runs in full, on the meta device; only the bytes of the weights are not fetched.
    """
    ours = architecture.blank(info, architecture.published(info))
    weights = published.get_model_weights(info.name).DEFAULT
    monkeypatch.setattr(type(weights), "get_state_dict", lambda *_, **__: ours.state_dict())
    with torch.device("meta"):
        theirs = published.get_model_builder(info.name)(weights=weights).eval()
    assert repr(ours) == repr(theirs)
    shapes = [(k, v.shape, v.dtype) for k, v in ours.state_dict().items()]
    assert shapes == [(k, v.shape, v.dtype) for k, v in theirs.state_dict().items()]
    for (name, mine), (_, other) in zip(ours.named_modules(), theirs.named_modules(), strict=True):
        assert getattr(mine, "eps", None) == getattr(other, "eps", None), name


@pytest.mark.parametrize("info", DOWNLOADS, ids=lambda info: info.name)
def test_every_architecture_is_filled_completely(info: ModelInfo) -> None:
    """From plain keys, as safetensors has them; nothing is left on the meta device."""
    module = architecture.blank(info, architecture.published(info))
    state = {k: torch.empty(v.shape, dtype=v.dtype) for k, v in module.state_dict().items()}
    checkpoint.fill(module, state, "a file", info)
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        assert tensor.device.type == "cpu", name
        assert not tensor.requires_grad, name
    assert not any(part.training for part in module.modules())


def _plain(state: State, path: Path) -> None:
    torch.save(state, path)


def _legacy(state: State, path: Path) -> None:
    torch.save(state, path, _use_new_zipfile_serialization=False)


def _training_script(state: State, path: Path) -> None:
    extra = {"args": argparse.Namespace(lr=0.02), "epoch": 3, "optimizer": {"state": {}}}
    torch.save({"epoch": torch.tensor(3), "model": state, **extra}, path)


def _parallel(state: State, path: Path) -> None:
    torch.save({"state_dict": {f"module.{k}": v for k, v in state.items()}}, path)


def _averaged(state: State, path: Path) -> None:
    averaged = {"n_averaged": torch.tensor(7)} | {f"module.{k}": v for k, v in state.items()}
    torch.save({"model_ema": averaged}, path)


def _half(state: State, path: Path) -> None:
    torch.save({k: v.half() if v.is_floating_point() else v for k, v in state.items()}, path)


def _parameters(state: State, path: Path) -> None:
    torch.save({k: nn.Parameter(v) if v.is_floating_point() else v for k, v in state.items()}, path)


def _safetensors(state: State, path: Path) -> None:
    save_file(state, path, {"format": "pt"})


def _without_counters(state: State, path: Path) -> None:
    torch.save({k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}, path)


@pytest.mark.parametrize(
    "save",
    [
        _plain,
        _legacy,
        _training_script,
        _parallel,
        _averaged,
        _half,
        _parameters,
        _safetensors,
        _without_counters,
    ],
)
def test_every_way_to_save_is_opened(save: Callable[[State, Path], None], tmp_path: Path) -> None:
    """And the class count, 4 here, is read from the head."""
    path = tmp_path / "file.pth"  # safetensors is known by its content too
    save(_state(), path)
    module = open_checkpoint(SMALL, path)
    expected = _state()
    found = module.state_dict()
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        if key.endswith("num_batches_tracked"):
            continue
        assert found[key].dtype == value.dtype
        torch.testing.assert_close(found[key], value, atol=1e-3 if save is _half else 0, rtol=1e-3)
    assert architecture.class_count(SMALL, module) == 4


@pytest.mark.parametrize("info", [SMALL, MOBILE], ids=lambda info: info.name)
def test_detects_exactly_as_torchvisions_own_module(info: ModelInfo, tmp_path: Path) -> None:
    path = tmp_path / "own.pth"
    torch.save(_state(info), path)
    picture = torch.rand(3, 120, 160, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = _module(info.name, 4)([picture])[0]
        found = open_checkpoint(info, path)([picture])[0]
    assert len(expected["scores"])
    for key, value in expected.items():
        assert torch.equal(found[key], value), key


def test_frozen_norms_are_told_by_their_keys(tmp_path: Path) -> None:
    state = _state(MOBILE)
    frozen = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    for name, content, kind in (("a", state, "BatchNorm2d"), ("b", frozen, "FrozenBatchNorm2d")):
        path = tmp_path / name
        torch.save(content, path)
        kinds = {type(m).__name__ for m in open_checkpoint(MOBILE, path).backbone.modules()}  # type: ignore[union-attr]
        assert {k for k in kinds if k.endswith("BatchNorm2d")} == {kind}


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("fasterrcnn_resnet50_fpn_v2", 5),
        ("maskrcnn_resnet50_fpn", 2),
        ("keypointrcnn_resnet50_fpn", 3),
        ("retinanet_resnet50_fpn_v2", 6),
        ("fcos_resnet50_fpn", 7),
        ("ssd300_vgg16", 21),
        ("deeplabv3_mobilenet_v3_large", 19),
        ("lraspp_mobilenet_v3_large", 4),
    ],
)
def test_class_count_is_read_from_the_head(name: str, classes: int) -> None:
    info = find(name)
    with torch.device("meta"):
        module = published.get_model_builder(name)(
            weights=None, weights_backbone=None, num_classes=classes
        )
    assert architecture.class_count(info, module) == classes
    shapes = {k: tuple(v.shape) for k, v in module.state_dict().items()}
    rebuilt = architecture.blank(info, architecture.variant_of(info, shapes))
    assert {k: tuple(v.shape) for k, v in rebuilt.state_dict().items()} == shapes


def test_another_architecture_names_what_differs_and_what_would_fit(tmp_path: Path) -> None:
    path = tmp_path / "lite.pth"
    torch.save(_state(), path)
    with pytest.raises(BoxscopeError) as caught:
        open_checkpoint(find("ssd300_vgg16"), path)
    text = str(caught.value)
    assert re.search(r"does not fit ssd300_vgg16: 71 entries missing \(first: backbone\.", text)
    assert re.search(r"476 entries unexpected \(first: backbone\.features\.0\.0\.0\.weight\)", text)
    assert text.endswith("try --model ssdlite320_mobilenet_v3_large.")


@pytest.mark.parametrize("name", ["boxscope-ssd", "boxscope-unet"])
def test_weights_of_a_shipped_model_are_recognised(name: str, tmp_path: Path) -> None:
    path = tmp_path / "own.pth"
    torch.save(checkpoint.shipped_architecture(find(name)).state_dict(), path)
    with pytest.raises(BoxscopeError, match=rf"does not fit ssdlite.*try --model {name}\."):
        open_checkpoint(SMALL, path)


def test_no_architecture_fits(tmp_path: Path) -> None:
    path = tmp_path / "linear.pth"
    torch.save(nn.Linear(2, 2).state_dict(), path)
    with pytest.raises(BoxscopeError, match=r"unexpected \(first: weight\); it fits no model"):
        open_checkpoint(SMALL, path)


def test_another_shape(tmp_path: Path) -> None:
    path = tmp_path / "own.pth"
    key = "backbone.features.0.0.0.weight"
    torch.save(_state() | {key: torch.zeros(16, 1, 3, 3)}, path)
    expected = re.escape(
        f"1 entry of another shape (first: {key} (16, 1, 3, 3) instead of (16, 3, 3, 3)); it fits"
    )
    with pytest.raises(BoxscopeError, match=expected):
        open_checkpoint(SMALL, path)


def test_one_entry_too_few(tmp_path: Path) -> None:
    path = tmp_path / "own.pth"
    state = _state()
    key = list(state)[-1]
    del state[key]
    torch.save(state, path)
    with pytest.raises(BoxscopeError, match=re.escape(f"1 entry missing (first: {key})")) as caught:
        open_checkpoint(SMALL, path)
    _is_one_sentence(caught.value)


def test_quantised_weights(tmp_path: Path) -> None:
    path = tmp_path / "int8.pth"
    torch.save({k: v.to(torch.int8) for k, v in _state().items()}, path)
    with pytest.raises(BoxscopeError, match=r"holds quantised weights .*is int8"):
        open_checkpoint(SMALL, path)


class _Evil:
    """A pickle that makes a file when it is opened by a reader that runs it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("form", ["zip", "legacy", "bare"])
@pytest.mark.parametrize("nested", [True, False])
def test_code_in_a_pickle_is_not_run(
    form: str, protocol: int, nested: bool, tmp_path: Path
) -> None:
    mark, path = tmp_path / "was here", tmp_path / "evil.pth"
    content = {"model": TINY, "extra": _Evil(mark)} if nested else _Evil(mark)
    if form == "bare":
        path.write_bytes(pickle.dumps(content, protocol))
    else:
        new = form == "zip"
        torch.save(content, path, pickle_protocol=protocol, _use_new_zipfile_serialization=new)
    with pytest.raises(BoxscopeError, match=r"never (runs|does)") as caught:
        open_checkpoint(SMALL, path)
    _is_one_sentence(caught.value)
    assert not mark.exists()
    pickle.loads(pickle.dumps(_Evil(mark)))  # the same would have left its mark
    assert mark.exists()


def test_namespace_cannot_smuggle_code(tmp_path: Path) -> None:
    mark, path = tmp_path / "was here", tmp_path / "evil.pth"
    torch.save({"args": argparse.Namespace(x=_Evil(mark)), "model": TINY}, path)
    with pytest.raises(BoxscopeError, match="never runs"):
        open_checkpoint(SMALL, path)
    assert not mark.exists()


def test_whole_models_and_programs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "whole.pth"
    torch.save(nn.Linear(2, 2), path)
    with pytest.raises(BoxscopeError, match=r"objects \(torch\.nn\.modules\.linear\.Linear\)"):
        read_state(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, but people have such files
        torch.jit.script(nn.Linear(2, 2)).save(path)
    with pytest.raises(BoxscopeError, match="is a TorchScript program"):
        read_state(path)


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
@pytest.mark.parametrize("share", [0.0001, 0.02, 0.5, 0.999])
def test_truncated_files(form: str, share: float, tmp_path: Path) -> None:
    path = tmp_path / "whole"
    {"zip": _plain, "legacy": _legacy, "safetensors": _safetensors}[form](TINY, path)
    data = path.read_bytes()
    path.write_bytes(data[: max(1, int(len(data) * share))])
    with pytest.raises(BoxscopeError, match="copy or download it again") as caught:
        read_state(path)
    _is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"hello world\n", "is damaged or not a file of weights"),
        (b"<html>not found</html>", "is damaged or not a file of weights"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is damaged or not a file of weights"),
        (b"\xff" * 8 + b"{}", "is not a whole safetensors file"),
        (bytes(4096), "is damaged or not a file of weights"),
    ],
)
def test_files_that_are_something_else(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    path.write_bytes(content)
    with pytest.raises(BoxscopeError, match=sentence):
        read_state(path)


@pytest.mark.parametrize("content", [{}, [], 3, {"model": {"epoch": 3}}, {3: torch.zeros(1)}])
def test_no_state_dict_inside(content: object, tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    torch.save(content, path)
    with pytest.raises(BoxscopeError, match="holds no state dict"):
        read_state(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(BoxscopeError, match="There is no checkpoint"):
        read_state(tmp_path / "absent.pth")
    with pytest.raises(BoxscopeError, match="is a folder"):
        read_state(tmp_path)
