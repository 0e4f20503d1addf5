"""What is known of a tensor while a network is followed: `State`. NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.receptive import spans
from engine.receptive.reads import Reads
from engine.receptive.spans import Shape, Span


@dataclass(frozen=True, eq=False)
class State:
    """``shape`` of the tensor; ``y``, ``x`` what its elements see of the input named ``root``;
    ``layer``: the number of the layer that it comes out of.

    ``unknown`` names what was not understood on the way ("" as a rule); then y and x mean nothing.
    ``pool`` (kernel, stride, padding), each (y, x): of the pooling that left these switches.
    """

    shape: Shape
    y: Span
    x: Span
    root: str
    layer: int
    unknown: str = ""
    pool: tuple[tuple[int, int], ...] = ()

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def each(self, change: Callable[[Span], Span], shape: Sequence[int]) -> State:
        """Both spans changed in the same way."""
        return replace(self, y=change(self.y), x=change(self.x), shape=tuple(shape), pool=())

    def read(self, by: tuple[Reads, Reads], shape: Sequence[int]) -> State:
        """An operator over the last two dimensions, ``by`` (y, x); channels are all read."""
        out = tuple(shape)

        def change(span: Span) -> Span:
            for dim, axis in ((self.ndim - 2, by[0]), (self.ndim - 1, by[1])):
                span = spans.read(span, dim, axis, self.shape[dim], out[dim])
            return spans.mixed(span, [self.ndim - 3], keep=False)

        return self.each(change, out)

    def reads_all(self, dims: Sequence[int], shape: Sequence[int], keep: bool = True) -> State:
        """Every element along ``dims`` is computed from all of them; see `spans.mixed`."""
        touched = [d % self.ndim for d in dims]
        return self.each(lambda s: spans.mixed(s, touched, keep), shape)


def source(name: str, shape: Sequence[int]) -> State:
    """The state of an input (1, C, H, W)."""
    ndim = len(shape)
    y, x = (spans.picture(ndim, d, shape[d]) for d in (ndim - 2, ndim - 1))
    return State(tuple(shape), y, x, name, -1)


def joined(states: Sequence[State], shape: Sequence[int]) -> State:
    """What is computed element by element from several tensors."""
    first = states[0]
    if len(states) == 1 and first.shape == tuple(shape):
        return first
    ndim = len(shape)
    return replace(
        first,
        shape=tuple(shape),
        y=spans.union([s.y for s in states], ndim),
        x=spans.union([s.x for s in states], ndim),
        pool=(),
    )
