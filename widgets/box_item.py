"""N boxes in ONE graphics item.

Up to `DIRECT` boxes are painted here, one `drawRects` a colour; more come as a picture that
`widgets.overlay` made on another thread, and are only blitted. Everything is painted in px of the
screen: lines keep their width at any zoom, boxes out of sight are sorted out with NumPy, and
rectangles go to Qt straight from an array.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from widgets.palette import HALO, REASONS
from widgets.shown_boxes import COLOURS, FIRST_LABEL, Shown

DIRECT = 1500  # boxes painted on the GUI thread, in some 3 ms; more are clearer as densities
HALO_UP_TO = 400  # boxes with a dark rim and a double line
_SURE = 2  # band from which rows stand out
_ALPHA = (200, 70, 150, 255)  # of rejected, unsure, fairly sure and sure rows


class BoxItem(QGraphicsItem):
    """Draws a `Shown`. Ask `wants_overlay` whether somebody has to make its picture."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Shown | None = None
        self._overlay: tuple[QImage, QTransform, Any] | None = None
        self.sure_only = False  # leave out the picture of all boxes (somebody else paints it)
        self.weight = 1  # px of the screen for each line
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    @property
    def shown(self) -> Shown | None:
        return self._shown

    @property
    def wants_overlay(self) -> bool:
        return self._shown is not None and len(self._shown) > DIRECT

    def set_boxes(self, shown: Shown | None) -> None:
        """Show other boxes. A picture of the same stage stays until a newer one comes."""
        old = self._shown
        if old is None or shown is None or old.stage != shown.stage:
            self._overlay = None
        self._shown = shown
        self.update()

    def set_overlay(self, pixels: NDArray[np.uint8], transform: QTransform, dpr: float) -> None:
        """(H, W, 4) uint8 BGRA premultiplied, made for a view with this transform."""
        image = wrap_overlay(pixels)
        image.setDevicePixelRatio(dpr)
        self._overlay = (image, QTransform(transform), pixels)
        self.update()

    def boundingRect(self) -> QRectF:
        # Finding the true bounds of 200,000 boxes takes longer than painting them.
        return QRectF(-1e6, -1e6, 2e6, 2e6)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        if self._shown is None or not len(self._shown):
            return
        transform = painter.worldTransform()
        exposed: Any = option.exposedRect  # type: ignore[attr-defined]
        seen = transform.mapRect(exposed).adjusted(-3, -3, 3, 3)
        painter.save()
        painter.setWorldTransform(QTransform())
        painter.setClipRect(seen)  # translucent lines are up to 40 times slower without
        if self.wants_overlay:
            if not self.sure_only:
                self._blit(painter, transform)
            # What the stage is sure of stands out of the density, if that is not most of it.
            sure = int(np.searchsorted(self._shown.bands, _SURE))
            if len(self._shown) - sure <= HALO_UP_TO:
                self._draw(painter, transform, seen, sure, rich=True)
        else:
            self._draw(painter, transform, seen, 0, rich=len(self._shown) <= HALO_UP_TO)
        painter.restore()

    def _blit(self, painter: QPainter, transform: QTransform) -> None:
        if self._overlay is None:
            return
        image, made_for, _ = self._overlay
        if made_for != transform:  # moved since: an approximation until the next one is made
            back, _ = made_for.inverted()
            painter.setWorldTransform(back * transform)
        painter.drawImage(QPointF(0, 0), image)

    def _draw(
        self, painter: QPainter, transform: QTransform, seen: QRectF, first: int, rich: bool
    ) -> None:
        assert self._shown is not None
        dpr = painter.device().devicePixelRatioF()
        boxes = to_view(self._shown.boxes[first:], transform)
        inside = (
            (boxes[:, 0] <= seen.right())
            & (boxes[:, 2] >= seen.left())
            & (boxes[:, 1] <= seen.bottom())
            & (boxes[:, 3] >= seen.top())
        )
        if not inside.any():
            return
        rects = snapped(boxes[inside], dpr)
        styles = self._shown.styles[first:][inside]
        bands = self._shown.bands[first:][inside]
        painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
        key = styles + bands.astype(np.int64) * 256
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(key)], strict=True):
            look = int(styles[start]), int(bands[start])
            self._draw_group(painter, *look, rects[start:end], 1 / dpr, rich)

    def _draw_group(
        self,
        painter: QPainter,
        style: int,
        band: int,
        rects: NDArray[np.float64],
        px: float,
        rich: bool,
    ) -> None:
        colour = QColor(COLOURS[style])
        colour.setAlpha(_ALPHA[band] if rich else min(_ALPHA[band], 170))
        pen = QPen(colour, 0)  # as wide as one px of the screen: all others are far slower
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        lines = self.weight
        if style < FIRST_LABEL:
            pen.setStyle(REASONS[style].style)
        elif rich and band > 1:
            halo = QColor(HALO)
            halo.setAlpha(140 if band == 3 else 80)
            self._rings(painter, QPen(halo, 0), rects, [-px])
            lines = 2 * self.weight
        self._rings(painter, pen, rects, [i * px for i in range(lines)])

    @staticmethod
    def _rings(
        painter: QPainter, pen: QPen, rects: NDArray[np.float64], insets: list[float]
    ) -> None:
        painter.setPen(pen)
        for inset in insets:
            ring = rects + np.array([inset, inset, -2 * inset, -2 * inset])
            if inset > 0:
                ring = ring[(ring[:, 2] >= 0) & (ring[:, 3] >= 0)]
            draw_rects(painter, ring)


def wrap_overlay(pixels: NDArray[np.uint8]) -> QImage:
    """(H, W, 4) uint8 BGRA premultiplied as a QImage on the same memory, which must outlive it."""
    height, width, _ = pixels.shape
    form = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(pixels.data, width, height, pixels.strides[0], form)


def to_view(boxes: NDArray[np.float32], transform: QTransform) -> NDArray[np.float64]:
    """(N, 4) xyxy image px -> (N, 4) float64 xyxy view px. The transform scales and shifts only."""
    scale = np.array([transform.m11(), transform.m22()] * 2)
    return boxes * scale + np.array([transform.dx(), transform.dy()] * 2)


def snapped(boxes: NDArray[np.float64], dpr: float) -> NDArray[np.float64]:
    """(N, 4) xyxy view px -> (N, 4) float64 x, y, width, height on whole px of the screen."""
    limit = 1e6  # beyond it Qt's integer coordinates overflow
    edges = np.floor(np.clip(boxes, -limit, limit) * dpr) / dpr
    edges[:, 2:] -= edges[:, :2]
    # Qt draws nothing for a rectangle without extent, and a far away box is one.
    edges[(edges[:, 2] == 0) & (edges[:, 3] == 0), 2:] = 1 / dpr
    return edges


def draw_rects(painter: QPainter, rects: NDArray[np.float64]) -> None:
    """Draw (N, 4) float64 x, y, width, height without making N Python objects."""
    if len(rects):
        rects = np.ascontiguousarray(rects, np.float64)  # the memory layout of QRectF
        painter.drawRects(shiboken6.wrapInstance(rects.ctypes.data, QRectF), len(rects))
