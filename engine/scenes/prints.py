"""What is printed on packs: words in a stroke font of our own, bands, dots, emblems."""

from __future__ import annotations

import numpy as np

from engine.scenes.brush import Brush
from engine.scenes.geometry import Points, arc, rectangle, star
from engine.scenes.palette import Colour, contrast

# Strokes on a 4 x 6 grid, y down.
_LETTERS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "A": (((0, 6), (2, 0), (4, 6)), ((1, 4), (3, 4))),
    "C": (((4, 1), (3, 0), (1, 0), (0, 1), (0, 5), (1, 6), (3, 6), (4, 5)),),
    "E": (((4, 0), (0, 0), (0, 6), (4, 6)), ((0, 3), (3, 3))),
    "I": (((2, 0), (2, 6)),),
    "K": (((0, 0), (0, 6)), ((4, 0), (0, 3.4), (4, 6))),
    "L": (((0, 0), (0, 6), (4, 6)),),
    "M": (((0, 6), (0, 0), (2, 3), (4, 0), (4, 6)),),
    "N": (((0, 6), (0, 0), (4, 6), (4, 0)),),
    "O": (((1, 0), (3, 0), (4, 1), (4, 5), (3, 6), (1, 6), (0, 5), (0, 1), (1, 0)),),
    "P": (((0, 6), (0, 0), (3, 0), (4, 1), (4, 2.4), (3, 3.4), (0, 3.4)),),
    "S": (((4, 1), (3, 0), (1, 0), (0, 1), (0, 2.2), (4, 3.8), (4, 5), (3, 6), (1, 6), (0, 5)),),
    "T": (((0, 0), (4, 0)), ((2, 0), (2, 6))),
    "U": (((0, 0), (0, 5), (1, 6), (3, 6), (4, 5), (4, 0)),),
    "Z": (((0, 0), (4, 0), (0, 6), (4, 6)),),
}
WORDS = ("POP", "OAT", "NUTS", "COLA", "MILK", "TEA", "ZAP", "MINT", "ICE", "LIME", "PLUM",
         "SALT", "TOTO", "MOKA", "ZEST")  # fmt: skip
_STROKES = {
    word: tuple(
        np.array(stroke, np.float64) + np.array((5.6 * i, 0.0))
        for i, letter in enumerate(word)
        for stroke in _LETTERS.get(letter, ())
    )
    for word in WORDS
}


def word(brush: Brush, rng: np.random.Generator, centre: tuple[float, float], width: float,
         height: float, colour: Colour, upright: bool = True) -> None:  # fmt: skip
    """A brand word inside (width, height) local units; left out where it would be under 5 px."""
    text = WORDS[int(rng.integers(len(WORDS)))]
    long, short = (width, height) if upright else (height, width)
    columns = 5.6 * len(text) - 1.6
    k = min(long / columns, short / 6)
    if k * 6 * brush.pose.size < 5:
        return
    for stroke in _STROKES[text]:
        p = (stroke - (columns / 2, 3.0)) * k
        if not upright:
            p = np.stack([p[:, 1], -p[:, 0]], 1)
        brush.line(p + centre, colour, k * 1.1)


def zigzag(x1: float, x2: float, y: float, height: float, teeth: int, bottom: float) -> Points:
    """The region between a zigzag line at ``y`` and the level ``bottom``."""
    x = x1 + (x2 - x1) * np.arange(2 * teeth + 1) / (2 * teeth)
    top = y + height * (np.arange(2 * teeth + 1) % 2)
    return np.concatenate([np.stack([x, top], 1), [(x2, bottom), (x1, bottom)]])


def wave(x1: float, x2: float, y: float, height: float, bottom: float) -> Points:
    """The region under one swing of a soft wave."""
    n = 13
    x = x1 + (x2 - x1) * np.arange(n) / (n - 1)
    t = arc((0, 0), (1, 1), 0, 4096, n - 1)[:, 1]
    return np.concatenate(
        [np.stack([x, y + height * np.append(t, t[:1])], 1), [(x2, bottom), (x1, bottom)]]
    )


def panel(brush: Brush, rng: np.random.Generator, x1: float, y1: float, x2: float, y2: float,
          base: Colour) -> None:  # fmt: skip
    """Fill a panel with one of eight designs over its base colour."""
    ink = contrast(rng, base)
    accent = contrast(rng, ink)
    cx, cy, w, h = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
    design = int(rng.integers(8))
    a = float(rng.uniform(0.25, 0.45))
    if design == 0:  # a broad band with the word on it
        brush.fill(rectangle(x1, cy - h * a / 2, x2, cy + h * a / 2), ink)
        word(brush, rng, (cx, cy), w * 0.8, h * a * 0.62, accent)
    elif design == 1:  # slanted stripes
        n = int(rng.integers(2, 5))
        step = h / n
        stripes = [
            np.array([(x1, y), (x2, y - w * 0.6), (x2, y - w * 0.6 + step / 2), (x1, y + step / 2)])
            for y in (y1 + step * (i + 0.2) for i in range(n + 1))
        ]
        brush.fills(stripes, ink)
    elif design == 2:  # a roundel with a star
        r = min(w, h) * a
        brush.fill(arc((cx, cy), (r, r), count=28), ink)
        brush.fill(star(5, r * 0.8, r * 0.36) + np.array((cx, cy)), accent)
    elif design == 3:  # zigzag lower part
        brush.fill(zigzag(x1, x2, y1 + h * (1 - a), -h * 0.1, int(rng.integers(3, 6)), y2), ink)
        word(brush, rng, (cx, y1 + h * 0.3), w * 0.8, h * 0.24, ink)
    elif design == 4:  # dots
        n = int(rng.integers(3, 5))
        r = w / n * 0.28
        m = max(1, round(h / w * n))
        dots = [
            arc((x1 + w * (i + 0.5 + 0.5 * (j % 2)) / n, y1 + h * (j + 0.5) / m), (r, r), count=12)
            for j in range(m)
            for i in range(n)
        ]
        brush.fills(dots, ink)
    elif design == 5:  # a wave of a second colour
        brush.fill(wave(x1, x2, cy, h * 0.14, y2), ink)
        brush.fill(wave(x1, x2, cy + h * 0.12, h * 0.14, y2), accent)
        word(brush, rng, (cx, y1 + h * 0.24), w * 0.8, h * 0.2, ink)
    elif design == 6:  # the word along the height
        word(brush, rng, (cx, cy), w * 0.55, h * 0.85, ink, upright=False)
        brush.fill(rectangle(x1, y2 - h * 0.08, x2, y2), ink)
    else:  # a fruit emblem over fine print
        r = min(w, h) * 0.28
        brush.fill(arc((cx, y1 + h * 0.36), (r, r), count=24), ink)
        brush.fill(arc((cx + r * 0.5, y1 + h * 0.36 - r), (r * 0.5, r * 0.25), count=14), accent)
        lines = [rectangle(x1 + w * 0.2, y, x2 - w * 0.2, y + h * 0.03)
                 for y in (y1 + h * 0.72, y1 + h * 0.79, y1 + h * 0.86)]  # fmt: skip
        brush.fills(lines, ink)
