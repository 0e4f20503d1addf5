"""``boxscope tour``: one picture of every view, taken from the real window, offscreen."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BoxscopeError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

    from app.launch import Launcher

HELP = "write one picture of every view of a shipped scene: the screenshots of the docs"
SOURCE = "scene:11"
SIZE = (1440, 900)

# stage, and whether rejected rows are shown: the road of a proposal, told in pictures
STAGES = (
    ("anchors", False),
    ("rpn_topk", False),
    ("rpn_nms", True),
    ("proposals", False),
    ("score_threshold", False),
    ("nms", True),
    ("detections", False),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="where the pictures go")
    parser.add_argument("--source", metavar="SOURCE", help=f"{SOURCE} by default")
    parser.add_argument("--model", metavar="NAME", help="boxscope-maskrcnn by default")


def run(args: argparse.Namespace) -> int:
    return make(args.dir, args.source, args.model)


def make(folder: str, source: str | None = None, model: str | None = None) -> int:
    """Write the pictures into ``folder``; 0 when all is well. Raises BoxscopeError."""
    out = Path(folder)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BoxscopeError(f"{folder}: cannot be made ({error.strerror}).") from None
    from app.offscreen import application, traced
    from app.settings import AppSettings

    app = application()
    with tempfile.TemporaryDirectory() as fresh:
        # Settings of its own: the pictures look the same for everybody, and change nobody's.
        settings = AppSettings(str(Path(fresh) / "tour.ini"))
        from app.launch import Launcher

        launcher = Launcher(app, settings, source or SOURCE, model)
        try:
            launcher.window.resize(*SIZE)
            traced(launcher)
            written = _pictures(app, launcher, out)
        finally:
            launcher.end()
            launcher.deleteLater()
            settings.save()
    sys.stdout.write(f"boxscope: {len(written)} pictures in {out}\n")
    return 0


def _pictures(app: QApplication, launcher: Launcher, out: Path) -> list[Path]:
    from PySide6.QtCore import QSize

    from app.offscreen import settled
    from engine.trace import Ref
    from widgets.export import save_widget
    from widgets.theme import apply_theme
    from widgets.views import views

    window = launcher.window
    assert window.controller is not None
    window.freeze(True)
    trace = window.controller.trace
    assert trace is not None
    selection = window.selection
    written: list[Path] = []

    def take(name: str, widget: QWidget | None = None, size: tuple[int, int] = SIZE) -> None:
        settled(app)
        path = out / f"{name}.png"
        save_widget(widget or window, path, QSize(*size))
        written.append(path)

    def select_best() -> None:
        if trace.final in trace.stages and len(trace.table(trace.final).kept):
            selection.select(Ref(trace.final, int(trace.table(trace.final).kept[0])))

    for theme in ("light", "dark"):
        apply_theme(app, theme, 1.0)
        selection.select(None)
        selection.set_stage(trace.final)
        take(f"window-{theme}")
        for number, (stage, rejected) in enumerate(STAGES, 1):
            if stage in trace.stages and theme == "light":
                selection.set_show_rejected(rejected)
                selection.set_stage(stage)
                take(f"stage-{number}-{stage}")
        selection.set_show_rejected(False)
        selection.set_stage(trace.final)
        select_best()
        for info in views():
            if all(need in trace.stages for need in info.needs):
                view = info.create(selection)
                view.resize(960, 720)
                view.show()
                settled(app)
                select_best()
                if info.key == "compare":
                    _compared(view)
                take(f"view-{info.key}-{theme}", view, (960, 720))
                view.close()
                view.deleteLater()
    return written


def _compared(view: QWidget) -> None:
    """Let the view compare with the other detector that ships."""
    from app.offscreen import Patience
    from widgets.compare.panel import ComparePanel

    assert isinstance(view, ComparePanel)
    view.compare_with("boxscope-ssd")
    Patience(lambda: view.compared is not None and view.compared.b is not None, "Comparing")
