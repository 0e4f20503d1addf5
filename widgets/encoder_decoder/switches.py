"""A switch for every skip connection, in lines like words."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QPushButton, QSizePolicy, QWidget

from widgets.encoder_decoder.model import Step
from widgets.encoder_decoder.words import skip_tip
from widgets.flow_layout import FlowLayout


class SkipSwitches(QWidget):
    """``switched(decoder, on)``; ``all_on`` is clicked to have every connection on again.

    They show what the trace had; the user's wish is reported. A click takes no focus, so that
    Space goes on freezing the picture.
    """

    switched = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._boxes: dict[str, QCheckBox] = {}
        self._flow = FlowLayout(self.fontMetrics().height() // 2, self)
        self.all_on = QPushButton("All skips &on")
        self.all_on.setToolTip("Switch every skip connection on again")
        self.all_on.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._flow.addWidget(self.all_on)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def box(self, decoder: str) -> QCheckBox:
        """The switch of a decoder's connection. Raises KeyError where there is none."""
        return self._boxes[decoder]

    def show_steps(self, steps: tuple[Step, ...]) -> None:
        """The stages of a trace; those of another model bring their own switches."""
        titles = {step.name: step.title for step in steps}
        joined = [step for step in steps if step.skip_from]
        if [step.name for step in joined] != list(self._boxes):
            self._rebuild(joined, titles)
        for step in joined:
            with QSignalBlocker(self._boxes[step.name]):
                self._boxes[step.name].setChecked(step.on)
        self.setVisible(bool(joined))
        self.all_on.setEnabled(not all(step.on for step in joined))

    def _rebuild(self, joined: list[Step], titles: dict[str, str]) -> None:
        for old in self._boxes.values():
            self._flow.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._flow.removeWidget(self.all_on)
        self._boxes = {}
        for step in joined:
            source = titles.get(step.skip_from, step.skip_from)
            box = QCheckBox(f"{source} → {step.title}")
            box.setObjectName(step.name)
            box.setToolTip(skip_tip(step, source))
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            box.toggled.connect(self._on_toggled)
            self._flow.addWidget(box)
            self._boxes[step.name] = box
        self._flow.addWidget(self.all_on)
        self.updateGeometry()

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        box = self.sender()
        if isinstance(box, QCheckBox):
            self.switched.emit(box.objectName(), on)
