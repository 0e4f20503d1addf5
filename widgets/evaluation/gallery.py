"""A list of pictures, and the one that was picked with what is right and wrong in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from widgets.elided_label import ElidedLabel
from widgets.evaluation.marks import marks_of_picture
from widgets.evaluation.picture import Loaded, PictureLoader, SetPicture
from widgets.number_table import NumberTable
from widgets.turning_splitter import TurningSplitter

if TYPE_CHECKING:
    from engine.metrics.evaluation import Evaluation
    from widgets.evaluation.question import Run
    from widgets.evaluation.study import Matched

MOST = 500  # lines of the list


@dataclass(frozen=True)
class Entry:
    """One line: its texts, the picture, and the detection and truth in it that matter, or -1."""

    texts: tuple[str, ...]
    picture: int
    detection: int = -1
    truth: int = -1


class Gallery(QWidget):
    """``opened(picture, detection)`` that the user wants in the window."""

    opened = Signal(int, int)

    def __init__(self, name: str, columns: Sequence[tuple[str, str]], empty: str) -> None:
        super().__init__()
        self._entries: Sequence[Entry] = ()
        self._run: Run | None = None
        self._evaluation: Evaluation | None = None
        self._matched: Matched | None = None
        self._score = 0.0
        self._at = -1
        self._empty = empty
        self._loader = PictureLoader(self)
        self.note = ElidedLabel()
        self.table = NumberTable(name, columns, lines=8)
        self.picture = SetPicture()
        self.open_button = QPushButton("Open in the window")
        self.open_button.setObjectName("open")
        self.open_button.setToolTip("Open this picture, with the model of this run")
        first, second = QWidget(), QWidget()
        for part, widgets in ((first, (self.note, self.table)), (second, (self.picture,))):
            column = QVBoxLayout(part)
            column.setContentsMargins(0, 0, 0, 0)
            for widget in widgets:
                column.addWidget(widget, 0 if widget is self.note else 1)
        second.layout().addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(TurningSplitter(first, second, (2, 3)))
        self.table.picked.connect(self._pick)
        self.table.cellDoubleClicked.connect(self._open)
        self.open_button.clicked.connect(self._open)
        self._loader.arrived.connect(self._on_picture)
        self._show()

    @property
    def entries(self) -> Sequence[Entry]:
        return self._entries

    def set_entries(
        self,
        entries: Sequence[Entry],
        run: Run | None = None,
        evaluation: Evaluation | None = None,
        matched: Matched | None = None,
        score: float = 0.0,
    ) -> None:
        """Other lines. The picked line stays as long as it is of the same picture and boxes."""
        before = self._entries[self._at] if 0 <= self._at < len(self._entries) else None
        same = run is self._run
        self._entries, self._run = entries[:MOST], run
        self._evaluation, self._matched, self._score = evaluation, matched, score
        self._at = -1
        if before is not None and same:
            key = (before.picture, before.detection, before.truth)
            for at, entry in enumerate(self._entries):
                if (entry.picture, entry.detection, entry.truth) == key:
                    self._at = at
        if self._at < 0 and self._entries:
            self._at = 0
        more = len(entries) - len(self._entries)
        self.note.setText(
            f"the first {MOST} of {len(entries):,}" if more > 0 else f"{len(entries):,} in all"
        )
        self.table.set_rows([entry.texts for entry in self._entries])
        self._show()

    @Slot(int)
    def _pick(self, at: int) -> None:
        self._at = at
        self._show()

    def _show(self) -> None:
        here = 0 <= self._at < len(self._entries)
        self.table.mark(self._at if here else -1)
        self.open_button.setEnabled(here)
        if not here or self._run is None:
            self.note.setText(self._empty if not self._entries else self.note.text())
            self.picture.set_picture(None)
            return
        entry = self._entries[self._at]
        self._loader.ask(self._run.annotations, entry.picture, entry)

    @Slot(object)
    def _on_picture(self, loaded: Loaded) -> None:
        entry = loaded.ticket
        at = self._entries[self._at] if 0 <= self._at < len(self._entries) else None
        if entry != at or self._run is None or self._evaluation is None or self._matched is None:
            return
        assert isinstance(entry, Entry)
        marks = []
        if loaded.frame is not None:
            matter = entry.detection >= 0 or entry.truth >= 0
            marks = marks_of_picture(
                self._run, self._evaluation, self._matched, entry.picture, self._score,
                (entry.detection, entry.truth) if matter else None,
            )  # fmt: skip
        self.picture.set_picture(loaded.frame, marks, loaded.why)

    @Slot()
    def _open(self, *_: object) -> None:
        if 0 <= self._at < len(self._entries):
            entry = self._entries[self._at]
            self.opened.emit(entry.picture, entry.detection)


def name_of_picture(run: Run, row: int) -> str:
    picture = run.annotations.pictures[row]
    return picture.file or str(picture.id)
