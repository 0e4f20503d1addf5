"""What a training run leaves on the disk: a state to resume from, weights, losses to read."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.catalogue import file_of, find
from engine.errors import BoxscopeError

_FORMAT = 1


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write a resumable state; a reader sees the old file or the new one, never half of one."""
    part = path.with_name(f".{path.name}.part")
    torch.save({"format": _FORMAT, **state}, part)
    part.replace(path)


def load_state(path: Path, name: str, seed: int = 0) -> dict[str, Any] | None:
    """The state in ``path``, or None when there is none.

    Raises BoxscopeError for a file that is not a state of this model, or one of another seed.
    Nothing is unpickled.
    """
    if not path.exists():
        return None
    advice = "choose another folder with --out, or remove the file to begin again."
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise BoxscopeError(f"{path} is no training state that can be resumed; {advice}") from error
    if not isinstance(state, dict) or state.get("format") != _FORMAT or state.get("name") != name:
        raise BoxscopeError(f"{path} is not a training state of {name}; {advice}")
    begun = state.get("seed", 0)
    if begun != seed:
        raise BoxscopeError(
            f"{path} was begun with --seed {begun}, not {seed}: go on with --seed {begun}, "
            f"or {advice}"
        )
    return state


def save_weights(path: Path, weights: Mapping[str, Tensor], note: Mapping[str, str]) -> None:
    """Write weights as safetensors: matrices and kernels in half precision, the rest as it is.

    Biases and the statistics of batch normalisation stay in float32: they are few, and a running
    variance may lie outside the range of a half.
    """
    halved = {
        key: (value.half() if value.is_floating_point() and value.dim() > 1 else value)
        .detach().cpu().contiguous().clone()
        for key, value in weights.items()
    }  # fmt: skip
    part = path.with_name(f".{path.name}.part")
    save_file(halved, part, metadata=dict(note))
    part.replace(path)


def begin_with(model: nn.Module, name: str) -> None:
    """Give ``model`` the weights of a shipped model (transfer learning): what both have of them.

    That is the backbone, and of networks that differ in a few layers all the others.
    Raises BoxscopeError when that model's weights are not here.
    """
    path = file_of(find(name))
    if not path.is_file():
        raise BoxscopeError(
            f"The weights of {name} are where this model begins, but {path} is not there: "
            f"`boxscope train {name}` makes it."
        )
    own = model.state_dict()
    shared = {
        key: value
        for key, value in load_file(path).items()
        if key in own and own[key].shape == value.shape
    }
    assert any(key.startswith("backbone.") for key in shared), f"{name} shares no backbone"
    model.load_state_dict(shared, strict=False)


class LossLog:
    """``losses.csv``: one line a step, ready for a spreadsheet or a plot.

    Opening it at ``step`` drops the lines of later steps, which a resumed run does again.
    """

    def __init__(self, path: Path, names: list[str], step: int) -> None:
        head = ["step", "rate", "total", *names]
        kept: list[list[str]] = []
        if step and path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                rows = [row for row in csv.reader(file) if len(row) == len(head)]
            kept = [row for row in rows[1:] if row[0].isdigit() and int(row[0]) < step]
        self._file = path.open("w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)
        self._writer.writerows([head, *kept])

    def add(self, step: int, rate: float, losses: Mapping[str, float]) -> None:
        values = [sum(losses.values()), *losses.values()]
        self._writer.writerow([step, f"{rate:.3e}", *(f"{v:.5f}" for v in values)])
        self._file.flush()

    def close(self) -> None:
        self._file.close()
