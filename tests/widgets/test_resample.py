"""Pictures in the screen's resolution: right place, smooth, nothing made twice."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from engine.frame import Frame
from widgets.canvas import Canvas
from widgets.resample import Resampler
from widgets.selection import Selection

VIEW = QRect(0, 0, 400, 300)


def ramp(width: int = 200, height: int = 150) -> np.ndarray:
    """(H, W, 3) uint8: red grows to the right, green downwards."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, np.full_like(x, 90)], axis=2).astype(np.uint8)


@pytest.mark.parametrize(
    ("scale", "dx", "dy"),
    [(1.7, 3, -4), (2, 0, 0), (3.5, -120, -60), (7, -700, -300), (0.8, 20, 30), (0.5, 9, 9),
     (0.31, 5, 11), (0.1, 0, 0), (0.9, -50, 200)],
)  # fmt: skip
def test_every_px_shows_the_place_under_it(scale: float, dx: float, dy: float) -> None:
    done, left, top = Resampler(ramp()).part(scale, dx, dy, VIEW)
    height, width, _ = done.shape
    place = QRect(left, top, width, height)
    assert VIEW.contains(place)
    y, x = np.mgrid[top : top + height, left : left + width]
    want_x, want_y = (x + 0.5 - dx) / scale - 0.5, (y + 0.5 - dy) / scale - 0.5
    slack = 1 + 0.8 / scale  # half a px of the screen, and rounding
    assert np.abs(done[..., 0] - np.clip(want_x, 0, 199)).max() <= slack
    assert np.abs(done[..., 1] - np.clip(want_y, 0, 149)).max() <= slack


def test_no_px_is_left_out_of_a_small_picture() -> None:
    """One bright px in 64: sampling that skips shows all bright or all dark."""
    pixels = np.zeros((256, 256, 3), np.uint8)
    pixels[::8, ::8] = 255
    done, _, _ = Resampler(pixels).part(1 / 8, 0, 0, VIEW)
    assert done.shape == (32, 32, 3)
    assert np.abs(done.astype(int) - 255 / 64).max() <= 2


def test_the_same_view_is_made_once() -> None:
    resampler = Resampler(ramp())
    first = resampler.part(1.5, 0, 0, VIEW)[0]
    assert resampler.part(1.5, 0, 0, VIEW)[0] is first
    assert resampler.part(1.5, 1, 0, VIEW)[0] is not first


def row(canvas: Canvas, y: float) -> list[int]:
    image: QImage = canvas.grab().toImage()
    at = canvas.mapFromScene(0, y).y()
    return [image.pixelColor(QPoint(x, at)).red() for x in range(image.width())]


@pytest.mark.parametrize("zoom", [4, 16])
def test_enlarged_pictures_are_smooth_until_their_px_are_shown(
    qtbot: QtBot, selection: Selection, zoom: float
) -> None:
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[:, 1::2] = 240
    canvas = Canvas(selection)
    qtbot.addWidget(canvas)
    canvas.resize(320, 240)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.set_frame(Frame(pixels, "test"))
    canvas.set_zoom(zoom)
    seen = set(row(canvas, 15.3))
    if zoom < 12:
        assert len(seen) >= 4  # steps between dark and bright
    else:
        assert {0, 240} <= seen and len(seen) <= 5  # and the paler lines of the grid
