"""What the user had when a lesson began, and the way back to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, Slot

from app.file_menu import CLIPBOARD
from app.moved import Remembered
from app.settings import LAYOUT_VERSION
from engine.frame import Frame

if TYPE_CHECKING:
    from app.controller import Controller
    from app.main_window import MainWindow


@dataclass(frozen=True)
class _Noted:
    """``layout`` is None while a presentation hides it."""

    source: str
    frame: Frame | None
    index: int
    playing: bool
    engine: Remembered
    layout: QByteArray | None
    away: frozenset[str]
    rejected: bool
    truth: bool


class Before(QObject):
    """Made when the first lesson begins; `go_back` when the last one ends.

    A live source that was paused, and a picture that was pinned, go on: what was shown is gone.
    """

    def __init__(self, window: MainWindow, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._controller = window, controller
        self._returning = False  # whether the source is being opened to come back to
        self._over = False
        controller.source_changed.connect(self._on_source)
        state = controller.player_state
        file = state is not None and not state.live
        self._noted = _Noted(
            source=controller.wanted_source,
            frame=controller.frame if controller.source == CLIPBOARD else None,
            index=state.index if state is not None and file else 0,
            playing=state.playing if state is not None and file else True,
            engine=controller.remembered,
            layout=None,
            away=frozenset(window.dock_keeper.away),
            rejected=window.actions_["rejected"].isChecked(),
            truth=window.actions_["truth"].isChecked(),
        )
        if not window.actions_["present"].isChecked():
            self.note_layout()

    @property
    def source(self) -> str:
        return self._noted.source

    @property
    def engine(self) -> Remembered:
        return self._noted.engine

    def note_layout(self) -> None:
        """The panels as they are now are the user's own; the first ones that are noted count."""
        if self._noted.layout is None:
            self._noted = replace(
                self._noted,
                layout=self._window.saveState(LAYOUT_VERSION),
                away=frozenset(self._window.dock_keeper.away),
            )

    def open_source(self) -> None:
        """The user's own picture, unless it is there or on its way."""
        noted, controller = self._noted, self._controller
        if noted.source in ("", controller.wanted_source):
            return
        if noted.frame is not None:
            controller.open_frame(noted.frame)
        elif noted.source == controller.source:
            controller.stay()
        else:
            self._returning = True
            controller.open(noted.source)

    @Slot(str)
    def _on_source(self, source: str) -> None:
        """To the place in a video or folder where it was."""
        noted, returning, self._returning = self._noted, self._returning, False
        if returning and source == noted.source:
            if noted.index > 0:
                self._controller.seek(noted.index)
            if not noted.playing:
                self._controller.play(False)
        if self._over:
            self.deleteLater()

    def go_back(self) -> None:
        """Picture, model, parameters, panels."""
        self.restore_window()
        self.open_source()
        self._window.undo_stack.clear()
        self._controller.restore(self._noted.engine)
        self._over = True
        if not self._returning:
            self.deleteLater()

    def restore_window(self) -> None:
        noted, window = self._noted, self._window
        window.actions_["rejected"].setChecked(noted.rejected)
        window.actions_["truth"].setChecked(noted.truth)
        if noted.layout is None:
            return  # began in a presentation that still goes on: it has the layout
        if window.actions_["present"].isChecked():
            window.view_menu.present_then(noted.layout)
        else:
            window.restoreState(noted.layout, LAYOUT_VERSION)
            window.dock_keeper.away = set(noted.away)
            window.dock_keeper.look_again()

    def forget_lesson(self) -> None:
        """The window is closing: what it stores are the user's own model and panels."""
        self.restore_window()
        self._controller.restore(self._noted.engine, quietly=True)
