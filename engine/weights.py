"""From a model's name to a module that is ready to look at: the public face of the models.

The catalogue itself (`engine.catalogue`) needs no torch; this module does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from engine import architecture, catalogue, checkpoint, devices
from engine.catalogue import ModelInfo
from engine.download import download
from engine.errors import BoxscopeError, Cancelled
from engine.labels import BACKGROUND, read_labels
from engine.request import ModelChoice, Progress, Report

OutOfMemory = (torch.OutOfMemoryError, MemoryError)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on a card or in the machine.

    torch's allocator of main memory raises a bare RuntimeError, told from others by its text.
    """
    return isinstance(error, OutOfMemory) or (
        isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
    )


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model ready for inference.

    ``module`` is in eval mode, on ``device`` ("cpu", "cuda", "cuda:1", "mps"), with no gradients;
    ``classes`` names label ids (index = label).
    """

    name: str
    module: nn.Module
    classes: tuple[str, ...]
    device: str
    info: ModelInfo


def set_threads(count: int) -> None:
    """Threads that torch computes one operator with; operators themselves run one by one."""
    torch.set_num_threads(count)
    # May be set once only, and not after the first parallel work.
    with contextlib.suppress(RuntimeError):
        if torch.get_num_interop_threads() != 1:
            torch.set_num_interop_threads(1)


def load(
    choice: ModelChoice,
    device: str = "auto",
    report: Report = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> LoadedModel:
    """The chosen model on a device; downloads the weights when they are not here.

    A device without enough memory is replaced by the processor, which ``report`` is told.
    Raises Cancelled, or BoxscopeError: unknown name or device, no network, a checkpoint or labels
    that cannot be used.
    """
    return open_model(catalogue.find(choice.name), choice, device, report, cancelled)


def open_model(
    info: ModelInfo,
    choice: ModelChoice,
    device: str = "auto",
    report: Report = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> LoadedModel:
    """`load` for a model whose facts are at hand, whether or not the catalogue has it."""
    where = devices.resolve(device)
    if choice.checkpoint is None:
        path = _weights_file(info, report, cancelled)
        _step(report, cancelled, f"loading {info.name}")
        module = _from_file(info, path)
    else:
        _step(report, cancelled, f"loading {info.name} from {Path(choice.checkpoint).name}")
        module = checkpoint.open_checkpoint(info, choice.checkpoint)
    classes = _classes(info, module, choice.labels)
    if cancelled():
        raise Cancelled
    return _placed(LoadedModel(info.name, module, classes, "cpu", info), where, report, device)


def move(model: LoadedModel, device: str) -> LoadedModel:
    """The same module on another device; what it held on the old one is given back."""
    try:
        model.module.to(device)
    finally:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return replace(model, device=device)


def _weights_file(info: ModelInfo, report: Report, cancelled: Callable[[], bool]) -> Path:
    state = catalogue.state(info)
    if state == "missing":
        raise BoxscopeError(
            f"The file {info.asset} of {info.name} is missing from this installation; "
            f"install Boxscope again, or make it with `boxscope train {info.name}`."
        )
    if state == "needs download":
        return download(info, report, cancelled)
    return catalogue.file_of(info)


def _from_file(info: ModelInfo, path: Path) -> nn.Module:
    """The published or shipped weights in exactly the architecture that they belong to."""
    if info.shipped:
        module = checkpoint.shipped_architecture(info)
    else:
        module = architecture.blank(info, architecture.published(info))
    try:
        checkpoint.fill(module, checkpoint.read_state(path), str(path), info)
    except BoxscopeError as error:
        if info.shipped:
            raise
        raise BoxscopeError(
            f"The downloaded file {path} cannot be used; delete it and choose {info.name} again "
            f"({str(error).rstrip('.')})."
        ) from None
    return module


def _classes(info: ModelInfo, module: nn.Module, labels: str | None) -> tuple[str, ...]:
    count = architecture.class_count(info, module)
    if labels is not None:
        return read_labels(labels, count)
    if count == info.classes:
        return info.class_names
    return (BACKGROUND, *(f"class {i}" for i in range(1, count)))


def _placed(model: LoadedModel, where: str, report: Report, asked: str) -> LoadedModel:
    if where == "cpu":
        return model
    try:
        return move(model, where)
    except OutOfMemory:
        report(Progress(f"{where} is out of memory: going on with the processor (cpu)."))
        return move(model, "cpu")
    except RuntimeError as error:  # a driver that is too old, a card that torch does not know
        reason = str(error).splitlines()[0].rstrip(".")
        if asked == "auto":
            report(Progress(f"{where} cannot be used ({reason}): going on with the processor."))
            return move(model, "cpu")
        raise BoxscopeError(f"The device {where} cannot be used ({reason}); choose cpu.") from None


def _step(report: Report, cancelled: Callable[[], bool], text: str) -> None:
    if cancelled():
        raise Cancelled
    report(Progress(text))
