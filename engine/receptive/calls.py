"""One call of an operator, and what its rule says about the results. NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.receptive.spans import Shape
from engine.receptive.state import State

Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Call:
    """One call of an operator: its arguments by name, tensors replaced by their `State` (None for
    weights and constants); ``sizes`` the shapes of all tensors among them; ``out`` those of the
    results.
    """

    args: Mapping[str, Any]
    sizes: Mapping[str, Shape]
    out: Sequence[Shape]

    @property
    def shape(self) -> Shape:
        return self.out[0]

    @property
    def states(self) -> list[State]:
        """Every `State` among the arguments, in lists too."""
        found = []
        for value in self.args.values():
            found += [
                v for v in (value if isinstance(value, list) else [value]) if isinstance(v, State)
            ]
        return found

    @property
    def main(self) -> State:
        return self.states[0]

    def get(self, name: str, default: Any = None) -> Any:
        value = self.args.get(name)
        return default if value is None else value


@dataclass(frozen=True, eq=False)
class Done:
    """``states`` of the results, one for each, None for a constant; ``facts``: kernel, stride ...;
    ``listed``: whether the call is a layer of its own where no module stands for it.
    """

    states: Sequence[State | None]
    facts: Mapping[str, Any] = field(default_factory=dict)
    listed: bool = True
    macs: int = 0


OpRule = Callable[[Call], Done | None]
"""None: this call is not understood."""


def pair(value: Any) -> Pair:
    """One number or two as (y, x)."""
    if isinstance(value, int):
        return value, value
    values = [int(v) for v in value]
    return (values[0], values[-1]) if values else (0, 0)
