"""A scene in motion: a live source with exact ground truth in every frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.frame import Frame
from engine.scenes.composition import Item, Layout, compose
from engine.scenes.geometry import TURN, Pose, sine
from engine.scenes.render import Camera, render


@dataclass(frozen=True)
class _Motion:
    """A swing about the resting pose: reach in px and steps of a turn for each frame, per axis."""

    reach: tuple[float, float, float]  # x and y in px, angle in steps of a turn
    pace: tuple[int, int, int]
    phase: tuple[int, int, int]

    def at(self, pose: Pose, index: int) -> Pose:
        x, y, a = (
            r * sine(p + v * index)
            for r, v, p in zip(self.reach, self.pace, self.phase, strict=True)
        )
        return replace(pose, x=pose.x + x, y=pose.y + y, angle=pose.angle + round(a))


class SceneStream:
    """Frames 0, 1, 2, ... without end; any of them can be asked for, in any order.

    Objects keep their looks and swing smoothly (at most about 3 px a frame in a 256-px picture)
    over a resting background; the noise is new in each frame. Unlike in a still scene, an object
    stays in picture and truth until it is all but hidden, so that none vanishes at a glance.
    """

    def __init__(self, seed: int, size: tuple[int, int] = (256, 256), kind: str = "mixed") -> None:
        self.seed, self.size, self.kind = seed, size, kind
        rng = np.random.Generator(np.random.PCG64([seed, 1]))
        self._layout: Layout = compose(rng, size[0], size[1], kind)
        self._camera = Camera.random(rng)
        self._motions = tuple(
            _motion(rng, item, self._layout.standing) for item in self._layout.items
        )

    def frame(self, index: int) -> Frame:
        """Frame ``index`` (from 0) with its truth; ``seconds`` counts 25 frames a second."""
        items = [
            replace(item, pose=motion.at(item.pose, index))
            for item, motion in zip(self._layout.items, self._motions, strict=True)
        ]
        rng = np.random.Generator(np.random.PCG64([self.seed, 2, index]))
        pixels, truth = render(self._layout.background, items, self._camera, rng, least=0.0)
        return Frame(pixels, f"scene:{self.seed}", index, index / 25, truth)


def _motion(rng: np.random.Generator, item: Item, standing: bool) -> _Motion:
    size = item.pose.size
    reach = size * float(rng.uniform(0.2, 0.6))
    # The fastest point of a swing moves reach * 2 pi * pace / TURN px a frame.
    pace = max(4, min(40, round(2.5 * TURN / (6.28 * max(reach, 8.0)))))
    paces = rng.integers(pace // 2, pace + 1, 3)
    phases = rng.integers(0, TURN, 3)
    turn = float(rng.uniform(20, 120))
    free = 0.0 if standing else 1.0
    return _Motion(
        (reach, reach * 0.7 * free, turn * free),
        (int(paces[0]), int(paces[1]), int(paces[2])),
        (int(phases[0]), int(phases[1]), int(phases[2])),
    )
