"""Which data set, and what is held against it; the progress of an evaluation below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.elided_label import ElidedLabel
from widgets.evaluation.question import FIRST_SET, Command, EvaluateWish, EvaluationState, Phase
from widgets.flow_layout import FlowLayout

TRUTH_FILES = "Annotations (*.json *.yaml *.yml *.xml *.txt);;All files (*)"
FOUND_FILES = "Detections (*.json *.txt);;All files (*)"


class PlaceEdit(QLineEdit):
    """A path, or ``scenes:FIRST-LAST``; a file or folder may be dropped on it."""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        if urls and urls[0].isLocalFile():
            self.setText(urls[0].toLocalFile())
            event.acceptProposedAction()
        else:
            super().dropEvent(event)


class DataRow(QWidget):
    """``wished(EvaluateWish | Command)``."""

    wished = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.images = ""
        self._phase = Phase.IDLE
        self.place = PlaceEdit(FIRST_SET)
        self.place.setObjectName("place")
        self.place.setAccessibleName("Data set")
        self.place.setPlaceholderText(f"A file or folder (COCO, VOC, YOLO), or {FIRST_SET}")
        self.place.setToolTip(
            "A COCO JSON file, a folder of Pascal VOC or YOLO, or scenes:FIRST-LAST; a file may be "
            "dropped here"
        )
        self.place.setMinimumWidth(14 * self.fontMetrics().averageCharWidth())
        self.place.returnPressed.connect(self._on_evaluate)
        self.browse = _menu_button("Browse", "Choose the data set")
        for text, slot in (
            ("A file (COCO JSON, data.yaml, XML) …", self._browse_file),
            ("A folder (VOC, YOLO, txt files) …", self._browse_folder),
            ("The folder of its pictures …", self._browse_images),
            ("Scenes that no shipped model has seen", self._take_scenes),
        ):
            self.browse.menu().addAction(text).triggered.connect(slot)
        self.evaluate = QPushButton("Evaluate")
        self.evaluate.setObjectName("evaluate")
        self.evaluate.clicked.connect(self._on_evaluate)
        self.detections = _menu_button("Detections", "Instead of a model: what a program found")
        for text, slot in (
            ("A file (COCO results, txt) …", self._detections_file),
            ("A folder of txt files …", self._detections_folder),
        ):
            self.detections.menu().addAction(text).triggered.connect(slot)
        first = QHBoxLayout()
        first.setSpacing(4)
        first.addWidget(self.place, 1)
        first.addWidget(self.browse)
        second = FlowLayout(4)
        second.addWidget(self.evaluate)
        second.addWidget(self.detections)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self._progress())
        self.set_model("")

    def _progress(self) -> QWidget:
        self.strip = QWidget()
        self.text = ElidedLabel()
        self.text.setObjectName("progress")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setMinimumWidth(60)
        self.pause, self.cancel = QPushButton("Pause"), QPushButton("Cancel")
        self.pause.setObjectName("pause")
        self.cancel.setObjectName("cancel")
        self.pause.setToolTip("Hold after the picture in hand; what is done is kept")
        self.cancel.setToolTip("Stop; what is done is kept, “Evaluate” goes on from there")
        self.pause.clicked.connect(self._on_pause)
        self.cancel.clicked.connect(self._on_cancel)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.bar, 1)
        row.addWidget(self.pause)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self.strip)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.text)
        column.addLayout(row)
        self.strip.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.strip.hide()
        return self.strip

    # --- what is shown

    def set_model(self, name: str) -> None:
        """The window's model, which a click would run."""
        metrics = self.evaluate.fontMetrics()
        short = metrics.elidedText(
            name, Qt.TextElideMode.ElideMiddle, 26 * metrics.averageCharWidth()
        )
        self.evaluate.setText(f"Evaluate {short}" if name else "Evaluate")
        self.evaluate.setToolTip(
            f"Run {name or 'the model of the window'} over every picture of the data set, with its "
            "own thresholds, beside the window"
        )

    def set_state(self, state: EvaluationState) -> None:
        self._phase = state.phase
        idle = state.phase is Phase.IDLE
        self.strip.setVisible(not idle)
        self.evaluate.setEnabled(idle)
        self.detections.setEnabled(idle)
        self.text.setText(state.text)
        self.bar.setAccessibleName(state.text)
        # A busy bar goes on animating, hidden or not.
        if state.fraction is None and not idle:
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * (state.fraction or 0.0)))
        self.pause.setEnabled(state.phase in (Phase.RUNNING, Phase.PAUSED))
        self.pause.setText("Go on" if state.phase is Phase.PAUSED else "Pause")

    # --- what the user wishes

    @Slot()
    def _on_evaluate(self) -> None:
        self._wish("")

    def _wish(self, detections: str) -> None:
        place = self.place.text().strip()
        if place and self._phase is Phase.IDLE:
            self.wished.emit(EvaluateWish(place, self.images, detections))

    @Slot()
    def _on_pause(self) -> None:
        paused = self._phase is Phase.PAUSED
        self.wished.emit(Command.RESUME if paused else Command.PAUSE)

    @Slot()
    def _on_cancel(self) -> None:
        self.wished.emit(Command.CANCEL)

    @Slot()
    def _browse_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a data set", self._folder(), TRUTH_FILES)
        self._take(name)

    @Slot()
    def _browse_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, "Open a data set", self._folder()))

    @Slot()
    def _browse_images(self) -> None:
        title = "The folder of the pictures"
        self.images = QFileDialog.getExistingDirectory(self, title, self._folder()) or self.images

    @Slot()
    def _take_scenes(self) -> None:
        self._take(FIRST_SET)

    def _take(self, place: str) -> None:
        if place:
            self.place.setText(place)
            self.images = ""

    @Slot()
    def _detections_file(self) -> None:
        title = "Detections for this data set"
        name, _ = QFileDialog.getOpenFileName(self, title, self._folder(), FOUND_FILES)
        if name:
            self._wish(name)

    @Slot()
    def _detections_folder(self) -> None:
        title = "Detections for this data set"
        name = QFileDialog.getExistingDirectory(self, title, self._folder())
        if name:
            self._wish(name)

    def _folder(self) -> str:
        """Where the data set lies, if it is a path."""
        place = self.place.text().strip()
        return "" if place.lower().startswith("scenes:") else place


def _menu_button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setMenu(QMenu(button))
    return button
