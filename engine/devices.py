"""Where a model runs: the processor (cpu), a CUDA card, or Apple's mps."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch

from engine.errors import BoxscopeError


@dataclass(frozen=True)
class DeviceInfo:
    """One choice of the device chooser: ``key`` is what is stored and typed, ``title`` is shown."""

    key: str
    title: str


def devices() -> list[DeviceInfo]:
    """What can be chosen on this machine; ``auto`` and ``cpu`` are always there."""
    found = [DeviceInfo("cpu", "Processor (cpu)")]
    found += [
        DeviceInfo(f"cuda:{i}", f"{torch.cuda.get_device_name(i)} (cuda:{i})")
        for i in range(_cuda_count())
    ]
    if torch.backends.mps.is_available():
        found.append(DeviceInfo("mps", "Apple GPU (mps)"))
    best = resolve("auto")
    title = next(d.title for d in found if d.key in (best, f"{best}:0"))
    return [DeviceInfo("auto", f"Automatic: {title}"), *found]


def resolve(name: str) -> str:
    """The device that a name stands for: "cpu", "cuda", "cuda:1", "mps".

    ``auto`` is the first CUDA card, else the processor. It never is mps, where some operators of
    detectors are missing or slow: that is for the user to choose.
    Raises BoxscopeError for a name that is unknown or a device that is not there.
    """
    wanted = name.strip().lower()
    if wanted == "auto":
        return "cuda" if _cuda_count() else "cpu"
    if wanted == "cpu":
        return "cpu"
    if wanted == "mps":
        if torch.backends.mps.is_available():
            return "mps"
        raise BoxscopeError("This machine has no Apple GPU (mps); choose auto or cpu.")
    match = re.fullmatch(r"cuda(?::(\d+))?", wanted)
    if match is None:
        raise BoxscopeError(
            f"There is no device {name!r}; choose auto, cpu, cuda, cuda:NUMBER or mps."
        )
    count = _cuda_count()
    if count == 0:
        raise BoxscopeError("This machine has no CUDA card that torch can use; choose auto or cpu.")
    if match[1] is not None and int(match[1]) >= count:
        raise BoxscopeError(
            f"There is no device {wanted}: this machine has {count} CUDA "
            f"card{'s' if count > 1 else ''}, counted from cuda:0."
        )
    return wanted


def _cuda_count() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0
