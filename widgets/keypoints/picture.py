"""The detection with the heat map of one keypoint over its box, and the skeleton."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem

from widgets.keypoint_item import KeypointItem
from widgets.masks.picture import MasksPicture

if TYPE_CHECKING:
    from engine.frame import Frame
    from widgets.keypoints.model import Chosen

_ROOM = 0.12  # of the box's longer side, around it
_HOT = (213, 94, 0)  # where the map is highest; alpha says how high
_MOST = 190


class KeypointsPicture(MasksPicture):
    """``clicked(QPointF)`` in image px; ``stepped(by)``: arrow keys, to the next keypoint."""

    def __init__(self, name: str, tip: str) -> None:
        super().__init__(name, tip)
        self._item = KeypointItem()
        self._marked = QPointF()

    @property
    def marked(self) -> QPointF:
        """The chosen keypoint, image px."""
        return self._marked

    def show_keypoint(
        self, frame: Frame, box: QRectF, chosen: Chosen, k: int, show_map: bool
    ) -> None:
        """``box`` of the detection, image px."""
        room = _ROOM * max(box.width(), box.height()) + 2
        tint = tint_of(chosen.probabilities(k)) if show_map else np.zeros((0, 0, 4), np.uint8)
        self._item.set_points(chosen.image[None], chosen.scores[None])
        self._marked = QPointF(*chosen.image[k].tolist())
        self.show_part(frame, box.adjusted(-room, -room, room, room), tint, box, box)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._frame is None:
            return
        painter = QPainter(self)
        painter.setClipRect(self.rect())
        zoom, left, top = self._placement()
        painter.translate(left, top)
        painter.scale(zoom, zoom)
        self._item.paint(painter, QStyleOptionGraphicsItem())
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        at = QPointF(left + self._marked.x() * zoom, top + self._marked.y() * zoom)
        size = self.fontMetrics().height() * 0.55
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in (("#000000", 4), ("#ffffff", 2)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(at, size, size)
        painter.end()


def tint_of(probabilities: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(M, M, 4) uint8 BGRA premultiplied; the highest cell is the most opaque."""
    alpha = (probabilities / max(float(probabilities.max()), 1e-12)) ** 0.5 * _MOST
    pixels = np.empty((*probabilities.shape, 4), np.float32)
    pixels[..., :3] = np.array(_HOT[::-1], np.float32) * (alpha / 255)[..., None]
    pixels[..., 3] = alpha
    return np.ascontiguousarray(pixels.round().astype(np.uint8))
