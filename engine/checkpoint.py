"""Somebody's own weights: read without running anything, and fitted into an architecture."""

from __future__ import annotations

import argparse
import hashlib
import pickle
import re
import warnings
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from engine import architecture
from engine.architecture import Variant
from engine.catalogue import ModelInfo, catalogue
from engine.errors import BoxscopeError

# Where training scripts put the weights among other things, and what wrappers put before each key.
_NESTS = ("model", "state_dict", "model_state_dict", "model_ema", "ema", "net", "weights", "module")
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.")
_AVERAGED = "n_averaged"  # a count that torch's AveragedModel keeps beside the weights
_COUNTER = ".num_batches_tracked"  # statistics of training only; old files lack it
# Operations of pickle protocol 4 and later (PEP 3154), which torch's safe reader does not know.
_NEWER = re.compile(r"Unsupported operand 1[45]\d\b")
_FOREIGN = re.compile(r"(?:GLOBAL|global:|class)\s+(?:GLOBAL )?([\w.]+\.\w+)")


def open_checkpoint(info: ModelInfo, path: str | Path) -> nn.Module:
    """The architecture of ``info`` with the weights of a file, on the CPU, in eval mode.

    The file is a torchvision state dict (``.pth``, ``.pt``), also nested under "model" or
    "state_dict" and with prefixes such as "module.", or the same as safetensors. A class head of
    another size is taken as it is: the architecture is built with that many classes.

    Raises BoxscopeError when the file cannot be read, holds code, or does not fit.
    """
    state = read_state(path)
    if info.shipped:
        module = shipped_architecture(info)
    else:
        shapes = {key: tuple(value.shape) for key, value in state.items()}
        variant = architecture.variant_of(info, shapes)
        if variant.frozen and info.sha256 and _sha256(path).startswith(info.sha256):
            variant = architecture.published(info)
        module = architecture.blank(info, variant)
    fill(module, state, str(path), info)
    return module


def shipped_architecture(info: ModelInfo) -> nn.Module:
    """The architecture of a shipped model, without its weights."""
    from engine.networks import build

    module: nn.Module = build(info.name)
    return module.eval()


def read_state(path: str | Path) -> dict[str, Tensor]:
    """The state dict in a file, on the CPU, unwrapped. Nothing in the file is executed.

    Raises BoxscopeError when there is none that can be read.
    """
    file = Path(path).expanduser()
    if file.is_dir():
        raise BoxscopeError(f"{file} is a folder; name the checkpoint file in it.")
    try:
        with file.open("rb") as stream:
            head = stream.read(9)
    except FileNotFoundError:
        raise BoxscopeError(f"There is no checkpoint {file}.") from None
    except OSError as error:
        raise BoxscopeError(f"{file} cannot be read ({error.strerror}).") from None
    if not head:
        raise BoxscopeError(f"{file} is empty; copy or download it again.")
    if file.suffix == ".safetensors" or head[8:9] == b"{":
        content = _read_safetensors(file)
    else:
        content = _read_pickle(file)
    state = _unwrap(content)
    if not state:
        raise BoxscopeError(
            f"{file} holds no state dict (names of layers with their tensors); save one with "
            "torch.save(model.state_dict(), FILE)."
        )
    return state


def fill(module: nn.Module, state: Mapping[str, Tensor], where: str, info: ModelInfo) -> None:
    """Put a state dict into a module (its tensors are taken over, as contiguous float32).

    Raises BoxscopeError that names the first entry of each kind that does not fit.
    """
    wanted = module.state_dict()
    ready: dict[str, Tensor] = {}
    other_shape = []
    for key, value in state.items():
        target = wanted.get(key)
        if target is not None and target.shape != value.shape:
            other_shape.append(f"{key} {tuple(value.shape)} instead of {tuple(target.shape)}")
        if target is not None and target.is_floating_point() and not value.is_floating_point():
            raise BoxscopeError(
                f"{where} holds quantised weights ({key} is {str(value.dtype)[6:]}); "
                "save them as floating-point numbers."
            )
        ready[key] = value.float().contiguous() if value.is_floating_point() else value
    missing: list[str] = []
    unexpected: list[str] = []
    if not other_shape:
        # Not strict: old names of layers are mapped by torchvision's own load hooks, so that
        # only the outcome tells what is really missing.
        try:
            missing, unexpected = module.load_state_dict(ready, strict=False, assign=True)
        except RuntimeError as error:
            other_shape = [str(error).splitlines()[-1].strip().rstrip(".")]
    if other_shape or missing or unexpected:
        faults = [
            f"{len(keys)} {'entry' if len(keys) == 1 else 'entries'} {what} (first: {keys[0]})"
            for keys, what in (
                (other_shape, "of another shape"),
                (missing, "missing"),
                (unexpected, "unexpected"),
            )
            if keys
        ]
        fits = _fitting(state)
        hint = f"try --model {' or '.join(fits)}" if fits else "it fits no model of the catalogue"
        raise BoxscopeError(f"{where} does not fit {info.name}: {', '.join(faults)}; {hint}.")
    module.requires_grad_(False)


def _read_safetensors(file: Path) -> Any:
    try:
        return safetensors.torch.load_file(file)
    except (safetensors.SafetensorError, ValueError, KeyError):
        raise BoxscopeError(
            f"{file} is not a whole safetensors file; copy or download it again."
        ) from None


def _read_pickle(file: Path) -> Any:
    way_out = "save only the weights, with torch.save(model.state_dict(), FILE) or as safetensors."
    damaged = BoxscopeError(
        f"{file} is damaged or not a file of weights; copy or download it again."
    )
    try:
        # Training scripts, torchvision's own too, put their arguments beside the weights: a
        # Namespace is plain data, and building one runs no code of the file's choice.
        with warnings.catch_warnings(), torch.serialization.safe_globals([argparse.Namespace]):
            warnings.simplefilter("ignore")  # about pickle protocols
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        foreign = _FOREIGN.search(str(error))
        if foreign is not None:
            raise BoxscopeError(
                f"{file} holds Python code or objects ({foreign[1]}), which Boxscope never runs; "
                f"{way_out}"
            ) from None
        if _NEWER.search(str(error)):
            raise BoxscopeError(
                f"{file} cannot be read without running code, which Boxscope never does; {way_out}"
            ) from None
        raise damaged from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged file raises nearly anything: OSError, KeyError ...
        if "TorchScript" not in str(error):
            raise damaged from None
        raise BoxscopeError(
            f"{file} is a TorchScript program, which Boxscope never runs; {way_out}"
        ) from None


def _unwrap(content: Any, depth: int = 3) -> dict[str, Tensor]:
    """The innermost state dict, without prefixes that all keys share; empty when there is none."""
    if not isinstance(content, Mapping):
        return {}
    if depth:
        for nest in _NESTS:
            if inner := _unwrap(content.get(nest), depth - 1):
                return inner
    tensors = {
        key: value.detach()
        for key, value in content.items()
        if isinstance(key, str) and key != _AVERAGED and _is_plain(value)
    }
    while prefix := _shared_prefix(tensors):
        tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    return tensors


def _is_plain(value: object) -> bool:
    return isinstance(value, Tensor) and not value.is_meta and value.layout == torch.strided


def _shared_prefix(keys: Iterable[str]) -> str | None:
    keys = list(keys)
    return next((p for p in _PREFIXES if keys and all(k.startswith(p) for k in keys)), None)


def _fitting(state: Mapping[str, Tensor]) -> list[str]:
    """Names of the catalogue's models that a state dict fits, whatever its class count.

    Shipped models have one class count each: theirs.
    """
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    plain = {key: shape for key, shape in shapes.items() if not key.endswith(_COUNTER)}
    return [info.name for info in catalogue().values() if _shapes_for(info, shapes) == plain]


def _shapes_for(
    info: ModelInfo, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    return _shapes(info, None if info.shipped else architecture.variant_of(info, shapes))


@cache
def _shapes(info: ModelInfo, variant: Variant | None) -> dict[str, tuple[int, ...]]:
    """Shapes of an architecture's entries by key, without the counters of batch norms.

    ``variant`` None: of a shipped model.
    """
    module = shipped_architecture(info) if variant is None else architecture.blank(info, variant)
    entries = module.state_dict().items()
    return {key: tuple(value.shape) for key, value in entries if not key.endswith(_COUNTER)}


def _sha256(path: str | Path) -> str:
    with Path(path).expanduser().open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
