"""Instance masks as a tint over the picture, composed off the GUI thread."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from widgets.box_item import wrap_overlay
from widgets.image_item import GRID_FROM
from widgets.resample import Resampler, draw_smooth

OPACITY = 0.45
THRESHOLD = 0.5  # of a probability; torchvision's users cut there


def tint(
    masks: NDArray[Any],
    boxes: NDArray[np.float32],
    colours: NDArray[np.uint8],
    rows: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """(H, W, 4) uint8 BGRA premultiplied of the masks in ``rows``, the first on top. Any thread.

    ``masks`` (N, H, W) bool, or probabilities cut at 0.5; ``boxes`` (N, 4) xyxy image px, outside
    of which a mask is empty (only that part is read); ``colours`` (N, 3) uint8 RGB.
    """
    height, width = masks.shape[1:]
    out = np.zeros((height, width, 4), np.uint8)
    alpha = round(255 * OPACITY)
    for at in rows[::-1].tolist():  # at most some hundred detections
        x1, y1 = np.clip(np.floor(boxes[at, :2]) - 1, 0, None).astype(int)
        x2, y2 = (np.ceil(boxes[at, 2:]) + 2).astype(int)
        part = masks[at, y1:y2, x1:x2]
        inside = part if part.dtype == np.bool_ else part >= THRESHOLD
        blue_first = np.round(colours[at, ::-1] * OPACITY).astype(np.uint8)
        out[y1:y2, x1:x2][inside] = (*blue_first.tolist(), alpha)
    return out


class MaskItem(QGraphicsItem):
    """A tint of the picture's size at (0, 0) in image px."""

    def __init__(self) -> None:
        super().__init__()
        self._pixels: NDArray[np.uint8] | None = None
        self._room = QRectF()
        self._resampler: Resampler | None = None
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        return self._pixels

    def set_tint(self, pixels: NDArray[np.uint8] | None) -> None:
        """What `tint` made; None for nothing."""
        if pixels is None and self._pixels is None:
            return
        self.prepareGeometryChange()
        self._room = QRectF() if pixels is None else QRectF(0, 0, *pixels.shape[1::-1])
        self._resampler = None if pixels is None else Resampler(pixels)
        self._pixels = pixels
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(self._room)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        if self._resampler is None or self._pixels is None:
            return
        zoom, dpr = painter.worldTransform().m11(), painter.device().devicePixelRatioF()
        if zoom * dpr == 1 or zoom >= GRID_FROM:
            painter.drawImage(QPointF(0, 0), wrap_overlay(self._pixels))
        else:
            exposed: Any = option.exposedRect  # type: ignore[attr-defined]
            if exposed.intersects(self._room):
                draw_smooth(painter, self._resampler, wrap_overlay, exposed, widget)
