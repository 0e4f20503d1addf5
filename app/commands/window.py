"""``boxscope [SOURCE]``: the window."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands import _model
from engine.errors import BoxscopeError

if TYPE_CHECKING:
    from app.lessons.lesson import Lesson

HELP = "the window"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="?", metavar="SOURCE", help=_model.SOURCE_HELP)
    parser.add_argument(
        "--model", metavar="NAME", help="a name that `boxscope models` lists (as last time)"
    )
    parser.add_argument("--checkpoint", metavar="FILE", help="weights of your own for --model")
    parser.add_argument("--labels", metavar="FILE", help="class names that belong to --checkpoint")
    parser.add_argument("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps")
    parser.add_argument("--stage", metavar="STAGE", help="the stage to begin with")
    parser.add_argument(
        "--lesson", metavar="NAME", help="begin with a lesson: its name, or a file of your own"
    )
    parser.add_argument("--present", action="store_true", help="begin as a presentation (F5)")


def has_display() -> bool:
    """Whether a window can be shown, judged as Qt will judge."""
    if os.environ.get("QT_QPA_PLATFORM"):
        return True
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _lesson(name: str) -> Lesson:
    """Read before the window opens; nothing of it is imported when no lesson is asked for."""
    from app.lessons.lesson import find

    return find(name)


def run(args: argparse.Namespace) -> int:
    if args.source and ":" not in args.source and not Path(args.source).exists():
        raise BoxscopeError(
            f"{args.source}: there is no such file or folder, and no command of that name; "
            "see boxscope --help."
        )
    lesson = _lesson(args.lesson) if args.lesson else None
    if not has_display():
        from app.commands import tour

        sys.stdout.write(
            "boxscope: there is no display; the same window runs offscreen on a drawn scene with "
            "a shipped model"
            + (", without the lesson, which needs somebody to read it.\n" if lesson else ".\n")
        )
        return tour.make("tour", args.source)
    from app.launch import launch

    return launch(args, lesson)
