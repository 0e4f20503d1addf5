"""Box and bar: a carton seen from a corner, and a wrapped or bare chocolate bar."""

from __future__ import annotations

import numpy as np

from engine.scenes.brush import Brush, Field
from engine.scenes.geometry import Pose, rectangle, rounded
from engine.scenes.palette import CREAMS, WRAPPERS, contrast, pick, shaded
from engine.scenes.prints import panel, word


def box(pose: Pose, rng: np.random.Generator) -> Brush:
    """A carton: front with print, a side in shadow and a lit top; within 1 x 1 local units."""
    aspect = float(rng.uniform(0.55, 1.25))
    height = 1.0 if aspect <= 1 else 1 / aspect
    width = min(1.0, aspect)
    depth = float(rng.uniform(0.10, 0.24)) * width
    lift = depth * float(rng.uniform(0.35, 0.7))
    side = 1 if rng.integers(2) else -1
    card = pick(rng, WRAPPERS) if rng.integers(4) else pick(rng, CREAMS)
    left, right = -width / 2, width / 2 - depth
    top, bottom = -height / 2 + lift, height / 2
    flip = np.array([side, 1.0])
    front = rectangle(left, top, right, bottom) * flip
    flank = np.array([(right, top), (right + depth, top - lift), (right + depth, bottom - lift),
                      (right, bottom)]) * flip  # fmt: skip
    lid = np.array([(left, top), (left + depth, top - lift), (right + depth, top - lift),
                    (right, top)]) * flip  # fmt: skip
    brush = Brush(pose, (width / 2 + 0.02, height / 2 + 0.02), card)
    brush.outline(np.stack([flank[2], flank[3], front[3], front[0], lid[1], lid[2]]))
    x1, x2 = sorted((left * side, right * side))
    pad = 0.03 * width
    panel(brush, rng, x1 + pad, top + pad, x2 - pad, bottom - pad, card)
    y = brush.local()[1]
    glow = np.clip(136 - y * np.float32(26), 0, 255).astype(np.uint8)
    brush.modulate(glow)
    brush.fill(flank, shaded(card, 58))
    near, far = flank[3] - flank[0], flank[2] - flank[1]
    stripe = np.stack(
        [flank[0] + near * 0.55, flank[1] + far * 0.55, flank[1] + far * 0.7, flank[0] + near * 0.7]
    )
    brush.fill(stripe, shaded(contrast(rng, card), 60))
    brush.fill(lid, shaded(card, 128))
    if pose.size > 30:
        brush.line(np.stack([front[0], front[1]]), shaded(card, 150), 0.008)
    return brush


def bar(pose: Pose, rng: np.random.Generator) -> Brush:
    """One local unit long, lying; wrapped with crimped ends, or bare chocolate half unwrapped."""
    h = float(rng.uniform(0.13, 0.20))
    return _bare(pose, rng, h * 1.15) if rng.integers(4) == 0 else _wrapped(pose, rng, h)


def _wrapped(pose: Pose, rng: np.random.Generator, h: float) -> Brush:
    foil = pick(rng, WRAPPERS)
    teeth = 5
    step = 2 * h / (2 * teeth)
    right = [(0.5 - 0.02 * (i % 2), -h + step * i) for i in range(2 * teeth + 1)]
    left = [(-x, y) for x, y in reversed(right)]
    brush = Brush(pose, (0.53, h + 0.02), foil)
    brush.outline(np.array(right + left))
    ink = contrast(rng, foil)
    a = float(rng.uniform(0.14, 0.34))
    design = int(rng.integers(4))
    if design == 0:
        slant = float(rng.uniform(-0.1, 0.1))
        brush.fill(np.array([(-a, -h - 0.02), (a, -h - 0.02), (a + slant, h + 0.02),
                             (-a + slant, h + 0.02)]), ink)  # fmt: skip
        word(brush, rng, (0, 0), a * 1.6, h * 0.9, foil)
    elif design == 1:
        brush.fill(rectangle(-0.5, h * 0.35, 0.5, h + 0.02), ink)
        word(brush, rng, (0, -h * 0.3), 0.6, h * 0.8, ink)
    elif design == 2:
        panel(brush, rng, -0.38, -h, 0.38, h, foil)
    else:
        second = contrast(rng, ink)
        brush.fill(rectangle(-0.40, -h * 0.7, 0.40, h * 0.7), ink)
        word(brush, rng, (0, 0), 0.66, h * 0.95, second)
    seam = shaded(foil, 80)
    brush.fills([rectangle(x, -h, x + 0.07, h) for x in (-0.50, 0.43)], seam)
    ridges = [rectangle(x, -h, x + 0.010, h) for x in (-0.485, -0.46, 0.455, 0.48)]
    brush.fills(ridges, shaded(foil, 135))
    u, v = brush.local()
    _pillow(brush, u, v, h)
    return brush


def _pillow(brush: Brush, u: Field, v: Field, h: float) -> None:
    """A soft bulge across the bar, and a sheen on its upper half."""
    t = np.clip(v * np.float32(1 / h), -1, 1)
    shade = 138 - t * np.float32(34) - t * t * t * t * np.float32(26)
    sheen = np.clip(1 - np.abs(t + np.float32(0.5)) * np.float32(4.5), 0, 1)
    edge = np.clip((np.float32(0.43) - np.abs(u)) * np.float32(40), 0, 1)
    brush.modulate(shade.astype(np.uint8), (sheen * edge * np.float32(62)).astype(np.uint8))


def _bare(pose: Pose, rng: np.random.Generator, h: float) -> Brush:
    cocoa = pick(rng, ((92, 52, 32), (120, 72, 44), (70, 40, 28), (238, 222, 190)), 8)
    foil, paper = pick(rng, ((206, 208, 214), (226, 196, 110))), pick(rng, WRAPPERS)
    brush = Brush(pose, (0.53, h + 0.02), cocoa)
    brush.outline(rounded(-0.5, -h, 0.5, h, 0.03))
    columns = int(rng.integers(4, 7))
    open_to = float(rng.uniform(0.0, 0.22))
    pitch_x, pitch_y = 1.0 / columns, h
    lit, dark = shaded(cocoa, 128), shaded(cocoa, 66)
    cells = [(-0.5 + pitch_x * i, -h + pitch_y * j) for i in range(columns) for j in range(2)]
    g = 0.016
    brush.fills([rectangle(x, y, x + pitch_x, y + pitch_y) for x, y in cells[::3]], dark)
    for tone, inset in ((dark, g), (lit, g * 1.7), (cocoa, g * 2.8)):
        tiles = [
            rectangle(x + inset, y + inset, x + pitch_x - g, y + pitch_y - g) for x, y in cells
        ]
        brush.fills(tiles, tone)
    y = -h - 0.02 + (2 * h + 0.04) * np.arange(9) / 8
    x = open_to + 0.03 * (np.arange(9) % 2)
    torn = np.concatenate([np.stack([x, y], 1), [(0.55, h + 0.02), (0.55, -h - 0.02)]])
    brush.fill(torn, foil)
    brush.fill(torn + np.array((0.07, 0.0)), paper)
    word(brush, rng, (open_to / 2 + 0.3, 0.0), 0.5 - open_to - 0.12, h, contrast(rng, paper))
    u, v = brush.local()
    _pillow(brush, u, v, h * 1.3)
    return brush
