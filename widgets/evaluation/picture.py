"""A picture of the data set with boxes that say what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from engine.datasets.frames import frame_of
from engine.errors import BoxscopeError
from widgets.background import Newest
from widgets.frame_view import FrameView
from widgets.palette import text_on

if TYPE_CHECKING:
    from engine.datasets import Annotations
    from engine.frame import Frame

KEPT = 6  # frames: stepping back and forth reads nothing again


@dataclass(frozen=True, eq=False)
class Mark:
    """A box (4,) float64 xyxy in image px, how it is drawn, and the words on it."""

    box: NDArray[np.float64]
    colour: str
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    width: int = 2
    tag: str = ""


class SetPicture(FrameView):
    """One picture with `Mark` s, the last on top."""

    empty_text = "Choose a row: its picture is shown here."

    def __init__(self) -> None:
        super().__init__()
        self._marks: Sequence[Mark] = ()
        self.setAccessibleName("Picture of the row")
        self.setToolTip("The wheel zooms, a drag moves the picture, F fits it; boxes in image px")

    @property
    def marks(self) -> Sequence[Mark]:
        return self._marks

    def set_picture(self, frame: Frame | None, marks: Sequence[Mark] = (), why: str = "") -> None:
        """``why`` there is no frame."""
        self.empty_text = why or SetPicture.empty_text
        self._marks = marks
        self.set_frame(frame)
        self.update()

    def paint_over(self, painter: QPainter, view: QTransform) -> None:
        for mark in self._marks:
            x1, y1, x2, y2 = mark.box.tolist()
            rect = view.mapRect(QRectF(x1, y1, x2 - x1, y2 - y1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            # Around a line of dots a black one would be all that is seen.
            below = QColor(0, 0, 0, 255 if mark.style == Qt.PenStyle.SolidLine else 90)
            painter.setPen(QPen(below, mark.width + 2))
            painter.drawRect(rect)
            pen = QPen(QColor(mark.colour), mark.width, mark.style)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(rect)
        taken: list[QRectF] = []
        for mark in reversed(self._marks):
            if mark.tag:
                self._paint_tag(painter, view, mark, taken)

    def _paint_tag(
        self, painter: QPainter, view: QTransform, mark: Mark, taken: list[QRectF]
    ) -> None:
        """Above the box, or below it where a tag stands there already."""
        metrics = painter.fontMetrics()
        x1, y1, _, y2 = mark.box.tolist()
        size = metrics.horizontalAdvance(mark.tag) + 6, metrics.height()
        top, bottom = view.map(QPointF(x1, y1)), view.map(QPointF(x1, y2))
        places = [top.y() - size[1] - 1, bottom.y() + 1, top.y() + 1, bottom.y() - size[1] - 1]
        tags = [
            QRectF(
                min(max(top.x() - 1, 0.0), self.width() - size[0]),
                min(max(y, 0.0), self.height() - size[1]),
                *size,
            )
            for y in places
        ]
        tag = next((t for t in tags if not any(t.intersects(o) for o in taken)), None)
        if tag is None:
            return  # words on words can be read by nobody
        taken.append(tag)
        painter.fillRect(tag, QColor(mark.colour))
        painter.setPen(text_on(QColor(mark.colour)))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, mark.tag)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A picture that was asked for, with whatever was asked along; ``why`` there is no frame."""

    annotations: Annotations
    row: int
    ticket: object
    frame: Frame | None
    why: str = ""


class PictureLoader(QObject):
    """Reads pictures of data sets on a thread; the newest that was asked for wins."""

    arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._newest = Newest("boxscope-set-picture", self._on_loaded)
        self._kept: list[Loaded] = []

    def ask(self, annotations: Annotations, row: int, ticket: object) -> None:
        """``arrived`` with a `Loaded`, at once where the picture is here already."""
        for old in self._kept:
            if old.annotations is annotations and old.row == row:
                self._newest.cancel()
                self.arrived.emit(Loaded(annotations, row, ticket, old.frame, old.why))
                return
        self._newest.submit(lambda: _load(annotations, row, ticket))

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        self._kept = [loaded, *self._kept][:KEPT]
        self.arrived.emit(loaded)


def _load(annotations: Annotations, row: int, ticket: object) -> Loaded:
    try:
        return Loaded(annotations, row, ticket, frame_of(annotations, row))
    except BoxscopeError as error:
        return Loaded(annotations, row, ticket, None, str(error))
