"""The steps from anchors to proposals as small pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from widgets.own_keys import OwnKeys
from widgets.proposals.words import counts_words, step_title, tip_words

if TYPE_CHECKING:
    from engine.frame import Frame
    from widgets.proposals.study import Step

_MOVES = {
    Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1,
}  # fmt: skip
USUAL = 5  # steps: the height to keep free before they come


class StepStrip(OwnKeys, QWidget):
    """As many pictures in a row as there is room for; ``step_chosen(stage)`` by click or arrow.

    The kept boxes of each stage lie over the dimmed picture; the selected box is white where it is
    still there, dashed where it went no further.
    """

    step_chosen = Signal(str)
    size_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._frame: Frame | None = None
        self._steps: tuple[Step, ...] = ()
        self._truths = 0
        self._stage = ""
        self._backdrop: tuple[tuple[object, ...], QImage] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Steps from anchors to proposals")
        self.setAccessibleDescription("Left and Right choose a step.")

    @property
    def steps(self) -> tuple[Step, ...]:
        return self._steps

    def set_frame(self, frame: Frame | None) -> None:
        if frame is not self._frame:
            old, self._frame = self._frame, frame
            if frame is None:
                self._steps = ()
            if old is None or frame is None or old.pixels.shape != frame.pixels.shape:
                self.updateGeometry()
            self.update()

    def set_steps(self, steps: tuple[Step, ...], truths: int) -> None:
        same = len(steps) == len(self._steps)
        self._steps, self._truths = steps, truths
        if not same:
            self.updateGeometry()
        self.update()

    def set_stage(self, name: str) -> None:
        """The stage under study gets a frame."""
        if name != self._stage:
            self._stage = name
            self.update()

    def picture_size(self, count: int | None = None) -> tuple[int, int]:
        """(width, height) in device px of one picture, for so many steps."""
        room, dpr = self._picture_room(count), self.devicePixelRatioF()
        return max(1, round(room.width() * dpr)), max(1, round(room.height() * dpr))

    # --- places

    def _columns(self, count: int | None = None, width: int | None = None) -> int:
        count = len(self._steps) or USUAL if count is None else count
        smallest = 7 * self.fontMetrics().height()
        return max(1, min(max(count, 1), (self.width() if width is None else width) // smallest))

    def _gap(self) -> int:
        return self.fontMetrics().height() // 2

    def _picture_room(self, count: int | None = None, width: int | None = None) -> QSize:
        columns, gap = self._columns(count, width), self._gap()
        width = self.width() if width is None else width
        width = max(8, (width - gap * (columns - 1)) // columns - 4)
        shape = (1, 1) if self._frame is None else (self._frame.width, self._frame.height)
        height = min(round(width * shape[1] / shape[0]), round(1.5 * width))
        return QSize(max(8, round(height * shape[0] / shape[1])), max(8, height))

    def place_of(self, at: int) -> QRectF:
        """Where a step is, heading and counts included, in widget px."""
        row, column = divmod(at, self._columns())
        gap, line, room = self._gap(), self.fontMetrics().height(), self._picture_room()
        columns = self._columns()
        width = (self.width() - gap * (columns - 1)) / columns
        high = room.height() + 3 * line + gap
        return QRectF(column * (width + gap), row * (high + gap), width, high)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = -(-(len(self._steps) or USUAL) // self._columns(width=width))
        line, room = self.fontMetrics().height(), self._picture_room(width=width)
        return rows * (room.height() + 3 * line + 2 * self._gap()) - self._gap() + 2

    def sizeHint(self) -> QSize:
        return QSize(24 * self.fontMetrics().height(), self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        line = self.fontMetrics().height()  # the layout asks for the true height by the width
        return QSize(7 * line, 7 * line)

    def _at(self, point: QPointF) -> int:
        places = [self.place_of(at).contains(point) for at in range(len(self._steps))]
        return places.index(True) if True in places else -1

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != self.width():
            self.size_changed.emit()

    # --- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._at(event.position())
        if at >= 0:
            self.step_chosen.emit(self._steps[at].name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        names = [step.name for step in self._steps]
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None or not names:
            super().keyPressEvent(event)
            return
        at = names.index(self._stage) + move if self._stage in names else 0
        self.step_chosen.emit(names[min(max(at, 0), len(names) - 1)])

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = self._at(QPointF(event.pos()))
            text = tip_words(self._steps[at], self._truths) if at >= 0 else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(self.rect())
        for at in range(len(self._steps)):
            self._paint_step(painter, at)
        painter.end()

    def _paint_step(self, painter: QPainter, at: int) -> None:
        step, place = self._steps[at], self.place_of(at)
        palette, metrics = self.palette(), self.fontMetrics()
        text, line = palette.color(QPalette.ColorRole.WindowText), metrics.height()
        here = step.name == self._stage
        if here:
            painter.fillRect(place, palette.color(QPalette.ColorRole.Midlight))
        painter.setPen(text)
        elide, centre = Qt.TextElideMode.ElideRight, Qt.AlignmentFlag.AlignCenter
        title = metrics.elidedText(f"{at + 1} {step_title(step.name)}", elide, int(place.width()))
        painter.drawText(QRectF(place.left(), place.top(), place.width(), line), centre, title)
        room = self._picture_room()
        left = place.left() + (place.width() - room.width()) / 2
        spot = QRectF(round(left), round(place.top() + line + 2), room.width(), room.height())
        self._paint_picture(painter, step, spot)
        if here:
            colour = palette.color(QPalette.ColorRole.Highlight)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 3 if self.hasFocus() else 2))
            painter.drawRect(spot.adjusted(-1, -1, 1, 1))
        painter.setPen(text)
        below = QRectF(place.left(), spot.bottom() + 2, place.width(), line)
        words = metrics.elidedText(counts_words(step), elide, int(place.width()))
        painter.drawText(below, centre, words)
        if step.covered >= 0:
            words = f"{step.covered}/{self._truths} covered"
            words = metrics.elidedText(words, elide, int(place.width()))
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(below.translated(0, line), centre, words)

    def _paint_picture(self, painter: QPainter, step: Step, spot: QRectF) -> None:
        if self._frame is None:
            return
        painter.drawImage(spot.topLeft(), self._dimmed(spot.toRect().size()))
        height, width, _ = step.picture.shape
        form = QImage.Format.Format_ARGB32_Premultiplied
        image = QImage(step.picture.data, width, height, step.picture.strides[0], form)
        painter.drawImage(spot, image)
        if step.marked is None:
            return
        scale = spot.width() / self._frame.width
        x1, y1, x2, y2 = (float(v) * scale for v in step.marked)
        box = QRectF(spot.left() + x1, spot.top() + y1, x2 - x1, y2 - y1)
        painter.save()
        painter.setClipRect(spot)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor("#000000"), 4))
        painter.drawRect(box)
        style = Qt.PenStyle.SolidLine if step.marked_kept else Qt.PenStyle.DotLine
        painter.setPen(QPen(QColor("#ffffff"), 2, style))
        painter.drawRect(box)
        painter.restore()

    def _dimmed(self, size: QSize) -> QImage:
        """The frame in the size of one small picture, darkened, made once for all of them."""
        assert self._frame is not None
        dpr = self.devicePixelRatioF()
        key = (self._frame.serial, size, dpr)
        if self._backdrop is None or self._backdrop[0] != key:
            from widgets.image_item import wrap

            image = QImage(size * dpr, QImage.Format.Format_RGB32)
            image.setDevicePixelRatio(dpr)
            painter = QPainter(image)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(QPointF(0, 0), size), wrap(self._frame.pixels))
            painter.fillRect(QRectF(QPointF(0, 0), size), QColor(0, 0, 0, 120))
            painter.end()
            self._backdrop = (key, image)
        return self._backdrop[1]
