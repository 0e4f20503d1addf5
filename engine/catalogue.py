"""The catalogue: every model by name, its facts, and whether it is here. Imports no torch.

The data lie in ``assets/models.json``. For torchvision's models a test holds them equal to
torchvision's own weights enums, so that a new torchvision release cannot drift away unseen.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from engine.errors import BoxscopeError

State = Literal["shipped", "cached", "needs download", "missing"]

# torchvision publishes its weights without a licence text of their own: say just that.
TORCHVISION_LICENCE = "code BSD-3-Clause; weights trained on COCO, no licence of their own stated"


@dataclass(frozen=True)
class ModelInfo:
    """The facts about one model of the catalogue.

    ``family`` is the published name of the architecture; ``task`` is "detection", "instance
    segmentation", "keypoints" or "segmentation"; ``labels`` names its label set; ``metrics`` are
    the published figures in percent, measured on COCO val2017 (``box_map``, ``mask_map``,
    ``kp_map``, ``miou``, ``pixel_acc``), as torchvision states them.

    ``url`` and ``sha256`` (the first hex digits, 8 of them in torchvision's file names) belong to
    a model that is downloaded; ``asset`` is the file in ``assets/weights`` of one that ships.
    ``parameters`` and ``size_bytes`` are 0 while the file of a shipped model is missing;
    ``size_bytes`` of a download is torchvision's rounded figure, about 500 bytes off.
    """

    name: str
    title: str
    family: str
    task: str
    labels: str
    dataset: str
    licence: str
    parameters: int = 0
    size_bytes: int = 0
    url: str = ""
    sha256: str = ""
    asset: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def shipped(self) -> bool:
        """True for a model made by this project, whether or not its file is there."""
        return bool(self.asset)

    @property
    def filename(self) -> str:
        return self.asset or self.url.rpartition("/")[2]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names by label id; index 0 is the background."""
        if self.labels == "scenes":
            from engine import scenes  # OpenCV comes with them, so not before they are asked for

            return tuple(scenes.CLASSES)
        return label_sets()[self.labels]

    @property
    def classes(self) -> int:
        """Size of the class head: labels, gaps and background included (91 for COCO)."""
        return len(self.class_names)

    @property
    def named_classes(self) -> int:
        """Classes that can really come out: without background and gaps (80 for COCO)."""
        return sum(name not in _UNUSED for name in self.class_names)


_UNUSED = {"__background__", "N/A", "no person"}


@cache
def _data() -> Mapping[str, Any]:
    text = resources.files("assets").joinpath("models.json").read_text("utf-8")
    data: Mapping[str, Any] = json.loads(text)
    return data


@cache
def label_sets() -> Mapping[str, tuple[str, ...]]:
    """Label lists of the published models: ``coco`` (91), ``coco-person`` (2), ``voc`` (21)."""
    return MappingProxyType({key: tuple(names) for key, names in _data()["labels"].items()})


@cache
def catalogue() -> Mapping[str, ModelInfo]:
    """Every model by name, the shipped ones first."""
    return MappingProxyType({entry["name"]: _info(entry) for entry in _data()["models"]})


def find(name: str) -> ModelInfo:
    """The model of that name. Raises BoxscopeError, with the nearest names, when there is none."""
    known = catalogue()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name.lower(), known, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`boxscope models` lists them."
    raise BoxscopeError(f"There is no model {name!r} in the catalogue; {hint}")


def cache_folder() -> Path:
    """Where downloaded weights lie: the folder of ``torch.hub``, worked out without torch.

    ``torch.hub.get_dir()/checkpoints``: $TORCH_HOME/hub, else $XDG_CACHE_HOME/torch/hub, else
    ~/.cache/torch/hub.
    """
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))  # noqa: PTH118
    return Path(os.path.expanduser(home)) / "hub" / "checkpoints"  # noqa: PTH111 (never raises)


def file_of(info: ModelInfo) -> Path:
    """Where the weights of a model lie, or would lie."""
    if info.shipped:
        return _asset(info.asset)
    return cache_folder() / info.filename


def state(info: ModelInfo) -> State:
    """Whether the weights are here; "missing" is a shipped model whose file is not."""
    here = file_of(info).is_file()
    if info.shipped:
        return "shipped" if here else "missing"
    return "cached" if here else "needs download"


def models_table() -> list[dict[str, str]]:
    """What ``boxscope models`` prints: one plain row a model, every value a short text."""
    return [
        {
            "name": info.name,
            "family": info.family,
            "task": info.task,
            "classes": f"{info.named_classes} ({info.dataset})",
            "parameters": f"{info.parameters / 1e6:.1f} M" if info.parameters else "-",
            "size": f"{info.size_bytes / 1e6:.0f} MB" if info.size_bytes else "-",
            "box mAP": f"{info.metrics['box_map']:.1f}" if "box_map" in info.metrics else "-",
            "state": state(info),
            "licence": info.licence,
        }
        for info in catalogue().values()
    ]


def _asset(name: str) -> Path:
    # The packages are installed as plain folders (torch cannot run from a zip either).
    return Path(str(resources.files("assets"))) / "weights" / name


def _info(entry: Mapping[str, Any]) -> ModelInfo:
    facts = dict(entry)
    mib = facts.pop("size_mib", None)
    if mib is not None:
        facts["size_bytes"] = round(mib * 2**20)
    if "url" in facts:
        # torchvision's file names end in the first digits of their SHA-256.
        match = re.search(r"-([0-9a-f]{8,})\.pth$", facts["url"])
        facts["sha256"] = match[1] if match else ""
        facts.setdefault("licence", TORCHVISION_LICENCE)
    else:
        facts["parameters"], facts["size_bytes"] = _measure(_asset(facts["asset"]))
    facts["metrics"] = MappingProxyType(facts.get("metrics", {}))
    return ModelInfo(**facts)


def _measure(path: Path) -> tuple[int, int]:
    """(parameters, bytes) of a safetensors file from its header; (0, 0) when it is not there.

    The header is a little-endian uint64 length and that many bytes of JSON
    (https://github.com/huggingface/safetensors#format). Statistics of batch norms do not count as
    parameters, as in torchvision's figures.
    """
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        statistics = ("running_mean", "running_var", "num_batches_tracked")
        count = 0
        for key, value in header.items():
            if key != "__metadata__" and not key.endswith(statistics):
                product = 1
                for extent in value["shape"]:
                    product *= extent
                count += product
        return count, path.stat().st_size
    except (OSError, ValueError, KeyError):
        return 0, 0
