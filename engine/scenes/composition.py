"""What is where in a scene: the layout of objects and the background that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from engine.scenes import backgrounds, packs, treats, vessels
from engine.scenes.brush import Brush, Image
from engine.scenes.geometry import Pose, degrees
from engine.scenes.palette import WOODS, pick, shaded

CLASSES = ("__background__", "bottle", "can", "cup", "box", "bar", "ball", "ring", "star")
"""Class names by label; label 0 is the background."""

KINDS = ("mixed", "shelf", "table", "hero", "crowd", "tiny", "one", "empty")

_PAINTERS: tuple[Callable[[Pose, np.random.Generator], Brush], ...] = (
    vessels.bottle, vessels.can, vessels.cup, packs.box, packs.bar,
    treats.ball, treats.ring, treats.star_biscuit,
)  # fmt: skip
_BAR = CLASSES.index("bar")
_FREE = frozenset(CLASSES.index(name) for name in ("bar", "ball", "ring", "star"))
_SHARES = (40, 34, 12, 6, 5, 2, 1)  # percent of "mixed" for each kind after it


@dataclass(frozen=True)
class Item:
    """One object: its class, the seed of its looks, its pose."""

    label: int
    seed: int
    pose: Pose

    def paint(self) -> Brush:
        rng = np.random.Generator(np.random.PCG64(self.seed))
        return _PAINTERS[self.label - 1](self.pose, rng)


@dataclass(frozen=True, eq=False)
class Layout:
    """A background and the objects on it, farthest first. ``standing``: seen from the side."""

    kind: str
    background: Image
    items: tuple[Item, ...]
    standing: bool


def compose(rng: np.random.Generator, height: int, width: int, kind: str) -> Layout:
    """A layout of the given kind; ``mixed`` draws one of the others first."""
    if kind == "mixed":
        kind = KINDS[1 + int(np.searchsorted(np.cumsum(_SHARES), rng.integers(100), "right"))]
    if kind == "shelf" or (kind in ("tiny", "empty") and rng.integers(2)):
        rows = None if kind == "shelf" else int(rng.integers(3, 6))
        layout = _shelf(rng, height, width, rows)
        if kind == "tiny":
            layout = replace(layout, items=_tiny(rng, height, width))
    else:
        picture = backgrounds.table(rng, height, width)
        items = {"hero": _hero, "crowd": _crowd, "tiny": _tiny, "one": _one}.get(kind, _table)(
            rng, height, width
        )
        layout = Layout(kind, picture, items, standing=False)
    if kind == "empty":
        layout = replace(layout, items=())
    return replace(layout, kind=kind)


def _item(rng: np.random.Generator, x: float, y: float, size: float, tilt: int = 0) -> Item:
    """An object of any class near (x, y); ``tilt`` is the largest lean of upright ones, degrees."""
    label = int(rng.integers(1, len(CLASSES)))
    angle = degrees(float(rng.uniform(-tilt, tilt))) if tilt else 0
    if label in _FREE:
        angle = int(rng.integers(4096))
    return Item(label, int(rng.integers(1 << 40)), Pose(x, y, size, angle))


def _shelf(rng: np.random.Generator, h: int, w: int, rows: int | None) -> Layout:
    picture = backgrounds.wall(rng, h, w)
    rows = rows or (1, 2, 2, 3)[int(rng.integers(4))]
    colour = pick(rng, WOODS)
    gap = h / rows
    thick = max(3, round(gap * float(rng.uniform(0.07, 0.13))))
    low = h - thick * 0.4 if rng.integers(2) else h - gap * 0.18
    items: list[Item] = []
    for row in range(rows):
        floor = round(low - gap * (rows - 1 - row))
        backgrounds.board(picture, rng, floor, thick, colour)
        if row == 0 and rows == 1 and floor > h * 0.8 and rng.integers(2):
            backgrounds.board(picture, rng, round(h * 0.06), thick, shaded(colour, 92))
        room = gap - thick * 1.5
        for depth in range(1 + int(rng.integers(3) == 0)):
            far = depth == 0 and rng.integers(2)
            items += _row(rng, w, floor - (thick * 0.25 if far else -1), room)
    return Layout("shelf", picture, tuple(items), standing=True)


def _row(rng: np.random.Generator, w: int, floor: float, room: float) -> list[Item]:
    """Objects side by side on a board, with gaps and overlaps."""
    found = []
    x = float(rng.uniform(-0.1, 0.3)) * room
    common = float(rng.uniform(0.55, 0.9))
    while x < w:
        size = room * min(0.97, common * float(rng.uniform(0.65, 1.15)))
        item = _item(rng, 0.0, 0.0, size)
        if item.label in _FREE:
            size *= 0.85
        angle, lift, half = item.pose.angle, 0.5, 0.45
        if item.label == _BAR:
            lying = bool(rng.integers(2))
            lean = degrees(float(rng.uniform(-9, 9)))
            angle = lean // 3 if lying else 1024 + lean
            lift, half = (0.18, 0.5) if lying else (0.49, 0.2)
        elif item.label == 1:
            half = 0.22
        elif item.label == 2:
            half = 0.32
        x += half * size
        pose = Pose(x, floor - lift * size, size, angle)
        found.append(replace(item, pose=pose))
        x += half * size * float(rng.uniform(0.75, 1.25))
        if rng.integers(5) == 0:
            x += size * float(rng.uniform(0.2, 1.2))
    return found


def _table(rng: np.random.Generator, h: int, w: int) -> tuple[Item, ...]:
    s = min(h, w)
    count = int(rng.integers(2, 13))
    common = float(rng.uniform(0.16, 0.44)) * (1.15 if count < 6 else 0.9)
    return _scatter(rng, h, w, count, s * common * 0.6, s * common * 1.3, 0.45)


def _scatter(rng: np.random.Generator, h: int, w: int, count: int, least: float, most: float,
             apart: float) -> tuple[Item, ...]:  # fmt: skip
    """Objects all over the picture, kept ``apart`` (in mean sizes) while there is room."""
    placed: list[tuple[float, float, float]] = []
    for _ in range(count):
        size = float(rng.uniform(least, most))
        spots = rng.uniform(0, 1, (8, 2))
        for k in range(8):
            x, y = float(spots[k, 0]) * w, float(spots[k, 1]) * h
            near = ((x - px) * (x - px) + (y - py) * (y - py) < (apart * (size + ps)) ** 2
                    for px, py, ps in placed)  # fmt: skip
            if not any(near):
                break
        placed.append((x, y, size))
    upright = bool(rng.integers(3))
    placed.sort(key=lambda p: p[1])
    return tuple(_item(rng, x, y, size, 12 if upright else 180) for x, y, size in placed)


def _hero(rng: np.random.Generator, h: int, w: int) -> tuple[Item, ...]:
    """A large object in front of small ones."""
    s = min(h, w)
    rest = _scatter(rng, h, w, int(rng.integers(0, 9)), s * 0.09, s * 0.3, 0.4)
    x, y = w * float(rng.uniform(0.32, 0.68)), h * float(rng.uniform(0.36, 0.64))
    return (*rest, _item(rng, x, y, s * float(rng.uniform(0.5, 0.9)), 15))


def _crowd(rng: np.random.Generator, h: int, w: int) -> tuple[Item, ...]:
    s = min(h, w)
    size = s * float(rng.uniform(0.13, 0.24))
    return _scatter(rng, h, w, int(rng.integers(20, 42)), size * 0.75, size * 1.25, 0.28)


def _tiny(rng: np.random.Generator, h: int, w: int) -> tuple[Item, ...]:
    """From 8 px, whatever the size of the picture."""
    count = max(1, int(rng.integers(6, 24)) * h * w // 65536)
    return _scatter(rng, h, w, min(count, 150), 10.0, 28.0, 0.6)


def _one(rng: np.random.Generator, h: int, w: int) -> tuple[Item, ...]:
    s = min(h, w)
    size = s * float(rng.uniform(0.2, 0.85))
    x, y = w * float(rng.uniform(0.35, 0.65)), h * float(rng.uniform(0.35, 0.65))
    return (_item(rng, x, y, size, 180 if rng.integers(3) == 0 else 10),)
