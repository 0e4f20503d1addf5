"""Icons of the source bar, drawn in the colour of the text so that they fit dark and light."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPalette, QPixmap
from PySide6.QtWidgets import QWidget

_SIZE = 48  # px; scaled down by Qt, so it is sharp on fine screens too


def _triangle(left: float, right: float) -> QPainterPath:
    path = QPainterPath()
    path.moveTo(left, 8)
    path.lineTo(right, 24)
    path.lineTo(left, 40)
    path.closeSubpath()
    return path


def _bar(left: float, width: float) -> QPainterPath:
    path = QPainterPath()
    path.addRect(QRectF(left, 8, width, 32))
    return path


def _shapes(name: str) -> list[QPainterPath]:
    match name:
        case "play":
            return [_triangle(12, 40)]
        case "pause":
            return [_bar(12, 9), _bar(27, 9)]
        case "forward":
            return [_triangle(8, 32), _bar(34, 6)]
        case "back":
            return [_triangle(40, 16), _bar(8, 6)]
    raise KeyError(name)


def icon(name: str, widget: QWidget) -> QIcon:
    """``play``, ``pause``, ``back`` or ``forward`` in the colours of a widget's palette."""
    found = QIcon()
    group = QPalette.ColorGroup
    for mode, which in ((QIcon.Mode.Normal, group.Active), (QIcon.Mode.Disabled, group.Disabled)):
        pixmap = QPixmap(_SIZE, _SIZE)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(widget.palette().color(which, QPalette.ColorRole.ButtonText))
        for shape in _shapes(name):
            painter.fillPath(shape, colour)
        painter.end()
        found.addPixmap(pixmap, mode)
    return found
