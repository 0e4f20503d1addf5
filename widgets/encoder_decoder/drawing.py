"""Where the lanes of the road stand, and how lanes and skip connections are painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QImage,
    QPainter,
    QPalette,
    QPen,
    QPolygonF,
)

from widgets.encoder_decoder.model import Lane
from widgets.encoder_decoder.words import size_words
from widgets.features.grid import COLOUR_TABLES
from widgets.image_item import wrap

ON, ON_DARK = QColor("#0072b2"), QColor("#56b4e9")
MARK = QColor("#e69f00")
_GAP = 4


@dataclass(frozen=True, eq=False)
class Plan:
    """Where everything stands, in px of the widget. ``thumb`` is the height of a small map."""

    width: int
    em: int
    thumb: int
    gutter: int
    tops: tuple[int, ...]
    height: int

    @classmethod
    def of(cls, lanes: Sequence[Lane], width: int, em: int) -> Plan:
        arcs = sum(1 for lane in lanes if lane.step.skip_from)
        gutter = em // 2 + round(arcs * em * 0.55) + (em if arcs else 0)
        thumb, tops, top = round(em * 3.2), [], _GAP
        for _ in lanes:
            tops.append(top)
            top += thumb + round(2 * em * 1.15) + 2 * _GAP  # with title and captions
        return cls(width, em, thumb, gutter, tuple(tops), top)

    def lane_rect(self, at: int) -> QRectF:
        last = self.tops[at + 1] if at + 1 < len(self.tops) else self.height
        return QRectF(self.gutter, self.tops[at], self.width - self.gutter, last - self.tops[at])

    def caption_room(self, lane: Lane) -> float:
        return self.em * (5.6 if lane.pictures else 3.0)

    def thumbs(self, at: int, lane: Lane) -> list[QRectF]:
        """The small maps that have room; not their captions."""
        top = self.tops[at] + round(self.em * 1.15) + _GAP
        _, high, wide = lane.step.shape
        across = min(max(self.thumb * wide / max(high, 1), self.em * 1.6), self.em * 9.0)
        step = max(across, self.caption_room(lane)) + _GAP
        count = len(lane.captions)
        room = int((self.width - self.gutter - _GAP + _GAP) // step)
        height = min(float(self.thumb), across * high / max(wide, 1))
        return [
            QRectF(self.gutter + _GAP + k * step, top, across, max(height, 2.0))
            for k in range(min(count, max(room, 1)))
        ]


def images_of(plan: Plan, at: int, lane: Lane, dpr: float) -> list[QImage]:
    """The small maps in px of the screen, to be kept: they are painted with every move."""
    found = []
    for k, place in enumerate(plan.thumbs(at, lane)):
        image = wrap(lane.pictures[k][1]) if lane.pictures else _indexed(lane, k)
        size = (place.size() * dpr).toSize().expandedTo(QSize(1, 1))
        smooth = Qt.TransformationMode.SmoothTransformation
        made = image.convertToFormat(QImage.Format.Format_RGB32).scaled(
            size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth
        )
        made.setDevicePixelRatio(dpr)
        found.append(made)
    return found


def paint_lane(
    painter: QPainter,
    plan: Plan,
    at: int,
    lane: Lane,
    images: list[QImage],
    chosen: int | None,
    palette: QPalette,
) -> None:
    """Title, small maps and captions; ``chosen``: place of the enlarged channel, None for none."""
    metrics, em = painter.fontMetrics(), plan.em
    ink = palette.color(QPalette.ColorRole.WindowText)
    room = plan.lane_rect(at)
    if chosen is not None:
        tint = QColor(palette.color(QPalette.ColorRole.Highlight))
        tint.setAlpha(45)
        painter.fillRect(room, tint)
    painter.setPen(ink)
    plain, bold = painter.font(), painter.font()
    bold.setBold(True)
    painter.setFont(bold)
    title = QRectF(room.left() + _GAP, room.top(), room.width() - _GAP, em * 1.15)
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(title, flags, lane.step.title)
    used = QFontMetrics(bold).horizontalAdvance(lane.step.title + "  ")
    painter.setFont(plain)
    painter.drawText(title.adjusted(used, 0, 0, 0), flags, size_words(lane.step))
    for k, place in enumerate(plan.thumbs(at, lane)):
        painter.drawImage(place.topLeft(), images[k])
        if k == chosen:
            for colour, width in (("#000000", 4), ("#ffffff", 2)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawRect(place.adjusted(1, 1, -1, -1))
        painter.setPen(ink)
        wide = max(place.width(), plan.caption_room(lane))
        below = QRectF(place.left(), place.bottom(), wide, em * 1.1)
        text = metrics.elidedText(lane.captions[k], Qt.TextElideMode.ElideRight, round(wide))
        painter.drawText(below, flags, text)


def paint_place(painter: QPainter, plan: Plan, at: int, lane: Lane, x: float, y: float) -> None:
    """The same place (network px) in every small map of a lane."""
    step = lane.step
    _, high, wide = step.shape
    row, column = step.cell_at(x, y)
    for place in plan.thumbs(at, lane):
        across, down = place.width() / wide, place.height() / high
        cell = QRectF(place.left() + column * across, place.top() + row * down, across, down)
        spare = [max(5 - side, 0) / 2 for side in (across, down)]
        frame = cell.adjusted(-spare[0], -spare[1], spare[0], spare[1])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((QColor("#000000"), 3), (MARK, 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawRect(frame)


def paint_skips(painter: QPainter, plan: Plan, lanes: Sequence[Lane], dark: bool) -> None:
    """Arrows in the gutter from encoders to decoders, the longest outside; dashed when off."""
    names = [lane.step.name for lane in lanes]
    arcs = [
        (names.index(lane.step.skip_from), at, lane.step.on)
        for at, lane in enumerate(lanes)
        if lane.step.skip_from in names
    ]
    arcs.sort(key=lambda arc: arc[0] - arc[1])  # the longest first
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    em = plan.em
    right = plan.gutter - 1.0
    for depth, (begin, end, on) in enumerate(arcs):
        x = em * 0.5 + depth * em * 0.55
        from_ = plan.tops[begin] + em * 0.6
        to = plan.tops[end] + em * 0.6
        colour = (ON_DARK if dark else ON) if on else QColor("#888888")
        pen = QPen(colour, 2.0 if on else 1.5)
        pen.setStyle(Qt.PenStyle.SolidLine if on else Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(
            QPolygonF(
                [QPointF(right, from_), QPointF(x, from_), QPointF(x, to), QPointF(right - 4, to)]
            )
        )
        tip = [QPointF(right, to), QPointF(right - 7, to - 4), QPointF(right - 7, to + 4)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF(tip))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _indexed(lane: Lane, k: int) -> QImage:
    """On the same memory: to be converted at once."""
    thumb = lane.thumbs[k]
    height, width = thumb.shape
    image = QImage(thumb.data, width, height, thumb.strides[0], QImage.Format.Format_Indexed8)
    image.setColorTable(COLOUR_TABLES[lane.signed])
    return image
