"""Keypoints of persons and the lines of the COCO skeleton between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from widgets.palette import HALO, OKABE_ITO

# Pairs of COCO's 17 keypoints: 0 nose, then left and right eye, ear, shoulder, elbow, wrist, hip,
# knee and ankle, in annotations "skeleton" counted from 1.
SKELETON = (
    (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8),
    (7, 9), (8, 10), (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
)  # fmt: skip
SURE = 2.0  # logit from which a keypoint counts as found (as Detectron draws them)
# Left, right and middle of the BODY: orange, sky blue, yellow.
COLOURS = (OKABE_ITO[0], OKABE_ITO[1], OKABE_ITO[3])
_LEFT, _RIGHT, _MIDDLE = range(3)


class KeypointItem(QGraphicsItem):
    """Found keypoints as dots with limbs, doubtful ones as small rings without."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = 1
        self._limbs: tuple[list[QLineF], ...] = ([], [], [])
        self._dots: tuple[list[QPointF], ...] = ([], [], [])
        self._doubtful: list[QPointF] = []
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    @property
    def empty(self) -> bool:
        return not any(self._dots) and not self._doubtful

    def set_points(self, points: NDArray[np.floating], scores: NDArray[np.floating]) -> None:
        """``points`` (D, K, 2 or more) x, y, ... in image px; ``scores`` (D, K) logits.

        Limbs are drawn where K is 17, COCO's persons.
        """
        if not len(points) and self.empty:
            return
        self._limbs, self._dots, self._doubtful = ([], [], []), ([], [], []), []
        persons = points.shape[1] == 17
        for places, sure in zip(points[..., :2].tolist(), scores >= SURE, strict=True):
            for at, (x, y) in enumerate(places):
                kind = _side(at) if persons else _MIDDLE
                (self._dots[kind] if sure[at] else self._doubtful).append(QPointF(x, y))
            for a, b in SKELETON if persons else ():
                if sure[a] and sure[b]:
                    kind = _side(a) if _side(a) == _side(b) else _MIDDLE
                    self._limbs[kind].append(QLineF(*places[a], *places[b]))
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF() if self.empty else QRectF(-1e6, -1e6, 2e6, 2e6)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for limbs, colour in zip(self._limbs, COLOURS, strict=True):
            for shade, width in ((HALO, 4), (colour, 2)):
                painter.setPen(self._pen(shade, width))
                painter.drawLines(limbs)
        self._draw(painter, self._doubtful, ((HALO, 6), (COLOURS[_MIDDLE], 4), (HALO, 2)))
        for dots, colour in zip(self._dots, COLOURS, strict=True):
            self._draw(painter, dots, ((HALO, 8), (colour, 6)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _draw(
        self, painter: QPainter, dots: Sequence[QPointF], rings: Sequence[tuple[str, int]]
    ) -> None:
        for shade, width in rings if dots else ():
            painter.setPen(self._pen(shade, width))
            painter.drawPoints(list(dots))

    def _pen(self, colour: str, width: int) -> QPen:
        """As wide in px of the screen at any zoom; points drawn with it are round."""
        pen = QPen(QColor(colour), width * self.weight)
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        return pen


def _side(at: int) -> int:
    return _MIDDLE if at == 0 else _LEFT if at % 2 else _RIGHT
