"""One object on its own small canvas: silhouette, painted parts, shading by its shape."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.scenes.geometry import Points, Pose, cosine, sine
from engine.scenes.palette import Colour

_SHIFT = 4  # sub-pixel bits of OpenCV's fixed-point drawing
_FINE = 1 << _SHIFT

Image = NDArray[np.uint8]
Field = NDArray[np.float32]


def _cylinder() -> tuple[Image, Image]:
    """Brightness (128 is neutral) and highlight over 256 positions across an upright cylinder."""
    u = (np.arange(256) - 127.5) / 127.5
    z = np.sqrt(np.maximum(0.0, 1 - u * u))
    light = np.maximum(0.0, -0.55 * u + 0.83 * z)
    edge = 1 - 0.25 * (u * u) * (u * u) * (u * u)
    half = np.maximum(0.0, -0.29 * u + 0.957 * z)
    half = half * half * half * half
    half = half * half * half * half
    shade = (0.42 + 0.68 * light) * edge + 0.10 * np.maximum(0.0, u - 0.75)
    return (shade * 128).astype(np.uint8), (half * half * 105).astype(np.uint8)


def _sphere(n: int = 128) -> tuple[Image, Image]:
    """The same over an (n, n) grid across a ball, lit from the top left."""
    u, v = np.meshgrid(
        (np.arange(n) - (n - 1) / 2) / (n / 2), (np.arange(n) - (n - 1) / 2) / (n / 2)
    )
    z = np.sqrt(np.maximum(0.0, 1 - u * u - v * v))
    light = np.maximum(0.0, -0.45 * u - 0.55 * v + 0.70 * z)
    bounce = np.maximum(0.0, 0.5 * v + 0.2 * u) * 0.16
    half = np.maximum(0.0, -0.30 * u - 0.37 * v + 0.88 * z)
    for _ in range(5):
        half = half * half
    return ((0.40 + 0.72 * light + bounce) * 128).astype(np.uint8), (half * 150).astype(np.uint8)


CYLINDER_SHADE, CYLINDER_SHINE = _cylinder()
SPHERE_SHADE, SPHERE_SHINE = _sphere()


class Brush:
    """Draws in local units (see `Pose`) on a crop just large enough for the object.

    ``origin`` is the crop's (x, y) in the picture, which may lie outside it; ``pixels`` (h, w, 3)
    uint8 RGB and ``alpha`` (h, w) uint8 are the crop. Colour may run over the silhouette: only
    ``alpha`` decides where the object is, so edges blend without a fringe.
    """

    def __init__(self, pose: Pose, half: tuple[float, float], base: Colour) -> None:
        self.pose = pose
        s, c = abs(sine(pose.angle)) * pose.size, abs(cosine(pose.angle)) * pose.size
        reach_x, reach_y = half[0] * c + half[1] * s, half[0] * s + half[1] * c
        self.origin = (math.floor(pose.x - reach_x) - 2, math.floor(pose.y - reach_y) - 2)
        right, bottom = math.ceil(pose.x + reach_x) + 3, math.ceil(pose.y + reach_y) + 3
        shape = (bottom - self.origin[1], right - self.origin[0])
        # From local units straight to the crop's fixed-point px.
        self._local = replace(
            pose,
            x=(pose.x - self.origin[0]) * _FINE,
            y=(pose.y - self.origin[1]) * _FINE,
            size=pose.size * _FINE,
        )
        self.pixels: Image = np.empty((*shape, 3), np.uint8)
        self.pixels[:] = base
        self.alpha: Image = np.zeros(shape, np.uint8)

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        return np.rint(self._local.place(points)).astype(np.int32)

    def outline(self, *contours: Points) -> None:
        """Set the silhouette: the even-odd fill of all contours (a second one makes a hole)."""
        cv2.fillPoly(self.alpha, [self._fixed(c) for c in contours], 255, cv2.LINE_AA, _SHIFT)

    def extend(self, contour: Points) -> None:
        """Add a part to the silhouette, such as a handle or a straw."""
        cv2.fillPoly(self.alpha, [self._fixed(contour)], 255, cv2.LINE_AA, _SHIFT)

    def fill(self, contour: Points, colour: Colour) -> None:
        cv2.fillPoly(self.pixels, [self._fixed(contour)], colour, cv2.LINE_AA, _SHIFT)

    def fills(self, contours: list[Points], colour: Colour) -> None:
        """Many small parts of one colour; they must not overlap (the fill is even-odd)."""
        fixed = self._fixed(np.concatenate(contours))
        ends = np.cumsum([len(c) for c in contours])[:-1]
        cv2.fillPoly(self.pixels, np.split(fixed, ends), colour, cv2.LINE_AA, _SHIFT)

    def line(self, points: Points, colour: Colour, width: float, closed: bool = False) -> None:
        """A stroke of ``width`` local units, at least one pixel."""
        px = max(1, round(width * self.pose.size))
        cv2.polylines(self.pixels, [self._fixed(points)], closed, colour, px, cv2.LINE_AA, _SHIFT)

    def spread(self, points: Points, width: float) -> None:
        """Add a stroke to the silhouette."""
        px = max(1, round(width * self.pose.size))
        cv2.polylines(self.alpha, [self._fixed(points)], False, 255, px, cv2.LINE_AA, _SHIFT)

    @cached_property
    def _grid(self) -> tuple[Field, Field]:
        h, w = self.alpha.shape
        x = (np.arange(w) + (self.origin[0] - self.pose.x)).astype(np.float32)[None, :]
        y = (np.arange(h) + (self.origin[1] - self.pose.y)).astype(np.float32)[:, None]
        return x, y

    def local(self) -> tuple[Field, Field]:
        """Local (u, v) of every pixel of the crop; two (h, w) float32."""
        x, y = self._grid
        c = np.float32(cosine(self.pose.angle) / self.pose.size)
        s = np.float32(sine(self.pose.angle) / self.pose.size)
        return x * c + y * s, y * c - x * s

    def screen(self) -> tuple[Field, Field]:
        """As `local`, but not turned with the object: for light that comes from outside."""
        x, y = self._grid
        k = np.float32(1 / self.pose.size)
        return x * k, y * k

    def cylinder(self, half_width: float, gloss: int = 100) -> None:
        """Shade as an upright body of revolution; ``gloss`` in percent scales the highlight."""
        k = np.float32(127.5 / half_width)
        if self.pose.angle == 0:
            x = self._grid[0][0] * (k / np.float32(self.pose.size)) + np.float32(127.5)
            rows = np.clip(x, 0, 255).astype(np.uint8)[None, :]
        else:
            rows = np.clip(self.local()[0] * k + np.float32(127.5), 0, 255).astype(np.uint8)
        shade, shine = CYLINDER_SHADE[rows], CYLINDER_SHINE[rows]
        if len(rows) == 1:
            h = len(self.alpha)
            shade, shine = np.repeat(shade, h, 0), np.repeat(shine, h, 0)
        self.modulate(shade, shine, gloss)

    def sphere(self, radius: float, gloss: int = 100) -> None:
        x, y = self.screen()
        n = len(SPHERE_SHADE)
        k = np.float32(n / 2 / radius)
        i = np.clip(y * k + np.float32(n / 2), 0, n - 1).astype(np.intp)
        j = np.clip(x * k + np.float32(n / 2), 0, n - 1).astype(np.intp)
        self.modulate(SPHERE_SHADE[i, j], SPHERE_SHINE[i, j], gloss)

    def modulate(self, shade: Image, shine: Image | None = None, gloss: int = 100) -> None:
        """Multiply by ``shade`` / 128, then add ``shine`` scaled by ``gloss`` percent."""
        cv2.multiply(self.pixels, cv2.merge([shade] * 3), self.pixels, 1 / 128)
        if shine is not None and gloss:
            light = (shine.astype(np.uint16) * gloss // 100).astype(np.uint8)
            cv2.add(self.pixels, cv2.merge([light] * 3), self.pixels)
