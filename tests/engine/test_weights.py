"""From a name to a module: shipped, cached, downloaded, somebody's own; and what people read."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch
import torchvision.models as published
from PIL import Image
from torch import Tensor

from engine import catalogue, checkpoint, weights
from engine.catalogue import ModelInfo
from engine.errors import BoxscopeError, Cancelled
from engine.session import ModelChoice, Progress, engine_threads

NAME = "ssdlite320_mobilenet_v3_large"
CHOICE = ModelChoice(NAME)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty torch home, whose cache folder exists."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    catalogue.cache_folder().mkdir(parents=True)
    return tmp_path


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """A random state dict with the 91 classes of COCO."""
    build = published.get_model_builder(NAME)
    return dict(build(weights=None, weights_backbone=None).state_dict())


def test_cached_weights_become_a_module_for_inference(home: Path, state: dict[str, Tensor]) -> None:
    torch.save(state, catalogue.file_of(catalogue.find(NAME)))
    said: list[Progress] = []
    model = weights.load(CHOICE, "cpu", said.append)
    assert (model.name, model.device, model.info) == (NAME, "cpu", catalogue.find(NAME))
    assert model.classes == catalogue.label_sets()["coco"]
    assert not any(part.training for part in model.module.modules())
    assert not any(p.requires_grad for p in model.module.parameters())
    assert [p.text for p in said] == [f"loading {NAME}"]
    for key, value in model.module.state_dict().items():
        assert torch.equal(value, state[key]), key


def test_downloaded_then_loaded_then_cached(home: Path, state: dict[str, Tensor]) -> None:
    """The whole way of a user's first click, from a server on this machine."""
    shelf = home / "server"
    shelf.mkdir()
    torch.save(state, shelf / "lite-00000000.pth")
    digest = hashlib.sha256((shelf / "lite-00000000.pth").read_bytes()).hexdigest()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(shelf)))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        info = replace(
            catalogue.find(NAME),
            url=f"http://127.0.0.1:{server.server_address[1]}/lite-00000000.pth",
            sha256=digest[:8],
        )
        said: list[Progress] = []
        weights.open_model(info, CHOICE, "cpu", said.append)
        assert any(p.fraction == 1.0 for p in said)
        assert said[-1].text == f"loading {NAME}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert len(weights.open_model(info, CHOICE, "cpu").classes) == 91  # without the server


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def test_no_network_is_one_sentence(home: Path) -> None:
    info = replace(catalogue.find(NAME), url="http://127.0.0.1:1/x-00000000.pth")
    with pytest.raises(BoxscopeError, match=r"could not be downloaded.*shipped models .*usable"):
        weights.open_model(info, CHOICE)


def test_damaged_cached_file_is_named(home: Path) -> None:
    path = catalogue.file_of(catalogue.find(NAME))
    path.write_bytes(b"half a file")
    with pytest.raises(BoxscopeError, match="cannot be used; delete it") as caught:
        weights.load(CHOICE)
    assert str(path) in str(caught.value)


def test_shipped_file_that_is_missing(home: Path) -> None:
    info = replace(catalogue.find("boxscope-ssd"), asset="not-there.safetensors")
    with pytest.raises(BoxscopeError, match=r"is missing from this installation; .*boxscope train"):
        weights.open_model(info, ModelChoice("boxscope-ssd"))


@pytest.mark.parametrize(
    "info", [i for i in catalogue.catalogue().values() if i.shipped], ids=lambda i: i.name
)
def test_shipped_models_load(info: ModelInfo) -> None:
    if catalogue.state(info) != "shipped":
        pytest.skip(f"{info.asset} is not in assets/weights yet")
    model = weights.load(ModelChoice(info.name), "cpu")
    assert model.classes == info.class_names
    assert not any(p.requires_grad for p in model.module.parameters())
    assert sum(p.numel() for p in model.module.parameters()) == info.parameters


def test_unknown_model() -> None:
    with pytest.raises(BoxscopeError, match="There is no model 'yolo'"):
        weights.load(ModelChoice("yolo"))


def test_cancelled(home: Path, state: dict[str, Tensor]) -> None:
    torch.save(state, catalogue.file_of(catalogue.find(NAME)))
    with pytest.raises(Cancelled):
        weights.load(CHOICE, "cpu", lambda _: None, lambda: True)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (None, ("__background__", "class 1", "class 2", "class 3")),
        ("cat\ndog\nfish\n", ("__background__", "cat", "dog", "fish")),
    ],
)
def test_own_checkpoint_with_other_classes(
    labels: str | None, classes: tuple[str, ...], state: dict[str, Tensor], tmp_path: Path
) -> None:
    own = dict(state)
    for key, value in state.items():
        if key.startswith("head.classification_head") and len(value.shape) and len(value) == 546:
            own[key] = value[:24].clone()  # 6 anchors of 4 classes instead of 91
    torch.save({"model": own}, tmp_path / "own.pth")
    names = None
    if labels is not None:
        (tmp_path / "names.txt").write_text(labels)
        names = str(tmp_path / "names.txt")
    said: list[Progress] = []
    model = weights.load(
        ModelChoice(NAME, str(tmp_path / "own.pth"), names), "cpu", report=said.append
    )
    assert model.classes == classes
    assert said[0].text == f"loading {NAME} from own.pth"


def test_labels_that_do_not_match(home: Path, state: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(state, catalogue.file_of(catalogue.find(NAME)))
    (tmp_path / "names.txt").write_text("cat\ndog\n")
    with pytest.raises(BoxscopeError, match="names 2 classes, but the model has 91"):
        weights.load(ModelChoice(NAME, labels=str(tmp_path / "names.txt")))


def test_device_that_is_not_there(home: Path) -> None:
    with pytest.raises(BoxscopeError, match="There is no device 'tpu'"):
        weights.load(CHOICE, "tpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA card")
def test_moved_to_a_card_and_back(home: Path, state: dict[str, Tensor]) -> None:
    torch.save(state, catalogue.file_of(catalogue.find(NAME)))
    model = weights.load(CHOICE, "cuda")
    assert {p.device.type for p in model.module.parameters()} == {"cuda"}
    back = weights.move(model, "cpu")
    assert back.device == "cpu"
    assert {p.device.type for p in back.module.parameters()} == {"cpu"}


def test_threads_can_be_set_more_than_once() -> None:
    before = torch.get_num_threads()
    try:
        for count in (1, 1):
            weights.set_threads(count)
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(before)
    assert engine_threads(3) == 3


def test_real_weights_detect_what_is_in_the_picture(real: Path) -> None:
    path = real / "weights" / "ssdlite320_mobilenet_v3_large_coco-dequant.pth"
    model = weights.load(ModelChoice(NAME, str(path)), "cpu")
    with Image.open(real / "photos" / "dog.jpg") as picture:
        pixels = np.array(picture.convert("RGB"))
    with torch.inference_mode():
        found = model.module([torch.from_numpy(pixels).permute(2, 0, 1) / 255])[0]
    names = [model.classes[label] for label in found["labels"][:3]]
    assert names == ["bicycle", "dog", "car"]
    assert found["scores"][:3].tolist() == pytest.approx([0.972, 0.813, 0.791], abs=5e-4)


def test_real_weights_in_the_wrong_architecture(real: Path) -> None:
    path = real / "weights" / "ssdlite320_mobilenet_v3_large_coco-dequant.pth"
    with pytest.raises(BoxscopeError, match=f"does not fit fcos_.*try --model {NAME}"):
        checkpoint.open_checkpoint(catalogue.find("fcos_resnet50_fpn"), path)
    with pytest.raises(BoxscopeError, match="damaged or not a file of weights"):
        checkpoint.read_state(real / "weights" / "yolox_nano.onnx")
