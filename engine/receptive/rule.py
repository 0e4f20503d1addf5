"""The rule behind a field: where it lies at ANY position, counted beyond the border. NumPy only.

The extents of a real map are cut at the border of the picture. What papers call "the receptive
field" of a layer is what they would be without: first px, last px and the step from one position to
the next. With upsampling a rule repeats only after several positions, so it is kept for each phase.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from engine.receptive.reads import Reads

Ints = NDArray[np.int64]

NOTHING = 1 << 40
"""``lo`` of an empty interval; its ``hi`` is ``-NOTHING``."""

_LONGEST = 4096  # phases; a rule with more of them repeats after the map's end, and is none


@dataclass(frozen=True, eq=False)
class Rule:
    """Position i + ``period`` sees what position i sees, moved by ``step`` px.

    ``lo``, ``hi`` (period,) int64: first and last px, inclusive, of positions 0 .. period - 1.
    ``whole``: sees all of the picture, whatever its size; then lo and hi say only where a position
    lies.
    """

    lo: Ints
    hi: Ints
    step: int
    whole: bool = False

    @property
    def period(self) -> int:
        return len(self.lo)

    @property
    def jump(self) -> Fraction:
        """Px from one position to the next, on average over a period."""
        return Fraction(self.step, self.period)

    @property
    def sizes(self) -> tuple[int, int]:
        """(smallest, largest) number of px that a position sees."""
        size = np.maximum(self.hi - self.lo + 1, 0)
        return int(size.min()), int(size.max())

    @property
    def centre(self) -> Fraction:
        """Middle of position 0's field in px, on average over the phases; px 0 spans 0..1."""
        seen = np.flatnonzero(self.hi >= self.lo)
        middles = [Fraction(int(self.lo[i] + self.hi[i] + 1), 2) - self.jump * int(i) for i in seen]
        return sum(middles, Fraction(0)) / max(len(middles), 1)

    def read(self, by: Reads) -> Rule | None:
        """The rule of an operator's output; None where it has no short one."""
        turns = self.period // math.gcd(self.period, by.advance) if by.advance else 1
        period = by.period * turns
        if period > _LONGEST:
            return None
        block, phase = np.divmod(np.arange(period), by.period)
        index = by.taps[phase] + (block * by.advance)[:, None]
        turn, at = np.divmod(index, self.period)
        lo = np.where(by.real[phase], self.lo[at] + turn * self.step, NOTHING).min(1)
        hi = np.where(by.real[phase], self.hi[at] + turn * self.step, -NOTHING).max(1)
        step = self.step * by.advance * turns // self.period
        return Rule(lo, hi, step, self.whole or by.whole).shortened()

    def shortened(self) -> Rule:
        """The same rule without needless phases: upsampling by 2 and pooling by 2 leave one."""
        for period in range(1, self.period // 2 + 1):
            if self.period % period or self.step % (self.period // period):
                continue
            step = self.step // (self.period // period)
            moved = np.arange(self.period // period)[:, None] * step
            if (self.lo.reshape(-1, period) == self.lo[:period] + moved).all() and (
                self.hi.reshape(-1, period) == self.hi[:period] + moved
            ).all():
                return Rule(self.lo[:period], self.hi[:period], step, self.whole)
        return self

    def everything(self) -> Rule:
        return Rule(self.lo, self.hi, self.step, True)


def joined(a: Rule | None, b: Rule | None) -> Rule | None:
    """The rule of a sum or concatenation of two maps; None when they step differently."""
    if a is None or b is None or a is b:
        return a if a is b else None
    if a.whole or b.whole:
        # One of the two may be a single value for the picture: the other one has the positions.
        return min((a, b), key=lambda r: (r.whole, r.jump)).everything()
    if a.jump != b.jump:
        return None
    period = math.lcm(a.period, b.period)
    if period > _LONGEST:
        return None
    phases = np.arange(period)
    lo = np.minimum(_at(a, phases)[0], _at(b, phases)[0])
    hi = np.maximum(_at(a, phases)[1], _at(b, phases)[1])
    return Rule(lo, hi, int(a.jump * period), False).shortened()


def _at(rule: Rule, index: Ints) -> tuple[Ints, Ints]:
    turn, phase = np.divmod(index, rule.period)
    return rule.lo[phase] + turn * rule.step, rule.hi[phase] + turn * rule.step
