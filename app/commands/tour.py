"""``boxscope tour``: one picture of every view, taken from the real window, offscreen."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from engine.errors import BoxscopeError

HELP = "write one picture of every view of a shipped scene: the screenshots of the docs"
SOURCE = "scene:11"


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
    from app.album import SIZE, take_pictures
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
            written = take_pictures(app, launcher.window, out)
        finally:
            launcher.end()
            launcher.deleteLater()
            settings.save()
    sys.stdout.write(f"boxscope: {len(written)} pictures in {out}\n")
    return 0
