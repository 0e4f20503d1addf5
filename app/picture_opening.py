"""From a row of an evaluation to the window: its picture, its model, its detection selected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from app.undo import ChangeSettings
from engine import boxes as box_ops
from engine.errors import BoxscopeError
from engine.frame import Frame
from engine.params import Settings
from engine.trace import Ref, Trace
from widgets.background import Newest
from widgets.evaluation.question import OpenWish

if TYPE_CHECKING:
    from PySide6.QtGui import QUndoStack

    from app.controller import Controller
    from widgets.selection import Selection

SAME_IOU = 0.9  # of a box that another run of the same model found
SCORE = "score_threshold.score_thresh"


@dataclass(frozen=True)
class _Awaited:
    """The trace in which a detection is to be selected. ``after``: the serial of the frame before,
    which is no longer meant."""

    wish: OpenWish
    source: str
    model: str
    after: int


class PictureOpening(QObject):
    """``failed(sentence)`` when the picture cannot be had."""

    failed = Signal(str)

    def __init__(
        self, controller: Controller, selection: Selection, undo: QUndoStack, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._controller, self._selection, self._undo = controller, selection, undo
        self._frames = Newest("boxscope-picture", self._on_frame)
        self._awaited: _Awaited | None = None
        controller.trace_shown.connect(self._on_trace)

    def stop(self) -> None:
        self._awaited = None
        self._frames.cancel()

    def open(self, wish: OpenWish) -> None:
        """Scenes are opened as such; the others with the truth of the data set, so that the window
        knows what is missed in them."""
        controller, run = self._controller, wish.run
        if run.model is not None:
            controller.set_model(run.model)
            self._let_through(wish)
        picture = run.annotations.pictures[wish.picture]
        source, path = picture.file, run.annotations.path_of(wish.picture)
        scene = source.startswith("scene:")
        if not scene and path is not None:
            source = str(path)
        trace, frame = controller.trace, controller.frame
        self._awaited = _Awaited(
            wish, source, controller.model.name, frame.serial if frame is not None else 0
        )
        shown = trace is not None and trace.frame.source == source
        if shown and trace.frame.truth is not None and frame is trace.frame:  # type: ignore[union-attr]
            self._awaited = _Awaited(wish, source, controller.model.name, frame.serial - 1)  # type: ignore[union-attr]
            self._on_trace(trace)  # type: ignore[arg-type]
        elif scene:
            controller.open(source)
        else:
            self._frames.submit(partial(_frame, wish))

    def _let_through(self, wish: OpenWish) -> None:
        """Runs use the model's own parameters: take back those that would hide the detection."""
        if wish.detection < 0:
            return
        before = self._controller.settings
        score = float(wish.run.detections.scores[wish.detection])
        others = [key for key in before if key != SCORE]
        if others or float(before.get(SCORE, 0.0)) >= score:
            self._undo.push(
                ChangeSettings(
                    "take the model's own parameters", "", before, Settings(),
                    self._controller.set_settings,
                )
            )  # fmt: skip

    @Slot(object)
    def _on_frame(self, frame: Frame | str) -> None:
        if self._awaited is None:
            return
        if isinstance(frame, str):
            self._awaited = None
            self.failed.emit(frame)
        else:
            self._controller.open_frame(frame)

    @Slot(object)
    def _on_trace(self, trace: Trace) -> None:
        awaited = self._awaited
        if (
            awaited is None
            or trace.frame.source != awaited.source
            or trace.model != awaited.model
            or trace.frame.serial <= awaited.after
            or trace.settings != self._controller.settings
        ):
            return
        self._awaited = None
        if awaited.wish.detection >= 0:
            row = same_detection(trace, awaited.wish)
            if row >= 0:
                self._selection.select(Ref(trace.final, row))


def _frame(wish: OpenWish) -> Frame | str:
    from engine.datasets.frames import frame_of

    try:
        return frame_of(wish.run.annotations, wish.picture, masks=True)
    except BoxscopeError as error:
        return str(error)


def same_detection(trace: Trace, wish: OpenWish) -> int:
    """The row of the trace's detections that is a run's detection; -1 if there is none.

    Of boxes that lie alike, the one with the nearest score: classes have scores of their own.
    """
    found, row = wish.run.detections, wish.detection
    table = trace.table(trace.final)
    if not len(table):
        return -1
    overlap = box_ops.iou(found.boxes[row][None].astype(np.float32), trace.boxes_image(trace.final))
    far = np.abs(table.scores - found.scores[row])
    far[(overlap[0] < SAME_IOU) | (table.reason != 0)] = np.inf
    best = int(far.argmin())
    return best if np.isfinite(far[best]) else -1
