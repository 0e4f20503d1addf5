"""Bottle, can and cup: upright bodies of revolution, one local unit high."""

from __future__ import annotations

import numpy as np

from engine.scenes.brush import Brush
from engine.scenes.geometry import Pose, arc, mirrored, rectangle, smooth
from engine.scenes.palette import (
    CREAMS,
    FRUIT,
    GLASS,
    METALS,
    WRAPPERS,
    contrast,
    pick,
    shaded,
)
from engine.scenes.prints import panel


def bottle(pose: Pose, rng: np.random.Generator) -> Brush:
    w = float(rng.uniform(0.13, 0.20))  # half width
    neck = w * float(rng.uniform(0.30, 0.48))
    shoulder = float(rng.uniform(-0.26, -0.06))
    waist = w * float(rng.uniform(0.86, 1.0))
    cap = float(rng.uniform(0.05, 0.09))
    glass = pick(rng, GLASS)
    brush = Brush(pose, (w + 0.02, 0.52), glass)
    top = -0.5
    profile = mirrored(
        [
            (neck * 1.15, top), (neck * 1.15, top + cap), (neck, top + cap),
            (neck, (top + shoulder) / 2), (w * 0.92, shoulder), (w, shoulder + 0.06),
            (waist, 0.12), (w, 0.34), (w, 0.46), (w * 0.88, 0.5),
        ]
    )  # fmt: skip
    brush.outline(smooth(profile, 2))
    if rng.integers(3):  # a drink with its level below the neck
        level = float(rng.uniform((top + cap + shoulder) / 2, shoulder + 0.08))
        drink = shaded(glass, int(rng.integers(60, 92))) if rng.integers(2) else pick(rng, FRUIT)
        brush.fill(rectangle(-w - 0.02, level, w + 0.02, 0.52), drink)
        brush.fill(arc((0, level), (w * 0.9, 0.012), count=20), shaded(drink, 130))
    y1 = shoulder + float(rng.uniform(0.07, 0.14))
    y2 = float(rng.uniform(0.28, 0.42))
    label = pick(rng, CREAMS) if rng.integers(2) else pick(rng, WRAPPERS)
    brush.fill(rectangle(-w - 0.02, y1, w + 0.02, y2), label)
    panel(brush, rng, -w * 0.95, y1 + 0.02, w * 0.95, y2 - 0.02, label)
    trim = contrast(rng, label)
    brush.fills([rectangle(-w - 0.02, y - 0.008, w + 0.02, y + 0.008) for y in (y1, y2)], trim)
    lid = pick(rng, WRAPPERS)
    brush.fill(rectangle(-w, top - 0.02, w, top + cap), lid)
    brush.fill(rectangle(-w, top + cap * 0.8, w, top + cap), shaded(lid, 70))
    brush.cylinder(w * 1.02, gloss=125)
    if pose.size > 24:  # the window's reflection, a thin bright streak
        streak = smooth(rectangle(-w * 0.66, shoulder + 0.05, -w * 0.52, 0.42), 2)
        brush.fill(streak, shaded(glass, 165))
    return brush


def can(pose: Pose, rng: np.random.Generator) -> Brush:
    w = float(rng.uniform(0.25, 0.33))
    rise = w * float(rng.uniform(0.16, 0.26))  # half height of the rim's ellipse
    paint, metal = pick(rng, WRAPPERS), pick(rng, METALS)
    brush = Brush(pose, (w + 0.02, 0.52), paint)
    top, bottom = -0.5 + rise, 0.5 - rise
    lower = arc((0, bottom), (w * 0.93, rise), 0, 2048, 18)
    upper = arc((0, top), (w * 0.93, rise), 2048, 2048, 18)
    sides = np.array([(-w, bottom - 0.05), (-w, top + 0.06)])
    brush.outline(np.concatenate([lower, sides, upper, sides[::-1] * (-1.0, 1.0)]))
    panel(brush, rng, -w * 0.98, top + 0.12, w * 0.98, bottom - 0.04, paint)
    hem = arc((0, bottom - 0.045), (w, rise), 0, 2048, 18)
    brush.fill(np.concatenate([hem, [(-w, 0.55), (w, 0.55)]]), metal)
    collar = arc((0, top + 0.06), (w, rise), 0, 2048, 18)
    brush.fill(np.concatenate([collar, [(-w - 0.02, -0.55), (w + 0.02, -0.55)]]), metal)
    brush.cylinder(w * 1.02, gloss=110)
    lid = shaded(metal, 92)
    brush.fill(arc((0, top), (w * 0.90, rise * 0.95), count=30), shaded(metal, 140))
    brush.fill(arc((0, top + rise * 0.1), (w * 0.82, rise * 0.8), count=30), lid)
    brush.fill(arc((0, top + rise * 0.3), (w * 0.30, rise * 0.32), count=16), shaded(metal, 55))
    brush.fill(arc((0, top - rise * 0.1), (w * 0.24, rise * 0.28), count=16), shaded(metal, 130))
    return brush


def cup(pose: Pose, rng: np.random.Generator) -> Brush:
    """A mug with a handle, or a paper cup with a lid, a straw or a drink to be seen."""
    return _mug(pose, rng) if rng.integers(2) else _beaker(pose, rng)


def _mug(pose: Pose, rng: np.random.Generator) -> Brush:
    w = float(rng.uniform(0.36, 0.42))
    foot = w * float(rng.uniform(0.72, 0.98))
    rise = w * float(rng.uniform(0.2, 0.32))
    side = 1 if rng.integers(2) else -1
    glaze = pick(rng, WRAPPERS + CREAMS)
    # The handle sticks out on one side: the body moves the other way, so that the middle stays.
    dx = -0.10 * side
    brush = Brush(pose, (w + 0.14, 0.52), glaze)
    top, bottom = -0.5 + rise, 0.5 - rise * 0.7
    lower = arc((dx, bottom), (foot, rise * 0.7), 0, 2048, 18)
    upper = arc((dx, top), (w, rise), 2048, 2048, 18)
    brush.outline(np.concatenate([lower, upper]))
    handle = arc((dx + side * w * 0.92, 0.02), (0.17, 0.23), 3072 - 1024 * (side < 0), 2048, 16)
    if side < 0:
        handle = arc((dx - w * 0.92, 0.02), (0.17, 0.23), 1024, 2048, 16)
    brush.spread(handle, 0.075)
    design = int(rng.integers(3))
    if design == 0:
        panel(brush, rng, dx - w * 0.7, -0.1, dx + w * 0.7, 0.34, glaze)
    elif design == 1:
        ink = contrast(rng, glaze)
        bands = [rectangle(-0.6, y, 0.6, y + 0.06) for y in (-0.06, 0.10, 0.26)]
        brush.fills(bands[: int(rng.integers(1, 4))], ink)
    brush.line(handle, shaded(glaze, 78), 0.085)
    brush.cylinder(w * 1.18, gloss=120)
    brush.fill(arc((dx, top), (w * 0.99, rise), count=32), shaded(glaze, 135))
    brush.fill(arc((dx, top + rise * 0.08), (w * 0.9, rise * 0.84), count=32), shaded(glaze, 62))
    drink = pick(rng, ((74, 44, 28), (150, 96, 52), (196, 60, 44), (236, 224, 204)))
    surface = arc((dx, top + rise * 0.3), (w * 0.8, rise * 0.6), count=28)
    brush.fill(surface, drink)
    return brush


def _beaker(pose: Pose, rng: np.random.Generator) -> Brush:
    w = float(rng.uniform(0.28, 0.34))
    foot = w * float(rng.uniform(0.62, 0.8))
    straw = bool(rng.integers(2))
    paper = pick(rng, WRAPPERS + CREAMS)
    top = -0.26 if straw else -0.44
    rise = w * 0.18
    brush = Brush(pose, (w + 0.06, 0.54), paper)
    bottom = 0.5 - rise * 0.7
    lower = arc((0, bottom), (foot, rise * 0.7), 0, 2048, 16)
    upper = arc((0, top), (w, rise), 2048, 2048, 16)
    brush.outline(np.concatenate([lower, upper]))
    lid_half = w * 1.08
    lid = np.concatenate(
        [
            arc((0, top + 0.05), (lid_half, rise), 0, 2048, 16),
            arc((0, top - 0.06), (w * 0.8, rise * 0.8), 2048, 2048, 16),
        ]
    )
    has_lid = straw or bool(rng.integers(2))
    panel(brush, rng, -w * 0.85, top + 0.12, w * 0.85, 0.40, paper)
    brush.cylinder(w * 1.05, gloss=70)
    if has_lid:
        brush.extend(lid)
        cover = pick(rng, CREAMS if rng.integers(3) else WRAPPERS)
        brush.fill(lid, shaded(cover, 88))
        brush.fill(arc((0, top - 0.05), (w * 0.76, rise * 0.7), count=26), cover)
        brush.fill(arc((0, top - 0.05), (w * 0.5, rise * 0.42), count=22), shaded(cover, 90))
    else:
        brush.fill(arc((0, top), (w, rise), count=30), shaded(paper, 140))
        drink = pick(rng, FRUIT)
        brush.fill(arc((0, top + rise * 0.15), (w * 0.88, rise * 0.8), count=28), shaded(drink, 75))
    if straw:
        lean = float(rng.uniform(-0.14, 0.14))
        stem = np.array([(lean * 0.2, top - 0.06), (lean, -0.47)])
        brush.spread(stem, 0.05)
        brush.line(stem, pick(rng, WRAPPERS), 0.06)
        if pose.size > 40:
            brush.line(stem, pick(rng, CREAMS), 0.02)
    return brush
