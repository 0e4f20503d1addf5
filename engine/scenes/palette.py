"""Colours of the snack shelf: RGB triples picked by hand, varied a little for each object."""

from __future__ import annotations

import numpy as np

Colour = tuple[int, int, int]

WRAPPERS: tuple[Colour, ...] = (
    (214, 48, 49), (235, 87, 44), (245, 158, 34), (250, 204, 62), (148, 189, 60), (63, 156, 84),
    (29, 128, 122), (42, 168, 190), (48, 112, 196), (46, 64, 140), (104, 72, 158), (168, 72, 150),
    (226, 94, 138), (246, 160, 170), (120, 72, 48), (52, 50, 58), (236, 230, 214), (186, 30, 66),
)  # fmt: skip
GLASS: tuple[Colour, ...] = (
    (58, 122, 72), (124, 70, 32), (96, 160, 196), (186, 206, 204), (168, 40, 44), (226, 140, 36),
    (60, 64, 78), (130, 180, 90), (210, 96, 130), (232, 200, 84),
)  # fmt: skip
METALS: tuple[Colour, ...] = ((196, 200, 206), (206, 196, 170), (168, 174, 184), (220, 220, 224))
CREAMS: tuple[Colour, ...] = (
    (250, 244, 228), (244, 248, 250), (252, 236, 200), (236, 240, 222), (255, 250, 240),
)  # fmt: skip
DOUGH: tuple[Colour, ...] = ((214, 160, 96), (196, 134, 72), (228, 184, 120), (150, 96, 56))
ICING: tuple[Colour, ...] = (
    (244, 150, 178), (92, 54, 36), (250, 240, 226), (132, 200, 210), (248, 206, 92),
    (176, 140, 210), (150, 206, 130), (226, 80, 90),
)  # fmt: skip
FRUIT: tuple[Colour, ...] = (
    (242, 140, 30), (206, 44, 44), (120, 176, 52), (246, 206, 60), (112, 52, 104), (232, 90, 60),
)  # fmt: skip
WALLS: tuple[Colour, ...] = (
    (222, 214, 200), (188, 204, 208), (206, 186, 172), (168, 186, 170), (150, 160, 178),
    (224, 200, 160), (196, 170, 178), (120, 132, 140), (232, 228, 222), (96, 108, 104),
    (110, 96, 100), (200, 210, 190),
)  # fmt: skip
WOODS: tuple[Colour, ...] = (
    (178, 128, 80), (148, 98, 60), (208, 168, 118), (112, 74, 50), (190, 150, 110), (222, 200, 170),
    (88, 66, 54),
)  # fmt: skip


def pick(rng: np.random.Generator, colours: tuple[Colour, ...], spread: int = 14) -> Colour:
    """One of the colours, each channel moved by up to ``spread``."""
    draw, n = int(rng.integers(1 << 48)), 2 * spread + 1  # one draw for all four choices
    draw, i = divmod(draw, len(colours))
    draw, dr = divmod(draw, n)
    draw, dg = divmod(draw, n)
    r, g, b = colours[i]
    return clip(r + dr - spread, g + dg - spread, b + draw % n - spread)


def clip(r: int, g: int, b: int) -> Colour:
    return (min(255, max(0, r)), min(255, max(0, g)), min(255, max(0, b)))


def shaded(colour: Colour, percent: int) -> Colour:
    """The colour at ``percent`` of its brightness; above 100 it goes towards white."""
    r, g, b = colour
    if percent <= 100:
        return (r * percent // 100, g * percent // 100, b * percent // 100)
    k = percent - 100
    return clip(r + (255 - r) * k // 100, g + (255 - g) * k // 100, b + (255 - b) * k // 100)


def contrast(rng: np.random.Generator, colour: Colour) -> Colour:
    """A print colour that can be told from ``colour``: light on dark, dark or vivid on light."""
    r, g, b = colour
    if r * 3 + g * 6 + b < 1500:
        return pick(rng, CREAMS)
    return shaded(pick(rng, WRAPPERS), int(rng.integers(45, 75)))
