"""From the command line to a painted window, and only then to NumPy, OpenCV and torch."""

from __future__ import annotations

import argparse
import signal
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from app import logs
from app.collector import Collector
from app.main_window import MainWindow
from app.settings import AppSettings
from app.startup import Startup

if TYPE_CHECKING:
    from app.lessons.lesson import Lesson

DEFAULT_SOURCE = "scene:7?moving"


class Launcher(QObject):
    """Owns the window and the order of the start; told apart from the window for tests."""

    _told = Signal(str, str)

    def __init__(
        self,
        app: QApplication,
        settings: AppSettings,
        source: str | None = None,
        model: str | None = None,
        checkpoint: str | None = None,
        labels: str | None = None,
        device: str | None = None,
        stage: str | None = None,
        present: bool = False,
        lesson: Lesson | None = None,
    ) -> None:
        super().__init__(app)
        self._source, self._stage, self._lesson = source, stage, lesson
        self._wanted = (model, checkpoint, labels, device)
        self.window = MainWindow(settings)
        self.collector = Collector(self)
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._undo_hooks = logs.install_hooks(self._told.emit)
        self.startup = Startup(self)
        self.startup.ready.connect(self._begin)
        self.window.painted.connect(self.startup.start)
        self.window.show()
        if present:
            self.window.painted.connect(self._furnished)

    @Slot()
    def _furnished(self) -> None:
        """A presentation notes what it hides: that has to be on the screen before."""
        self.window.furnish()
        QTimer.singleShot(0, self, self._present)

    @Slot()
    def _present(self) -> None:
        self.window.actions_["present"].setChecked(True)

    @Slot(str, str)
    def _tell(self, sentence: str, details: str) -> None:
        self.window.tell("error", sentence, details)

    @Slot()
    def _begin(self) -> None:
        from engine import DEFAULT_MODEL
        from engine.session import ModelChoice

        model, checkpoint, labels, device = self._wanted
        settings = self.window.settings
        if model is None:
            # What was used last, weights of one's own included.
            model = settings.text("model/name", DEFAULT_MODEL)
            checkpoint = checkpoint or settings.text("model/checkpoint") or None
            labels = labels or settings.text("model/labels") or None
        choice = ModelChoice(model, checkpoint, labels)
        self.window.begin(
            choice,
            device or settings.text("model/device", "auto"),
            self._source or DEFAULT_SOURCE,
            int(settings.number("engine/threads", 0, 0, 256)),
        )
        if self.window.presenter is None:
            return  # closed meanwhile
        self.window.presenter.first_trace.connect(self.collector.freeze)
        if self._stage:
            self.window.presenter.start_at(self._stage)
        QTimer.singleShot(0, self, self._teach)  # after a presentation that waits for its turn

    @Slot()
    def _teach(self) -> None:
        if self._lesson is not None:
            self.window.lesson_menu.start(self._lesson)

    def end(self) -> None:
        """Everything that outlives the window's close, ended: threads, hooks, the collector."""
        self.window.close()
        self.startup.join()
        self.collector.stop()
        self._undo_hooks()


def launch(args: argparse.Namespace, lesson: Lesson | None = None) -> int:
    logs.start_logging()
    logs.install_qt_logging()
    app = QApplication.instance() or QApplication(["boxscope"])
    assert isinstance(app, QApplication)
    app.setApplicationName("Boxscope")
    app.setApplicationDisplayName("Boxscope")
    app.setDesktopFileName("boxscope")
    launcher = Launcher(
        app,
        AppSettings(),
        args.source,
        args.model,
        args.checkpoint,
        args.labels,
        args.device,
        args.stage,
        args.present,
        lesson,
    )
    # Ctrl+C in the terminal closes the window; Python sees the signal when Qt gives it a turn.
    signal.signal(signal.SIGINT, lambda *_: launcher.window.close())
    beat = QTimer(launcher)
    beat.timeout.connect(lambda: None)
    beat.start(250)
    try:
        return app.exec()
    finally:
        launcher.end()
