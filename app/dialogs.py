"""The dialogs of the File menu: each gives back what the user chose, or None."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from widgets.background import Newest

PICTURES = "*.png *.jpg *.jpeg *.bmp *.gif *.tif *.tiff *.webp *.ppm *.pgm"
VIDEOS = "*.mp4 *.avi *.mov *.mkv *.webm *.m4v *.mpg *.mpeg *.ts"
SETS = "*.json *.xml *.yaml *.yml"
FILTER = (
    f"Pictures, videos and data sets ({PICTURES} {VIDEOS} {SETS});;Pictures ({PICTURES});;"
    f"Videos ({VIDEOS});;Data sets: COCO, VOC, YOLO ({SETS});;All files (*)"
)


def open_file(parent: QWidget, folder: str) -> str | None:
    name, _ = QFileDialog.getOpenFileName(parent, "Open a picture or a video", folder, FILTER)
    return name or None


def open_folder(parent: QWidget, folder: str) -> str | None:
    return QFileDialog.getExistingDirectory(parent, "Open a folder of pictures", folder) or None


def open_weights(parent: QWidget, folder: str) -> tuple[str, str | None] | None:
    """Weights, then optionally the labels that belong to them."""
    weights, _ = QFileDialog.getOpenFileName(
        parent, "Open weights", folder, "Weights (*.pth *.pt *.safetensors);;All files (*)"
    )
    if not weights:
        return None
    labels, _ = QFileDialog.getOpenFileName(
        parent,
        "Open the class names (cancel: as the model has them)",
        str(Path(weights).parent),
        "Labels (*.txt *.names *.json);;All files (*)",
    )
    return weights, labels or None


def open_lesson(parent: QWidget, folder: str) -> str | None:
    name, _ = QFileDialog.getOpenFileName(parent, "Open a lesson", folder, "Lessons (*.toml)")
    return name or None


def save_picture(parent: QWidget, folder: str) -> str | None:
    name, _ = QFileDialog.getSaveFileName(
        parent, "Save the picture", str(Path(folder) / "boxscope.png"), "PNG (*.png);;SVG (*.svg)"
    )
    return name or None


def save_boxes(parent: QWidget, folder: str) -> str | None:
    name, _ = QFileDialog.getSaveFileName(
        parent, "Save the drawn boxes", str(Path(folder) / "boxes.json"), "COCO (*.json)"
    )
    return name or None


class AddressDialog(QDialog):
    """A camera from the list, or an address that is typed.

    ``look`` finds the cameras, as (source, name); it may take seconds and runs on another thread.
    """

    def __init__(self, parent: QWidget, look: Callable[[], list[tuple[str, str]]]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open a camera or an address")
        form = QFormLayout(self)
        self._found = QLabel("Looking for cameras …")
        self.cameras = QListWidget()
        self.cameras.setAccessibleName("Cameras")
        self.cameras.setMaximumHeight(6 * round(1.6 * self.fontMetrics().height()))
        self.cameras.hide()
        self.cameras.itemClicked.connect(self._on_camera)
        self.cameras.itemDoubleClicked.connect(self.accept)
        box = QVBoxLayout()
        box.addWidget(self._found)
        box.addWidget(self.cameras)
        form.addRow("Cameras", box)
        self.line = QLineEdit()
        self.line.setPlaceholderText("http://…, rtsp://…, camera:0, scene:7 or scenes:0-99")
        self.line.setMinimumWidth(420)
        form.addRow("Address", self.line)
        buttons = QDialogButtonBox()
        opening = QPushButton("Open")
        buttons.addButton(opening, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        opening.setDefault(True)
        self.line.setFocus()
        self._search = Newest("boxscope-cameras", self._on_found)
        self._search.submit(look)

    @property
    def address(self) -> str:
        return self.line.text().strip()

    @Slot(object)
    def _on_found(self, cameras: list[tuple[str, str]]) -> None:
        for source, name in cameras:
            item = QListWidgetItem(name)
            item.setToolTip(source)
            self.cameras.addItem(item)
        self.cameras.setVisible(bool(cameras))
        self._found.setVisible(not cameras)
        self._found.setText("none was found")

    @Slot(QListWidgetItem)
    def _on_camera(self, item: QListWidgetItem) -> None:
        self.line.setText(item.toolTip())
