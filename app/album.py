"""The pictures of a tour: the window stage by stage, and every view that a trace has."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize

from app.lessons.lesson import find
from app.offscreen import Patience, settled
from engine import catalogue
from engine.session import ModelChoice
from engine.trace import Ref
from widgets.background import settle
from widgets.compare.panel import ComparePanel
from widgets.evaluation.panel import EvaluationPanel
from widgets.export import save_widget
from widgets.receptive.panel import ReceptivePanel
from widgets.theme import apply_theme
from widgets.views import views

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

    from app.main_window import MainWindow
    from engine.trace import Trace

SIZE = (1440, 900)
VIEW_SIZE = (960, 720)
THEMES = ("light", "dark")
# Models that show what the first one has not.
OTHERS = ("boxscope-yolo", "boxscope-unet")
FEW_SCENES = "scenes:1000000-1000005"

LESSON = ("two-stage", 4)  # and the step, from 0

# stage, and whether rejected rows are shown: the road of a proposal, told in pictures
STAGES = (
    ("anchors", False),
    ("rpn_topk", False),
    ("rpn_nms", True),
    ("proposals", False),
    ("score_threshold", False),
    ("nms", True),
    ("detections", False),
)


def take_pictures(app: QApplication, window: MainWindow, out: Path) -> list[Path]:
    """Every picture, into a folder that exists; the window shows its first trace already."""
    assert window.controller is not None
    window.freeze(True)
    album = _Album(app, window, out)
    album.stages()
    album.lesson()
    album.views()
    for name in OTHERS:
        if album.missing and catalogue.state(catalogue.find(name)) == "shipped":
            window.controller.set_model(ModelChoice(name))
            Patience(partial(_shows, window, name), f"The trace of {name}")
            album.views()
    return album.written


def _shows(window: MainWindow, model: str) -> bool:
    trace = window.selection.trace
    return trace is not None and trace.model == model


def _is_back(window: MainWindow, to: Trace) -> bool:
    """Does the window show again what it showed in an earlier trace?"""
    trace, controller = window.selection.trace, window.controller
    return (
        trace is not None
        and controller is not None
        and controller.wanted_source == controller.source
        and (trace.frame.source, trace.model) == (to.frame.source, to.model)
        and trace.settings == to.settings
    )


class _Album:
    """The pictures that were taken, and of which views there is none yet."""

    def __init__(self, app: QApplication, window: MainWindow, out: Path) -> None:
        self.written: list[Path] = []
        self.missing = list(views())
        self._app, self._window, self._out = app, window, out

    @property
    def _trace(self) -> Trace:
        trace = self._window.selection.trace
        assert trace is not None
        return trace

    def stages(self) -> None:
        """The whole window in both themes, and stage by stage."""
        selection, trace = self._window.selection, self._trace
        for theme in THEMES:
            apply_theme(self._app, theme, 1.0)
            selection.set_stage(trace.final)
            self._take(f"window-{theme}", self._window, SIZE)
        apply_theme(self._app, THEMES[0], 1.0)
        for number, (stage, rejected) in enumerate(STAGES, 1):
            if stage in trace.stages:
                selection.set_show_rejected(rejected)
                selection.set_stage(stage)
                self._take(f"stage-{number}-{stage}", self._window, SIZE)
        selection.set_show_rejected(False)
        selection.set_stage(trace.final)

    def lesson(self) -> None:
        """A lesson under way; afterwards the window is as it was."""
        assert self._window.presenter is not None
        course, (name, step), trace = self._window.presenter.course, LESSON, self._trace
        course.start(find(name))
        course.go(step)
        Patience(lambda: not course.waiting, "The lesson")
        self._take("lesson", self._window, SIZE)
        course.end()
        Patience(partial(_is_back, self._window, trace), "The end of the lesson")
        self._window.freeze(True)

    def views(self) -> None:
        """Every view that has no picture yet and that the trace has what it needs for."""
        selection, trace = self._window.selection, self._trace
        shown = [info for info in self.missing if info.shows(trace)]
        self.missing = [info for info in self.missing if info not in shown]
        for theme in THEMES:
            apply_theme(self._app, theme, 1.0)
            for info in shown:
                view = info.create(selection)
                view.resize(*VIEW_SIZE)
                view.show()
                settled(self._app)
                self._select_best()
                if info.key == "compare":
                    _compared(view)
                if isinstance(view, ReceptivePanel):
                    Patience(partial(_followed, view), "Following the layers")
                if isinstance(view, EvaluationPanel):
                    _evaluated(view)
                self._take(f"view-{info.key}-{theme}", view, VIEW_SIZE)
                view.close()
                view.deleteLater()

    def _select_best(self) -> None:
        trace = self._trace
        if trace.final in trace.stages and len(trace.table(trace.final).kept):
            best = Ref(trace.final, int(trace.table(trace.final).kept[0]))
            self._window.selection.select(best)

    def _take(self, name: str, widget: QWidget, size: tuple[int, int]) -> None:
        settled(self._app)
        path = self._out / f"{name}.png"
        save_widget(widget, path, QSize(*size))
        self.written.append(path)


def _followed(view: ReceptivePanel) -> bool:
    return view.fields is not None


def _evaluated(view: EvaluationPanel) -> None:
    """Let the view measure the model on a few scenes that it never saw."""
    view.data.place.setText(FEW_SCENES)
    view.data.evaluate.click()

    def done() -> bool:
        return view.current is not None and view.current.complete and not view.busy

    Patience(done, "Evaluating")
    settle()


def _compared(view: QWidget) -> None:
    """Let the view compare with the other detector that ships."""
    assert isinstance(view, ComparePanel)
    view.compare_with("boxscope-ssd")
    Patience(lambda: view.compared is not None and view.compared.b is not None, "Comparing")
