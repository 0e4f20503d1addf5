"""Names of devices and what they stand for on this machine."""

from __future__ import annotations

import pytest
import torch

from engine.devices import devices, resolve
from engine.errors import BoxscopeError


def test_choices_of_this_machine() -> None:
    found = devices()
    assert [d.key for d in found][:2] == ["auto", "cpu"]
    assert sum(d.key.startswith("cuda:") for d in found) == torch.cuda.device_count()
    assert found[0].title.startswith("Automatic: ")
    for device in found:
        torch.empty(1, device=resolve(device.key))


def test_auto_is_the_first_card_or_the_processor() -> None:
    assert resolve("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    assert resolve(" CPU ") == "cpu"


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:1", "meta"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(BoxscopeError, match="choose auto, cpu, cuda"):
        resolve(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_absent_devices(name: str) -> None:
    if name in [d.key for d in devices()] or (name == "cuda" and torch.cuda.is_available()):
        pytest.skip(f"this machine has {name}")
    with pytest.raises(BoxscopeError, match="This machine has no"):
        resolve(name)


def test_card_number_out_of_range() -> None:
    with pytest.raises(BoxscopeError, match=r"This machine has|There is no device cuda:99"):
        resolve("cuda:99")


def test_memory_that_ran_out_is_told_from_other_errors() -> None:
    import torch

    from engine import weights

    with pytest.raises(RuntimeError) as refused:
        torch.empty(1 << 50)  # a petabyte
    assert weights.is_out_of_memory(refused.value)
    assert weights.is_out_of_memory(MemoryError())
    with pytest.raises(RuntimeError) as other:
        torch.zeros(2) @ torch.zeros(3)
    assert not weights.is_out_of_memory(other.value)
