"""Menus, toolbar and shortcuts as data; adding an action is adding an entry.

``slot`` names a method of the window or of one of its parts. Shortcuts work wherever the focus is,
except where a widget uses the key itself (a slider takes Left and Right while it has the focus).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow, QMenu


@dataclass(frozen=True)
class ActionSpec:
    """One action. ``menu`` is a path such as "View/Theme"; ``choice`` (group, value) makes it one
    of several that exclude each other and is handed to the slot."""

    name: str
    text: str
    menu: str
    slot: str
    keys: tuple[str, ...] = ()
    checkable: bool = False
    checked: bool = False
    choice: tuple[str, str] | None = None
    tool: bool = False
    help: str = ""
    line_before: bool = False


def _choices(
    group: str, menu: str, slot: str, values: Iterable[tuple[str, str]]
) -> tuple[ActionSpec, ...]:
    return tuple(
        ActionSpec(f"{group}-{value}", text, menu, slot, choice=(group, value))
        for value, text in values
    )


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "open", "&Open picture or video …", "&File", "file_menu.open_file", ("Ctrl+O",), tool=True,
        help="Open a picture or a video",
    ),
    ActionSpec("open-folder", "Open &folder …", "&File", "file_menu.open_folder", ("Ctrl+Shift+O",)),
    ActionSpec(
        "open-address", "Open camera or &address …", "&File", "file_menu.open_address", ("Ctrl+L",),
        help="A camera, an http or rtsp stream, or scene:SEED",
    ),
    ActionSpec("open-scene", "Open a &scene", "&File", "file_menu.open_scene", ("Ctrl+N",), tool=True,
               help="A drawn still life with exact ground truth; again for another one"),
    ActionSpec("open-moving", "Open a &moving scene", "&File", "file_menu.open_moving", ("Ctrl+Shift+N",),
               help="The same in motion, with ground truth in every frame"),
    ActionSpec("paste", "Open from clip&board", "&File", "file_menu.open_clipboard", ("Ctrl+V",)),
    ActionSpec("open-weights", "Open &weights …", "&File", "file_menu.open_weights", line_before=True,
               help="Weights of your own for the chosen model: a state dict or safetensors"),
    ActionSpec("copy", "&Copy picture", "&File", "file_menu.copy_picture", ("Ctrl+Shift+C",),
               line_before=True, help="The canvas, as it is drawn, to the clipboard"),
    ActionSpec("save", "&Save picture …", "&File", "file_menu.save_picture", ("Ctrl+S",)),
    ActionSpec("save-boxes", "Save drawn &boxes …", "&File", "save_boxes",
               help="The boxes that were drawn on all pictures, as a COCO JSON file"),
    ActionSpec("quit", "&Quit", "&File", "close", ("Ctrl+Q",), line_before=True),
    ActionSpec("undo", "&Undo", "&Edit", "undo", ("Ctrl+Z",)),
    ActionSpec("redo", "&Redo", "&Edit", "redo", ("Ctrl+Shift+Z", "Ctrl+Y")),
    ActionSpec("reset", "Re&set all parameters", "&Edit", "reset_params", ("Ctrl+R",),
               line_before=True),
    ActionSpec("draw", "&Draw boxes", "&Edit", "draw_boxes", ("D",), checkable=True, tool=True,
               line_before=True,
               help="Draw ground truth on this picture: drag a box around each object"),
    ActionSpec("remove-box", "Remove the chosen &box", "&Edit", "remove_box", ("Del", "Backspace"),
               help="While drawing: remove the box that is chosen"),
    ActionSpec("deselect", "&Deselect", "&Edit", "deselect", ("Escape",),
               help="Dismiss a message, or select nothing"),
    ActionSpec("freeze", "&Freeze", "&Play", "freeze", ("Space",), checkable=True, tool=True,
               help="Pin this frame with its whole trace; again to go on live"),
    ActionSpec("play", "&Play or pause", "&Play", "toggle_play", ("P",)),
    ActionSpec("frame-next", "&Next frame or picture", "&Play", "next_frame", (".", "PgDown")),
    ActionSpec("frame-back", "Pre&vious frame or picture", "&Play", "previous_frame",
               (",", "PgUp")),
    ActionSpec("stage-next", "Next &stage", "&Stage", "next_stage", ("Right",), tool=True),
    ActionSpec("stage-back", "Previous s&tage", "&Stage", "previous_stage", ("Left",), tool=True),
    ActionSpec("stage-first", "&First stage", "&Stage", "first_stage", ("Home",)),
    ActionSpec("stage-last", "&Detections", "&Stage", "last_stage", ("End",)),
    ActionSpec("rejected", "Show &rejected rows", "&Stage", "show_rejected", ("R",),
               checkable=True, tool=True, line_before=True,
               help="Also the boxes that this stage stopped, in the colour of their reason"),
    ActionSpec("fit", "&Fit", "&View", "view_menu.fit", ("F",)),
    ActionSpec("actual", "&Actual size", "&View", "view_menu.actual_size", ("1",)),
    ActionSpec("zoom-in", "Zoom &in", "&View", "view_menu.zoom_in", ("+", "=", "Ctrl++")),
    ActionSpec("zoom-out", "Zoom &out", "&View", "view_menu.zoom_out", ("-", "Ctrl+-")),
    ActionSpec("labels", "&Labels", "&View", "view_menu.show_labels", ("L",), checkable=True, checked=True,
               line_before=True),
    ActionSpec("masks", "&Masks", "&View", "view_menu.show_masks", ("M",), checkable=True, checked=True),
    ActionSpec("truth", "&Ground truth", "&View", "view_menu.show_truth", ("G",), checkable=True,
               help="The boxes that are really there, dashed, where the source knows them"),
    *_choices("theme", "&View/&Theme", "view_menu.set_theme",
              (("system", "As the &system"), ("light", "&Light"), ("dark", "&Dark"))),
    *_choices("scale", "&View/Te&xt size", "view_menu.set_scale",
              (("1.0", "&Normal"), ("1.25", "&Large"), ("1.5", "L&ecture hall"),
               ("2.0", "Large &hall"))),
    ActionSpec("bigger", "&Bigger text", "&View/Te&xt size", "view_menu.bigger_text", ("Ctrl+Shift++",),
               line_before=True),
    ActionSpec("present", "&Presentation", "&View", "view_menu.present", ("F5",), checkable=True,
               help="Only the picture, the stages and large text"),
    ActionSpec("full-screen", "F&ull screen", "&View", "view_menu.full_screen", ("F11",), checkable=True),
    ActionSpec("layout", "Reset la&yout", "&View", "view_menu.reset_layout", line_before=True),
    ActionSpec("lesson-next", "&Next step", "&Lessons", "lesson_menu.forth", ("N",),
               help="Show the answer of a lesson's question, or its next step"),
    ActionSpec("lesson-back", "&Back", "&Lessons", "lesson_menu.back", ("B",),
               help="The step before"),
    ActionSpec("lesson-again", "Show the step &again", "&Lessons", "lesson_menu.again",
               help="The present step as it was meant, whatever was changed meanwhile"),
    ActionSpec("lesson-end", "&End the lesson", "&Lessons", "lesson_menu.end",
               help="Your own picture, model and parameters come back"),
    ActionSpec("lesson-open", "&Open a lesson of your own …", "&Lessons", "lesson_menu.open_file",
               line_before=True, help="A TOML file; docs/lessons.md says how to write one"),
    ActionSpec("shortcuts", "&Shortcuts", "&Help", "view_menu.show_shortcuts", ("F1", "?")),
    ActionSpec("log", "Open the &log folder", "&Help", "view_menu.open_log"),
    ActionSpec("about", "&About Boxscope", "&Help", "view_menu.about"),
)  # fmt: skip

MENUS = ("&File", "&Edit", "&Play", "&Stage", "Pa&nels", "&Lessons", "&View", "&Help")


def build(window: QMainWindow, menus: dict[str, QMenu]) -> dict[str, QAction]:
    """Make every action of the window and put it into its menu; returns them by name.

    ``menus`` is filled with every menu by its path.
    """
    actions: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for path in MENUS:
        _menu(window, menus, path)
    for spec in ACTIONS:
        action = QAction(spec.text, window)
        action.setObjectName(spec.name)
        action.setShortcuts([QKeySequence(k) for k in spec.keys])
        plain = spec.text.replace("&", "").removesuffix(" …")
        keys = f" ({spec.keys[0]})" if spec.keys else ""
        action.setToolTip(f"{spec.help or plain}{keys}")
        action.setStatusTip(spec.help)
        slot = attrgetter(spec.slot)(window)
        if spec.choice is not None:
            group, value = spec.choice
            if group not in groups:
                groups[group] = QActionGroup(window)
            groups[group].addAction(action)
            action.setCheckable(True)
            action.setData(value)
            action.triggered.connect(slot)
        elif spec.checkable:
            action.setCheckable(True)
            action.setChecked(spec.checked)
            action.toggled.connect(slot)
        else:
            action.triggered.connect(slot)
        menu = _menu(window, menus, spec.menu)
        if spec.line_before:
            menu.addSeparator()
        menu.addAction(action)
        actions[spec.name] = action
    return actions


def _menu(window: QMainWindow, menus: dict[str, QMenu], path: str) -> QMenu:
    """The menu at a path, made with its parents when it is asked for first."""
    if path not in menus:
        above, _, title = path.rpartition("/")
        parent = _menu(window, menus, above) if above else window.menuBar()
        menus[path] = parent.addMenu(title)
    return menus[path]
