"""Arrows from suppressed boxes to their suppressor, and where their IoU can be written."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from widgets.palette import HALO, text_on


@dataclass(frozen=True)
class Arrow:
    """From a suppressed ``box`` to its suppressor ``to`` (widget px), labelled with ``text``."""

    box: QRectF
    to: QRectF
    text: str
    colour: str
    width: float = 1.5


def tail(box: QRectF, to: QRectF) -> QPointF:
    """Where an arrow begins: the corner of the suppressed box that stands out most.

    From middle to middle, arrows between boxes that overlap would be too short to see.
    """
    middle = to.center()
    pairs = (
        (box.topLeft(), to.topLeft()),
        (box.topRight(), to.topRight()),
        (box.bottomLeft(), to.bottomLeft()),
        (box.bottomRight(), to.bottomRight()),
    )

    def out(pair: tuple[QPointF, QPointF]) -> float:
        mine, its = pair
        away, moved = its - middle, mine - its
        length = math.hypot(away.x(), away.y()) or 1.0
        return (moved.x() * away.x() + moved.y() * away.y()) / length

    return max(pairs, key=out)[0]


def draw_lines(painter: QPainter, arrows: list[Arrow]) -> None:
    """The arrows themselves; the last one lies on top."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for arrow in arrows:
        _line(painter, arrow)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def draw_texts(painter: QPainter, arrows: list[Arrow], room: QRectF, taken: list[QRectF]) -> None:
    """Labels, each where there is room beside its arrow; ``taken`` is already occupied."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    metrics = QFontMetricsF(painter.font())
    for arrow in reversed(arrows):  # the most important comes last, so it is named first
        size = (metrics.horizontalAdvance(arrow.text) + 8, metrics.height())
        place = _place(tail(arrow.box, arrow.to), arrow.to.center(), size, room, taken)
        if place is None:
            continue
        taken.append(place)
        colour = QColor(arrow.colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(place, 3, 3)
        painter.setPen(text_on(colour))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, arrow.text)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _line(painter: QPainter, arrow: Arrow) -> None:
    start, middle = tail(arrow.box, arrow.to), arrow.to.center()
    line = QLineF(start, middle)
    if line.length() < 4:
        return
    line.setLength(max(line.length() - 7, 3))  # heads of several arrows stay apart
    head = _head(line, 4 + 2.5 * arrow.width)
    for colour, more in ((HALO, 2.0), (arrow.colour, 0.0)):
        painter.setPen(QPen(QColor(colour), arrow.width + more))
        painter.setBrush(QColor(colour))
        painter.drawLine(line)
        painter.drawPolygon(head)


def _head(line: QLineF, size: float) -> QPolygonF:
    angle = math.atan2(line.dy(), line.dx())
    tip = line.p2()
    wings = [
        tip - QPointF(math.cos(angle + turn) * size, math.sin(angle + turn) * size)
        for turn in (0.42, -0.42)
    ]
    return QPolygonF([tip, *wings])


def _place(
    at: QPointF, middle: QPointF, size: tuple[float, float], room: QRectF, taken: list[QRectF]
) -> QRectF | None:
    """A free rectangle for a label at an arrow's tail, or further out; None where all is full."""
    width, height = size
    right, below = at.x() >= middle.x(), at.y() >= middle.y()
    x = at.x() + 2 if right else at.x() - width - 2
    y = at.y() + 1 if below else at.y() - height - 1
    outward = 1 if below else -1
    for row in range(7):
        for shift in (0.0, (width + 3) * (1 if right else -1), -(width + 3) * (1 if right else -1)):
            place = QRectF(x + shift, y + outward * row * (height + 1), width, height)
            if room.contains(place) and not any(place.intersects(t) for t in taken):
                return place
    return None
