"""Walls, shelves and table tops, with the clutter that is no object of any class."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.scenes.brush import Image
from engine.scenes.geometry import Pose, arc, smooth
from engine.scenes.palette import CREAMS, WALLS, WOODS, WRAPPERS, Colour, pick, shaded

_SHIFT = 4

Grain = NDArray[np.int16]


def _pool() -> Grain:
    """Grain for every scene: (512, 768) of about normal values, standard deviation near 37."""
    rng = np.random.Generator(np.random.PCG64(20_240_229))
    total = rng.integers(0, 64, (4, 512, 768), np.int16).sum(0, dtype=np.int16)
    pool: Grain = total - np.int16(126)
    return pool


POOL = _pool()


def grain(rng: np.random.Generator, h: int, w: int) -> Grain:
    """An (h, w) window of the pool at a random place, repeated where the picture is larger."""
    y, x = int(rng.integers(512)), int(rng.integers(768))
    rows, columns = (np.arange(h) + y) % 512, (np.arange(w) + x) % 768
    return POOL[rows[:, None], columns[None, :]]


def clouds(rng: np.random.Generator, h: int, w: int, cells: int) -> Grain:
    """Smooth (h, w) noise with about ``cells`` bumps across; values near -110 to 110."""
    s = max(h, w)
    return _enlarged(grain(rng, max(2, h * cells // s), max(2, w * cells // s)), h, w)


def _enlarged(field: Grain, h: int, w: int) -> Grain:
    """A small field spread over (h, w); OpenCV's exact method is the same on every machine."""
    small = np.clip(field + 128, 0, 255).astype(np.uint8)
    large: Image = cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR_EXACT)
    return (large.astype(np.int16) - 128).astype(np.int16)


def tint(colour: Colour, field: Grain, percent: int) -> Image:
    """A colour with its brightness moved by ``field`` * ``percent`` / 100; (h, w, 3) uint8."""
    moved = (field.astype(np.int32) * percent // 100).astype(np.int16)
    return np.clip(moved[:, :, None] + np.array(colour, np.int16), 0, 255).astype(np.uint8)


def wood(rng: np.random.Generator, h: int, w: int, colour: Colour) -> Image:
    """Planks with a streaky figure along x."""
    streaks = _enlarged(grain(rng, h, max(2, w // 24)), h, w)
    field = streaks // 2 + clouds(rng, h, w, 5) // 2
    plank = max(8, int(rng.integers(h // 8 + 2, h // 3 + 4)))
    rows = np.arange(h) + int(rng.integers(plank))
    tones = rng.integers(-26, 27, h // plank + 2).astype(np.int16)[rows // plank]
    tones[rows % plank == 0] -= 60
    return tint(colour, field + tones[:, None], 55)


def plain(rng: np.random.Generator, h: int, w: int, colour: Colour) -> Image:
    """Plaster, paper or stone: smooth bumps and a fine grain."""
    field = clouds(rng, h, w, int(rng.integers(2, 9))) // 2 + grain(rng, h, w) // 8
    return tint(colour, field, int(rng.integers(20, 60)))


def checks(rng: np.random.Generator, h: int, w: int, colour: Colour) -> Image:
    """A checked table cloth: two sets of half-transparent bands."""
    pitch = max(6, int(rng.integers(h // 16 + 2, h // 5 + 4)))
    rows = (((np.arange(h) + int(rng.integers(pitch))) // (pitch // 2)) % 2).astype(np.int16)
    columns = (((np.arange(w) + int(rng.integers(pitch))) // (pitch // 2)) % 2).astype(np.int16)
    weight = rows[:, None] + columns[None, :]
    cloth = np.array([pick(rng, CREAMS), (0, 0, 0), colour], np.int16)
    cloth[1] = (cloth[0] + cloth[2]) // 2
    weave = (grain(rng, h, w) // 9)[:, :, None]
    picture: Image = np.clip(cloth[weight] + weave, 0, 255).astype(np.uint8)
    return picture


def stripes(rng: np.random.Generator, h: int, w: int, colour: Colour) -> Image:
    """Wallpaper with upright stripes."""
    pitch = max(4, int(rng.integers(w // 20 + 2, w // 5 + 4)))
    band = (((np.arange(w) + int(rng.integers(pitch))) % pitch) * 2 < pitch).astype(np.int16)
    field = np.broadcast_to(band[None, :] * int(rng.integers(20, 60)), (h, w)).astype(np.int16)
    return tint(colour, field + grain(rng, h, w) // 8, 60)


def tiles(rng: np.random.Generator, h: int, w: int, colour: Colour) -> Image:
    """Kitchen tiles with pale joints."""
    pitch = max(8, int(rng.integers(h // 9 + 2, h // 3 + 4)))
    y, x = np.arange(h) + int(rng.integers(pitch)), np.arange(w) + int(rng.integers(pitch))
    tone = rng.integers(-24, 25, (h // pitch + 2, w // pitch + 2)).astype(np.int16)
    field = tone[(y // pitch)[:, None], (x // pitch)[None, :]] + clouds(rng, h, w, 6) // 5
    joint = (y % pitch < 2)[:, None] | (x % pitch < 2)[None, :]
    field[joint] = 60
    return tint(colour, field, 70)


_SURFACES = (plain, plain, stripes, tiles, wood)


def wall(rng: np.random.Generator, h: int, w: int) -> Image:
    """What stands behind: out of focus as often as not."""
    colour = pick(rng, WALLS)
    picture = _SURFACES[int(rng.integers(len(_SURFACES)))](rng, h, w, colour)
    if rng.integers(3):
        clutter(picture, rng, int(rng.integers(2, 12)), 0.25)
    if rng.integers(2):
        k = 2 * int(rng.integers(2, 6)) + 1
        cv2.GaussianBlur(picture, (k, k), 0, picture)
    return picture


def table(rng: np.random.Generator, h: int, w: int) -> Image:
    """A table top or cloth, seen from above."""
    kind = int(rng.integers(5))
    if kind < 2:
        picture = wood(rng, h, w, pick(rng, WOODS))
    elif kind == 2:
        picture = checks(rng, h, w, pick(rng, WRAPPERS))
    elif kind == 3:
        picture = plain(rng, h, w, pick(rng, WALLS + WRAPPERS))
    else:
        picture = tiles(rng, h, w, pick(rng, WALLS))
    clutter(picture, rng, int(rng.integers(0, 14)), 0.12)
    return picture


def board(picture: Image, rng: np.random.Generator, y: int, thick: int, colour: Colour) -> None:
    """A shelf board with its upper edge at ``y``: a shadow on the wall, a lit lip, price tags."""
    h, w = picture.shape[:2]
    y2 = min(h, y + thick)
    if y >= h:
        return
    fall = picture[y2 : min(h, y2 + thick * 2)]
    if len(fall):
        dim = (160 + np.arange(len(fall)) * 96 // (thick * 2)).astype(np.uint16)
        fall[:] = (fall * dim[:, None, None]) >> 8
    face = wood(rng, max(2, y2 - y), w, colour)
    picture[y:y2] = face[: y2 - y]
    lip = max(1, thick // 5)
    picture[y : min(y2, y + lip)] = shaded(colour, 140)
    for _ in range(int(rng.integers(0, 5)) if thick >= 9 else 0):
        x, width = int(rng.integers(w)), int(rng.integers(thick, thick * 2))
        top, bottom = y + lip + 1, y2 - 1
        cv2.rectangle(picture, (x, top), (x + width, bottom), pick(rng, CREAMS), -1)
        ink = pick(rng, WRAPPERS)
        cv2.line(
            picture, (x + 2, (top + bottom) // 2), (x + width - 3, (top + bottom) // 2), ink, 1
        )


def clutter(picture: Image, rng: np.random.Generator, count: int, largest: float) -> None:
    """Crumbs, leaves, sticks, sheets of paper, coasters: things without a class."""
    h, w = picture.shape[:2]
    s = min(h, w)
    for _ in range(count):
        kind = int(rng.integers(4))
        size = s * largest * float(rng.uniform(0.1, 1.0))
        centre = (float(rng.uniform(0, w)), float(rng.uniform(0, h)))
        turn = int(rng.integers(4096))
        colour = pick(rng, WALLS + WOODS + WRAPPERS if kind else WOODS, 20)
        if kind == 0:  # crumbs
            points = smooth(arc((0, 0), (size * 0.16, size * 0.12), turn, count=5), 1) + centre
        elif kind == 1:  # a leaf
            side = arc((0, -size * 0.3), (size * 0.5, size * 0.45), 400, 1248, 9)
            points = _turned(np.concatenate([side, side[::-1] * (1.0, -1.0)]), turn) + centre
        elif kind == 2:  # a stick
            points = arc((0, 0), (size * 0.6, max(0.8, size * 0.03)), count=12)
            points = _turned(points, turn) + centre
        else:  # a torn sheet
            points = arc((0, 0), (size * 0.5, size * 0.36), turn, count=4 + turn % 3) + centre
            colour = shaded(colour, 110)
        fixed = np.rint(points * (1 << _SHIFT)).astype(np.int32)
        if size > 6 and kind:
            dark = np.array(picture[int(centre[1]) % h, int(centre[0]) % w], int)
            under: Colour = (int(dark[0]) * 3 // 5, int(dark[1]) * 3 // 5, int(dark[2]) * 3 // 5)
            cv2.fillPoly(picture, [fixed + 24], under, cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(picture, [fixed], colour, cv2.LINE_AA, _SHIFT)


def _turned(points: NDArray[np.float64], angle: int) -> NDArray[np.float64]:
    return Pose(0.0, 0.0, 1.0, angle).place(points)
