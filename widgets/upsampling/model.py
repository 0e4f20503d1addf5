"""What stands in the sandbox: an operation, its maps and its setting. No Qt."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from engine.arithmetic import Impossible, Operation, Result, Setting, calculate

Rows = tuple[tuple[float, ...], ...]
Floats = NDArray[np.float64]
LIMITS = {"values": 12, "kernel": 7, "before": 12}
"""Rows, and columns, that a map may have."""
READS: dict[Operation, tuple[str, ...]] = {
    Operation.NEAREST: ("factor",),
    Operation.NAILS: ("factor",),
    Operation.BILINEAR: ("factor", "align_corners"),
    Operation.MAX_POOL: ("window", "stride", "padding", "dilation"),
    Operation.MAX_UNPOOL: ("window", "stride", "padding", "dilation"),
    Operation.CONVOLUTION: ("stride", "padding", "dilation"),
    Operation.TRANSPOSED: ("stride", "padding", "output_padding", "dilation"),
}
"""The numbers of a setting that an operation reads."""
RANGES = {
    "factor": (1, 4), "window": (1, 6), "stride": (1, 4), "padding": (0, 6),
    "output_padding": (0, 4), "dilation": (1, 4),
}  # fmt: skip


def rows_of(values: object) -> Rows:
    """A map as tuples, which compare and cannot change."""
    return tuple(tuple(float(v) for v in row) for row in np.asarray(values, np.float64))


@dataclass(frozen=True)
class Sandbox:
    """One state of the sandbox. ``before`` is the map whose max-pooling left the switches."""

    operation: Operation
    values: Rows
    kernel: Rows = ((0.0, 1.0), (2.0, 3.0))
    before: Rows = ((1, 2, 6, 3), (3, 5, 2, 1), (1, 2, 2, 1), (7, 3, 4, 8))
    setting: Setting = field(default_factory=Setting)

    @property
    def second(self) -> str:
        """The field of the map beside the input: ``kernel``, ``before``, or "" for none."""
        match self.operation:
            case Operation.CONVOLUTION | Operation.TRANSPOSED:
                return "kernel"
            case Operation.MAX_UNPOOL:
                return "before"
        return ""

    def map(self, name: str) -> Floats:
        """(H, W) float64 of the field ``values``, ``kernel`` or ``before``."""
        return np.array(getattr(self, name), np.float64)

    def result(self) -> Result | Impossible:
        second = self.map(self.second) if self.second else None
        return calculate(self.operation, self.map("values"), second, self.setting)

    def with_cell(self, name: str, cell: tuple[int, int], value: float) -> Sandbox:
        changed = self.map(name)
        changed[cell] = value
        return self.with_map(name, changed)

    def with_map(self, name: str, values: object) -> Sandbox:
        return replace(self, **{name: rows_of(values)})

    def with_size(self, name: str, height: int, width: int) -> Sandbox:
        """The map cut, or filled up with zeros."""
        old, new = self.map(name), np.zeros((height, width))
        rows, columns = min(height, old.shape[0]), min(width, old.shape[1])
        new[:rows, :columns] = old[:rows, :columns]
        return self.with_map(name, new)

    def with_setting(self, **changed: int | bool) -> Sandbox:
        return replace(self, setting=replace(self.setting, **changed))

    def shows_same(self, other: Sandbox) -> bool:
        """Do both show the same, whatever stands in maps and numbers that are not read?"""
        if self.operation != other.operation or self.values != other.values:
            return False
        if self.second and getattr(self, self.second) != getattr(other, self.second):
            return False
        mine, theirs = asdict(self.setting), asdict(other.setting)
        return all(mine[name] == theirs[name] for name in READS[self.operation])

    def text(self) -> str:
        """For keeping; `read` reads it."""
        return json.dumps(asdict(self))


def read(text: str) -> Sandbox | None:
    """A sandbox that was kept; None for what is damaged, or beyond the limits."""
    try:
        kept = json.loads(text)
        maps = {name: rows_of(kept[name]) for name in LIMITS}
        known = {one.name for one in fields(Setting)}
        numbers = {name: value for name, value in kept["setting"].items() if name in known}
        sandbox = Sandbox(Operation(kept["operation"]), **maps, setting=Setting(**numbers))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    for name, limit in LIMITS.items():
        shape = sandbox.map(name).shape
        if len(shape) != 2 or min(shape) < 1 or max(shape) > limit:
            return None
        if not (np.abs(sandbox.map(name)) <= 1e6).all():
            return None
    for name, (low, high) in RANGES.items():
        value = getattr(sandbox.setting, name)
        if not (isinstance(value, int) and low <= value <= high):
            return None
    return sandbox
