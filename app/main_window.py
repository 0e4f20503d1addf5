"""The window: canvas in the centre, stages above it, views in docks around it.

It comes in three steps. The empty canvas is painted at once. `furnish` follows in the next turn of
the event loop (before the first paint where a stored layout is restored): menus, toolbar, bars and
docks, none of which needs NumPy or a model. `begin` comes when those are imported: it makes the
controller and wires it up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QMimeData, QObject, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QUndoStack,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLabel,
    QMainWindow,
    QMenu,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from app.settings import LAYOUT_VERSION, AppSettings, stored_look
from widgets.canvas import Canvas
from widgets.selection import Selection
from widgets.theme import apply_theme

if TYPE_CHECKING:
    from app.controller import Controller
    from app.presenter import Presenter
    from engine.session import ModelChoice
    from widgets.message_bar import Level

UNDO_LIMIT = 500  # steps
SIDE_WIDTH = 400
BOTTOM_HEIGHTS = [150, 60]  # boxes, and the lineage in one line


class MainWindow(QMainWindow):
    """See the module. ``painted`` is emitted once, after the first paint."""

    painted = Signal()

    def __init__(self, settings: AppSettings) -> None:
        super().__init__()
        self.setObjectName("boxscope")
        self.setWindowTitle("Boxscope")
        self.setAcceptDrops(True)
        self.settings = settings
        self.selection = Selection(self)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self.controller: Controller | None = None
        self.presenter: Presenter | None = None
        self._closing = False

        self._furnished = False
        self.canvas = Canvas(self.selection)
        centre = QWidget()
        self._column = QVBoxLayout(centre)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.canvas, 1)
        self.canvas.viewport().installEventFilter(self)
        self.setCentralWidget(centre)
        self._restore_look()
        if not settings.blob("window/state").isEmpty():
            # A stored layout fits only while the window is not yet shown: restored on the screen,
            # its docks push the window open.
            self.furnish()

    # --- first step

    def _restore_look(self) -> None:
        """Size, place and colours as they were, before anything is seen."""
        theme, scale = stored_look(self.settings)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, theme, scale)
        geometry = self.settings.blob("window/geometry")
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            screen = QGuiApplication.primaryScreen().availableSize()
            self.resize(min(1400, screen.width()), min(900, screen.height()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The canvas covers the whole window at first, so the window itself is never painted.
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            # From the event loop, when this paint has reached the screen.
            QTimer.singleShot(0, self._on_painted)
        return False

    def _on_painted(self) -> None:
        self.painted.emit()
        self.furnish()

    # --- second step

    def furnish(self) -> None:
        """Menus, toolbar, bars and docks. Called once by itself; harmless when called again."""
        if self._furnished or self._closing:
            return
        self._furnished = True
        size = self.size()
        from app import actions
        from app.docks import DockKeeper, add_docks
        from app.file_menu import FileMenu
        from app.lessons.menu import LessonMenu
        from app.view_menu import ViewMenu
        from widgets.views import views

        self._build_bars()
        self.file_menu = FileMenu(self)
        self.view_menu = ViewMenu(self)
        self.lesson_menu = LessonMenu(self)
        self.menus: dict[str, QMenu] = {}
        self.actions_: dict[str, QAction] = actions.build(self, self.menus)
        self._build_toolbar([self.actions_[spec.name] for spec in actions.ACTIONS if spec.tool])
        self._build_status()
        self.params_dock = QDockWidget("Parameters", self)
        self.params_dock.setObjectName("dock-parameters")
        self.docks = add_docks(self, views(), self.params_dock)
        self.view_menu.add_docks(self.params_dock, self.docks.values())
        self.dock_keeper = DockKeeper(self, self.params_dock, self.docks, self.selection)
        self.dock_keeper.away = set(self.settings.text("window/away").split())
        self.lesson_menu.fill()
        self.file_menu.fill_recent()
        bottom = [d for d in self.docks.values() if d.info.area == "bottom"]
        self.resizeDocks(bottom, BOTTOM_HEIGHTS[: len(bottom)], Qt.Orientation.Vertical)
        self.resizeDocks([self.params_dock], [SIDE_WIDTH], Qt.Orientation.Horizontal)
        self._default_layout = self.saveState(LAYOUT_VERSION)
        state = self.settings.blob("window/state")
        if not state.isEmpty():
            self.restoreState(state, LAYOUT_VERSION)
        self.view_menu.restore()
        # Closed in full screen it opens so; the action then has to take it back.
        with QSignalBlocker(self.actions_["full-screen"]):
            self.actions_["full-screen"].setChecked(self.isFullScreen())
        self._size = size
        QTimer.singleShot(0, self._keep_size)

    def _keep_size(self) -> None:
        """Docks that are added or filled on the screen may have pushed the window open."""
        if not self.isMaximized() and not self.isFullScreen():
            self.resize(self._size)

    def _build_bars(self) -> None:
        from widgets.message_bar import MessageBar
        from widgets.progress_bar import ProgressStrip
        from widgets.source_bar import SourceBar
        from widgets.stage_ribbon import StageRibbon

        self.messages = MessageBar(self)
        self.ribbon = StageRibbon(self.selection)
        self.progress = ProgressStrip()
        self.source_bar = SourceBar()
        self._column.insertWidget(0, self.messages)
        self._column.insertWidget(1, self.ribbon)
        self._column.addWidget(self.progress)
        self._column.addWidget(self.source_bar)

    def place_bar(self, bar: QWidget) -> None:
        """A strip of its own between the stages and the picture."""
        self._column.insertWidget(self._column.indexOf(self.canvas), bar)

    def _build_toolbar(self, tools: list[QAction]) -> None:
        from widgets.chooser import DeviceChooser, ModelChooser

        bar = QToolBar("Toolbar", self)
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        self.model_chooser = ModelChooser()
        self.device_chooser = DeviceChooser()
        bar.addActions(tools)
        bar.addSeparator()
        bar.addWidget(self.model_chooser)
        bar.addWidget(self.device_chooser)
        self.addToolBar(bar)
        self.toolbar = bar

    def _build_status(self) -> None:
        self.cursor_label, self.rate_label = QLabel(), QLabel()
        self.rate_label.setToolTip("Traces shown per second, and the time from frame to screen")
        self.statusBar().addWidget(self.cursor_label, 1)
        self.statusBar().addPermanentWidget(self.rate_label)
        self.canvas.cursor_info.connect(self.cursor_label.setText)

    # --- third step

    def begin(self, model: ModelChoice, device: str, source: str | None, threads: int = 0) -> None:
        """NumPy and the engine are imported: start the engine thread, fill the docks, go."""
        if self._closing:
            return  # closed while the imports ran: start no thread that nobody would end
        self.furnish()
        from app.controller import Controller
        from app.presenter import Presenter
        from widgets.param_panel import ParamPanel

        self.params = ParamPanel()
        self.params_dock.setWidget(self.params)

        self.controller = Controller(model, device, threads, self)
        self.presenter = Presenter(self, self.controller)
        for key, dock in self.docks.items():
            dock.begin(self.selection, self.settings.text(f"views/{key}"))
        if source:
            self.file_menu.open_source(source)
        self.lesson_menu.begin(self.presenter.course)

    # --- what the user drops and closes

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        source = _dropped(event.mimeData())
        if source:
            event.acceptProposedAction()
            self.file_menu.open_source(source)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closing:
            self._closing = True
            if self.presenter is not None:
                self.presenter.course.stop()
            self.save_settings()
            if self.presenter is not None:
                self.presenter.stop()
            if self.controller is not None:
                self.controller.close()
        super().closeEvent(event)

    def save_settings(self) -> None:
        if not self._furnished:
            return  # closed before there was anything to remember
        put = self.settings.put
        if not self.actions_["present"].isChecked():
            put("window/geometry", self.saveGeometry())
            put("window/state", self.saveState(LAYOUT_VERSION))
            put("window/away", " ".join(sorted(self.dock_keeper.away)))
        if self.controller is not None:
            model = self.controller.model
            put("model/name", model.name)
            put("model/checkpoint", model.checkpoint or "")
            put("model/labels", model.labels or "")
            put("model/device", self.controller.device)
        for key, dock in self.docks.items():
            if dock.remembered:
                put(f"views/{key}", dock.remembered)
        self.view_menu.save()
        self.settings.save()

    def reset_layout(self) -> None:
        self.restoreState(self._default_layout, LAYOUT_VERSION)
        self.dock_keeper.away.clear()
        self.dock_keeper.look_again()

    def tell(self, kind: Level, text: str, details: str = "") -> None:
        """A message that can be dismissed; ``kind`` is error, warn or info."""
        self.messages.show_message(kind, text, details)

    # --- Play and Stage menus: thin, what they do is the controller's and the selection's

    def freeze(self, on: bool) -> None:
        if self.controller is not None:
            self.controller.freeze(on)
            self.actions_["freeze"].setChecked(self.controller.frozen)

    def toggle_play(self, *_: Any) -> None:
        state = self.controller.player_state if self.controller else None
        if self.controller is not None and state is not None:
            self.controller.play(not state.playing)

    def next_frame(self, *_: Any) -> None:
        if self.controller is not None:
            self.controller.step(1)

    def previous_frame(self, *_: Any) -> None:
        if self.controller is not None:
            self.controller.step(-1)

    def next_stage(self, *_: Any) -> None:
        self.selection.step_stage(1)

    def previous_stage(self, *_: Any) -> None:
        self.selection.step_stage(-1)

    def first_stage(self, *_: Any) -> None:
        self.selection.first_stage()

    def last_stage(self, *_: Any) -> None:
        self.selection.last_stage()

    def show_rejected(self, on: bool) -> None:
        self.selection.set_show_rejected(on)

    def undo(self, *_: Any) -> None:
        self.undo_stack.undo()

    def redo(self, *_: Any) -> None:
        self.undo_stack.redo()

    def reset_params(self, *_: Any) -> None:
        if self.presenter is not None:
            self.presenter.reset_params()

    def deselect(self, *_: Any) -> None:
        if self.messages.dismiss():
            return
        if self.actions_["draw"].isChecked():
            self.actions_["draw"].setChecked(False)
        else:
            self.selection.select(None)

    def draw_boxes(self, on: bool) -> None:
        if self.presenter is not None:
            self.presenter.drawing.set_on(on)

    def remove_box(self, *_: Any) -> None:
        if self.presenter is not None and self.presenter.drawing.on:
            self.presenter.drawing.remove()

    def save_boxes(self, *_: Any) -> None:
        if self.presenter is not None:
            self.presenter.drawing.save()


def _dropped(mime: QMimeData) -> str:
    """The source in what was dropped: a file, a folder, or an address as text; "" for none."""
    for url in mime.urls():
        return url.toLocalFile() or url.toString()
    text = mime.text().strip()
    return text if "\n" not in text and "://" in text else ""
