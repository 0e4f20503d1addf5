"""Paints the lines of the class scores view."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette, QPen

from widgets.palette import OKABE_ITO, label_colour
from widgets.table_rows import score_text

if TYPE_CHECKING:
    from widgets.scores.vector import Vector

LOG_FROM = 1e-5  # left end of the logarithmic scale
_BACKGROUND = "#8a8f99"
_LINE = OKABE_ITO[5]


def share(score: float, log: bool) -> float:
    """How much of the bar's room a score fills, 0..1."""
    if not log:
        return min(max(score, 0.0), 1.0)
    return min(max(1 - math.log(max(score, 1e-30)) / math.log(LOG_FROM), 0.0), 1.0)


@dataclass(frozen=True, eq=False)
class BarsLook:
    """All that one paint needs. ``order`` (C,) int64 labels from the upper line to the lowest;
    ``label`` the marked one; ``width``, ``line`` (height of a line) and ``longest`` (name) in px.
    """

    vector: Vector
    order: NDArray[np.int64]
    label: int
    log: bool
    width: int
    line: int
    longest: int
    font: QFont
    metrics: QFontMetrics
    palette: QPalette

    def line_rect(self, label: int) -> QRectF:
        """Where a class is drawn, in widget px; the headings stand above the first."""
        at = int(np.flatnonzero(self.order == label)[0])
        return QRectF(0, (at + 1) * self.line, self.width, self.line)

    def share(self, score: float) -> float:
        return share(score, self.log)


def paint_bars(painter: QPainter, look: BarsLook, exposed: QRect) -> None:
    """Headings, the lines within ``exposed``, and the scale below."""
    columns = _columns(look)
    _paint_head(painter, look, columns)
    first = max(0, exposed.top() // look.line - 1)
    last = min(len(look.order), exposed.bottom() // look.line)
    for label in look.order[first:last].tolist():
        _paint_line(painter, look, label, columns)
    _paint_scale(painter, look, columns["bar"])


def _columns(look: BarsLook) -> dict[str, QRectF]:
    """Name -> (x, width). Narrow widgets leave out bars of logits, then fates."""
    metrics, gap = look.metrics, 8
    em = metrics.horizontalAdvance("m")
    widths = {
        "name": min(look.longest + 2 * em + 4, look.width * 0.34),
        "logit": float(metrics.horizontalAdvance("−88.88")),
        "logit bar": em * 9.0,
        "bar": 0.0,
        "score": float(metrics.horizontalAdvance("8.8e-88")),
        "fate": float(metrics.horizontalAdvance("beyond top k")),
    }
    for least, drop in ((24 * em, "logit bar"), (6 * em, "fate")):
        room = look.width - sum(widths.values()) - gap * (len(widths) + 1)
        if room < least:
            del widths[drop]
    room = look.width - sum(widths.values()) - gap * (len(widths) + 1)
    widths["bar"] = max(room, 20.0)
    x, places = float(gap), {}
    for name, width in widths.items():
        places[name] = QRectF(x, 0, width, look.line)
        x += width + gap
    return places


def _paint_head(painter: QPainter, look: BarsLook, columns: dict[str, QRectF]) -> None:
    score = "score" if look.vector.has_factor else "probability"
    words = {
        "name": "class",
        "logit": "output" if look.vector.linear else "logit",
        "bar": score,
        "fate": "fate",
    }
    painter.setPen(look.palette.color(QPalette.ColorRole.PlaceholderText))
    middle = Qt.AlignmentFlag.AlignVCenter
    for name, text in words.items():
        if name in columns:
            side = Qt.AlignmentFlag.AlignRight if name == "logit" else middle
            painter.drawText(columns[name], middle | side, text)


def _paint_scale(painter: QPainter, look: BarsLook, bar: QRectF) -> None:
    """The threshold through all lines, and below them the ends of the scale."""
    bottom = (len(look.order) + 1) * look.line
    foot = bar.translated(0, bottom)
    quiet = look.palette.color(QPalette.ColorRole.PlaceholderText)
    painter.setPen(quiet)
    start = f"{LOG_FROM:g}" if look.log else "0"
    clear = bar.left() + look.metrics.horizontalAdvance(f"{start} ")
    if look.vector.threshold is not None:
        x = bar.left() + look.share(look.vector.threshold) * bar.width()
        painter.setPen(QPen(QColor(_LINE), 1.6, Qt.PenStyle.DashLine))
        painter.drawLine(int(x), look.line, int(x), bottom)
        painter.setPen(look.palette.color(QPalette.ColorRole.WindowText))
        text = f"{look.vector.threshold:g}"
        wide = look.metrics.horizontalAdvance(text)
        painter.drawText(int(x - wide / 2), bottom + look.metrics.ascent(), text)
        painter.setPen(quiet)
        if x + wide < bar.right():
            painter.drawText(foot, Qt.AlignmentFlag.AlignRight, "1")
        if x - wide / 2 < clear:
            return
    painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, start)


def _paint_line(painter: QPainter, look: BarsLook, label: int, columns: dict[str, QRectF]) -> None:
    palette, line = look.palette, look.line_rect(label)
    if label == look.label:
        tint = QColor(palette.color(QPalette.ColorRole.Highlight))
        tint.setAlpha(50)
        painter.fillRect(line, tint)
    at = {name: place.translated(0, line.top()) for name, place in columns.items()}
    nothing = label == 0 and look.vector.softmax
    colour = QColor(_BACKGROUND) if nothing else label_colour(label)
    candidate = look.vector.is_candidate(label)
    side = look.metrics.height() * 0.6
    name = at["name"]
    painter.fillRect(QRectF(name.x(), line.center().y() - side / 2, side, side), colour)
    ink = palette.color(QPalette.ColorRole.WindowText)
    quiet = palette.color(QPalette.ColorRole.PlaceholderText)
    painter.setPen(ink if candidate or nothing or label == look.vector.best else quiet)
    font = painter.font()
    font.setBold(candidate)
    font.setItalic(nothing)
    painter.setFont(font)
    text = painter.fontMetrics().elidedText(
        look.vector.name(label), Qt.TextElideMode.ElideRight, int(name.width() - side - 6)
    )
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(name.adjusted(side + 6, 0, 0, 0), middle, text)
    painter.setFont(look.font)
    right = middle | Qt.AlignmentFlag.AlignRight
    logit = f"{float(look.vector.logits[label]):.2f}".replace("-", "−")
    painter.drawText(at["logit"], right, logit)
    painter.drawText(at["score"], right, score_text(float(look.vector.scores[label])))
    if "fate" in at and candidate:
        painter.setPen(ink)
        painter.drawText(at["fate"], middle, look.vector.fates[label].words)
    _paint_bar(painter, look, at["bar"].adjusted(0, 3, 0, -3), label, colour)
    if "logit bar" in at:
        _paint_logit(painter, look, at["logit bar"].adjusted(0, 3, 0, -3), label, colour)


def _paint_logit(
    painter: QPainter, look: BarsLook, room: QRectF, label: int, colour: QColor
) -> None:
    """To the right of zero or to the left; the largest of all logits fills its side."""
    low = min(0.0, float(look.vector.logits.min()))
    high = max(0.0, float(look.vector.logits.max()))
    scale = room.width() / max(high - low, 1e-6)
    zero, value = room.left() - low * scale, float(look.vector.logits[label])
    bar = QRectF(zero, room.top(), value * scale, room.height()).normalized()
    painter.fillRect(bar, colour)
    painter.setPen(look.palette.color(QPalette.ColorRole.Mid))
    painter.drawLine(int(zero), int(room.top()) - 3, int(zero), int(room.bottom()) + 3)


def _paint_bar(painter: QPainter, look: BarsLook, room: QRectF, label: int, colour: QColor) -> None:
    track = QColor(look.palette.color(QPalette.ColorRole.Mid))
    track.setAlpha(60)
    painter.fillRect(room, track)
    filled = QRectF(room)
    filled.setWidth(room.width() * look.share(float(look.vector.scores[label])))
    painter.fillRect(filled, colour)
    if look.vector.has_factor:  # the probability before centerness or confidence
        x = room.left() + room.width() * look.share(float(look.vector.probabilities[label]))
        painter.setPen(QPen(look.palette.color(QPalette.ColorRole.WindowText), 2))
        painter.drawLine(int(x), int(room.top()), int(x), int(room.bottom()))
