"""Procedural scenes of a snack shelf, with exact ground truth.

``draw(seed)`` is one picture, ``stream(seed)`` a moving one. The same seed gives the same pixels
on every machine. Seeds below 1,000,000 are for training, those from 1,000,000 up for evaluation.
"""

from __future__ import annotations

import numpy as np

from engine.errors import BoxscopeError
from engine.frame import Frame
from engine.scenes.composition import CLASSES, KINDS, compose
from engine.scenes.render import Camera, render
from engine.scenes.stream import SceneStream

HELD_OUT = 1_000_000
"""First seed that no shipped model was trained on."""

__all__ = ["CLASSES", "HELD_OUT", "KINDS", "SceneStream", "draw", "stream"]


def draw(seed: int, size: tuple[int, int] = (256, 256), kind: str = "mixed") -> Frame:
    """The scene of a seed, as a frame with its truth.

    ``size`` is (height, width) in px, at least 32 each; ``kind`` is one of `KINDS`. Raises
    BoxscopeError for a negative seed, an unknown kind or a size out of range.
    """
    _check(seed, size, kind)
    rng = np.random.Generator(np.random.PCG64(seed))
    layout = compose(rng, size[0], size[1], kind)
    pixels, truth = render(layout.background, layout.items, Camera.random(rng), rng)
    return Frame(pixels, f"scene:{seed}", truth=truth)


def stream(seed: int, size: tuple[int, int] = (256, 256), kind: str = "mixed") -> SceneStream:
    """The moving scene of a seed; arguments and errors as in `draw`."""
    _check(seed, size, kind)
    return SceneStream(seed, size, kind)


def _check(seed: int, size: tuple[int, int], kind: str) -> None:
    if seed < 0:
        raise BoxscopeError(f"scene:{seed} does not exist: seeds are whole numbers from 0 up.")
    if kind not in KINDS:
        raise BoxscopeError(f"There is no kind of scene called {kind!r}: use {', '.join(KINDS)}.")
    if not all(32 <= side <= 4096 for side in size):
        raise BoxscopeError(f"No scene can be {size[1]}x{size[0]} px: each side is 32 to 4096 px.")
