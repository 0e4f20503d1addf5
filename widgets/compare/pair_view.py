"""Two canvases that move together: side by side, or one over the other with a divider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QLabel, QWidget

from widgets.canvas import Canvas
from widgets.own_keys import SLIDER, OwnKeys
from widgets.palette import label_colour, text_on

if TYPE_CHECKING:
    from widgets.selection import Selection

# Blue and vermillion of Okabe and Ito; the letter tells the sides apart as well.
SIDE_COLOURS = {"A": label_colour(5), "B": label_colour(6)}
GAP = 3  # px between the pictures


class SideCanvas(OwnKeys, Canvas):
    """A canvas that zooms by its own keys, although the window's canvas has the same ones."""

    own_keys = frozenset(
        {Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_F, Qt.Key.Key_1}
    )


class PairView(QWidget):
    """Canvas ``a`` and canvas ``b`` of one frame; zoom and place of one are those of the other."""

    def __init__(self, a: Selection, b: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.a, self.b = SideCanvas(a, self), SideCanvas(b, self)
        self._titles = {"A": _Title("A", self), "B": _Title("B", self)}
        self.divider = Divider(self)
        self.divider.moved.connect(self._on_divider)
        self._divided = False
        self._share = 0.5  # of the width that shows side A
        self._following = False
        self.a.moved.connect(self._on_a_moved)
        self.b.moved.connect(self._on_b_moved)
        self._lay_out()

    def sizeHint(self) -> QSize:
        return QSize(400, 360)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 200)

    @property
    def divided(self) -> bool:
        return self._divided

    def set_divided(self, on: bool) -> None:
        """One picture with a divider instead of two beside each other."""
        if on != self._divided:
            self._divided = on
            self._lay_out()
            self.a.fit()

    @property
    def share(self) -> float:
        """Share of the width, 0 to 1, that shows side A while divided."""
        return self._share

    def set_share(self, share: float) -> None:
        self._share = min(max(share, 0.0), 1.0)
        self._lay_out()

    def set_titles(self, a: str, b: str) -> None:
        self._titles["A"].set_words(a)
        self._titles["B"].set_words(b)
        self._place_titles()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def _lay_out(self) -> None:
        room = self.rect()
        if self._divided:
            self.a.setGeometry(room)
            self.b.setGeometry(room)
            at = round(room.width() * self._share)
            # Where side B is masked, the mouse reaches side A below it.
            self.b.setMask(QRegion(at, 0, room.width() - at, room.height()))
            self.divider.place(at, room.height())
        else:
            self.b.clearMask()
            first, second = _halves(room)
            self.a.setGeometry(first)
            self.b.setGeometry(second)
        self.divider.setVisible(self._divided)
        self.divider.raise_()
        self._place_titles()

    def _place_titles(self) -> None:
        for name, canvas in (("A", self.a), ("B", self.b)):
            title, place = self._titles[name], canvas.geometry()
            most = place.width() // (2 if self._divided else 1) - 8
            title.fit(most)
            right = self._divided and name == "B"
            x = place.right() - title.width() - 4 if right else place.left() + 4
            title.move(x, place.bottom() - title.height() - 4)
            title.raise_()

    @Slot(float)
    def _on_divider(self, x: float) -> None:
        self.set_share(x / max(self.width(), 1))

    @Slot()
    def _on_a_moved(self) -> None:
        self._follow(self.b, self.a)

    @Slot()
    def _on_b_moved(self) -> None:
        self._follow(self.a, self.b)

    def _follow(self, one: Canvas, other: Canvas) -> None:
        if not self._following and one.size() == other.size():
            self._following = True
            one.follow(other)
            self._following = False


def _halves(room: QRect) -> tuple[QRect, QRect]:
    """Two equal parts, beside each other in a wide room, one above the other in a high one."""
    if room.width() >= room.height():
        width = (room.width() - GAP) // 2
        first = QRect(room.topLeft(), QSize(width, room.height()))
        return first, first.translated(width + GAP, 0)
    height = (room.height() - GAP) // 2
    first = QRect(room.topLeft(), QSize(room.width(), height))
    return first, first.translated(0, height + GAP)


class _Title(QLabel):
    """The letter of a side, and what it is, over its picture."""

    def __init__(self, side: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._side, self._words = side, ""
        colour = SIDE_COLOURS[side]
        self.setStyleSheet(
            f"background: {colour.name()}; color: {text_on(colour).name()};"
            "padding: 2px 6px; border-radius: 3px;"
        )
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.set_words("")

    def set_words(self, words: str) -> None:
        self._words = words
        self.fit(16_000)

    def fit(self, width: int) -> None:
        """Be no wider than this; words that do not fit are cut off with dots."""
        metrics = self.fontMetrics()
        room = width - 16 - 2 * metrics.height()
        words = metrics.elidedText(self._words, Qt.TextElideMode.ElideRight, room)
        self.setText(f"<b>{self._side}</b>&nbsp; {words}" if words else f"<b>{self._side}</b>")
        self.adjustSize()


class Divider(OwnKeys, QWidget):
    """A line that is dragged, or moved by the arrow keys; ``moved(x)`` in px of the parent."""

    moved = Signal(float)
    own_keys = SLIDER
    WIDTH = 11  # px: easy to catch; the line itself is thin

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._x = 0
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Divider between side A and side B")
        self.setToolTip("Left of the line: side A, right of it: side B. Drag it, or press ← →")

    def place(self, x: int, height: int) -> None:
        self._x = x
        self.setGeometry(x - self.WIDTH // 2, 0, self.WIDTH, height)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.moved.emit(float(self.mapToParent(event.position().toPoint()).x()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        width = self.parentWidget().width()
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Down:
                self.moved.emit(self._x - width / 50)
            case Qt.Key.Key_Right | Qt.Key.Key_Up:
                self.moved.emit(self._x + width / 50)
            case Qt.Key.Key_PageUp:
                self.moved.emit(self._x + width / 5)
            case Qt.Key.Key_PageDown:
                self.moved.emit(self._x - width / 5)
            case Qt.Key.Key_Home:
                self.moved.emit(0.0)
            case Qt.Key.Key_End:
                self.moved.emit(float(width))
            case _:
                super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        middle = self.width() // 2
        painter.fillRect(middle - 2, 0, 5, self.height(), QColor("#000000"))
        painter.fillRect(middle - 1, 0, 3, self.height(), QColor("#ffffff"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor("#000000"))
        painter.setBrush(QColor("#ffffff"))
        painter.drawEllipse(QPoint(middle, self.height() // 2), 5, 9)
        if self.hasFocus():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor("#e69f00"))
            painter.drawEllipse(QPoint(middle, self.height() // 2), 3, 6)
