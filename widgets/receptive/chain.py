"""What stands in the sandbox: a chain of layers along one axis. No Qt."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.errors import BoxscopeError
from engine.receptive.arithmetic import Reach, Step, chain

RANGES = {"kernel": (1, 64), "stride": (1, 16), "padding": (0, 64), "dilation": (1, 64)}
LONGEST = 40  # layers
LARGEST = 4096  # px of the input
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Chain:
    """Layers from the input on, and how many px the input has along the axis."""

    steps: tuple[Step, ...]
    size: int = 32

    def reaches(self) -> tuple[tuple[Reach, ...], str]:
        """What a position sees after each layer, the input first; "" or why the chain cannot run
        on this input, and then sizes are None."""
        try:
            return chain(self.steps, self.size), ""
        except BoxscopeError as error:
            return chain(self.steps), str(error)

    def with_step(self, at: int, **changed: int) -> Chain:
        steps = list(self.steps)
        steps[at] = replace(steps[at], **changed)
        return replace(self, steps=tuple(steps))

    def added(self, at: int) -> Chain:
        """One more layer after layer ``at`` (-1: before the first): like the one before it."""
        like = self.steps[at] if 0 <= at < len(self.steps) else Step(3, 1, 1)
        steps = (*self.steps[: at + 1], like, *self.steps[at + 1 :])
        return replace(self, steps=steps[:LONGEST])

    def removed(self, at: int) -> Chain:
        return replace(self, steps=self.steps[:at] + self.steps[at + 1 :])

    def text(self) -> str:
        rows = [[s.kernel, s.stride, s.padding, s.dilation] for s in self.steps]
        return json.dumps({"steps": rows, "size": self.size})


def read(text: str) -> Chain | None:
    """A chain that was kept; None for what is damaged, or beyond the limits."""
    try:
        kept = json.loads(text)
        steps = tuple(Step(*row) for row in kept["steps"])
        size = kept["size"]
    except (ValueError, TypeError, KeyError):
        return None
    if not (1 <= len(steps) <= LONGEST and isinstance(size, int) and 1 <= size <= LARGEST):
        return None
    for step in steps:
        for name, (low, high) in RANGES.items():
            value = getattr(step, name)
            if not (isinstance(value, int) and low <= value <= high):
                return None
    return Chain(steps, size)


def seen(steps: tuple[Step, ...], layer: int, position: int) -> list[Ints]:
    """Positions of the input, of layer 1, ... up to ``layer`` that one position of it is made of.

    Each (n,) int64, rising; beyond the border they lie in padding. Gaps come from dilation, and
    from strides longer than a kernel.
    """
    found = [np.array([position], np.int64)]
    for step in reversed(steps[:layer]):
        taps = np.arange(step.kernel, dtype=np.int64) * step.dilation - step.padding
        found.append(np.unique(found[-1][:, None] * step.stride + taps))
    return found[::-1]


@dataclass(frozen=True)
class Preset:
    title: str
    chain: Chain
    note: str


_3 = Step(3, 1, 1)
_POOL2 = Step(2, 2, 0)
_VGG = (*(_3,) * 2, _POOL2, *(_3,) * 2, _POOL2, *((*(_3,) * 3, _POOL2) * 3))
PRESETS: tuple[Preset, ...] = (
    Preset(
        "Three 3 × 3",
        Chain((_3,) * 3, 15),
        "Three layers of 3 see as much as one of 7, with 27 instead of 49 weights a pair of "
        "channels, and two more nonlinearities (Simonyan &amp; Zisserman 2015).",
    ),
    Preset("One 7 × 7", Chain((Step(7, 1, 3),), 15), "The field of three layers of 3, in one."),
    Preset(
        "Dilated 1, 2, 4",
        Chain((Step(3, 1, 1, 1), Step(3, 1, 2, 2), Step(3, 1, 4, 4)), 21),
        "The field doubles with each layer while the parameters do not grow (Yu &amp; Koltun "
        "2016): 1 + 2 (1 + 2 + 4) = 15.",
    ),
    Preset(
        "Dilated 2, 2, 2: gridding",
        Chain((Step(3, 1, 2, 2),) * 3, 21),
        "The same rate again and again leaves holes: every other px is never read (Wang et al. "
        "2018).",
    ),
    Preset(
        "VGG16",
        Chain(_VGG, 224),
        "Thirteen convolutions of 3 and five poolings: 212 px after the last one.",
    ),
    Preset(
        "AlexNet: features",
        Chain((Step(11, 4, 2), Step(3, 2), Step(5, 1, 2), Step(3, 2), _3, _3, _3, Step(3, 2)), 224),
        "A stride of 4 at once: the jump is 16 after the second pooling, and the field 195.",
    ),
    Preset(
        "ResNet: stem",
        Chain((Step(7, 2, 3), Step(3, 2, 1), _3, _3), 64),
        "Stride 2 twice: whatever comes after counts in steps of 4 px.",
    ),
    Preset(
        "Stride against dilation",
        Chain((Step(3, 2, 1), Step(3, 1, 1)), 24),
        "After stride 2 a kernel of 3 sees as much as one with dilation 2 would before it.",
    ),
)
FIRST = PRESETS[0].chain


def preset_of(now: Chain) -> int:
    """The example that stands here; -1 for none."""
    return next((at for at, preset in enumerate(PRESETS) if preset.chain == now), -1)
