"""How to measure: class, protocol, IoU threshold, score threshold."""

from __future__ import annotations

from dataclasses import asdict

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from widgets.evaluation.study import Measure
from widgets.quiet_controls import Chooser, Slide

PROTOCOLS = (("coco", "COCO"), ("voc07", "Pascal VOC 2007"), ("voc10", "Pascal VOC 2010"))


class Threshold(QWidget):
    """A slider from 0 to 1 in hundredths, with its number; ``moved`` while it is dragged."""

    moved = Signal()

    def __init__(self, text: str, low: int, value: int, tip: str) -> None:
        super().__init__()
        self.slide = Slide(low, 100, value, text, tip)
        self.slide.setMinimumWidth(60)
        self._number = QLabel()
        label = QLabel(text)
        label.setBuddy(self.slide)
        label.setToolTip(tip)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(label)
        row.addWidget(self.slide, 1)
        row.addWidget(self._number)
        self._number.setMinimumWidth(self._number.fontMetrics().horizontalAdvance("0.00 "))
        self.slide.valueChanged.connect(self._on_value)
        self._on_value()

    @property
    def value(self) -> float:
        return self.slide.value() / 100

    def set_value(self, value: float) -> None:
        with QSignalBlocker(self.slide):
            self.slide.setValue(round(100 * value))
        self._number.setText(f"{self.value:.2f}")

    @Slot()
    def _on_value(self, *_: object) -> None:
        self._number.setText(f"{self.value:.2f}")
        self.moved.emit()


class Controls(QWidget):
    """``measured()`` when the figures depend on other things now, ``score_moved()`` when only the
    score threshold is another, ``class_chosen()``."""

    measured = Signal()
    score_moved = Signal()
    class_chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.classes = Chooser("Class", "The class whose detections are ranked")
        self.protocol = Chooser(
            "Protocol", "By whose rules detections are matched and AP is averaged",
            tuple(text for _, text in PROTOCOLS),
        )  # fmt: skip
        self.inclusive = QCheckBox("sides + 1 px")
        self.inclusive.setToolTip(
            "A box from x1 to x2 is x2 - x1 + 1 px wide, as in the Pascal development kit"
        )
        self.iou = Threshold(
            "IoU ≥", 5, 50, "A detection needs at least this IoU with an object to be right"
        )
        self.score = Threshold(
            "Score ≥", 0, 30, "The operating point: detections of at least this score are shown"
        )
        self._label = QLabel("Class")
        self._label.setBuddy(self.classes)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (first, ((self._label, 0), (self.classes, 2), (self.protocol, 2))),
            (second, ((self.iou, 1), (self.score, 1))),
        ):
            row.setSpacing(6)
            for widget, stretch in widgets:
                row.addWidget(widget, stretch)
        first.addWidget(self.inclusive)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(first)
        column.addLayout(second)
        self.classes.currentIndexChanged.connect(self._on_class)
        self.protocol.currentIndexChanged.connect(self._on_measured)
        self.inclusive.toggled.connect(self._on_measured)
        self.iou.moved.connect(self._on_measured)
        self.score.moved.connect(self.score_moved)

    @property
    def label(self) -> str:
        """The chosen class, "" before there is any."""
        return self.classes.currentText()

    @property
    def measure(self) -> Measure:
        return Measure(
            PROTOCOLS[max(self.protocol.currentIndex(), 0)][0],
            self.inclusive.isChecked(),
            self.iou.value,
            self.score.value,
        )

    def set_classes(self, names: tuple[str, ...], chosen: str) -> None:
        """The classes of a data set, and which is looked at; nothing is reported."""
        with QSignalBlocker(self.classes):
            self.classes.set_words(names)
            self.classes.setCurrentIndex(self.classes.findText(chosen, Qt.MatchFlag.MatchExactly))

    def show_class(self, on: bool) -> None:
        """Whether the class is chosen here."""
        self.classes.setVisible(on)
        self._label.setVisible(on)

    def choose_class(self, name: str) -> None:
        """As the user does."""
        self.classes.setCurrentIndex(self.classes.findText(name, Qt.MatchFlag.MatchExactly))

    def remembered(self) -> dict[str, object]:
        return asdict(self.measure)

    def recall(self, values: object) -> None:
        """What `remembered` gave; anything else is ignored."""
        if not isinstance(values, dict):
            return
        keys = [key for key, _ in PROTOCOLS]
        blockers = [QSignalBlocker(w) for w in (self.protocol, self.inclusive)]
        if values.get("protocol") in keys:
            self.protocol.setCurrentIndex(keys.index(values["protocol"]))
        if isinstance(values.get("inclusive"), bool):
            self.inclusive.setChecked(values["inclusive"])
        for threshold, name in ((self.iou, "iou"), (self.score, "score")):
            value = values.get(name)
            if isinstance(value, float) and 0 <= value <= 1:
                threshold.set_value(value)
        del blockers
        self.measured.emit()

    @Slot()
    def _on_class(self, *_: object) -> None:
        self.class_chosen.emit()

    @Slot()
    def _on_measured(self, *_: object) -> None:
        self.measured.emit()
