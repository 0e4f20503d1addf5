"""Receptive fields of a plain chain of convolutions and poolings, for the sandbox. No torch.

With kernel k, stride s, padding p and dilation d of each layer, and j = 1, r = 1 at the input:
r grows by (k - 1) d j, then j by the factor s (Araujo, Norris & Sim 2019, section "Single-path
networks"). For L layers of kernel F with stride 1 that is r = 1 + L (F - 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import BoxscopeError


@dataclass(frozen=True)
class Step:
    """One convolution or pooling, along one axis."""

    kernel: int = 3
    stride: int = 1
    padding: int = 0
    dilation: int = 1


@dataclass(frozen=True)
class Reach:
    """After one layer: ``field`` and ``jump`` in px of the input; ``start`` first px that position
    0 sees, below 0 in the padding; ``centre`` its middle, 0.5 being that of px 0; ``size``
    positions for the given input, None without one.
    """

    field: int
    jump: int
    start: int
    centre: float
    size: int | None = None

    def at(self, position: int) -> tuple[int, int]:
        """(first, last) px that a position sees, padding counted."""
        first = self.start + position * self.jump
        return first, first + self.field - 1


def chain(steps: Sequence[Step], size: int | None = None) -> tuple[Reach, ...]:
    """The input itself, then what a position sees after each layer: one more than ``steps``.

    ``size`` px of the input along the axis. Raises BoxscopeError for a layer that cannot be.
    """
    field, jump, start = 1, 1, 0
    found = [Reach(1, 1, 0, 0.5, size)]
    for number, step in enumerate(steps, 1):
        _check(number, step)
        start -= step.padding * jump
        field += (step.kernel - 1) * step.dilation * jump
        jump *= step.stride
        if size is not None:
            size = _output(number, step, size)
        found.append(Reach(field, jump, start, start + field / 2, size))
    return tuple(found)


def plain(layers: int, kernel: int) -> int:
    """1 + L (F - 1): the field of L layers of kernel F, stride 1, dilation 1."""
    return 1 + layers * (kernel - 1)


def is_plain(steps: Sequence[Step]) -> bool:
    """Whether `plain` holds: one kernel, no stride, no dilation."""
    return len({(s.kernel, s.stride, s.dilation) for s in steps}) == 1 and (
        steps[0].stride == steps[0].dilation == 1
    )


def _check(number: int, step: Step) -> None:
    for name, low in (("kernel", 1), ("stride", 1), ("padding", 0), ("dilation", 1)):
        value = getattr(step, name)
        if value < low:
            raise BoxscopeError(f"Layer {number}: {name} {value} is impossible; at least {low}.")


def _output(number: int, step: Step, size: int) -> int:
    covered = (step.kernel - 1) * step.dilation + 1
    if size + 2 * step.padding < covered:
        raise BoxscopeError(
            f"Layer {number}: its kernel spans {covered} positions, but only "
            f"{size + 2 * step.padding} are left with padding; take a larger input or a smaller "
            "kernel."
        )
    return (size + 2 * step.padding - covered) // step.stride + 1
