"""Ball, ring and star: fruit and toy balls, iced doughnuts, star biscuits; 1 x 1 local units."""

from __future__ import annotations

import numpy as np

from engine.scenes.brush import Brush
from engine.scenes.geometry import TURN, Points, Pose, arc, cosine, sine, smooth, star
from engine.scenes.palette import (
    CREAMS,
    DOUGH,
    FRUIT,
    ICING,
    WRAPPERS,
    Colour,
    contrast,
    pick,
    shaded,
)


def ball(pose: Pose, rng: np.random.Generator) -> Brush:
    r = 0.5
    skin = pick(rng, FRUIT + WRAPPERS)
    brush = Brush(pose, (0.52, 0.52), skin)
    brush.outline(arc((0, 0), (r, r), count=56))
    ink = contrast(rng, skin)
    design = int(rng.integers(5))
    if design == 0:  # an orange: pores and a green stalk
        pores = [arc((float(x), float(y)), (0.012, 0.012), count=5)
                 for x, y in rng.integers(-30, 31, (26, 2)) * 0.015]  # fmt: skip
        brush.fills(pores, shaded(skin, 82))
        x, y = (float(t) * 0.01 for t in rng.integers(-25, 26, 2))
        brush.fill(star(5, 0.09, 0.04) + np.array((x, y - 0.1)), (70, 110, 44))
    elif design == 1:  # beach ball: segments from a pole
        pole = (float(rng.uniform(-0.2, 0.2)), float(rng.uniform(-0.25, 0.1)))
        n = int(rng.integers(3, 5)) * 2
        third = contrast(rng, ink)
        for i in range(0, n, 2):
            a, b = i * TURN // n, (i + 1) * TURN // n
            wedge = np.array([pole, (pole[0] + cosine(a), pole[1] + sine(a)),
                              (pole[0] + cosine(b), pole[1] + sine(b))])  # fmt: skip
            brush.fill(wedge, ink if i % 4 else third)
        brush.fill(arc(pole, (0.08, 0.08), count=18), skin)
    elif design == 2:  # one or two bands
        for y in (-0.16, 0.16)[: int(rng.integers(1, 3))]:
            swell = arc((0, y), (0.52, 0.10 + 0.3 * abs(y)), 0, TURN // 2, 18)
            top = arc((0, y - 0.15), (0.52, 0.08), 0, TURN // 2, 18)[::-1]
            brush.fill(np.concatenate([swell, top]), ink)
    elif design == 3:  # tennis: two seams
        brush.line(arc((-0.55, 0), (0.36, 0.5), -TURN // 4, TURN // 2, 18), ink, 0.035)
        brush.line(arc((0.55, 0), (0.36, 0.5), TURN // 4, TURN // 2, 18), ink, 0.035)
    brush.sphere(r, gloss=int(rng.integers(50, 130)))
    return brush


def ring(pose: Pose, rng: np.random.Generator) -> Brush:
    hole = float(rng.uniform(0.13, 0.21))
    squash = float(rng.uniform(0.8, 1.0))
    dough, icing = pick(rng, DOUGH), pick(rng, ICING)
    brush = Brush(pose, (0.52, 0.52 * squash), dough)
    hub = arc((0, 0), (hole, hole * squash), count=28)
    brush.outline(arc((0, 0), (0.5, 0.5 * squash), count=48), hub)
    if rng.integers(5):
        brush.fill(_wavy(rng, 0.43, squash), icing)
        brush.fill(_wavy(rng, hole + 0.055, squash), dough)
        topping = int(rng.integers(3))
        if topping == 0 and pose.size > 18:
            _sprinkles(brush, rng, hole, squash)
        elif topping == 1:
            _drizzle(brush, contrast(rng, icing), squash)
    u, v = brush.local()
    k = np.float32(1 / squash)
    r = np.sqrt(u * u + v * v * (k * k))
    middle, tube = np.float32((hole + 0.5) / 2), np.float32((0.5 - hole) / 2)
    t = np.clip((r - middle) / tube, -1, 1)
    x, y = brush.screen()
    towards = (x * np.float32(-0.62) + y * np.float32(-0.78)) / np.maximum(r, np.float32(0.02))
    up = np.sqrt(np.maximum(1 - t * t, 0))
    light = t * towards * np.float32(0.62) + up * np.float32(0.80)
    shade = np.clip((light * np.float32(0.66) + np.float32(0.44)) * 128, 0, 255).astype(np.uint8)
    shine = np.maximum(t * towards * np.float32(0.5) + up * np.float32(0.87), 0)
    for _ in range(4):
        shine = shine * shine
    brush.modulate(shade, (shine * 95).astype(np.uint8))
    return brush


def _wavy(rng: np.random.Generator, radius: float, squash: float) -> Points:
    n = 14
    turn = int(rng.integers(TURN))
    wobble = radius * (1 + 0.01 * rng.integers(-7, 8, n))
    p = [(float(wobble[i]) * cosine(turn + i * TURN // n),
          float(wobble[i]) * sine(turn + i * TURN // n) * squash) for i in range(n)]  # fmt: skip
    return smooth(np.array(p), 2)


def _sprinkles(brush: Brush, rng: np.random.Generator, hole: float, squash: float) -> None:
    turns, radii = rng.integers(0, TURN, 30), rng.uniform(hole + 0.08, 0.40, 30)
    leans = rng.integers(0, TURN, 30)
    groups: tuple[Colour, ...] = tuple(pick(rng, WRAPPERS + CREAMS, 6) for _ in range(3))
    for k, colour in enumerate(groups):
        for i in range(k, 30, 3):
            t, r, a = int(turns[i]), float(radii[i]), int(leans[i])
            x, y = r * cosine(t), r * sine(t) * squash
            dx, dy = 0.028 * cosine(a), 0.028 * sine(a)
            brush.line(np.array([(x - dx, y - dy), (x + dx, y + dy)]), colour, 0.022)


def _drizzle(brush: Brush, colour: Colour, squash: float) -> None:
    x = np.arange(-9, 10) * 0.05
    y = np.where(np.arange(19) % 2 == 0, -0.45, 0.45) * squash
    brush.line(np.stack([x, y], 1), colour, 0.022)


def star_biscuit(pose: Pose, rng: np.random.Generator) -> Brush:
    inner = float(rng.uniform(0.24, 0.32))
    points = 5 if rng.integers(4) else 6
    dough = pick(rng, DOUGH)
    brush = Brush(pose, (0.54, 0.54), dough)
    brush.outline(smooth(star(points, 0.54, inner), 2))
    kind = int(rng.integers(4))
    if kind < 3:
        icing = pick(rng, ICING + CREAMS)
        brush.fill(smooth(star(points, 0.44, inner * 0.78), 2), icing)
        ink = contrast(rng, icing)
        if kind == 0 and pose.size > 14:
            beads = [arc((0.30 * cosine(a), 0.30 * sine(a)), (0.035, 0.035), count=9)
                     for a in (i * TURN // points - TURN // 4 for i in range(points))]  # fmt: skip
            brush.fills([*beads, arc((0, 0), (0.05, 0.05), count=12)], ink)
        elif kind == 1:
            brush.fill(smooth(star(points, 0.24, inner * 0.42), 1), ink)
    elif pose.size > 14:
        holes = [arc((0.17 * cosine(a), 0.17 * sine(a)), (0.028, 0.028), count=8)
                 for a in (i * TURN // 6 for i in range(6))]  # fmt: skip
        brush.fills(holes, shaded(dough, 55))
    x, y = brush.screen()
    u, v = brush.local()
    r = u * u + v * v
    shade = 140 - (x + y) * np.float32(34) - r * np.float32(120)
    rim = np.clip((r - np.float32(0.04)) * np.float32(40), 0, 10)
    brush.modulate(np.clip(shade + rim, 40, 200).astype(np.uint8))
    return brush
