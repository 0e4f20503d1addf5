"""Save what is drawn: PNG by grabbing, SVG by painting once more; files appear whole or not."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QPoint, QRect, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from engine.errors import BoxscopeError
from engine.files import written
from widgets.background import settle, waited

if TYPE_CHECKING:
    from widgets.canvas import Canvas

_RASTER = {".png": "PNG", ".jpg": "JPG", ".jpeg": "JPG", ".bmp": "BMP", ".webp": "WEBP"}


def save_widget(widget: QWidget, path: str | Path, size: QSize | None = None) -> None:
    """Save a widget as ``.png`` (or another picture) or ``.svg``, optionally at another size.

    Waits for pictures that are being made in the background. Raises BoxscopeError when the ending
    is unknown or the file cannot be written.
    """
    path = Path(path)
    if size is not None:
        widget.resize(size)
    widget.ensurePolished()
    widget.grab()  # a widget that was never shown gets its layout, and asks for its pictures, now
    settle()
    for _ in range(3):  # what has come changes texts, those heights, and these the pictures
        QCoreApplication.processEvents()
    if path.suffix.lower() == ".svg":
        _write(path, _svg(widget))
    else:
        save_image(widget.grab().toImage(), path)


def save_canvas(canvas: Canvas, path: str | Path) -> None:
    """Save the canvas's picture with its layers: pictures in full resolution, SVG as it is seen."""
    path = Path(path)
    if path.suffix.lower() == ".svg":
        save_widget(canvas, path)
        return
    image = canvas.grab_picture()
    if image.isNull():
        raise BoxscopeError("There is no picture to save yet; open one first.")
    waited(partial(save_image, image, path))  # packing a large PNG takes a fifth of a second


def save_image(image: QImage, path: str | Path) -> None:
    """Save an image in the format of the file name's ending. Raises BoxscopeError."""
    path = Path(path)
    kind = _RASTER.get(path.suffix.lower())
    if kind is None:
        known = ", ".join((*_RASTER, ".svg"))
        raise BoxscopeError(f"{path.name}: pictures are saved as {known}; choose such a name.")
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, kind):
        raise BoxscopeError(f"{path.name}: this picture cannot be written as {kind}.")
    buffer.close()
    _write(path, bytes(data.data()))


def _svg(widget: QWidget) -> bytes:
    from PySide6.QtSvg import QSvgGenerator

    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(QRect(QPoint(0, 0), widget.size()))
    generator.setTitle("Boxscope")
    generator.setResolution(widget.logicalDpiX())  # or words come out smaller than they are
    painter = QPainter(generator)
    try:
        # By its class: QGraphicsView has another `render`, which paints the scene only.
        QWidget.render(widget, painter, QPoint(0, 0))
    finally:
        painter.end()  # Qt aborts when a device goes while it is painted on
    buffer.close()
    return bytes(data.data())


def _write(path: Path, data: bytes) -> None:
    with written(path) as temporary:
        temporary.write_bytes(data)
