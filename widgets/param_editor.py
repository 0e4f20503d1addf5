"""One parameter: its name, the control that its declaration asks for, and a way back."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)

from engine.params import Param, Value
from widgets.param_words import words
from widgets.quiet_controls import QuietWheel
from widgets.slider_scale import Scale

_INT_MAX = 2**31 - 1


class ParamEditor(QWidget):
    """Shows the value it is given and reports what the user wants; it never changes by itself.

    ``changed(key, value)`` continuously while a slider is dragged; ``reset(key)``.
    """

    changed = Signal(str, object)
    reset = Signal(str)

    def __init__(self, key: str, param: Param, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key, self.param = key, param
        self._value: Value = param.default
        self._slider: QSlider | None = None
        self._scale: Scale | None = None
        self._name = QLabel(words(param.name))
        self._name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._control = self._make_control()
        self._control.setObjectName("control")
        self._control.setAccessibleName(words(param.name))
        self._name.setBuddy(self._control)
        self._reset = QToolButton()
        self._reset.setObjectName("reset")
        self._reset.setText("↺")
        self._reset.setAutoRaise(True)
        self._reset.setToolTip(f"Back to {self._text(param.default)}")
        self._reset.setAccessibleName(f"Reset {words(param.name)}")
        self._reset.clicked.connect(self._on_reset)
        # A hidden reset button keeps its room, or the row would jump when it comes.
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        self.setToolTip(self._tip())
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self._name, 0, 0)
        grid.addWidget(self._control, 0, 1)
        grid.addWidget(self._reset, 0, 2)
        if self._slider is not None:
            self._slider.setObjectName("slider")
            self._slider.setAccessibleName(words(param.name))
            grid.addWidget(self._slider, 1, 0, 1, 3)
        self.set_value(param.default)

    @property
    def value(self) -> Value:
        return self._value

    @property
    def moved(self) -> bool:
        return self._value != self.param.default

    def set_value(self, value: Value) -> None:
        """Show a value without reporting it."""
        self._value = value
        control = self._control
        with QSignalBlocker(control):
            if isinstance(control, QCheckBox):
                control.setChecked(bool(value))
            elif isinstance(control, QComboBox):
                control.setCurrentText(str(value))
            elif isinstance(control, QSpinBox):
                control.setValue(int(value))
            elif isinstance(control, QDoubleSpinBox):
                control.setValue(float(value))
            elif isinstance(control, QLineEdit) and control.text() != str(value):
                control.setText(str(value))
        if self._slider is not None and self._scale is not None:
            tick = self._scale.tick(float(value))
            # Not while the hand is on it, if it already stands for this value.
            if self._scale.value(self._slider.value()) != value:
                with QSignalBlocker(self._slider):
                    self._slider.setValue(tick)
        font = self._name.font()
        if font.bold() != self.moved:
            font.setBold(self.moved)
            self._name.setFont(font)
        self._reset.setVisible(self.moved)

    def _make_control(self) -> QWidget:
        param, default = self.param, self.param.default
        if isinstance(default, bool):
            check = QCheckBox()
            check.toggled.connect(self._on_value)
            return check
        if isinstance(default, str):
            if param.choices:
                combo = _Combo()
                combo.addItems(list(param.choices))
                combo.textActivated.connect(self._on_value)
                return combo
            line = QLineEdit()
            line.editingFinished.connect(self._on_text)
            return line
        return self._make_number()

    def _make_number(self) -> QWidget:
        param, whole = self.param, isinstance(self.param.default, int)
        step = param.step or (1.0 if whole else self._guess_step())
        spin: QSpinBox | QDoubleSpinBox
        if whole:
            spin = _Spin()
            spin.setRange(
                -_INT_MAX if param.low is None else int(param.low),
                _INT_MAX if param.high is None else int(min(param.high, _INT_MAX)),
            )
            spin.setSingleStep(max(1, round(step)))
            spin.setGroupSeparatorShown(True)
        else:
            spin = _DoubleSpin()
            spin.setDecimals(self._decimals(step))
            spin.setRange(
                -1e9 if param.low is None else param.low, 1e9 if param.high is None else param.high
            )
            spin.setSingleStep(step)
        if param.unit:
            spin.setSuffix(f" {param.unit}")
        spin.setKeyboardTracking(False)  # "0.7" is not "0", then "0.", then "0.7"
        spin.setMinimumWidth(spin.fontMetrics().horizontalAdvance("8") * 9)
        spin.valueChanged.connect(self._on_value)
        if param.low is not None and param.high is not None and param.high > param.low:
            self._scale = Scale.of(param.low, param.high, step)
            self._slider = _Slider(Qt.Orientation.Horizontal)
            self._slider.setRange(0, self._scale.ticks)
            self._slider.setPageStep(max(1, self._scale.ticks // 20))
            self._slider.valueChanged.connect(self._on_slider)
        return spin

    def _guess_step(self) -> float:
        low, high = self.param.low, self.param.high
        return 0.01 if low is None or high is None or high - low > 0.5 else (high - low) / 100

    def _decimals(self, step: float) -> int:
        """As many places as the step, the default and the ends of the range are written with."""
        param = self.param
        shown = (step, float(param.default), param.low or 0.0, param.high or 0.0)
        return max(1, *(min(8, len(f"{v:.8f}".rstrip("0").split(".")[1])) for v in shown))

    def _text(self, value: Value) -> str:
        unit = f" {self.param.unit}" if self.param.unit else ""
        return f"{value}{unit}"

    def _tip(self) -> str:
        param = self.param
        lines = [param.help, f"Default {self._text(param.default)}"]
        if param.low is not None and param.high is not None:
            lines.append(f"From {param.low:g} to {self._text(f'{param.high:g}')}")
        lines.append(f"On the command line: --set {self.key}=…")
        return "\n".join(line for line in lines if line)

    @Slot(object)
    def _on_value(self, value: object) -> None:
        self._report(value)

    @Slot()
    def _on_text(self) -> None:
        assert isinstance(self._control, QLineEdit)
        self._report(self._control.text())

    @Slot(int)
    def _on_slider(self, tick: int) -> None:
        assert self._scale is not None
        self._report(self._scale.value(tick))

    def _report(self, wanted: object) -> None:
        value = self.param.check(wanted, self.key)
        if value != self._value:
            self.set_value(value)
            self.changed.emit(self.key, value)

    @Slot()
    def _on_reset(self) -> None:
        self.reset.emit(self.key)


class _Spin(QuietWheel, QSpinBox):
    pass


class _DoubleSpin(QuietWheel, QDoubleSpinBox):
    pass


class _Combo(QuietWheel, QComboBox):
    pass


class _Slider(QuietWheel, QSlider):
    pass
