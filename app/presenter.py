"""Presenter: brings what the controller says onto the widgets, and what they wish to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.comparison import Comparison
from app.crowds import Crowds
from app.drawing import Drawing
from app.evaluating import Evaluating
from app.lessons.course import Course
from app.receptive import Receptive
from app.refining import Refining
from app.study import Study
from app.undo import ChangeSelection, ChangeSettings
from engine.frame import Frame
from engine.params import Settings, Value
from engine.session import ModelChoice, Progress
from engine.sources import PlayerState
from engine.trace import Ref, Trace
from engine.worker import Answer
from widgets.model_list import model_lines

if TYPE_CHECKING:
    from app.controller import Controller
    from app.main_window import MainWindow

STATUS_MS = 500


class Presenter(QObject):
    """Lives as long as the controller. ``first_trace`` once, when a model shows its first trace."""

    first_trace = Signal()

    def __init__(self, window: MainWindow, controller: Controller) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._stage = ""
        self._started = False
        self._selecting = False  # whether undo or redo selects a box
        self._opening = False  # whether the progress strip speaks of a source
        controller.frame_shown.connect(self._on_frame)
        controller.trace_shown.connect(self._on_trace)
        controller.failed.connect(self._on_failed)
        controller.progressed.connect(self._on_progress)
        controller.opening.connect(self._on_opening)
        controller.player_changed.connect(self._on_player)
        controller.settings_changed.connect(self._on_settings)
        controller.frozen_changed.connect(self._on_frozen)
        controller.source_changed.connect(self._on_source)
        controller.model_changed.connect(self._on_model)
        controller.answered.connect(self._on_answer)
        self.study = Study(controller, window.selection, window.ribbon, self)
        self.comparison = Comparison(controller, window.selection, window.undo_stack, self)
        self.refining = Refining(controller, window.selection, self)
        self.crowds = Crowds(controller, window.selection, self)
        self.receptive = Receptive(controller, window.selection, self)
        self.evaluating = Evaluating(controller, window.selection, window.undo_stack, self)
        self.drawing = Drawing(window, controller, self)
        self.course = Course(window, controller, self)
        window.progress.cancelled.connect(controller.cancel)
        window.model_chooser.chosen.connect(self._choose_model)
        window.device_chooser.chosen.connect(self._choose_device)
        bar = window.source_bar
        bar.play.connect(controller.play)
        bar.step.connect(controller.step)
        bar.seek.connect(controller.seek)
        bar.speed.connect(controller.set_speed)
        bar.loop.connect(controller.set_loop)
        window.params.changed.connect(self._on_param)
        window.selection.param_wished.connect(self._on_param)
        window.selection.change_wished.connect(self._on_change)
        window.selection.picked.connect(self._on_picked)
        window.selection.source_wished.connect(window.file_menu.open_source)
        window.params.reset_requested.connect(self._reset_one)
        window.params.reset_all_requested.connect(self.reset_params)
        window.selection.stage_changed.connect(window.params.set_stage)
        self._list_models()
        window.model_chooser.set_current(controller.model.name)
        window.device_chooser.set_current(controller.device)
        window.canvas.set_caption(f"Loading {controller.model.name} …")
        self._status = QTimer(self)
        self._status.timeout.connect(self._show_rate)
        self._status.start(STATUS_MS)

    def stop(self) -> None:
        self._status.stop()
        self.study.stop()
        self.comparison.stop()
        self.evaluating.stop()
        self.refining.stop()
        self.receptive.stop()
        # Commands hold the presenter and the window holds them: a circle that PySide's commands do
        # not survive when the garbage collector cuts it.
        self._window.undo_stack.clear()

    def start_at(self, stage: str) -> None:
        """Show this stage when the first trace has it."""
        self._stage = stage

    # --- from the controller

    @Slot(object)
    def _on_frame(self, frame: Frame) -> None:
        self._window.selection.set_trace(None)
        self._window.canvas.set_frame(frame)

    @Slot(object)
    def _on_trace(self, trace: Trace) -> None:
        window = self._window
        window.canvas.set_caption("")
        window.params.set_state(trace.infos, trace.settings)
        window.selection.set_trace(trace)
        if not self._started:
            self._started = True
            self.first_trace.emit()
            self._controller.ask("devices", _devices)
        if self._stage:
            stage, self._stage = self._stage, ""
            if stage in trace.stages:
                window.selection.set_stage(stage)
            else:
                there = ", ".join(trace.stages)
                window.tell("error", f"This model has no stage {stage!r}; it has: {there}.")

    @Slot(str, str)
    def _on_failed(self, sentence: str, details: str) -> None:
        self._window.canvas.set_caption("")
        self._window.tell("error", sentence, details)

    @Slot(object)
    def _on_progress(self, progress: Progress | None) -> None:
        self._opening = False
        if progress is None:
            self._window.progress.clear()
            self._list_models()  # a download may have changed what is here
        else:
            self._window.progress.set_progress(progress.text, progress.fraction)

    @Slot(str)
    def _on_opening(self, source: str) -> None:
        if source:
            self._opening = True
            self._window.progress.set_progress(f"Opening {source} …")
        elif self._opening:  # else the strip shows a download by now
            self._opening = False
            self._window.progress.clear()

    @Slot(object)
    def _on_player(self, state: PlayerState | None) -> None:
        self._window.source_bar.set_state(state)

    @Slot(object)
    def _on_settings(self, settings: Settings) -> None:
        trace = self._controller.trace
        if trace is not None and trace.model == self._controller.model.name:
            self._window.params.set_state(trace.infos, settings)

    @Slot(bool)
    def _on_frozen(self, frozen: bool) -> None:
        self._window.actions_["freeze"].setChecked(frozen)
        self._window.canvas.set_caption("Frozen: Space goes on" if frozen else "")

    @Slot(str)
    def _on_source(self, source: str) -> None:
        self._window.setWindowTitle(f"{source} – Boxscope")
        if self.course.lesson is None:  # else it is the lesson's, not one that the user chose
            self._window.file_menu.remember(source)

    @Slot(object, str)
    def _on_model(self, choice: ModelChoice, device: str) -> None:
        self._window.model_chooser.set_current(choice.name)
        self._window.device_chooser.set_current(device)
        self._window.undo_stack.clear()
        self._window.canvas.set_caption(f"Loading {choice.name} …")

    @Slot(object)
    def _on_answer(self, answer: Answer) -> None:
        if answer.key == "devices" and isinstance(answer.value, list):
            self._window.device_chooser.set_devices(answer.value)

    # --- from the widgets

    @Slot(str)
    def _choose_model(self, name: str) -> None:
        self._controller.set_model(ModelChoice(name))

    @Slot(str)
    def _choose_device(self, device: str) -> None:
        self._controller.set_model(self._controller.model, device)

    @Slot(str, object)
    def _on_param(self, key: str, value: Value) -> None:
        self._move(key, value, merge=key)

    @Slot(str, object)
    def _on_change(self, key: str, value: Value) -> None:
        self._move(key, value, merge="")

    def _move(self, key: str, value: Value, merge: str) -> None:
        after = self._controller.settings.with_(key, value)
        trace = self._controller.trace
        if trace is not None and value == _default(trace, key):
            after = after.without(key)
        self._change(f"move {key}", merge, after)

    @Slot(object, object)
    def _on_picked(self, before: Ref | None, after: Ref | None) -> None:
        trace = self._window.selection.trace
        if not self._selecting and trace is not None:
            select = partial(self._select, trace.frame.serial)
            self._window.undo_stack.push(ChangeSelection(before, after, select))

    def _select(self, serial: int, ref: Ref | None) -> None:
        """What undo and redo do, which is no step of its own; rows of another picture are others'
        boxes."""
        selection = self._window.selection
        if selection.trace is None or selection.trace.frame.serial != serial:
            return
        self._selecting = True
        try:
            selection.select(ref)
        finally:
            self._selecting = False

    @Slot(str)
    def _reset_one(self, key: str) -> None:
        self._change(f"reset {key}", "", self._controller.settings.without(key))

    @Slot()
    def reset_params(self) -> None:
        self._change("reset all parameters", "", Settings())

    def _change(self, text: str, key: str, after: Settings) -> None:
        before = self._controller.settings
        if after != before:
            command = ChangeSettings(text, key, before, after, self._controller.set_settings)
            self._window.undo_stack.push(command)

    @Slot()
    def _show_rate(self) -> None:
        rate, trace = self._controller.rate, self._controller.trace
        if trace is None:
            text = ""
        elif rate:
            text = f"{rate:.1f} frames/s · {1000 * self._controller.latency:.0f} ms"
        else:
            text = f"{1000 * trace.seconds:.0f} ms"
        if trace is not None:
            text += f" · {trace.device}"
        self._window.rate_label.setText(text)

    def _list_models(self) -> None:
        self._window.model_chooser.set_models(model_lines())


def _default(trace: Trace, key: str) -> Any:
    stage, _, name = key.partition(".")
    for info in trace.infos:
        if info.name == stage:
            return next((p.default for p in info.params if p.name == name), None)
    return None


def _devices(session: Any, cancelled: Any) -> list[str]:
    from engine.devices import devices

    return [device.key for device in devices()]
