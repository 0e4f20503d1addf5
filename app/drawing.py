"""Drawing ground truth: the boxes that the user drew on each picture, with undo and saving."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QRectF, Slot
from PySide6.QtGui import QUndoCommand

from engine.drawn import DrawnBox, with_drawn
from engine.errors import BoxscopeError
from engine.frame import Frame, GroundTruth
from engine.labels import BACKGROUND, UNUSED
from widgets.draw_bar import DrawBar

if TYPE_CHECKING:
    from app.controller import Controller
    from app.main_window import MainWindow
    from engine.datasets import Annotations

log = logging.getLogger(__name__)
Key = tuple[str, int]  # source and index of a frame
Boxes = tuple[DrawnBox, ...]


class Drawing(QObject):
    """Holds the drawn boxes of every picture of this session; lives as long as the controller.

    Boxes belong to (source, index): they come back when the picture does. On live pictures drawing
    freezes the frame first.
    """

    def __init__(self, window: MainWindow, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._controller = window, controller
        self._boxes: dict[Key, Boxes] = {}
        self._pictures: dict[Key, tuple[str, int, int]] = {}  # file, width, height
        self._given: tuple[int, GroundTruth | None] = (0, None)  # serial, truth before drawing
        self._chosen = -1
        self._shown: Key | None = None  # the picture that the tool's boxes belong to
        self.bar = DrawBar()
        window.place_bar(self.bar)
        window.actions_["remove-box"].setEnabled(False)
        tool = window.canvas.draw_tool
        tool.began.connect(self._hold)
        tool.drew.connect(self._on_drew)
        tool.changed.connect(self._on_changed)
        tool.chose.connect(self._on_chose)
        self.bar.renamed.connect(self._on_renamed)
        self.bar.removed.connect(self.remove)
        self.bar.cleared.connect(self._on_cleared)
        self.bar.saved.connect(self.save)
        self.bar.done.connect(self._on_done)
        controller.set_drawn(self.lay_over)
        controller.trace_shown.connect(self._on_shown)
        controller.frame_shown.connect(self._on_shown)

    @property
    def on(self) -> bool:
        return self._window.canvas.draw_tool.on

    def boxes_of(self, frame: Frame) -> Boxes:
        return self._boxes.get(_key(frame), ())

    def set_on(self, on: bool) -> None:
        """Start or stop drawing."""
        window = self._window
        if on:
            self._hold()
            window.actions_["truth"].setChecked(True)
        self._chosen = -1
        window.actions_["remove-box"].setEnabled(on)
        window.canvas.set_drawing(on)
        self.bar.setVisible(on)
        self._refresh()

    def lay_over(self, frame: Frame) -> Frame:
        """A frame as it comes, with what was drawn on it before."""
        boxes = self.boxes_of(frame)
        if not boxes:
            return frame
        self._given = (frame.serial, frame.truth)
        return with_drawn(frame, boxes)

    # --- what the user does

    @Slot()
    def _hold(self) -> None:
        """Nobody can draw on pictures that move on; also when they were set going again."""
        if self._controller.live:
            self._controller.freeze(True)
            self._refresh()

    @Slot(QRectF)
    def _on_drew(self, rect: QRectF) -> None:
        frame = self._controller.frame
        if frame is not None:
            boxes = self.boxes_of(frame)
            self._chosen = len(boxes)
            self._push("draw a box", frame, (*boxes, _box(rect, self.bar.class_name)))

    @Slot(int, QRectF)
    def _on_changed(self, at: int, rect: QRectF) -> None:
        frame = self._controller.frame
        boxes = self.boxes_of(frame) if frame is not None else ()
        if frame is not None and at < len(boxes):
            self._push("change a box", frame, _with(boxes, at, _box(rect, boxes[at].name)))

    @Slot(int)
    def _on_chose(self, at: int) -> None:
        self._chosen = at
        self._refresh()

    @Slot(str)
    def _on_renamed(self, name: str) -> None:
        frame = self._controller.frame
        boxes = self.boxes_of(frame) if frame is not None else ()
        if frame is not None and 0 <= self._chosen < len(boxes):
            renamed = replace(boxes[self._chosen], name=name)
            self._push("rename a box", frame, _with(boxes, self._chosen, renamed))

    @Slot()
    def remove(self) -> None:
        """The chosen box."""
        frame = self._controller.frame
        boxes = self.boxes_of(frame) if frame is not None else ()
        at, self._chosen = self._chosen, -1
        if frame is not None and 0 <= at < len(boxes):
            self._push("remove a box", frame, (*boxes[:at], *boxes[at + 1 :]))

    @Slot()
    def _on_cleared(self) -> None:
        frame, self._chosen = self._controller.frame, -1
        if frame is not None:
            self._push("remove all boxes", frame, ())

    @Slot()
    def _on_done(self) -> None:
        self._window.actions_["draw"].setChecked(False)

    @Slot()
    def save(self, *_: Any) -> None:
        """Write the boxes of all pictures as COCO JSON, where the user says."""
        from app import dialogs
        from engine.datasets.coco import write_coco

        if not self._boxes:
            self._window.tell("info", "Nothing is drawn yet: press D and drag a box.")
            return
        name = dialogs.save_boxes(self._window, self._window.file_menu.folder)
        if not name:
            return
        try:
            write_coco(name, self.annotations())
        except BoxscopeError as error:
            self._window.tell("error", str(error))
        else:
            count = sum(map(len, self._boxes.values()))
            self._window.tell("info", f"{count} boxes saved as {name}")

    def annotations(self) -> Annotations:
        """All drawn boxes as a data set; a picture of a video is named SOURCE#INDEX."""
        from engine.datasets import Annotations, Picture

        keys = [key for key, boxes in self._boxes.items() if boxes]
        classes = sorted({box.name for key in keys for box in self._boxes[key]})
        pictures = [Picture(i + 1, *self._pictures[key]) for i, key in enumerate(keys)]
        rows = [(i, box) for i, key in enumerate(keys) for box in self._boxes[key]]
        return Annotations.of(
            pictures,
            classes,
            picture=[i for i, _ in rows],
            labels=[classes.index(box.name) for _, box in rows],
            boxes=[box.xyxy for _, box in rows],
        )

    # --- undo

    def _push(self, text: str, frame: Frame, after: Boxes) -> None:
        key, before = _key(frame), self.boxes_of(frame)
        if after != before:
            file = _file(frame, self._controller.source)
            self._pictures[key] = (file, frame.width, frame.height)
            self._window.undo_stack.push(_Draw(text, before, after, _Put(self, key)))

    def put(self, key: Key, boxes: Boxes) -> None:
        """These boxes on that picture; shown at once if it is the one on screen."""
        self._boxes[key] = boxes
        if not boxes:
            del self._boxes[key]
        frame = self._controller.frame
        if frame is None or _key(frame) != key:
            name = Path(key[0]).name
            self._window.tell("info", f"This changed the boxes of {name}, which is not on screen.")
            return
        serial, given = self._given
        if serial != frame.serial:
            given = frame.truth
            self._given = (frame.serial, given)
        self._chosen = min(self._chosen, len(boxes) - 1)
        self._controller.redraw_truth(with_drawn(frame.with_truth(given), boxes))
        self._refresh()

    # --- what is shown

    @Slot(object)
    def _on_shown(self, _: object) -> None:
        if self.on:
            self._refresh()

    def _refresh(self) -> None:
        frame = self._controller.frame
        boxes = self.boxes_of(frame) if frame is not None else ()
        if self._chosen >= len(boxes):
            self._chosen = -1
        key = None if frame is None else _key(frame)
        if key != self._shown:  # a drag that began on another picture says nothing of this one
            self._shown = key
            self._window.canvas.draw_tool.give_up()
        rects = [QRectF(b.x1, b.y1, b.x2 - b.x1, b.y2 - b.y1) for b in boxes]
        self._window.canvas.draw_tool.set_boxes(rects, self._chosen)
        self.bar.set_classes(self._names(frame))
        names = [box.name for box in boxes]
        self.bar.set_state(names, self._chosen, sum(map(len, self._boxes.values())))

    def _names(self, frame: Frame | None) -> list[str]:
        """Class names of the model, and of the ground truth where it has others."""
        trace = self._controller.trace
        names = dict.fromkeys(trace.classes if trace is not None else ())
        if frame is not None and frame.truth is not None:
            names |= dict.fromkeys(frame.truth.classes)
        return [name for name in names if name not in (BACKGROUND, UNUSED)]


class _Draw(QUndoCommand):
    """From one set of drawn boxes on a picture to another."""

    def __init__(
        self, text: str, before: Boxes, after: Boxes, apply: Callable[[Boxes], None]
    ) -> None:
        super().__init__(text)
        self._before, self._after, self._apply = before, after, apply

    def redo(self) -> None:
        self._apply(self._after)

    def undo(self) -> None:
        self._apply(self._before)


class _Put:
    """Puts boxes on one picture."""

    def __init__(self, drawing: Drawing, key: Key) -> None:
        self._drawing, self._key = drawing, key

    def __call__(self, boxes: Boxes) -> None:
        self._drawing.put(self._key, boxes)


def _key(frame: Frame) -> Key:
    return frame.source, frame.index


def _file(frame: Frame, source: str) -> str:
    """What names the picture alone, wherever the boxes are saved: a picture of a folder or a data
    set is a file (or scene) of its own, one of a video needs its number."""
    path = Path(frame.source).expanduser()
    name = str(path.absolute()) if path.is_file() else frame.source
    return f"{name}#{frame.index}" if frame.index and frame.source == source else name


def _box(rect: QRectF, name: str) -> DrawnBox:
    return DrawnBox(rect.left(), rect.top(), rect.right(), rect.bottom(), name)


def _with(boxes: Sequence[DrawnBox], at: int, box: DrawnBox) -> Boxes:
    return (*boxes[:at], box, *boxes[at + 1 :])
