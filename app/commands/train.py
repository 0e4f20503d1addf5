"""``boxscope train``: makes a shipped model again, from nothing."""

from __future__ import annotations

import argparse
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import Cancelled

if TYPE_CHECKING:
    from types import FrameType

    from engine.training import TrainingProgress

HELP = "make a shipped model again, from nothing"
LINE_EVERY = 50  # steps, in a pipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a shipped model, such as boxscope-maskrcnn")
    parser.add_argument(
        "--out", default="runs", metavar="DIR", help="where checkpoints, logs and weights go (runs)"
    )
    parser.add_argument(
        "--steps",
        type=int,
        metavar="N",
        help="counted from the very start (default: as the recipe says); a run that was stopped, "
        "or was done with fewer, goes on",
    )
    parser.add_argument(
        "--device", default="auto", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of the first weights and the scenes; the shipped models have 0, another one shows "
        "how much a figure owes to chance",
    )


def run(args: argparse.Namespace) -> int:
    from engine.training import train

    lines = _Lines()
    try:
        with _stop_signals() as stopped:
            weights = train(
                args.name,
                args.out,
                args.steps,
                lines,
                lambda: bool(stopped),
                device=args.device,
                seed=args.seed,
            )
    except Cancelled:
        lines.done()
        again = f"boxscope train {args.name} --out {shlex.quote(args.out)}"
        again += f" --steps {args.steps}" if args.steps is not None else ""
        again += f" --seed {args.seed}" if args.seed else ""
        sys.stderr.write(f"boxscope: stopped {lines.where}and saved; to go on: {again}\n")
        return 130
    lines.done()
    if not lines.where:
        sys.stderr.write("boxscope: nothing left to do; --steps with a larger number goes on.\n")
    sys.stdout.write(f"{weights}\n")
    return 0


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """The first Ctrl-C or polite kill waits for the end of the step; the next acts at once."""
    caught: list[int] = []
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = {kind: signal.getsignal(kind) for kind in kinds}

    def stop(kind: int, _: FrameType | None) -> None:
        caught.append(kind)
        for other in kinds:
            signal.signal(other, before[other])

    for kind in kinds:
        signal.signal(kind, stop)
    try:
        yield caught
    finally:
        for kind in kinds:
            signal.signal(kind, before[kind])


class _Lines:
    """Losses, speed and time left: one line that is written over, or now and then one in a pipe."""

    def __init__(self) -> None:
        self.where = ""
        self._terminal = sys.stderr.isatty()
        self._pace = 0.0  # seconds a step, a running average
        self._done = 0
        self._length = 0

    def __call__(self, progress: TrainingProgress) -> None:
        self._done += 1
        # Young averages forget faster: the first steps warm caches.
        share = max(0.02, 1 / self._done)
        self._pace += share * (progress.seconds - self._pace)
        self.where = f"after step {progress.step} of {progress.steps} "
        left = self._pace * (progress.steps - progress.step)
        text = f"{progress.text}; {1 / self._pace:.2f} steps/s, {_duration(left)} left"
        if self._terminal:
            text = text[: shutil.get_terminal_size().columns - 1]
            sys.stderr.write("\r" + text.ljust(self._length))
            sys.stderr.flush()
            self._length = len(text)
        elif progress.step % LINE_EVERY == 0 or progress.step == progress.steps:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def done(self) -> None:
        if self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")


def _duration(seconds: float) -> str:
    """``3 s``, ``12 min`` or ``2 h 05 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
