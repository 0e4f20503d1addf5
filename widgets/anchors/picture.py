"""The picture under the cells of one pyramid level, with the anchors of a cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from engine.matching import Role
from widgets.anchors.words import EMPTY, ROLE_COLOURS
from widgets.cell_view import CellView, outline

MOST = 4000  # boxes drawn at once, about 5 ms
_STYLES = {
    Role.POSITIVE: Qt.PenStyle.SolidLine,
    Role.NEUTRAL: Qt.PenStyle.DashLine,
    Role.NEGATIVE: Qt.PenStyle.DotLine,
}


class AnchorPicture(CellView):
    """Cells as a grid, the chosen cell's anchors over it.

    Boxes are given in network px and drawn where they lie in the picture.
    """

    empty_text = EMPTY

    def __init__(self) -> None:
        super().__init__()
        self._map: tuple[QImage, NDArray[np.uint8]] | None = None
        self._truth = np.zeros((0, 4), np.float32)
        self._boxes: list[tuple[Role, NDArray[np.float32]]] = []
        self._anchors = np.zeros((0, 4), np.float32)
        self._roles: list[Role] = []
        self._hovered_anchors = np.zeros((0, 4), np.float32)
        self._other = np.zeros((0, 4), np.float32)
        self._marked: NDArray[np.float32] | None = None
        self.setAccessibleName("Cells and anchors over the picture")

    # --- what is shown

    def set_anchors(
        self, anchors: NDArray[np.float32], roles: list[Role], other: NDArray[np.float32]
    ) -> None:
        """The chosen cell's anchors, their roles (none known: empty), what-if anchors."""
        self._anchors, self._roles, self._other = anchors, roles, other
        self.update()

    def set_hovered(self, anchors: NDArray[np.float32]) -> None:
        self._hovered_anchors = anchors
        self.update()

    def set_marked(self, box: NDArray[np.float32] | None) -> None:
        """The selected anchor (4,), drawn over all others."""
        self._marked = box
        self.update()

    def set_truth(self, boxes: NDArray[np.float32]) -> None:
        """(M, 4) network px."""
        self._truth = boxes
        self.update()

    def set_cell_roles(self, roles: NDArray[np.int8] | None) -> None:
        """(H, W) the best role of each cell's anchors; None shows no colours."""
        if roles is None:
            self._map = None
        else:
            self._map = _tinted(roles)
        self.update()

    def set_boxes(self, boxes: list[tuple[Role, NDArray[np.float32]]]) -> None:
        """Many anchors at once, by role; at most `MOST` in all are worth drawing."""
        self._boxes = boxes
        self.update()

    # --- painting

    def paint_over(self, painter: QPainter, view: QTransform) -> None:
        if self.network is None or self.level is None:
            return
        net = self.from_network(view)
        self._paint_map(painter, net)
        if self.show_grid:
            self.paint_grid(painter, net)
        for role, boxes in self._boxes:
            outline(painter, net, boxes, ROLE_COLOURS[role], 1, _STYLES[role], rim=False)
        outline(painter, net, self._truth, "#ffffff", 1, Qt.PenStyle.DashLine)
        hover = self._hovered_anchors
        outline(painter, net, hover, "#f0e442", 1, Qt.PenStyle.SolidLine)
        outline(painter, net, self._other, "#56b4e9", 2, Qt.PenStyle.DashDotLine)
        for at, box in enumerate(self._anchors):
            colour = ROLE_COLOURS[self._roles[at]] if self._roles else "#e69f00"
            style = _STYLES[self._roles[at]] if self._roles else Qt.PenStyle.SolidLine
            outline(painter, net, box[None], colour, 2, style)
        if self._marked is not None:
            outline(painter, net, self._marked[None], "#ffffff", 3, Qt.PenStyle.SolidLine)
        self.paint_cell(painter, net)

    def _paint_map(self, painter: QPainter, net: QTransform) -> None:
        if self._map is None or self.level is None:
            return
        (height, width), (sy, sx) = self.level.grid, self.level.stride
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(net.mapRect(QRectF(0, 0, width * sx, height * sy)), self._map[0])


def _tinted(roles: NDArray[np.int8]) -> tuple[QImage, NDArray[np.uint8]]:
    """Positive and neutral cells as a translucent picture, one px a cell, with its memory."""
    pixels = np.zeros((*roles.shape, 4), np.uint8)
    for role, alpha in ((Role.POSITIVE, 120), (Role.NEUTRAL, 80)):
        red, green, blue, _ = QColor(ROLE_COLOURS[role]).getRgb()
        pixels[roles == role] = (blue, green, red, alpha)
    height, width = roles.shape
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32)
    return image, pixels


def best_roles(roles: NDArray[np.int8]) -> NDArray[np.int8]:
    """(H, W, A) roles -> (H, W): positive before neutral before negative."""
    worth = np.array([0, 2, 1], np.int8)[roles]  # negative 0, positive 1, neutral -1 (the last)
    best = np.array([Role.NEGATIVE, Role.NEUTRAL, Role.POSITIVE], np.int8)
    return best[worth.max(-1)]
