"""A lesson under way: each step is brought onto the window as the user would, and taken back after.

A step that needs another source or model waits for the first trace of both; only then are stage,
box and view chosen. When the lesson ends, what the user had comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, Qt, Signal, Slot

from app.controller import Remembered, first_settings
from app.lessons.lesson import Lesson, Scene, scenes
from app.lessons.pick import fill, pick
from app.settings import LAYOUT_VERSION
from engine.errors import BoxscopeError
from engine.params import Settings
from engine.session import ModelChoice
from widgets.lesson_bar import LessonBar

if TYPE_CHECKING:
    from app.controller import Controller
    from app.main_window import MainWindow
    from engine.trace import Trace

PRESENTED = 45  # percent of the window's width for a view in a presentation


@dataclass(frozen=True)
class _Before:
    """What the user had when the lesson began; ``layout`` None while a presentation hid it."""

    source: str
    engine: Remembered
    layout: QByteArray | None
    away: frozenset[str]
    rejected: bool
    truth: bool


class Course(QObject):
    """At most one lesson at a time; lives as long as the controller.

    ``changed``: a lesson began, went on or ended. ``shown(int)``: a step is on the screen, all of
    it, from 0.
    """

    changed = Signal()
    shown = Signal(int)

    def __init__(self, window: MainWindow, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._controller = window, controller
        self.lesson: Lesson | None = None
        self._scenes: tuple[Scene, ...] = ()
        self._before: _Before | None = None
        self._wanted: Scene | None = None  # not yet on the screen
        self._came: str = ""  # the view that a presentation shows for this lesson
        self.bar = LessonBar()
        window.place_bar(self.bar)
        self.bar.forth.connect(self.forth)
        self.bar.back.connect(self.back)
        self.bar.went.connect(self.go)
        self.bar.again.connect(self.again)
        self.bar.ended.connect(self.end)
        controller.trace_shown.connect(self._on_trace)
        controller.failed.connect(self._on_failed)

    # --- what the user does

    def start(self, lesson: Lesson) -> None:
        """Begin a lesson, at the step where it was left."""
        if self.lesson is not None:
            self._remember_step()
        else:
            self._before = self._now()
        self.lesson, self._scenes = lesson, scenes(lesson)
        self.bar.set_lesson(lesson.title, [step.title for step in lesson.steps])
        self.bar.show()
        step = int(self._window.settings.number(_key(lesson), 0, 0, len(lesson.steps) - 1))
        self.go(step)

    @property
    def step(self) -> int:
        """The present step, from 0."""
        return self.bar.step

    @property
    def waiting(self) -> bool:
        """Is the step not yet on the screen: its source, model or trace under way?"""
        return self._wanted is not None

    @property
    def scene(self) -> Scene:
        """What the present step shows."""
        return self._scenes[self.step]

    @Slot()
    def forth(self) -> None:
        """Show the answer where one waits, else the next step; after the last one the end."""
        if self.lesson is None:
            return
        if self.bar.answer_waits:
            self.bar.reveal()
        elif self.step + 1 < len(self._scenes):
            self.go(self.step + 1)
        else:
            self.end()

    @Slot()
    def back(self) -> None:
        if self.lesson is not None and self.step > 0:
            self.go(self.step - 1)

    @Slot()
    def again(self) -> None:
        """The present step as it was meant, whatever was changed meanwhile."""
        if self.lesson is not None:
            self.go(self.step)

    @Slot(int)
    def go(self, step: int) -> None:
        """Show a step, from 0."""
        if self.lesson is None:
            return
        self._wanted = scene = self._scenes[step]
        given, trace = self.lesson.steps[step], self._controller.trace
        self.bar.show_step(step, fill(given.text, trace), fill(given.answer, trace))
        self.bar.close_answer()
        self.changed.emit()
        self._window.undo_stack.clear()  # what was moved before is not part of this step
        controller = self._controller
        controller.freeze(False)
        if scene.source and scene.source != controller.source:
            controller.open(scene.source)
        if scene.model and scene.model != controller.model.name:
            controller.set_model(ModelChoice(scene.model))
        controller.set_settings(self._settings(scene))
        if controller.trace is not None:
            self._on_trace(controller.trace)

    @Slot()
    def end(self) -> None:
        """Leave the lesson: source, model, parameters and docks are again those of before."""
        if self.lesson is None:
            return
        self._remember_step()
        before = self._leave()
        if before.source and before.source != self._controller.source:
            self._controller.open(before.source)
        self._window.undo_stack.clear()
        self._controller.restore(before.engine)
        self.changed.emit()

    def stop(self) -> None:
        """The window is closing: nothing of the lesson is to be remembered as the user's own."""
        if self.lesson is not None:
            self._remember_step()
            self._controller.restore(self._leave().engine, quietly=True)

    # --- to the window and back

    def _settings(self, scene: Scene) -> Settings:
        first = first_settings(self._controller.model)
        return Settings.of({**first, **scene.settings})

    def _now(self) -> _Before:
        window = self._window
        presenting = window.actions_["present"].isChecked()
        return _Before(
            self._controller.source,
            self._controller.remembered,
            None if presenting else window.saveState(LAYOUT_VERSION),
            frozenset(window.dock_keeper.away),
            window.actions_["rejected"].isChecked(),
            window.actions_["truth"].isChecked(),
        )

    def _leave(self) -> _Before:
        window, before = self._window, self._before
        assert before is not None
        self.lesson = self._wanted = self._before = None
        self.bar.hide()
        self._hide_view()
        window.actions_["rejected"].setChecked(before.rejected)
        window.actions_["truth"].setChecked(before.truth)
        if before.layout is not None and not window.actions_["present"].isChecked():
            window.restoreState(before.layout, LAYOUT_VERSION)
            window.dock_keeper.away = set(before.away)
            window.dock_keeper.look_again()
        return before

    def _remember_step(self) -> None:
        """A finished lesson begins anew, one that was left goes on where it was."""
        assert self.lesson is not None
        done = self.step + 1 == len(self._scenes) and not self.bar.answer_waits
        self._window.settings.put(_key(self.lesson), 0 if done else self.step)

    @Slot(object)
    def _on_trace(self, trace: Trace) -> None:
        scene, controller = self._wanted, self._controller
        if scene is None:
            return
        here = not scene.source or scene.source == controller.source
        if here and trace.model == controller.model.name and trace.settings == controller.settings:
            self._wanted = None
            self._show(scene, trace)

    @Slot(str, str)
    def _on_failed(self, *_: object) -> None:
        self._wanted = None  # the window says what went wrong; Again tries once more

    def _show(self, scene: Scene, trace: Trace) -> None:
        """Stage, box and view, now that there is the trace for them."""
        window, selection = self._window, self._window.selection
        assert self.lesson is not None
        step = self.step
        given = self.lesson.steps[step]
        try:
            _check(scene, trace)
            ref = pick(trace, scene.select) if scene.select else None
        except BoxscopeError as error:
            window.tell("error", f"Lesson {self.lesson.title}, step {step + 1}: {error}")
            return
        window.actions_["rejected"].setChecked(scene.rejected)
        window.actions_["truth"].setChecked(scene.truth)
        selection.select(ref)
        selection.set_stage(scene.stage or trace.final or selection.stage)
        self._show_view(scene.view)
        self.bar.show_step(step, fill(given.text, trace), fill(given.answer, trace))
        self.shown.emit(step)

    def _show_view(self, key: str) -> None:
        presenting = self._window.actions_["present"].isChecked()
        if self._came != key:
            self._hide_view()
        if key in self._window.docks:
            self._window.docks[key].come()
            self._came = key if presenting else ""
        if presenting:
            if self._came:
                wide = [self._window.width() * PRESENTED // 100]
                self._window.resizeDocks([self._window.docks[key]], wide, Qt.Orientation.Horizontal)
            self._window.canvas.setFocus()

    def _hide_view(self) -> None:
        if self._came:
            self._window.docks[self._came].hide()
        self._came = ""


def _check(scene: Scene, trace: Trace) -> None:
    """Raises BoxscopeError when the step names what the model does not have."""
    from widgets.views import views

    if scene.stage and scene.stage not in trace.stages:
        raise BoxscopeError(f"{trace.model} has no stage {scene.stage!r}.")
    infos = {info.key: info for info in views()}
    if scene.view and scene.view not in infos:
        raise BoxscopeError(f"there is no view {scene.view!r}: {', '.join(infos)}.")
    if scene.view and not infos[scene.view].shows(trace):
        raise BoxscopeError(f"the view {scene.view!r} has nothing to show of {trace.model}.")


def _key(lesson: Lesson) -> str:
    """Where the settings keep the step at which a lesson was left."""
    return f"lessons/{lesson.name}"
