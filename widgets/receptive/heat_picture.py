"""A gradient over the picture, with the field and the boxes that it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from engine.receptive.fields import Box
from engine.receptive.heat import EffectiveField
from widgets.cell_view import CellView
from widgets.heat_colours import shade
from widgets.receptive.picture import FIELD, rect, rim
from widgets.roi.colours import SIGNED

LOOKS: Mapping[str, tuple[str, Qt.PenStyle, str]] = {
    "field": (FIELD, Qt.PenStyle.SolidLine, "theoretical field"),
    "anchor": ("#56b4e9", Qt.PenStyle.DashLine, "anchor"),
    "proposal": ("#cc79a7", Qt.PenStyle.DashDotLine, "proposal"),
    "detection": ("#ffffff", Qt.PenStyle.SolidLine, "box"),
}
"""Colour, line and words of what is drawn over the gradient."""
_LARGEST = 512  # px a side that are coloured: a screen shows no more of a smooth map
_TOP = 99.8  # percent of px that are below the brightest colour: single px are far above all others


@dataclass(frozen=True, eq=False)
class Tint:
    """A gradient in colours: (H, W, 4) uint8 BGRA, straight alpha; what it was made of and how."""

    found: EffectiveField
    signed: bool
    gamma: float
    pixels: NDArray[np.uint8]


def tint_of(found: EffectiveField, signed: bool, gamma: float) -> Tint:
    """``gamma`` below 1 lifts what is weak. With signs: blue lowers the number, red raises it."""
    values = smaller(found.signed if signed else found.heat)
    strength = np.abs(values)
    top = float(np.percentile(strength, _TOP)) or float(strength.max(initial=0)) or 1.0
    strength = np.clip(strength / top, 0, 1) ** np.float32(gamma)
    if not signed:
        return Tint(found, signed, gamma, shade(strength))
    at = np.rint(127.5 + 127.5 * np.sign(values) * strength).astype(np.intp).clip(0, 255)
    pixels = np.empty((*values.shape, 4), np.uint8)
    pixels[..., :3] = SIGNED[at][..., ::-1]
    pixels[..., 3] = np.rint(20 + 235 * strength)
    return Tint(found, signed, gamma, pixels)


def smaller(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of blocks of px, so that no side has more than `_LARGEST`."""
    block = -(-max(values.shape) // _LARGEST)
    if block == 1:
        return values
    height, width = (n // block * block for n in values.shape)
    cut = values[:height, :width].reshape(height // block, block, width // block, block)
    return np.asarray(cut.mean((1, 3)), np.float32)


class HeatPicture(CellView):
    """Click and arrow keys choose a cell while a unit is asked about."""

    def __init__(self) -> None:
        super().__init__()
        self._tint: Tint | None = None
        self._image = QImage()
        self._boxes: dict[str, Box] = {}
        self._opacity = 0.8
        self.setAccessibleName("Gradient over the picture")
        self.setToolTip(
            "How much each px of the picture changes the number that is asked about. Of a cell: "
            "click another one or press the arrow keys; wheel zooms, F fits"
        )

    @property
    def tint(self) -> Tint | None:
        return self._tint

    @property
    def boxes(self) -> Mapping[str, Box]:
        """What is drawn over the gradient, xyxy network px by the names of `LOOKS`."""
        return self._boxes

    def show_tint(self, tint: Tint | None) -> None:
        self._tint, self._image = tint, QImage()
        if tint is not None:
            height, width, _ = tint.pixels.shape
            form = QImage.Format.Format_ARGB32
            self._image = QImage(tint.pixels.data, width, height, 4 * width, form)
        self.update()

    def show_boxes(self, boxes: Mapping[str, Box]) -> None:
        self._boxes = dict(boxes)
        self.update()

    def set_opacity(self, opacity: float) -> None:
        self._opacity = opacity
        self.update()

    def paint_over(self, painter: QPainter, view: QTransform) -> None:
        if self.network is None:
            return
        net = self.from_network(view)
        if self._tint is not None:
            height, width = self._tint.found.heat.shape
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.setOpacity(self._opacity)
            painter.drawImage(net.mapRect(QRectF(0, 0, width, height)), self._image)
            painter.setOpacity(1.0)
        for name, box in self._boxes.items():
            colour, style, _ = LOOKS[name]
            rim(painter, net.mapRect(rect(box)), colour, style, 2)
        if self.level is not None:
            self.paint_cell(painter, net)
