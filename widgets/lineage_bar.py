"""Lineage bar: the chain from the selected box back to its anchor, each step a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

if TYPE_CHECKING:
    from engine.trace import Ref, Trace
    from widgets.selection import Selection

HINT = "Select a box to see where it came from."
NO_BOXES = "This model gives every pixel a class and has no boxes: see the view Class map."


class LineageBar(QScrollArea):
    """Chips from the selected box to the first stage with boxes.

    While the user walks up the chain, it goes on showing the whole of it: the box that it was made
    for stays at the left, and the chip of the present row is marked.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._chain: tuple[Ref, ...] = ()
        self._chips: list[QToolButton] = []
        self.setAccessibleName("Lineage")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        strip = QWidget()
        self._row = QHBoxLayout(strip)
        self._row.setContentsMargins(6, 3, 6, 3)
        self._row.setSpacing(4)
        self._hint = QLabel(HINT)
        self._row.addWidget(self._hint)
        self._row.addStretch(1)
        self.setWidget(strip)
        selection.ref_changed.connect(self._on_ref)
        selection.trace_changed.connect(self._on_trace)
        self._rebuild()

    @property
    def chain(self) -> tuple[Ref, ...]:
        """The shown refs, the latest stage first."""
        return self._chain

    def chips(self) -> list[QToolButton]:
        """The chips in the order of `chain`."""
        return list(self._chips)

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        self._chain = ()
        self._rebuild()

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        self._rebuild()

    def _rebuild(self) -> None:
        trace, ref = self._selection.trace, self._selection.ref
        if trace is None or ref is None:
            self._chain = ()
        elif ref not in self._chain:
            self._chain = trace.lineage(ref)
        boxless = trace is not None and not trace.final
        self._hint.setText(NO_BOXES if boxless else HINT)
        self._hint.setVisible(not self._chain)
        texts = [self._text(trace, step) for step in self._chain] if trace is not None else []
        # Chips are reused: live, this runs with every frame.
        while len(self._chips) < len(texts):
            self._add_chip()
        for at, chip in enumerate(self._chips):
            chip.setVisible(at < len(texts))
            if at < len(texts):
                text, tip = texts[at]
                chip.setText(text if at == 0 else f"←  {text}")
                chip.setToolTip(tip)
                chip.setAccessibleName(text)
                chip.setChecked(self._chain[at] == ref)
        self.setFixedHeight(
            self._row.sizeHint().height() + self.horizontalScrollBar().sizeHint().height()
        )

    def _add_chip(self) -> None:
        chip = QToolButton()
        chip.setCheckable(True)
        chip.setAutoRaise(True)
        chip.clicked.connect(self._on_clicked)
        self._row.insertWidget(self._row.count() - 1, chip)
        self._chips.append(chip)

    @staticmethod
    def _text(trace: Trace, ref: Ref) -> tuple[str, str]:
        from widgets.table_rows import reason_text, score_text

        table = trace.table(ref.stage)
        title = next((i.title for i in trace.infos if i.name == ref.stage), ref.stage)
        label, score = int(table.labels[ref.row]), float(table.scores[ref.row])
        words = [f"{title} #{ref.row}"]
        if label:
            words.append(trace.name_of(label))
        if score:
            words.append(score_text(score))
        box = trace.transform.to_image(table.boxes[ref.row : ref.row + 1])[0]
        tip = (
            f"{title}, row {ref.row}: {reason_text(table, ref.row)}\n"
            f"{box[0]:.1f}, {box[1]:.1f} to {box[2]:.1f}, {box[3]:.1f} image px"
        )
        return " ".join(words), tip

    @Slot()
    def _on_clicked(self) -> None:
        chip = self.sender()
        if isinstance(chip, QToolButton) and chip in self._chips:
            at = self._chips.index(chip)
            chip.setChecked(True)
            self._selection.select(self._chain[at])
