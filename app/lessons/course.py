"""A lesson under way: each step is brought onto the window as the user would do it.

A step that needs another source or model waits for the first trace of both; only then are stage,
box and view chosen. When the lesson ends, what the user had comes back (`app.lessons.before`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.lessons.before import Before
from app.lessons.lesson import Lesson, Scene, scenes
from app.lessons.pick import fill, pick
from app.lessons.remote import RemoteKeys
from app.moved import settings_of
from engine.errors import BoxscopeError
from engine.params import Settings
from engine.session import ModelChoice
from widgets.lesson_bar import LessonBar

if TYPE_CHECKING:
    from app.controller import Controller
    from app.main_window import MainWindow
    from engine.trace import Trace

PRESENTED = 45  # percent of the window's width for a view in a presentation


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
        self._before: Before | None = None
        self._wanted: Scene | None = None  # not yet on the screen
        self._came = ""  # the view that a presentation shows for this lesson
        self._remote = RemoteKeys(self)
        self.bar = LessonBar()
        window.place_bar(self.bar)
        self.bar.forth.connect(self.forth)
        self.bar.back.connect(self.back)
        self.bar.went.connect(self.go)
        self.bar.again.connect(self.again)
        self.bar.ended.connect(self.end)
        controller.trace_shown.connect(self._on_trace)
        controller.failed.connect(self._on_failed)
        controller.cancelled.connect(self._give_up)
        controller.model_changed.connect(self._on_model)
        window.actions_["present"].toggled.connect(self._on_present)

    # --- what the user does

    def start(self, lesson: Lesson) -> None:
        """Begin a lesson, at the step where it was left."""
        if self.lesson is not None:
            self._remember_step()
        else:
            self._before = Before(self._window, self._controller, self)
        self._window.actions_["draw"].setChecked(False)  # clicks are for choosing now
        self.lesson, self._scenes = lesson, scenes(lesson)
        self.bar.set_lesson(lesson.title, [step.title for step in lesson.steps])
        self.bar.show()
        self._remote.set_on(True)
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
        self._tell(step, None)  # numbers of another picture or model would be wrong
        self.bar.close_answer()
        self.changed.emit()
        controller = self._controller
        self._open(scene.source)
        controller.set_model(self._choice(scene))
        controller.set_settings(self._settings(scene))
        if controller.trace is not None:
            self._on_trace(controller.trace)

    @Slot()
    def end(self) -> None:
        """Leave the lesson: picture, model, parameters and panels are again those of before."""
        if self.lesson is not None:
            self._leave().go_back()
            self.changed.emit()

    def stop(self) -> None:
        """The window is closing: nothing of the lesson is to be stored as the user's own."""
        if self.lesson is not None:
            self._leave().forget_lesson()

    # --- what a step wants

    def _open(self, source: str) -> None:
        controller = self._controller
        assert self._before is not None
        if not source:
            self._before.open_source()
        elif source != controller.wanted_source:
            if source == controller.source:
                controller.stay()  # another one is under way
            else:
                controller.open(source)

    def _choice(self, scene: Scene) -> ModelChoice:
        assert self._before is not None
        return ModelChoice(scene.model) if scene.model else self._before.engine.model

    def _settings(self, scene: Scene) -> Settings:
        """A lesson's model as the window begins with it, the user's own as it was moved."""
        assert self._before is not None
        choice = self._choice(scene)
        first = settings_of(choice, {} if scene.model else self._before.engine.moved)
        return Settings.of({**first, **scene.settings})

    def _is_there(self, scene: Scene, trace: Trace) -> bool:
        """Is the trace that of the step's source and model, with the present parameters?"""
        assert self._before is not None
        controller, choice = self._controller, self._choice(scene)
        source = scene.source or self._before.source
        return (
            source in ("", controller.source)
            and controller.wanted_source == controller.source
            and choice == controller.model
            and choice.name == trace.model
            and trace.settings == controller.settings
        )

    # --- to the window and back

    @Slot(object)
    def _on_trace(self, trace: Trace) -> None:
        if self.lesson is None:
            return
        scene = self._wanted
        if scene is None:
            self._tell(self.step, trace)  # something was moved
        elif self._is_there(scene, trace):
            self._wanted = None
            self._show(scene, trace)

    @Slot(str, str)
    def _on_failed(self, *_: object) -> None:
        """The window says what went wrong; Again tries once more."""
        if self._controller.wanted_source == self._controller.source:
            self._give_up()  # else it was the old source, or one file of a folder

    @Slot(object, str)
    def _on_model(self, choice: ModelChoice, _: str) -> None:
        if self._wanted is not None and choice != self._choice(self._wanted):
            self._give_up()  # the user's own wish, or the fall back from one that did not load

    @Slot()
    def _give_up(self) -> None:
        self._wanted = None

    def _show(self, scene: Scene, trace: Trace) -> None:
        """Stage, box and view, now that there is the trace for them."""
        window, selection = self._window, self._window.selection
        assert self.lesson is not None
        step = self.step
        try:
            _check(scene, trace)
            ref = pick(trace, scene.select) if scene.select else None
        except BoxscopeError as error:
            window.tell("error", f"Lesson {self.lesson.title}, step {step + 1}: {error}")
            return
        window.actions_["rejected"].setChecked(scene.rejected)
        window.actions_["truth"].setChecked(scene.truth)
        selection.select(ref)
        selection.set_stage(scene.stage or trace.final or selection.stages[-1])
        self._show_view(scene.view)
        self._tell(step, trace)
        window.undo_stack.clear()  # what leads to this step is no step of the user's
        self.shown.emit(step)

    def _tell(self, step: int, trace: Trace | None) -> None:
        assert self.lesson is not None
        given = self.lesson.steps[step]
        self.bar.show_step(step, fill(given.text, trace), fill(given.answer, trace))

    def _show_view(self, key: str) -> None:
        window = self._window
        presenting = window.actions_["present"].isChecked()
        if self._came != key:
            self._hide_view()
        if key in window.docks:
            dock = window.docks[key]
            dock.come()
            self._came = key if presenting else ""
            if presenting:
                wide = window.width() * PRESENTED // 100
                window.resizeDocks([dock], [wide], Qt.Orientation.Horizontal)
        if presenting:
            window.canvas.setFocus()

    def _hide_view(self) -> None:
        if self._came:
            self._window.docks[self._came].hide()
        self._came = ""

    @Slot(bool)
    def _on_present(self, on: bool) -> None:
        """The presentation hid the step's panel, or brought the user's own back."""
        if self.lesson is None:
            return
        assert self._before is not None
        self._came = ""
        if not on:
            self._before.note_layout()
        if self._wanted is None:
            self._show_view(self.scene.view)

    def _leave(self) -> Before:
        assert self._before is not None
        self._remember_step()
        self.bar.hide()
        self._remote.set_on(False)
        self._hide_view()
        before = self._before
        self.lesson = self._wanted = self._before = None
        return before

    def _remember_step(self) -> None:
        """A finished lesson begins anew, one that was left goes on where it was."""
        assert self.lesson is not None
        done = self.step + 1 == len(self._scenes) and not self.bar.answer_waits
        self._window.settings.put(_key(self.lesson), 0 if done else self.step)


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
    """Where the settings keep the step at which a lesson was left; files may share a name."""
    own = f"-{crc32(lesson.path.encode()):08x}" if lesson.path else ""
    return f"lessons/{lesson.name}{own}"
