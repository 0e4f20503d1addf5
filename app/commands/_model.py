"""What commands that run a model have in common: its arguments, progress, parameters."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from engine import DEFAULT_MODEL
from engine.errors import BoxscopeError

if TYPE_CHECKING:
    from engine.params import Settings
    from engine.session import ModelChoice, Progress, Session

SOURCE_HELP = (
    "a picture, folder, video, data set, camera:0, an http or rtsp address, scene:SEED or "
    "scenes:FIRST-LAST"
)


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="NAME", help="a name that `boxscope models` lists"
    )
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="weights of your own: a state dict or safetensors"
    )
    parser.add_argument(
        "--labels", metavar="FILE", help="class names: one a line, or a JSON list or object"
    )
    parser.add_argument(
        "--device", default="auto", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps"
    )
    parser.add_argument(
        "--set",
        dest="set_",
        action="append",
        default=[],
        metavar="STAGE.PARAM=VALUE",
        help="a parameter of a stage; may be given again",
    )


def choice(args: argparse.Namespace) -> ModelChoice:
    from engine.session import ModelChoice

    return ModelChoice(args.model, args.checkpoint, args.labels)


def moved(args: argparse.Namespace) -> dict[str, str]:
    """``--set`` as it is written, stage.param -> value. Raises BoxscopeError if misspelt."""
    values: dict[str, str] = {}
    for text in args.set_:
        key, equals, value = text.partition("=")
        if not equals:
            raise BoxscopeError(f"--set {text}: write it as stage.param=value.")
        values[key.strip()] = value.strip()
    return values


def settings(args: argparse.Namespace, session: Session) -> Settings:
    """``--set`` checked against the loaded model. Raises BoxscopeError."""
    assert session.pipeline is not None
    return session.pipeline.check(moved(args))


class ProgressLine:
    """Progress on a terminal, one line that is written over; silent in a pipe."""

    def __init__(self) -> None:
        self.on = sys.stderr.isatty()
        self._length = 0

    def __call__(self, progress: Progress) -> None:
        if self.on:
            share = "" if progress.fraction is None else f" {100 * progress.fraction:.0f} %"
            text = f"{progress.text}{share}"
            sys.stderr.write("\r" + text.ljust(self._length))
            sys.stderr.flush()
            self._length = len(text)

    def done(self) -> None:
        if self.on and self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")
            self._length = 0
