"""The Lessons menu: the lessons that ship, one's own, and the way through the one under way.

The list is read when the menu is opened first: this module is loaded before the first paint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QKeySequence

from engine.errors import BoxscopeError

if TYPE_CHECKING:
    from app.lessons.course import Course
    from app.lessons.lesson import Lesson
    from app.main_window import MainWindow

MENU = "&Lessons"
# What the buttons of a presenter's remote control send: they walk through a lesson while there is
# one, and through frames and pictures else.
REMOTE = {"PgDown": ("frame-next", "lesson-next"), "PgUp": ("frame-back", "lesson-back")}


class LessonMenu(QObject):
    """Slots of the menu; thin: what they do is the course's."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._course: Course | None = None
        self._waiting: Lesson | None = None  # chosen before the engine was there
        self._listed = False

    def fill(self) -> None:
        """The actions exist: wait for the menu to be opened."""
        self._window.menus[MENU].aboutToShow.connect(self._list)
        self._on_changed()

    def begin(self, course: Course) -> None:
        """The engine is there, and what the user had is on its way: lessons can be begun."""
        self._course = course
        course.changed.connect(self._on_changed)
        if self._waiting is not None:
            course.start(self._waiting)

    @Slot()
    def _list(self) -> None:
        """An entry for every lesson that ships, above the others."""
        if self._listed:
            return
        self._listed = True
        from app.lessons.lesson import shipped

        menu = self._window.menus[MENU]
        first = menu.actions()[0]
        for lesson in shipped():
            action = QAction(lesson.title, menu)
            action.setToolTip(lesson.about)
            action.setStatusTip(lesson.about)
            action.setData(lesson.name)
            action.triggered.connect(self._on_chosen)
            menu.insertAction(first, action)
        menu.insertSeparator(first)
        menu.setToolTipsVisible(True)

    @Slot()
    def _on_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.open(str(action.data()))

    def open(self, name: str) -> None:
        """Begin a lesson by its name, or that in a file; what is wrong with it is told."""
        from app.lessons.lesson import find

        try:
            self.start(find(name))
        except BoxscopeError as error:
            self._window.tell("error", str(error))

    def start(self, lesson: Lesson) -> None:
        if self._course is not None:
            self._course.start(lesson)
        else:
            self._waiting = lesson

    def open_file(self, *_: Any) -> None:
        from app import dialogs

        if name := dialogs.open_lesson(self._window, self._window.file_menu.folder):
            self.open(name)

    def forth(self, *_: Any) -> None:
        if self._course is not None:
            self._course.forth()

    def back(self, *_: Any) -> None:
        if self._course is not None:
            self._course.back()

    def again(self, *_: Any) -> None:
        if self._course is not None:
            self._course.again()

    def end(self, *_: Any) -> None:
        if self._course is not None:
            self._course.end()

    @Slot()
    def _on_changed(self) -> None:
        """Only while a lesson is under way is there a step to go to."""
        course, actions = self._course, self._window.actions_
        on = course is not None and course.lesson is not None
        for name in ("lesson-next", "lesson-again", "lesson-end"):
            actions[name].setEnabled(on)
        actions["lesson-back"].setEnabled(on and course is not None and course.step > 0)
        for key, (frames, steps) in REMOTE.items():
            _give_key(actions[steps if on else frames], actions[frames if on else steps], key)


def _give_key(to: QAction, of: QAction, key: str) -> None:
    """Move a shortcut from one action to another; two that have it would both be deaf."""
    shortcut = QKeySequence(key)
    of.setShortcuts([k for k in of.shortcuts() if k != shortcut])
    if shortcut not in to.shortcuts():
        to.setShortcuts([*to.shortcuts(), shortcut])
