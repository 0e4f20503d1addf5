"""Procedural scenes with exact ground truth as a source.

``scene:SEED`` is one still; options follow ``?`` and are joined by ``&``: a kind of scene
(``crowd``), ``size=WIDTHxHEIGHT`` in px, and ``moving`` for an endless scene in motion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.errors import BoxscopeError
from engine.frame import Frame
from engine.sources.base import Source

_FPS = 25.0
_FORM = "write scene:7, scene:7?crowd, scene:7?moving or scene:7?moving&size=640x480"


class SceneSource(Source):
    """Every frame can be sought; a moving scene has no end. Raises BoxscopeError if misspelt."""

    kind = "scene"

    def __init__(self, name: str) -> None:
        seed, moving, options = _parsed(name)
        super().__init__(name, None if moving else 1, _FPS if moving else None)
        self._draw = _painter(seed, moving, options)
        self._next = 0

    def read(self) -> Frame | None:
        if self._interrupted or (self.length is not None and self._next >= self.length):
            return None
        frame = self._draw(self._next)
        self.index = self._next
        self._next += 1
        return replace(frame, source=self.name, index=self.index)

    def seek(self, index: int) -> None:
        self._next = self._in_range(index)


class _Options:
    """``size`` (height, width) in px and ``kind``, each None where nothing was written."""

    size: tuple[int, int] | None = None
    kind: str | None = None


def _parsed(name: str) -> tuple[int, bool, _Options]:
    number, _, rest = name.partition(":")[2].partition("?")
    options, moving = _Options(), False
    try:
        seed = int(number)
        for word in filter(None, rest.split("&")):
            key, _, value = word.partition("=")
            if word == "moving":
                moving = True
            elif key == "size":
                width, height = value.lower().split("x")
                options.size = int(height), int(width)
            elif key == word or key == "kind":
                options.kind = value or word
            else:
                raise ValueError
    except ValueError:
        raise BoxscopeError(f"{name} is not a scene; {_FORM}.") from None
    return seed, moving, options


def _painter(seed: int, moving: bool, options: _Options) -> Callable[[int], Frame]:
    from engine import scenes

    chosen = {k: v for k, v in vars(options).items() if v is not None}
    if moving:
        return scenes.stream(seed, **chosen).frame
    # Drawn now, so that a wrong kind or size is told when the source is opened.
    still = scenes.draw(seed, **chosen)
    return lambda index: still
