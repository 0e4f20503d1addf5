"""The walk: PR curve, ranking, picture and AP, built up together row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QPushButton, QVBoxLayout, QWidget

from engine.metrics.curve import operating_point
from engine.metrics.protocol import Interpolation
from widgets.evaluation import words
from widgets.evaluation.marks import marks_of_row
from widgets.evaluation.picture import Loaded, PictureLoader, SetPicture
from widgets.evaluation.plot import CurvePlot, Other
from widgets.evaluation.ranking import RankingTable
from widgets.own_keys import OwnKeys
from widgets.rich_text import RichText
from widgets.transport import Transport
from widgets.turning_splitter import TurningSplitter

if TYPE_CHECKING:
    from engine.metrics.walk import Walk
    from widgets.evaluation.question import Run
    from widgets.evaluation.study import Line

_K = Qt.Key
TOGGLES = (
    ("raw", "Raw", "Precision after every row", True),
    (
        "envelope",
        "Envelope",
        "The highest precision at this recall or any greater one; AP is the area under it in VOC "
        "from 2010",
        True,
    ),
    ("11", "11 points", "Where VOC until 2009 reads the envelope: recall 0, .1 ... 1", False),
    ("101", "101 points", "Where COCO reads the envelope: recall 0, .01 ... 1", False),
)
_WAYS = {
    "envelope": Interpolation.EVERY_POINT,
    "11": Interpolation.ELEVEN,
    "101": Interpolation.HUNDRED_AND_ONE,
}


class WalkPage(OwnKeys, QWidget):
    """``opened(picture, detection)`` rows that the user wants in the window.

    Left and Right step, Home and End jump, Space plays while anything here has the focus.
    """

    opened = Signal(int, int)
    own_keys = frozenset({_K.Key_Left, _K.Key_Right, _K.Key_Home, _K.Key_End, _K.Key_Space})

    def __init__(self) -> None:
        super().__init__()
        self._line: Line | None = None
        self._run: Run | None = None
        self._score = 0.3
        self._loader = PictureLoader(self)
        self._build()
        self.transport.moved.connect(self._show_step)
        self.plot.jumped.connect(self._go)
        self.table.picked.connect(self._go)
        self.table.opened.connect(self._open_row)
        self.open_button.clicked.connect(self._open)
        self._loader.arrived.connect(self._on_picture)
        self.set_line(None, None, 0, ())

    def _build(self) -> None:
        self.plot = CurvePlot()
        self.sums, self.points = RichText(), RichText()
        self.toggles: dict[str, QCheckBox] = {}
        grid = QGridLayout()
        grid.setVerticalSpacing(1)
        for at, (name, text, tip, on) in enumerate(TOGGLES):
            box = self.toggles[name] = QCheckBox(text)
            box.setToolTip(tip)
            box.setChecked(on)
            box.toggled.connect(self._on_toggled)
            grid.addWidget(box, at // 2, at % 2)
        self.transport = Transport("row", "Space")
        self.verdict = RichText()
        self.picture = SetPicture()
        self.table = RankingTable()
        self.open_button = QPushButton("Open in the window")
        self.open_button.setObjectName("open")
        self.open_button.setToolTip(
            "Open this picture with this model, select the detection: lineage and “Why missed?” "
            "then show its trace (Enter or a double click on a row)"
        )
        left, right = QWidget(), QWidget()
        first = QVBoxLayout(left)
        first.setContentsMargins(0, 0, 0, 0)
        first.setSpacing(3)
        first.addWidget(self.plot, 1)
        first.addLayout(grid)
        first.addWidget(self.points)
        second = QVBoxLayout(right)
        second.setContentsMargins(0, 0, 0, 0)
        second.setSpacing(3)
        second.addWidget(self.transport)
        second.addWidget(self.sums)
        second.addWidget(self.verdict)
        second.addWidget(TurningSplitter(self.picture, self.table), 1)
        second.addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 0)
        column.addWidget(TurningSplitter(left, right))

    # --- what is shown

    @property
    def line(self) -> Line | None:
        return self._line

    @property
    def walk(self) -> Walk | None:
        return None if self._line is None else self._line.walk

    @property
    def count(self) -> int:
        """Rows walked so far."""
        return self.transport.position

    def set_line(
        self, line: Line | None, run: Run | None, place: int, others: Sequence[Other]
    ) -> None:
        """The walk of ``run``, which stands at ``place``, and the curves of other runs.

        Whoever had walked to the end stays there; others stay at their row.
        """
        old, self._line, self._run = self.walk, line, run
        walk = self.walk
        self.plot.set_walk(walk, place, others)
        if walk is None or walk is not old:
            at_end = old is None or self.count == self.transport.length
            count = 0 if walk is None else len(walk)
            self.transport.set_length(count)
            if at_end or (old is not None and walk is not None and old.name != walk.name):
                self.transport.set_position(count)
            self.table.rows.set_walk(walk, run)
            self._show_step()
        for name, way in _WAYS.items():
            box = self.toggles[name]
            box.setText(words.average(way, line))
            font = box.font()
            font.setBold(walk is not None and way is walk.interpolation)
            box.setFont(font)
        self._show_points()
        if walk is not None and not walk.positives:
            self.plot.empty_text = words.NO_OBJECTS

    def set_score(self, score: float) -> None:
        """The score threshold of the operating point."""
        self._score = score
        self._show_points()

    def _show_points(self) -> None:
        line = self._line
        if line is None:
            self.points.set_html("")
            self.plot.set_points(None, None)
            return
        point = operating_point(line.walk, self._score)
        self.points.set_html(words.operating(point, line.best))
        self.points.setToolTip(words.counts(point))
        known = line.walk.positives > 0
        self.plot.set_points(point if known else None, line.best)

    @Slot()
    def _on_toggled(self, *_: object) -> None:
        self.plot.set_shown({name for name, box in self.toggles.items() if box.isChecked()})

    # --- one row

    @Slot(int)
    def _go(self, row: int) -> None:
        """The user took a row."""
        if self.transport.playing:
            self.transport.stop()
        self.transport.set_position(row + 1)
        self._show_step()

    @Slot()
    def _show_step(self, *_: object) -> None:
        walk, run, count = self.walk, self._run, self.count
        self.plot.set_count(count)
        self.table.rows.set_count(count)
        self.table.mark(count - 1)
        self.open_button.setEnabled(count > 0)
        self.sums.set_html("" if walk is None else words.sums(walk, count))
        if walk is None or run is None or not count:
            self.verdict.set_html("")
            self.picture.set_picture(None)
            return
        self.verdict.set_html(words.verdict(run, walk, count - 1))
        self._loader.ask(run.annotations, int(walk.picture[count - 1]), (walk, count - 1))

    @Slot(object)
    def _on_picture(self, loaded: Loaded) -> None:
        walk, row = loaded.ticket  # type: ignore[misc]
        if walk is not self.walk or self._run is None or not self.count:
            return
        marks = [] if loaded.frame is None else marks_of_row(self._run, walk, row)
        self.picture.set_picture(loaded.frame, marks, loaded.why)

    @Slot()
    def _open(self) -> None:
        self._open_row(self.count - 1)

    @Slot(int)
    def _open_row(self, row: int) -> None:
        walk = self.walk
        if walk is not None and 0 <= row < len(walk):
            self.opened.emit(int(walk.picture[row]), int(walk.detection[row]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case _K.Key_Left:
                self.transport.back()
            case _K.Key_Right:
                self.transport.forward()
            case _K.Key_Home:
                self.transport.first()
            case _K.Key_End:
                self.transport.last()
            case _K.Key_Space:
                self.transport.toggle()
            case _:
                super().keyPressEvent(event)
