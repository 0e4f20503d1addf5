"""The pages beside the walk: classes, confusion, pictures, errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.metrics.protocol import AREAS
from widgets.elided_label import ElidedLabel
from widgets.evaluation.charts import Bar, BarChart, ReliabilityChart
from widgets.evaluation.gallery import MOST, Entry, Gallery, name_of_picture
from widgets.evaluation.matrix import MatrixMap
from widgets.evaluation.words import figure
from widgets.number_table import NumberTable
from widgets.quiet_controls import Chooser
from widgets.turning_splitter import TurningSplitter

if TYPE_CHECKING:
    from widgets.evaluation.study import Answer, ClassFigures


ORDERS = ("best AP first", "worst AP first", "most objects first", "by name")


class ClassesPage(QWidget):
    """AP of every class, worst first or best first; ``picked(name)``."""

    picked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        self.order = Chooser("Order", "How the classes are sorted", ORDERS)
        self.order.setMinimumContentsLength(16)
        self.table = NumberTable(
            "Classes",
            (
                ("class", "Click: walk through its ranking"),
                ("AP", "At the IoU threshold above"),
                ("AP protocol", "By the protocol's own IoU thresholds"),
                ("objects", "Ground truths that count"),
                ("detections", "All of them, whatever their score"),
            ),
            lines=200,
        )
        self.note = QLabel()
        self.note.setWordWrap(True)
        self._answer: Answer | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 0)
        column.addWidget(self.note)
        column.addWidget(self.order, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.table, 1)
        self.order.currentIndexChanged.connect(self._on_order)
        self.table.picked.connect(self._on_picked)

    def show_answer(self, answer: Answer | None) -> None:
        self._answer = answer
        self._on_order()

    @Slot()
    def _on_order(self, *_: object) -> None:
        answer = self._answer
        figures = None if answer is None else answer.classes.get(answer.current)
        if answer is None or figures is None:
            return
        names = answer.evaluation.classes
        rows = self._sorted(figures, names)
        self._names = [names[k] for k in rows]
        self.table.set_rows(
            [
                (
                    names[k], figure(figures.at[k]), figure(figures.whole[k]),
                    f"{figures.positives[k]:,}", f"{figures.detections[k]:,}",
                )
                for k in rows
            ]
        )  # fmt: skip
        chosen = names[answer.label] if answer.label >= 0 else ""
        self.table.mark(self._names.index(chosen) if chosen in self._names else -1)
        rules, how = answer.evaluation.protocol, answer.question.measure
        self.note.setText(
            f"<b>mAP {figure(figures.mean(figures.at))}</b> ({rules.at(how.iou)})<br>"
            f"<b>mAP {figure(figures.mean(figures.whole))}</b> ({rules.text})"
        )

    def _sorted(self, figures: ClassFigures, names: tuple[str, ...]) -> list[int]:
        known = ~np.isnan(figures.at)
        ap = np.where(known, figures.at, 0.0)
        columns = ((-ap, ~known), (ap, ~known), (-figures.positives,), (np.array(names),))
        order: list[int] = np.lexsort(columns[max(self.order.currentIndex(), 0)]).tolist()
        return order

    @Slot(int)
    def _on_picked(self, at: int) -> None:
        if at < len(self._names):
            self.picked.emit(self._names[at])


class ConfusionPage(QWidget):
    """The matrix, and the pictures of the picked cell; ``opened(picture, detection)``."""

    opened = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._answer: Answer | None = None
        self.matrix = MatrixMap()
        self.note = ElidedLabel()
        self.gallery = Gallery(
            "Pictures of the cell",
            (("picture", "File name, or the scene's seed"), ("score", "Of the detection")),
            "Click a cell: its pictures stand here",
        )
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.matrix, 1)
        column.addWidget(self.note)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(4, 4, 4, 0)
        whole.addWidget(TurningSplitter(left, self.gallery, (3, 2)))
        self.matrix.picked.connect(self._on_cell)
        self.gallery.opened.connect(self.opened)

    def show_answer(self, answer: Answer | None) -> None:
        if answer is not None and answer.confusion is None:
            return
        self._answer = answer
        self.matrix.set_matrix(None if answer is None else answer.confusion)
        self._list()

    @Slot(int, int)
    def _on_cell(self, true: int, predicted: int) -> None:
        self._list()

    def _list(self) -> None:
        answer, cell = self._answer, self.matrix.cell
        if answer is None or answer.confusion is None:
            self.gallery.set_entries(())
            self.note.setText("")
            return
        found, run = answer.confusion, answer.run
        if cell is None or max(cell) > found.background:
            self.note.setText(found.text)
            self.gallery.set_entries((), run)
            return
        entries = []
        for d, t in zip(*(rows.tolist() for rows in found.cell(*cell)), strict=True):
            of = run.detections.picture[d] if d >= 0 else run.annotations.picture[t]
            score = f"{run.detections.scores[d]:.3f}" if d >= 0 else "–"
            entries.append(Entry((name_of_picture(run, int(of)), score), int(of), d, t))
        entries.sort(key=lambda entry: entry.texts[1], reverse=True)
        self.note.setText(f"{self.matrix.words(*cell)} ({found.text})")
        self.gallery.set_entries(
            entries, run, answer.evaluation, answer.matched, answer.question.measure.score
        )


class PicturesPage(QWidget):
    """Worst and best pictures by F1; ``opened(picture, detection)``."""

    opened = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._answer: Answer | None = None
        self.order = Chooser("Order", "Which pictures come first", ("worst first", "best first"))
        self.order.setMinimumContentsLength(12)
        self.note = ElidedLabel()
        self.gallery = Gallery(
            "Pictures",
            (
                ("picture", "File name, or the scene's seed"),
                ("F1", "2 TP / (2 TP + FP + FN)"),
                ("TP", "Objects found"),
                ("FP", "Detections that are wrong"),
                ("FN", "Objects missed"),
            ),
            "No picture with objects or detections",
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 0)
        column.addWidget(self.order, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.note)
        column.addWidget(self.gallery, 1)
        self.order.currentIndexChanged.connect(self._on_order)
        self.gallery.opened.connect(self.opened)

    def show_answer(self, answer: Answer | None) -> None:
        if answer is not None and answer.pictures is None:
            return
        self._answer = answer
        self._on_order()

    @Slot()
    def _on_order(self, *_: object) -> None:
        answer = self._answer
        if answer is None or answer.pictures is None:
            self.gallery.set_entries(())
            return
        found, run = answer.pictures, answer.run
        worst = self.order.currentIndex() <= 0
        rows = found.worst(MOST) if worst else found.best(MOST)
        entries = [
            Entry(
                (
                    name_of_picture(run, row), figure(float(found.f1[row])), f"{found.tp[row]}",
                    f"{found.fp[row]}", f"{found.fn[row]}",
                ),
                row,
            )
            for row in rows.tolist()
        ]  # fmt: skip
        how = answer.question.measure
        rules = answer.evaluation.protocol.at(how.iou)
        self.note.setText(f"All classes, score ≥ {how.score:.2f}; {rules}")
        self.gallery.set_entries(entries, run, answer.evaluation, answer.matched, how.score)


class ErrorsPage(QScrollArea):
    """Kinds of error with what each costs, AP by size, calibration."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.errors_heading, self.sizes_heading, self.scores_heading = QLabel(), QLabel(), QLabel()
        self.errors = BarChart("Kinds of error and what each costs")
        self.sizes = BarChart("AP by size of the object", 1.0)
        self.scores = ReliabilityChart()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(4, 4, 4, 4)
        for heading, chart in (
            (self.errors_heading, self.errors),
            (self.sizes_heading, self.sizes),
            (self.scores_heading, self.scores),
        ):
            heading.setWordWrap(True)
            column.addWidget(heading)
            column.addWidget(chart)
        column.addStretch(1)
        self.setWidget(inside)

    def show_answer(self, answer: Answer | None) -> None:
        if answer is None or answer.errors is None:
            return
        found = answer.errors
        self.errors_heading.setText(
            f"<b>Errors, and the AP that comes back without them (dAP)</b><br>mAP "
            f"{figure(found.ap)}; {found.text}; without any false positive "
            f"+{figure(found.gain_false_positives)}, without any miss "
            f"+{figure(found.gain_false_negatives)}"
        )
        self.errors.set_bars(
            [
                Bar(
                    kind.name.lower(), gain,
                    f"+{figure(gain)} ({found.counts[kind]:,})", kind.sentence,
                )
                for kind, gain in found.gain.items()
            ]
        )  # fmt: skip
        self.sizes_heading.setText(
            f"<b>AP by size of the object</b> (px² of the object; {found.text})"
        )
        self.sizes.set_bars(
            [Bar(f"{name}: {_range(name)}", ap, figure(ap)) for name, ap in answer.sizes.items()]
        )
        ece = answer.calibration.ece if answer.calibration is not None else float("nan")
        self.scores_heading.setText(
            f"<b>Are scores honest?</b> {answer.trouble}"
            if answer.trouble
            else f"<b>Are scores honest?</b> Mean distance (D-ECE) {figure(ece)}; {found.text}"
        )
        self.scores.set_calibration(answer.calibration)


def _range(name: str) -> str:
    low, high = (round(side**0.5) for side in AREAS[name])
    if not low:
        return f"≤ {high}²"
    return f"> {low}²" if high > 10_000 else f"{low}² to {high}²"
