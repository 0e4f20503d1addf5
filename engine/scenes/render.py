"""Painting a layout: visibility, cast shadows, blending, the camera; and the exact ground truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.frame import GroundTruth
from engine.scenes.backgrounds import grain
from engine.scenes.brush import Brush, Image
from engine.scenes.composition import CLASSES, Item

_SOLID = 128  # alpha from which a pixel belongs to the object
LEAST_SHARE = 0.25  # an object with less of itself to be seen is taken away
_LEAST_PIXELS = 20


@dataclass(frozen=True)
class Camera:
    """How the picture is taken; whole numbers, so that it is the same everywhere."""

    shadow: tuple[int, int] = (3, 4)  # offset of cast shadows in 1/100 of the object's size
    depth: int = 40  # darkness of shadows, percent
    slope: tuple[int, int] = (0, 0)  # light across and down the picture, percent end to end
    gain: tuple[int, int, int] = (128, 128, 128)  # colour of the light, 128 is white
    blur: int = 0  # kernel size in px, odd, 0 for a sharp picture
    noise: int = 6  # percent of the grain

    @staticmethod
    def random(rng: np.random.Generator) -> Camera:
        side = 1 if rng.integers(3) else -1
        warm = int(rng.integers(-9, 10))
        level = 128 if rng.integers(4) else int(rng.integers(76, 150))
        return Camera(
            shadow=(side * int(rng.integers(2, 9)), int(rng.integers(2, 8))),
            depth=int(rng.integers(25, 62)),
            slope=(int(rng.integers(-38, 39)), int(rng.integers(-32, 26))),
            gain=(level + warm, level, level - warm),
            blur=(0, 0, 0, 0, 0, 0, 3, 3, 5)[int(rng.integers(9))],
            noise=(3, 5, 8, 8, 12, 24)[int(rng.integers(6))],
        )


@dataclass(frozen=True, eq=False)
class _Part:
    """The crop of one object that lies inside the picture."""

    item: Item
    box: tuple[int, int, int, int]  # x1, y1, x2, y2 in the picture
    pixels: Image
    alpha: Image
    solid: NDArray[np.bool_]
    whole: tuple[int, int, int, int]  # box of the full silhouette, also outside the picture


def render(background: Image, items: Sequence[Item], camera: Camera,
           rng: np.random.Generator, least: float = LEAST_SHARE,
           ) -> tuple[Image, GroundTruth]:  # fmt: skip
    """Paint ``items``, farthest first, over a copy of ``background``.

    Returns the picture (H, W, 3) uint8 RGB and its truth. ``masks`` are the visible pixels,
    ``full_masks`` those of the whole object inside the picture, ``boxes`` the bounds of ``masks``;
    ``amodal`` is the box of the whole object and may reach outside the picture. An object of
    which less than the share ``least`` lies inside the picture or can be seen, or fewer than 20
    pixels, is not drawn.
    """
    h, w = background.shape[:2]
    parts = _seen([p for item in items if (p := _cut(item, h, w, least))], h, w, least)
    picture = background.copy()
    for part in parts:
        _shadow(picture, part, camera)
        _blend(picture, part)
    return _develop(picture, camera, rng), _truth(parts, h, w)


def _cut(item: Item, h: int, w: int, least: float) -> _Part | None:
    brush: Brush = item.paint()
    (ox, oy), (bh, bw) = brush.origin, brush.alpha.shape
    x1, y1, x2, y2 = max(0, ox), max(0, oy), min(w, ox + bw), min(h, oy + bh)
    if x1 >= x2 or y1 >= y2:
        return None
    whole_solid = brush.alpha >= _SOLID
    rows, columns = np.flatnonzero(whole_solid.any(1)), np.flatnonzero(whole_solid.any(0))
    if not len(rows):
        return None
    whole = (ox + int(columns[0]), oy + int(rows[0]), ox + int(columns[-1]) + 1,
             oy + int(rows[-1]) + 1)  # fmt: skip
    crop = np.s_[y1 - oy : y2 - oy, x1 - ox : x2 - ox]
    solid = whole_solid[crop]
    if solid.sum() < least * whole_solid.sum():  # nearly all of it beyond the edge
        return None
    return _Part(item, (x1, y1, x2, y2), brush.pixels[crop], brush.alpha[crop], solid, whole)


def _owners(parts: list[_Part], h: int, w: int) -> NDArray[np.int32]:
    """(H, W): 1 + the row of the object seen at each pixel, 0 for the background."""
    owner = np.zeros((h, w), np.int32)
    for i, part in enumerate(parts):
        x1, y1, x2, y2 = part.box
        owner[y1:y2, x1:x2][part.solid] = i + 1
    return owner


def _seen(parts: list[_Part], h: int, w: int, least: float) -> list[_Part]:
    """Without those that are too hidden; taking one away only lets more of the others be seen."""
    if not parts:
        return parts
    visible = np.bincount(_owners(parts, h, w).ravel(), minlength=len(parts) + 1)[1:]
    full = np.array([int(p.solid.sum()) for p in parts])
    keep = (visible >= _LEAST_PIXELS) & (visible >= least * full)
    return [p for p, k in zip(parts, keep, strict=True) if k]


def _shadow(picture: Image, part: _Part, camera: Camera) -> None:
    """The silhouette, moved and blurred, darkens what was painted before."""
    h, w = picture.shape[:2]
    size = part.item.pose.size
    dx, dy = (round(k * size / 100) for k in camera.shadow)
    pad = max(1, round(size * 0.05))
    x1, y1 = part.box[:2]
    soft = cv2.copyMakeBorder(part.alpha, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    cv2.blur(soft, (pad + 1, pad + 1), soft)
    left, top = x1 - pad + dx, y1 - pad + dy
    a1, b1 = max(0, left), max(0, top)
    a2, b2 = min(w, left + soft.shape[1]), min(h, top + soft.shape[0])
    if a1 >= a2 or b1 >= b2:
        return
    soft = soft[b1 - top : b2 - top, a1 - left : a2 - left]
    dim = (256 - soft.astype(np.uint16) * camera.depth // 100).clip(0, 255).astype(np.uint8)
    region = picture[b1:b2, a1:a2]
    cv2.multiply(region, cv2.merge([dim] * 3), region, 1 / 256)


def _blend(picture: Image, part: _Part) -> None:
    """Copy the inside, mix the rim."""
    x1, y1, x2, y2 = part.box
    region = picture[y1:y2, x1:x2]
    solid = part.alpha == 255
    rim = np.nonzero((part.alpha > 0) & ~solid)
    weight = part.alpha[rim].astype(np.uint16)[:, None]
    mixed = (part.pixels[rim] * weight + region[rim] * (255 - weight) + 127) // 255
    cv2.copyTo(part.pixels, solid.astype(np.uint8), region)
    region[rim] = mixed


def _develop(picture: Image, camera: Camera, rng: np.random.Generator) -> Image:
    """Light across the picture, blur, noise."""
    h, w = picture.shape[:2]
    x = (np.arange(w) * 2 - w) * camera.slope[0] * 64 // (50 * w)
    y = (np.arange(h) * 2 - h) * camera.slope[1] * 64 // (50 * h)
    light = np.clip(128 + y[:, None] + x[None, :], 30, 255).astype(np.uint8)
    if camera.gain != (128, 128, 128):
        tones = np.arange(256)[:, None] * np.array(camera.gain) // 128
        table = np.clip(tones, 0, 255).astype(np.uint8)
        picture = cv2.LUT(picture, table[None])
    if camera.slope != (0, 0):
        cv2.multiply(picture, cv2.merge([light] * 3), picture, 1 / 128)
    if camera.blur:
        cv2.GaussianBlur(picture, (camera.blur, camera.blur), 0, picture)
    if camera.noise:
        field = (grain(rng, h, w) * camera.noise) // 100
        up = np.maximum(field, 0).astype(np.uint8)
        down = np.maximum(-field, 0).astype(np.uint8)
        cv2.add(picture, cv2.merge([up, np.roll(up, 7), np.roll(up, 19)]), picture)
        cv2.subtract(picture, cv2.merge([down, np.roll(down, 7), np.roll(down, 19)]), picture)
    return picture


def _truth(parts: list[_Part], h: int, w: int) -> GroundTruth:
    n = len(parts)
    owner = _owners(parts, h, w)
    masks = np.zeros((n, h, w), np.bool_)
    full = np.zeros((n, h, w), np.bool_)
    boxes = np.zeros((n, 4), np.float32)
    for i, part in enumerate(parts):
        x1, y1, x2, y2 = part.box
        seen = owner[y1:y2, x1:x2] == i + 1
        masks[i, y1:y2, x1:x2] = seen
        full[i, y1:y2, x1:x2] = part.solid
        rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
        boxes[i] = (x1 + columns[0], y1 + rows[0], x1 + columns[-1] + 1, y1 + rows[-1] + 1)
    labels = np.array([p.item.label for p in parts], np.int64)
    return GroundTruth(
        boxes=boxes,
        labels=labels,
        classes=CLASSES,
        crowd=np.zeros(n, np.bool_),
        amodal=np.array([p.whole for p in parts], np.float32).reshape(n, 4),
        masks=masks,
        full_masks=full,
        semantic=np.append(0, labels).astype(np.uint8)[owner],
    )
