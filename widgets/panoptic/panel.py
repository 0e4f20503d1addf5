"""The panoptic view: instances, classes of pixels, and both in one map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from engine.trace import Ref
from widgets.panoptic.model import Remembered, Together, segment_at, shows, together
from widgets.panoptic.parts import PanopticWidgets
from widgets.panoptic.tints import instance_tint, lines_of, panoptic_tint, semantic_tint
from widgets.panoptic.words import (
    EMPTY,
    NEITHER,
    OWN,
    TRUTH,
    class_rows,
    pixel_html,
    quality_html,
    source_words,
)
from widgets.segmentation.tints import Tint, class_colours
from widgets.segmentation.truth import BACKGROUND

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.selection import Selection


@dataclass(frozen=True, eq=False)
class Painted:
    """The maps of a frame as colours, made on a thread: (tint, lines) of each picture."""

    shown: Together
    kept: Remembered | None
    tints: tuple[tuple[Tint, Tint | None], ...]


class PanopticPanel(PanopticWidgets):
    """Follows the selection, and selects the detection whose pixel is clicked."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._painted: Painted | None = None
        self._asked: tuple[object, ...] = ()
        self._kept: Remembered | None = None  # the last segmenter's class map
        self._pixel: tuple[int, int] | None = None
        self._under: tuple[int, int] | None = None
        selection.trace_changed.connect(self._refresh)
        selection.ref_changed.connect(self._refresh)
        for chooser in (self.shown_as, self.source):
            chooser.currentIndexChanged.connect(self._refresh)
        for slide in (self.score, self.overlap):
            slide.valueChanged.connect(self._refresh)
        for picture in self.pictures:
            picture.picked.connect(self._on_picked)
            picture.pointed.connect(self._on_pointed)
        self._refresh()

    @property
    def shown(self) -> Together | None:
        """What is shown; None before the first maps are ready."""
        return None if self._painted is None else self._painted.shown

    # --- following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        for slide, value in zip((self.score, self.overlap), self.values, strict=True):
            value.setText(f"{slide.value() / 100:.2f}")
        if not self.wanted:
            return
        trace = self._selection.trace
        if trace is None or not shows(trace):
            self._show_nothing(EMPTY if trace is None else NEITHER)
            return
        self._show_controls(trace)
        other = self._kept if self.source.currentText() != OWN else None
        if other is not None and other.serial != trace.frame.serial:
            other = None
        limits = (self.score.value() / 100, self.overlap.value() / 100)
        truth, row = self.shown_as.currentText() == TRUTH, self._row(trace)
        last = trace.stages["masks" if "masks" in trace.stages else "argmax"]
        key = (last, trace.frame.serial, trace.frame.truth, other, limits, truth, row)
        if key != self._asked:
            self._asked = key
            self.submit(partial(_paint, trace, other, limits, truth, row))

    def _show_controls(self, trace: Trace) -> None:
        """What there is to choose from for this trace."""
        detector = "masks" in trace.stages
        kept = self._kept
        fits = detector and kept is not None and kept.serial == trace.frame.serial
        chosen = self.source.currentText()
        self.source.set_words((OWN, kept.model) if fits and kept is not None else (OWN,))
        self.source.setEnabled(fits)
        if fits and kept is not None and chosen != OWN:
            self.source.setCurrentText(kept.model)
        for slide in (self.score, self.overlap):
            slide.setEnabled(detector)
        truth = trace.frame.truth
        known = truth is not None and truth.masks is not None
        self.shown_as.setEnabled(known)
        if not known:
            self.shown_as.setCurrentIndex(0)

    def _row(self, trace: Trace) -> int:
        """The selected detection's row, -1 for none."""
        from widgets.kin import kin

        ref = self._selection.ref
        if ref is None or trace.final not in trace.stages:
            return -1
        found = kin(trace, ref, trace.final)
        return found.row if found is not None and found.stage == trace.final else -1

    def _show_nothing(self, words: str) -> None:
        self.forget()
        self._painted, self._asked = None, ()
        for picture in self.pictures:
            picture.empty_text = words if picture is self.panoptic else ""
            picture.set_frame(None)
        self.page.setVisible(False)

    def take(self, result: Painted) -> None:
        if result.kept is not None:
            self._kept = result.kept
        trace = self._selection.trace
        if trace is None or trace.model != result.shown.trace.model or not shows(trace):
            return  # overtaken by another model
        self._painted = result
        shown = result.shown
        self.page.setVisible(True)
        for picture, (tint, lines) in zip(self.pictures, result.tints, strict=True):
            picture.set_frame(shown.trace.frame)
            picture.set_tint(tint, lines)
        self.about.set_html(source_words(shown))
        self.quality.set_html(quality_html(shown))
        labels, rows = class_rows(shown)
        names = shown.trace.classes
        colours = class_colours([name == BACKGROUND for name in names])
        self.classes.setVisible(shown.quality is not None)
        self.classes.set_classes(rows, [colours[k] for k in labels])
        self._show_pixel()

    def _show_pixel(self) -> None:
        shown, at = self.shown, self._under or self._pixel
        for picture in self.pictures:
            picture.set_pixel(at)
        if shown is None:
            return
        height, width = shown.found.semantic.shape
        if at is None or at[0] >= width or at[1] >= height:
            self.pixel_words.set_html("Point at a pixel to read it.")
        else:
            self.pixel_words.set_html(pixel_html(shown, *at))

    # --- the user's doing

    @Slot(int, int)
    def _on_picked(self, x: int, y: int) -> None:
        """Keep a pixel, and select the detection that has it."""
        self._pixel, self._under = (x, y), None
        self._show_pixel()
        shown = self.shown
        if shown is None or not shown.detector or shown.trace is not self._selection.trace:
            return
        at = segment_at(shown.found.panoptic, x, y)
        if at is not None and at[1].row >= 0:
            self._selection.select(Ref(shown.trace.final, int(shown.rows[at[1].row])))

    @Slot(object)
    def _on_pointed(self, pixel: tuple[int, int] | None) -> None:
        self._under = pixel
        self._show_pixel()


def _paint(
    trace: Trace,
    other: Remembered | None,
    limits: tuple[float, float],
    truth: bool,
    row: int,
) -> Painted:
    shown, kept = together(trace, other, *limits)
    layers = shown.truth if truth and shown.truth is not None else shown.found
    chosen = 0 if truth else _number_of(shown, row)
    stuff = shown.stuff
    return Painted(
        shown,
        kept,
        (
            (instance_tint(layers.instances), lines_of(layers.instances, 0)),
            (semantic_tint(layers.semantic, stuff), None),
            (panoptic_tint(layers.panoptic, stuff), lines_of(layers.panoptic, chosen)),
        ),
    )


def _number_of(shown: Together, row: int) -> int:
    """The number of a detection's segment, 0 where it has none."""
    if not shown.detector or row < 0:
        return 0
    for number, segment in enumerate(shown.found.panoptic.segments, 1):
        if segment.row >= 0 and int(shown.rows[segment.row]) == row:
            return number
    return 0
