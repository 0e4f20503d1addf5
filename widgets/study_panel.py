"""A view whose numbers are worked out away from the GUI thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMetaObject, Qt, Slot
from PySide6.QtWidgets import QWidget

from widgets.background import Newest

if TYPE_CHECKING:
    from widgets.background import Job


class StudyPanel(QWidget):
    """Gives jobs to a thread while it is on screen; `take` gets what they return, newest wins.

    A widget that nobody sees and that lies in no window is about to have its picture taken: then
    the job runs from the event loop, because no painter waits for a thread.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._newest = Newest(name, self._on_done)
        self._late: Job | None = None

    @property
    def busy(self) -> bool:
        """Is an answer under way?"""
        return self._newest.busy or self._late is not None

    @property
    def wanted(self) -> bool:
        """On screen, or about to be painted without a window; not in a closed dock."""
        return self.isVisible() or self.window() is self

    def submit(self, job: Job) -> None:
        """Run ``job`` elsewhere. It must hold all that it needs and touch no widget."""
        if self.isVisible():
            self._late = None  # an older job must not come after this one
            self._newest.submit(job)
            return
        waiting, self._late = self._late, job
        if waiting is None:
            QMetaObject.invokeMethod(self, "_run_late", Qt.ConnectionType.QueuedConnection)  # type: ignore[call-overload]

    def forget(self) -> None:
        """Drop a job that waits. One that runs still reports."""
        self._newest.cancel()
        self._late = None

    def take(self, result: Any) -> None:
        """What a job returned, on the GUI thread."""
        raise NotImplementedError

    @Slot()
    def _run_late(self) -> None:
        job, self._late = self._late, None
        if job is None:
            return
        if self.isVisible() or self._newest.busy:
            self._newest.submit(job)
        elif self.wanted:
            self.take(job())

    @Slot(object)
    def _on_done(self, result: object) -> None:
        self.take(result)
