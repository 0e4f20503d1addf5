"""The canvas's layers: from picture at the bottom to labels on top, kept up to the selection."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF, Signal, Slot
from PySide6.QtGui import QFont, QImage, QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem

from widgets import marks, overlay
from widgets.background import Newest, waited
from widgets.box_item import BoxItem, to_view, wrap_overlay
from widgets.highlight_item import HighlightItem, Mark
from widgets.image_item import ImageItem
from widgets.keypoint_item import KeypointItem
from widgets.labels import LabelLayer
from widgets.mask_item import MaskItem, tint
from widgets.palette import label_colour
from widgets.prepared import Prepared
from widgets.segmentation.on_canvas import class_job, class_map, words_at
from widgets.shown_boxes import BANDS, RGB, Shown, boxes_stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.frame import Frame
    from engine.pipeline import StageResult
    from engine.trace import Ref, Trace
    from widgets.canvas import Canvas
    from widgets.selection import Selection

MASK_STAGE = "masks"
KEYPOINT_STAGE = "keypoints"
_BOXES = 2  # place of the boxes among the items, from the bottom
_HIT_SLOP = 3  # view px by which a box is easier to hit than it is large


class Layers(QObject):
    """Owns the graphics items. The canvas tells it what changed, it finds out what to redraw."""

    boxes_arrived = Signal()  # those of a large table, which take some time

    def __init__(self, canvas: Canvas, selection: Selection) -> None:
        super().__init__(canvas)
        self._canvas, self._selection = canvas, selection
        self._frame: Frame | None = None
        self._shows: dict[str, bool] = {}
        self._shown: Shown | None = None
        self._image, self._masks, self._boxes = ImageItem(), MaskItem(), BoxItem()
        self._keypoints, self._highlights = KeypointItem(), HighlightItem()
        self._labels = LabelLayer()
        self._labels_for: tuple[Any, ...] = ()
        self._items: tuple[QGraphicsItem, ...] = (
            self._image,
            self._masks,
            self._boxes,
            self._keypoints,
            self._highlights,
        )
        for height, item in enumerate(self._items):
            item.setZValue(height)
            canvas.scene().addItem(item)
        self._prepared = Prepared(Shown.of, "boxscope-boxes", self)
        self._prepared.arrived.connect(self._on_prepared)
        self._overlay = Newest("boxscope-overlay", self._on_overlay)
        self._tint = Newest("boxscope-masks", self._on_tint)
        self._tint_of: Any = None
        self._keypoints_of: tuple[Any, ...] = ()

    @property
    def shown(self) -> Shown | None:
        """The boxes on the canvas."""
        return self._shown

    @property
    def label_layer(self) -> LabelLayer:
        return self._labels

    @property
    def overlay_busy(self) -> bool:
        """Are boxes being sorted, or is a picture of boxes or masks being made?"""
        return self._prepared.waits or self._overlay.busy or self._tint.busy

    def set_pixels(self, pixels: NDArray[np.uint8]) -> None:
        self._image.set_pixels(pixels)

    def refresh(self, frame: Frame | None, shows: Mapping[str, bool]) -> None:
        """Bring every layer up to date; what did not change costs next to nothing."""
        self._frame, self._shows = frame, dict(shows)
        self._image.setVisible(frame is not None)
        trace = self._trace()
        stage = "" if trace is None else boxes_stage(trace, self._selection.stage)
        self._take(self._prepared.ask(trace, stage, self._selection.show_rejected))
        self._refresh_masks(trace)
        self.refresh_highlights()

    @Slot()
    def _on_prepared(self) -> None:
        self._take(self._prepared.current)
        self.boxes_arrived.emit()

    def _take(self, shown: Shown | None) -> None:
        if shown is self._shown:
            return
        if shown is None or self._shown is None or shown.stage != self._shown.stage:
            self._labels.forget()
        self._shown = shown
        self._boxes.set_boxes(shown)
        self._ask_overlay()

    def refresh_highlights(self) -> None:
        trace = self._trace()
        self._refresh_keypoints(trace)
        found: list[Mark] = []
        if self._frame is not None and self._shows.get("truth"):
            found += marks.truth(self._frame.truth)
        if trace is not None:
            found += marks.selected(trace, self._selection.ref)
            found += marks.hovered(trace, self._selection.hover, self._selection.ref)
        self._highlights.set_marks(tuple(found))

    def view_moved(self) -> None:
        """Zoom, offset or size of the view changed."""
        self._highlights.set_zoom(self._canvas.zoom)
        self._ask_overlay()

    # --- under the mouse

    def pick(self, at: QPointF, next_larger: bool = False) -> Ref | None:
        """The smallest box at a point (image px); the next larger than the selected one."""
        if self._shown is None:
            return None
        slop = _HIT_SLOP / self._canvas.zoom
        under = self._shown.under(at.x(), at.y(), slop)
        if self._prepared.waits:  # what is drawn is a little old
            trace, best = self._selection.trace, under[:1]
            under = [ref for old in best if (ref := self._prepared.carried(old, trace))]
        found = under
        if next_larger and self._selection.ref in found:
            return found[(found.index(self._selection.ref) + 1) % len(found)]
        return found[0] if found else None

    def describe(self, at: QPointF) -> str:
        """What is at a point (image px): its place, its colour, and the numbers of the box."""
        x, y = math.floor(at.x()), math.floor(at.y())
        colour = self._image.colour_at(x, y)
        if colour is None:
            return ""
        words = [f"x {at.x():.0f}, y {at.y():.0f} image px", "rgb({}, {}, {})".format(*colour)]
        trace, hover = self._trace(), self._selection.hover
        if trace is not None and hover is not None:
            words.append(marks.describe(trace, hover))
        elif trace is not None and (found := words_at(trace, x, y)):
            words.append(found)
        return "   ".join(words)

    # --- labels

    def paint_labels(self, painter: QPainter) -> None:
        if not self._shows.get("labels") or self._frame is None:
            return
        view = QRectF(self._canvas.viewport().rect())
        transform, font = self._canvas.viewportTransform(), self._canvas.font()
        # Painting a part (hover) must not lay out anew: only what labels depend on does.
        now = (self._shown, self._shows.get("truth"), self._frame, transform, view, font.toString())
        if now != self._labels_for:
            self._labels_for = now
            self._lay_out(self._labels, transform, view, font)
        self._labels.paint(painter, font)

    def _lay_out(self, layer: LabelLayer, transform: QTransform, room: QRectF, font: QFont) -> None:
        found = [] if self._shown is None else marks.labels(self._shown, transform, room)
        if self._frame is not None and self._shows.get("truth"):
            found += marks.truth_labels(self._frame.truth, transform, room)
        layer.lay_out(found, room.adjusted(1, 1, -1, -1), font)

    # --- a picture of all of it

    def render_full(self) -> QImage:
        """Everything in the picture's own resolution; lines and words grow with large pictures.

        Very many boxes are painted on another thread; what is seen now is saved whatever comes
        meanwhile.
        """
        size, shown = self._image.image.size(), self._shown
        if shown is None or not self._boxes.wants_overlay:
            return self._render(QImage(size, QImage.Format.Format_RGB32), self._items)
        below, above = self._items[:_BOXES], self._items[_BOXES:]
        image = self._render(QImage(size, QImage.Format.Format_RGB32), below)
        over = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        over.fill(0)
        self._boxes.sure_only = True
        try:
            self._render(over, above)
        finally:
            self._boxes.sure_only = False
        full = (size.width(), size.height())
        _, pixels, _, _ = waited(partial(_overlay_job, shown, QTransform(), full, 1.0))
        painter = QPainter(image)
        painter.drawImage(0, 0, wrap_overlay(pixels))
        painter.drawImage(0, 0, over)
        painter.end()
        return image

    def _render(self, image: QImage, items: Sequence[QGraphicsItem]) -> QImage:
        """Paint these items, and with the uppermost the words over them."""
        weight = max(1, round(min(image.width(), image.height()) / 900))
        area = QRectF(image.rect())
        self._boxes.weight = self._keypoints.weight = self._highlights.weight = weight
        seen = [item.isVisible() for item in self._items]
        for item, was in zip(self._items, seen, strict=True):
            item.setVisible(was and item in items)
        painter = QPainter(image)
        try:
            self._canvas.scene().render(painter, area, area)
            if self._shows.get("labels") and self._highlights in items:
                font = QFont(self._canvas.font())
                font.setPixelSize(max(8, round(self._canvas.fontMetrics().height() * 0.8 * weight)))
                layer = LabelLayer()
                self._lay_out(layer, QTransform(), area, font)
                layer.paint(painter, font)
        finally:
            painter.end()
            for item, was in zip(self._items, seen, strict=True):
                item.setVisible(was)
            self._boxes.weight = self._keypoints.weight = self._highlights.weight = 1
        return image

    # --- what takes long

    def _trace(self) -> Trace | None:
        """The selection's trace, if it is of the picture that is shown."""
        trace = self._selection.trace
        if trace is None or self._frame is None or trace.frame.serial != self._frame.serial:
            return None
        return trace

    def _ask_overlay(self) -> None:
        if not self._boxes.wants_overlay or self._shown is None:
            self._overlay.cancel()
            return
        dpr, view = self._canvas.devicePixelRatioF(), self._canvas.viewport().size()
        size = (round(view.width() * dpr), round(view.height() * dpr))
        transform = QTransform(self._canvas.viewportTransform())
        self._overlay.submit(partial(_overlay_job, self._shown, transform, size, dpr))

    @Slot(object)
    def _on_overlay(self, done: tuple[Shown, NDArray[np.uint8], QTransform, float]) -> None:
        shown, pixels, transform, dpr = done
        if self._shown is not None and shown.stage == self._shown.stage:
            self._boxes.set_overlay(pixels, transform, dpr)

    def _refresh_masks(self, trace: Trace | None) -> None:
        result, job = self._of_detections(trace, MASK_STAGE), _tint_job
        if result is None:
            result, job = class_map(trace, self._selection.stage), class_job
        if trace is None or result is None or not self._shows.get("masks"):
            self._tint_of = None
            self._tint.cancel()
            self._masks.set_tint(None)
        elif self._tint_of is not result:
            self._tint_of = result
            self._tint.submit(partial(job, trace, result))

    def _refresh_keypoints(self, trace: Trace | None) -> None:
        """Of sure detections, and of the selected one."""
        result = self._of_detections(trace, KEYPOINT_STAGE)
        if trace is None or result is None or not self._shows.get("keypoints"):
            self._keypoints_of = ()
            self._keypoints.set_points(np.zeros((0, 17, 3)), np.zeros((0, 17)))
            return
        ref = self._selection.ref
        row = ref.row if ref is not None and ref.stage == trace.final else -1
        if self._keypoints_of != (result.serial, row):
            self._keypoints_of = (result.serial, row)
            table = trace.table(trace.final)
            rows = np.flatnonzero((table.scores[table.kept] >= BANDS[-1]) | (table.kept == row))
            arrays = result.arrays
            self._keypoints.set_points(arrays["keypoints"][rows], arrays["scores"][rows])

    def _of_detections(self, trace: Trace | None, stage: str) -> StageResult | None:
        """A stage that follows the detections, if those are what is shown."""
        if trace is None or boxes_stage(trace, self._selection.stage) != trace.final:
            return None
        return trace.stages.get(stage)

    @Slot(object)
    def _on_tint(self, done: tuple[Any, NDArray[np.uint8]]) -> None:
        _, pixels = done
        if self._tint_of is not None and pixels.shape[:2] == self._image.shape:
            self._masks.set_tint(pixels)


def _overlay_job(
    shown: Shown, transform: QTransform, size: tuple[int, int], dpr: float
) -> tuple[Shown, NDArray[np.uint8], QTransform, float]:
    boxes = to_view(shown.boxes, transform) * dpr
    return shown, overlay.render(boxes, shown.styles, RGB, size), transform, dpr


def _tint_job(trace: Trace, result: Any) -> tuple[Any, NDArray[np.uint8]]:
    """Masks of sure detections only: those of scores near 0 would cover the others' objects."""
    found, masks = trace.detections, result.arrays["pasted"]
    rows = np.flatnonzero(found.scores >= BANDS[-1])
    colours = [label_colour(int(v)).getRgb()[:3] for v in found.labels]
    boxes = trace.transform.to_image(found.boxes)
    return result, tint(masks, boxes, np.array(colours, np.uint8).reshape(-1, 3), rows)
