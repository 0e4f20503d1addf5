"""The evaluation view: asks for runs over a data set, and shows what they are worth."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from widgets.evaluation import words
from widgets.evaluation.live import KEY as LIVE
from widgets.evaluation.live import LiveFrames
from widgets.evaluation.parts import EvaluationWidgets
from widgets.evaluation.plot import Other
from widgets.evaluation.prefix import few
from widgets.evaluation.question import (
    Command,
    EvaluateWish,
    EvaluationState,
    OpenWish,
    Phase,
    Run,
)
from widgets.evaluation.study import DEPTH, Answer, Desk, Line, Question

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.selection import Selection

SNAPSHOT_MS, LONGEST_MS = 700, 30_000  # between two looks at a run that goes on
SHARE = 1 / 10  # of the time that looking may take
LIVE_MS = 300


class EvaluationPanel(EvaluationWidgets):
    """Wishes by ``selection.evaluation_wished``; works without a trace.

    `answer` is what is shown of the runs.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._runs: dict[Hashable, Run] = {}
        self._current: Hashable = None
        self._label = ""
        self._answer: Answer | None = None
        self._means: dict[Hashable, float] = {}
        self._desk = Desk()
        self._number = 0
        self._fresh: Callable[[], Run] | None = None
        self._follow = False
        self._spent = 0.0
        self._frames = LiveFrames()
        self._look = _timer(self, SNAPSHOT_MS, self.ask)
        self._live_look = _timer(self, LIVE_MS, self.ask)
        self._connect()
        self._on_trace(selection.trace)
        self._show_shape()

    def _connect(self) -> None:
        selection = self._selection
        selection.trace_changed.connect(self._on_trace)
        selection.evaluation_changed.connect(self._on_state)
        self.data.wished.connect(self._on_wished)
        self.runs.chosen.connect(self._on_chosen)
        self.runs.toggled.connect(self._show_curve)
        self.runs.removed.connect(self._on_removed)
        self.controls.measured.connect(self._on_measured)
        self.controls.score_moved.connect(self._on_score)
        self.controls.class_chosen.connect(self._on_class)
        self.classes.picked.connect(self.look_at)
        self.tabs.currentChanged.connect(self._on_page)
        self.live.cleared.connect(self._on_cleared)
        self.live.asked.connect(self.ask)
        for page in (self.walk, self.confusion, self.pictures):
            page.opened.connect(self._on_open)

    @property
    def selection(self) -> Selection:
        return self._selection

    @property
    def answer(self) -> Answer | None:
        return self._answer

    @property
    def current(self) -> Run | None:
        """The run that is walked."""
        return self._runs.get(self._current)

    @property
    def all_runs(self) -> dict[Hashable, Run]:
        return dict(self._runs)

    # --- what is kept from one start to the next

    def remembered(self) -> str:
        return json.dumps(
            {
                "place": self.data.place.text(),
                "images": self.data.images,
                "measure": self.controls.remembered(),
            }
        )

    def recall(self, text: str) -> None:
        try:
            values = json.loads(text)
        except ValueError:
            return
        if not isinstance(values, dict):
            return
        place, images = values.get("place"), values.get("images")
        if isinstance(place, str) and place:
            self.data.place.setText(place)
        if isinstance(images, str):
            self.data.images = images
        self.controls.recall(values.get("measure"))

    # --- what the user wishes

    @Slot(object)
    def _on_wished(self, wish: EvaluateWish | Command) -> None:
        self._tell("")
        if isinstance(wish, EvaluateWish):
            self._follow = True
        self._selection.evaluation_wished.emit(wish)

    @Slot(int, int)
    def _on_open(self, picture: int, detection: int) -> None:
        if self.current is not None:
            self._selection.evaluation_wished.emit(OpenWish(self.current, picture, detection))

    @Slot(object)
    def _on_chosen(self, key: Hashable) -> None:
        self._current = key
        self.ask()

    @Slot(object)
    def _on_removed(self, key: Hashable) -> None:
        self._runs.pop(key, None)
        self._means.pop(key, None)
        if self._current == key:
            self._current = next(iter(self._runs), None)
        self._answer = None
        self._show_shape()
        self.ask()

    @Slot()
    def _on_measured(self) -> None:
        self.ask()

    @Slot()
    def _on_score(self) -> None:
        self.walk.set_score(self.controls.score.value)
        if self.page in ("confusion", "pictures", "live"):
            self.ask()

    @Slot()
    def _on_class(self) -> None:
        self._label = self.controls.label
        self.ask()

    @Slot(str)
    def look_at(self, name: str) -> None:
        """Walk through another class."""
        self.set_page("curve")
        self.controls.choose_class(name)

    @Slot()
    def _on_page(self, *_: object) -> None:
        self._show_shape()
        self.ask()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A file or folder that is dropped anywhere here is a data set, not a source."""
        self.data.place.dropEvent(event)

    # --- what comes

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask()

    @Slot(object)
    def _on_state(self, state: EvaluationState) -> None:
        self.data.set_state(state)
        if state.trouble or state.note or state.phase is Phase.IDLE:
            self._tell(state.trouble, state.note)
        if state.snapshot is None:
            return
        self._fresh = state.snapshot
        if state.phase is Phase.IDLE:
            self._look.stop()
            self.ask()
        elif not self._look.isActive():
            self._look.start()

    def _tell(self, trouble: str, note: str = "") -> None:
        text = f"<b>✕ {escape(trouble)}</b>" if trouble else escape(note)
        self.trouble.setText(text)
        self.trouble.setVisible(bool(text))

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        self.data.set_model(trace.model if trace is not None else "")
        if trace is None or not self._frames.add(trace):
            return
        if self.page == "live" and self.isVisible() and not self._live_look.isActive():
            self._live_look.start()

    @Slot()
    def _on_cleared(self) -> None:
        self._frames.clear()
        self.live.forget()

    # --- asking

    @Slot()
    def ask(self) -> None:
        """Have what the page shows worked out anew."""
        if not self.wanted:
            return
        self._number += 1
        self._desk.newest = self._number
        how = self.controls.measure
        if self.page == "live":
            if not len(self._frames):
                self.live.forget()
                return
            question = Question(
                self._number, {}, LIVE, how, self.live.label, "live",
                self._frames.snapshot(), True, 1,
            )  # fmt: skip
        elif self._runs or self._fresh is not None:
            question = Question(
                self._number, dict(self._runs), self._current, how, self._label, self.page,
                self._fresh, self._follow,
            )  # fmt: skip
        else:
            return
        self.submit(partial(self._desk.answer, question))

    def take(self, answer: Answer) -> None:
        asked = answer.question
        if asked.page == "live":
            if len(self._frames) and self.page == "live":
                self.live.show_answer(answer)
                self.convention.setText(answer.evaluation.protocol.at(asked.measure.iou))
            return
        if asked.fresh is not None and asked.fresh is self._fresh:
            self._fresh = None
        self._spent = answer.seconds + (self._spent if asked.depth else 0.0)
        pause = round(1000 * self._spent / SHARE)
        self._look.setInterval(min(max(pause, SNAPSHOT_MS), LONGEST_MS))
        for key, run in answer.runs.items():
            # Runs that were removed meanwhile stay away.
            if key in self._runs or key not in asked.runs:
                self._runs[key] = run
        if asked.follow:
            self._follow = False
        if asked.follow or self._current not in self._runs:
            self._current = answer.current
        for key, figures in answer.classes.items():
            self._means[key] = figures.mean(figures.at)
        if answer.current == self._current:
            self._answer = answer
            self._show(answer)
        # All IoUs of a run that grows are worth their time only where they are looked at.
        depth = DEPTH if answer.run.complete or asked.page == "classes" else 1
        if asked.number == self._number and asked.depth < depth:
            deeper = replace(
                asked, runs=answer.runs, current=answer.current, fresh=None, follow=False,
                depth=asked.depth + 1,
            )  # fmt: skip
            self.submit(partial(self._desk.answer, deeper))

    # --- showing

    def _show_shape(self) -> None:
        """Which parts there are to show."""
        live, some = self.page == "live", bool(self._runs)
        self.above.setVisible(some or live)
        self.runs.setVisible(not live)
        self.left_out.setVisible(not live and bool(self.left_out.text()))
        self.controls.show_class(not live)
        self.stack.setCurrentIndex(1 + self.tabs.currentIndex() if some or live else 0)
        if not some:
            self.runs.set_runs({}, {}, None)
            self.walk.set_line(None, None, 0, ())

    def _show(self, answer: Answer) -> None:
        self._show_shape()
        names = answer.evaluation.classes
        self._label = names[answer.label] if answer.label >= 0 else ""
        self.controls.set_classes(names, self._label)
        what = f"mAP@{words.figure(answer.question.measure.iou, 2)}"
        several = len({run.data for run in self._runs.values()}) > 1
        texts = {
            key: words.run_line(run, self._means.get(key), what, several)
            for key, run in self._runs.items()
        }
        self.runs.set_runs(self._runs, texts, self._current)
        run = answer.run
        self.convention.setText(answer.evaluation.protocol.at(answer.question.measure.iou))
        self.left_out.setText(words.left_out(run))
        self.left_out.setToolTip("\n".join(run.notes[:30]))
        self.left_out.setVisible(bool(run.left_out) and self.page != "live")
        page = answer.question.page
        if page == "curve":
            self._show_curve()
        elif page == "confusion":
            self.confusion.show_answer(answer)
        elif page == "pictures":
            self.pictures.show_answer(answer)
        elif page == "errors":
            self.errors.show_answer(answer)
        if answer.classes:
            self.classes.show_answer(answer)

    @Slot()
    def _show_curve(self) -> None:
        answer = self._answer
        if answer is None or answer.question.page != "curve":
            return
        shown = self.runs.shown()
        others = [
            Other(self.runs.place_of(key), _points(line))
            for key, line in answer.lines.items()
            if key != answer.current and key in shown and line.walk.positives
        ]
        place = self.runs.place_of(answer.current)
        self.walk.set_score(self.controls.score.value)
        self.walk.set_line(answer.lines.get(answer.current), answer.run, place, others)


def _points(line: Line) -> np.ndarray:
    walk = line.walk
    rows = few(walk.recall, walk.precision)
    return np.column_stack([walk.recall[rows], walk.precision[rows]])


def _timer(parent: QWidget, after_ms: int, slot: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(after_ms)
    timer.timeout.connect(slot)
    return timer
