"""The class map view: what every pixel was taken for, how surely, and how rightly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from widgets.segmentation.maps import ClassMaps, Pixel, key_of, maps_of, names_of
from widgets.segmentation.parts import ClassMapWidgets
from widgets.segmentation.tints import (
    RIGHT,
    UNCOUNTED,
    WRONG,
    Tint,
    class_colours,
    class_inks,
    class_tint,
    error_tint,
    heat_tint,
    outline_tint,
)
from widgets.segmentation.words import (
    CLASSES,
    EMPTY,
    ENTROPY,
    ERRORS,
    MARGIN,
    NO_CLASSES,
    NO_TRUTH,
    SCORE,
    fit_html,
    legend_rows,
    pixel_html,
)
from widgets.segmentation.zoom import TRUE

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.selection import Selection


@dataclass(frozen=True, eq=False)
class Look:
    """Maps of a frame and one of them as colours, made on a thread."""

    maps: ClassMaps
    kind: str
    label: int
    tint: Tint | None
    lines: Tint | None
    inks: Tint


class ClassMapPanel(ClassMapWidgets):
    """Follows the selection; the pixel under study is its own."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._asked: tuple[object, ...] = ()
        self._look: Look | None = None
        self._rows: list[int] = []  # classes of the legend's lines
        self._kept: tuple[int, int] | None = None
        self._under: tuple[int, int] | None = None
        self._model = ""
        selection.trace_changed.connect(self._refresh)
        self.picture.picked.connect(self._on_picked)
        self.picture.pointed.connect(self._on_pointed)
        self.zoom.picked.connect(self._on_picked)
        self.kind.currentIndexChanged.connect(self._refresh)
        self.label.currentIndexChanged.connect(self._refresh)
        self.outlines.toggled.connect(self._refresh)
        self.opacity.valueChanged.connect(self._on_opacity)
        self.legend.picked.connect(self._on_line)
        self.bars.chosen.connect(self._on_class)
        self._on_opacity()
        self._refresh()

    @property
    def look(self) -> Look | None:
        """What is shown; None before the first maps are ready."""
        return self._look

    @property
    def pixel(self) -> Pixel | None:
        """The pixel that is read: the one under the mouse, else the one that was picked."""
        at = self._under or self._kept
        return None if self._look is None or at is None else self._look.maps.pixel(*at)

    # --- following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        if not self.wanted:
            return
        trace = self._selection.trace
        if trace is None or "argmax" not in trace.stages:
            self._show_nothing(EMPTY if trace is None else NO_CLASSES)
            return
        if trace.model != self._model:
            self._model = trace.model
            with QSignalBlocker(self.label):
                count = len(trace.stages["argmax"].notes["pixels"])  # type: ignore[arg-type]
                self.label.set_words(names_of(trace, count))
                self.label.setCurrentIndex(min(1, count - 1))
        self.label.setEnabled(self.kind.currentText() == SCORE)
        self.outlines.setEnabled(self.kind.currentText() == CLASSES)
        self._ask(trace)

    def _ask(self, trace: Trace) -> None:
        key = key_of(trace)
        wish = (self.kind.currentText(), self.label.currentIndex(), self.outlines.isChecked())
        if (key, wish) == self._asked:
            return
        self._asked = (key, wish)
        old = None if self._look is None else self._look.maps
        known = old if old is not None and key_of(old.trace) == key else None
        self.submit(partial(_look, trace, known, *wish))

    def _show_nothing(self, words: str) -> None:
        self.forget()
        self._look, self._asked, self._model = None, (), ""
        self.picture.empty_text = words
        self.picture.set_frame(None)
        self.page.setVisible(False)
        self.scale.setVisible(False)
        self.key.setVisible(False)
        for control in (self.label, self.outlines):
            control.setEnabled(False)

    def take(self, result: Look) -> None:
        trace = self._selection.trace
        if trace is None or "argmax" not in trace.stages or trace.model != result.maps.trace.model:
            return  # overtaken by another model
        old, self._look = self._look, result
        maps, frame = result.maps, result.maps.trace.frame
        if self._kept is None:
            self._kept = (frame.width // 2, frame.height // 2)
        self.page.setVisible(True)
        self.picture.set_frame(frame)
        self.picture.set_tint(result.tint, result.lines)
        self._show_scale(result)
        if old is None or old.maps is not maps:
            colours = class_colours(maps.ground)
            self.bars.set_names(maps.names, colours)
            self.zoom.show_maps(frame, maps.answer, maps.truth, result.inks)
            self._rows, rows = legend_rows(maps)
            self.legend.set_classes(rows, [colours[k] for k in self._rows])
            self.legend.setColumnHidden(3, maps.truth is None)
            self.fit.set_html(fit_html(maps))
            self.zoom_key.set_html(_zoom_key(maps.truth is not None))
        self._mark_class()
        self._show_pixel()

    def _show_scale(self, look: Look) -> None:
        """The scale of a heat map, or what the two colours of the errors mean."""
        maps, heat = look.maps, look.kind in (SCORE, ENTROPY, MARGIN)
        self.scale.setVisible(heat)
        self.key.setVisible(look.kind == ERRORS)
        if look.kind == ENTROPY:
            nats = maps.most_bits * 0.6931
            self.scale.set_ends("0 bits", f"{maps.most_bits:.2f} bits ({nats:.2f} nats)")
        elif heat:
            self.scale.set_ends("0", "1")
        if look.kind == ERRORS:
            words = ((RIGHT, "right"), (WRONG, "wrong"), (UNCOUNTED, "not counted"))
            chips = "&nbsp; ".join(
                f'<span style="color:{c.name()}">■</span>&nbsp;{text}' for c, text in words
            )
            self.key.set_html(NO_TRUTH if look.tint is None else chips)

    def _mark_class(self) -> None:
        look = self._look
        shown = look.label if look is not None and look.kind == SCORE else -1
        self.bars.choose(shown)
        self.legend.mark(self._rows.index(shown) if shown in self._rows else -1)

    def _show_pixel(self) -> None:
        look, pixel = self._look, self.pixel
        if look is None or pixel is None:
            return
        self.picture.set_pixel(self._kept)
        self.zoom.set_pixel(pixel.image)
        self.bars.show_pixel(pixel)
        self.about.set_html(pixel_html(look.maps, pixel))

    # --- the user's doing

    @Slot(int, int)
    def _on_picked(self, x: int, y: int) -> None:
        self._kept, self._under = (x, y), None
        self._show_pixel()

    @Slot(object)
    def _on_pointed(self, pixel: tuple[int, int] | None) -> None:
        self._under = pixel
        self._show_pixel()

    @Slot()
    def _on_opacity(self) -> None:
        self.picture.set_opacity(self.opacity.value() / 100)

    @Slot(int)
    def _on_line(self, at: int) -> None:
        if 0 <= at < len(self._rows):
            self._on_class(self._rows[at])

    @Slot(int)
    def _on_class(self, label: int) -> None:
        """Show the score map of a class."""
        with QSignalBlocker(self.label), QSignalBlocker(self.kind):
            self.label.setCurrentIndex(label)
            self.kind.setCurrentText(SCORE)
        self._refresh()


def _look(trace: Trace, known: ClassMaps | None, kind: str, label: int, outlines: bool) -> Look:
    """``known``: the maps of this trace, if they are made already."""
    maps = known or maps_of(trace)
    _ = maps.answer, maps.figures  # now, not when the GUI thread asks
    inks = class_inks(maps.ground)
    tint: Tint | None = None
    lines: Tint | None = None
    if kind == CLASSES and outlines:
        lines = outline_tint(maps.answer, inks)
        tint = lines[:0]
    elif kind == CLASSES:
        tint = class_tint(maps.classes, inks)
    elif kind == SCORE:
        tint = heat_tint(maps.probabilities[..., min(label, len(maps.areas) - 1)], 1.0)
    elif kind == ENTROPY:
        tint = heat_tint(maps.entropy, maps.most_bits)
    elif kind == MARGIN:
        tint = heat_tint(maps.margin, 1.0)
    elif maps.truth is not None:
        tint = error_tint(maps.answer, maps.truth)
    return Look(maps, kind, label, tint, lines, inks)


def _zoom_key(truth: bool) -> str:
    words = "<b>Boundary</b>: white where the predicted class changes"
    if truth:
        words += f', <span style="color:{TRUE[0]}">╍</span> orange dashes where the true one does'
    return f"{words}."
