"""Ends a forward or backward pass that is under way: a gradient that nobody waits for any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from engine.errors import Cancelled


@contextmanager
def interruptible(module: nn.Module, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Inside, every layer of ``module`` asks ``cancelled`` before it runs, and its gradient too.

    Raises Cancelled out of the pass; the module is left as it was. Nothing that is computed
    changes.
    """

    def ask(*_: Any) -> None:
        if cancelled():
            raise Cancelled

    def after(_: nn.Module, __: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.requires_grad:
            output.register_hook(ask)  # type: ignore[no-untyped-call]

    leaves = [m for m in module.modules() if not list(m.children())]
    handles = [m.register_forward_pre_hook(ask) for m in leaves]
    handles += [m.register_forward_hook(after) for m in leaves]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
