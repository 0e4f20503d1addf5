"""Arrays: what a stage computed besides boxes, as NumPy, converted when somebody looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Arrays(Mapping[str, NDArray[Any]]):
    """Named arrays of one stage result; read-only NumPy, made from tensors on first access.

    A CPU tensor becomes a view (no copy); a GPU tensor is copied to the host when asked for, so
    that a trace costs nothing for what no view shows. Safe from several threads: the worst that a
    race can do is to convert twice.
    """

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._raw: dict[str, Any] = dict(values or {})
        self._ready: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        ready = self._ready.get(name)
        if ready is None:
            raw = self._raw[name]
            if hasattr(raw, "detach"):  # a tensor, told without importing torch
                raw = raw.detach().cpu()
                raw = (raw.float() if str(raw.dtype) == "torch.bfloat16" else raw).numpy()
            ready = np.asarray(raw).view()
            ready.flags.writeable = False
            self._ready[name] = ready
        return ready

    def raw(self, name: str) -> Any:
        """The value as the stage left it (a tensor, on its device). For the engine only."""
        return self._raw[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __repr__(self) -> str:
        return f"Arrays({', '.join(self._raw)})"
