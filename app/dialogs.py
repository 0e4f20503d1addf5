"""The dialogs of the File menu: each gives back what the user chose, or None."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QWidget,
)

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
    """A camera from the list, or an address that is typed."""

    def __init__(self, parent: QWidget, cameras: list[tuple[str, str]]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open a camera or an address")
        form = QFormLayout(self)
        self._list = QListWidget()
        for source, name in cameras:
            self._list.addItem(name)
            self._list.item(self._list.count() - 1).setToolTip(source)
        self._list.itemClicked.connect(lambda item: self.line.setText(item.toolTip()))
        self._list.itemDoubleClicked.connect(lambda _: self.accept())
        form.addRow("Cameras", self._list if cameras else QLabel("none was found"))
        self.line = QLineEdit()
        self.line.setPlaceholderText("http://…, rtsp://…, camera:0 or scene:7")
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

    @property
    def address(self) -> str:
        return self.line.text().strip()
