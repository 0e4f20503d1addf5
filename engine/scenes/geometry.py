"""Points and poses that come out the same on every machine.

Only + - * / and square roots are used (exact by IEEE 754); sines come from a table rounded to
2**-14, so that a difference in the last bit of a machine's mathematics library cannot move a pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TURN = 4096
"""Steps in a full turn: angles are integers, 0 to TURN."""

_SINE = tuple(round(math.sin(2.0 * math.pi * i / TURN) * 16384) / 16384 for i in range(TURN))
_SINES = np.array(_SINE)

Points = NDArray[np.float64]


def sine(angle: int) -> float:
    """The sine of an angle in steps of a turn, rounded to 2**-14."""
    return _SINE[angle % TURN]


def cosine(angle: int) -> float:
    return _SINE[(angle + TURN // 4) % TURN]


def degrees(value: float) -> int:
    """Degrees -> steps of a turn."""
    return round(value * TURN / 360)


def arc(
    centre: tuple[float, float],
    radius: tuple[float, float],
    start: int = 0,
    sweep: int = TURN,
    count: int = 40,
) -> Points:
    """Points (count, 2) along an ellipse with upright axes."""
    steps = (start + (np.arange(count) * sweep) // (count if sweep == TURN else count - 1)) % TURN
    points = np.empty((count, 2))
    points[:, 0] = _SINES[(steps + TURN // 4) % TURN] * radius[0] + centre[0]
    points[:, 1] = _SINES[steps] * radius[1] + centre[1]
    return points


def smooth(points: Points, rounds: int = 2) -> Points:
    """Round a closed contour by Chaikin's corner cutting; (N, 2) -> (N * 2**rounds, 2)."""
    for _ in range(rounds):
        after = np.concatenate([points[1:], points[:1]])
        finer = np.empty((2 * len(points), 2))
        finer[0::2] = points * 0.75 + after * 0.25
        finer[1::2] = points * 0.25 + after * 0.75
        points = finer
    return points


def rectangle(x1: float, y1: float, x2: float, y2: float) -> Points:
    return np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)])


def rounded(x1: float, y1: float, x2: float, y2: float, r: float) -> Points:
    """A rectangle with corners cut and rounded; ``r`` is the corner radius."""
    c = np.array(
        [
            (x1 + r, y1), (x2 - r, y1), (x2, y1 + r), (x2, y2 - r),
            (x2 - r, y2), (x1 + r, y2), (x1, y2 - r), (x1, y1 + r),
        ]
    )  # fmt: skip
    return smooth(c, 1)


def mirrored(right: list[tuple[float, float]]) -> Points:
    """A contour symmetrical about x = 0 from its right side, given from top to bottom."""
    side = np.array(right, np.float64)
    return np.concatenate([side, side[::-1] * (-1.0, 1.0)])


def star(points: int, outer: float, inner: float, turn: int = 0) -> Points:
    steps = (np.arange(2 * points) * TURN // (2 * points) + turn - TURN // 4) % TURN
    radius = np.where(np.arange(2 * points) % 2 == 0, outer, inner)
    return np.stack([radius * _SINES[(steps + TURN // 4) % TURN], radius * _SINES[steps]], 1)


@dataclass(frozen=True)
class Pose:
    """Where an object is: centre (x, y) in image px, px for one local unit, angle in TURN steps."""

    x: float
    y: float
    size: float
    angle: int = 0

    def place(self, points: Points) -> Points:
        """Local units -> image px; (N, 2). Local y points down, the object's middle is (0, 0)."""
        s, c = sine(self.angle) * self.size, cosine(self.angle) * self.size
        x, y = points[:, 0], points[:, 1]
        placed = np.empty((len(points), 2))
        placed[:, 0] = x * c - y * s + self.x
        placed[:, 1] = x * s + y * c + self.y
        return placed
