"""Parameter panel: every parameter that the stages declare, with reset; undo lives in the app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from widgets.param_editor import ParamEditor
from widgets.section_heading import SectionHeading

if TYPE_CHECKING:
    from engine.params import Value
    from engine.pipeline import StageInfo


class ParamPanel(QWidget):
    """A group for each stage that has parameters; the present stage's stands first, unfolded.

    ``changed(key, value)`` with key ``stage.param``, continuously while a slider is dragged;
    ``reset_requested(key)``; ``reset_all_requested()``. The panel shows what `set_state` says.
    """

    changed = Signal(str, object)
    reset_requested = Signal(str)
    reset_all_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._infos: tuple[StageInfo, ...] = ()
        self._groups: dict[str, ParamGroup] = {}
        self._stage = ""
        self._hint = QLabel("Parameters appear when a model has looked at a picture.")
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setContentsMargins(12, 12, 12, 12)
        self._reset_all = QPushButton("Reset all")
        self._reset_all.setObjectName("reset-all")
        self._reset_all.clicked.connect(self.reset_all_requested)
        self._moved = QLabel()
        top = QHBoxLayout()
        top.setContentsMargins(8, 4, 8, 0)
        top.addWidget(self._moved, 1)
        top.addWidget(self._reset_all)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(8, 0, 8, 8)
        self._column.setSpacing(4)
        self._column.addWidget(self._hint)
        self._column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        self._inside = inside
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self._scroll)
        self._count_moved()

    def set_state(self, infos: tuple[StageInfo, ...], settings: Mapping[str, Value]) -> None:
        """Show the parameters of these stages; ``settings`` holds the moved ones."""
        if infos != self._infos:
            self._rebuild(infos)
        for editor in self.editors().values():
            value = settings.get(editor.key, editor.param.default)
            if value != editor.value:
                editor.set_value(value)
        self._count_moved()

    @Slot(str)
    def set_stage(self, name: str) -> None:
        """Put this stage's group first and unfold it; others keep the order of the stages."""
        self._stage = name
        group = self._groups.get(name)
        ordered = [g for n, g in self._groups.items() if n != name]
        if group is not None:
            ordered.insert(0, group)
            group.set_open(True)
        for at, one in enumerate(ordered):
            if self._column.indexOf(one) != at:
                self._column.insertWidget(at, one)
            one.set_current(one is group)
        if group is not None:
            self._scroll.verticalScrollBar().setValue(0)

    def editors(self) -> dict[str, ParamEditor]:
        """Every editor by its key ``stage.param``."""
        return {e.key: e for g in self._groups.values() for e in g.editors}

    def group(self, stage: str) -> ParamGroup:
        """The group of a stage. Raises KeyError when the stage has no parameters."""
        return self._groups[stage]

    def _rebuild(self, infos: tuple[StageInfo, ...]) -> None:
        for group in self._groups.values():
            self._column.removeWidget(group)
            group.hide()
            group.deleteLater()
        self._infos = infos
        self._groups = {}
        for info in infos:
            if info.params:
                group = ParamGroup(info)
                for editor in group.editors:
                    editor.changed.connect(self._on_changed)
                    editor.reset.connect(self.reset_requested)
                self._column.insertWidget(len(self._groups), group)
                self._groups[info.name] = group
        self._hint.setVisible(not self._groups)
        if infos and not self._groups:
            self._hint.setText("This model's stages have no parameters.")
        self.set_stage(self._stage)
        self._fit_width()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit_width()

    def _fit_width(self) -> None:
        """Never narrower than the widest row: a control that is cut off cannot be used."""
        self._column.activate()
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        self._scroll.setMinimumWidth(self._inside.minimumSizeHint().width() + bar)

    @Slot(str, object)
    def _on_changed(self, key: str, value: Value) -> None:
        self._count_moved()
        self.changed.emit(key, value)

    def _count_moved(self) -> None:
        moved = sum(editor.moved for editor in self.editors().values())
        self._moved.setText(f"{moved} moved" if moved else "")
        self._reset_all.setEnabled(bool(moved))


class ParamGroup(QWidget):
    """The parameters of one stage under a heading that folds them."""

    def __init__(self, info: StageInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = SectionHeading(info.title)
        self._heading.setObjectName("heading")
        self._heading.setToolTip(info.help)
        self._heading.toggled.connect(self._on_toggled)
        self.editors = [ParamEditor(f"{info.name}.{p.name}", p) for p in info.params]
        self._body = QWidget()
        inner = QVBoxLayout(self._body)
        inner.setContentsMargins(12, 0, 0, 4)
        inner.setSpacing(2)
        for editor in self.editors:
            inner.addWidget(editor)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._heading)
        column.addWidget(self._body)
        self._on_toggled(True)

    @property
    def is_open(self) -> bool:
        return self._heading.isChecked()

    def set_open(self, on: bool) -> None:
        self._heading.setChecked(on)

    def set_current(self, on: bool) -> None:
        font = self._heading.font()
        font.setBold(on)
        self._heading.setFont(font)

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        self._body.setVisible(on)
