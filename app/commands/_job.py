"""A model over a data set from the command line: progress, and what Ctrl-C leaves."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands import _model

if TYPE_CHECKING:
    from engine.datasets import Annotations
    from engine.evaluation import Outcome, Step
    from engine.session import Progress


def run(args: argparse.Namespace, truth: Annotations, line: _model.ProgressLine) -> Outcome | None:
    """What the model found; None when the user stopped it, who is then told how to go on."""
    from engine.evaluation import Job, Plan
    from engine.params import Settings

    moved = Settings.of(_model.moved(args))
    plan = Plan(_model.choice(args), args.device, moved, args.limit, args.stages)
    folder = Path(args.results).expanduser() if args.results else None
    job = Job(truth, plan, folder, args.afresh, line, args.ground_truth)
    step: Step | None = None
    try:
        for step in job.steps():
            # That a run goes on is no news in a pipe; that it could not, and why, always is.
            if step.picture is None and job.note and (line.on or not step.kept):
                line.done()
                sys.stderr.write(f"boxscope: {job.note}\n")
            line(progress(step))
    except KeyboardInterrupt:
        line.done()
        if step is None:
            raise
        sys.stderr.write(
            f"boxscope: stopped after {step.done} of {step.total} pictures, which are kept; "
            "the same command goes on from there.\n"
        )
        return None
    line.done()
    return job.outcome()


def progress(step: Step) -> Progress:
    """``picture 12 of 50, 4.1 a second, 0:09 left``, with the share that is done."""
    from engine.session import Progress

    text = f"picture {step.done} of {step.total}"
    if step.rate is not None and step.left is not None:
        minutes, seconds = divmod(round(step.left), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        text += f", {step.rate:.1f} a second, {clock} left,"
    return Progress(text, step.done / step.total if step.total else None)


def drawn(line: _model.ProgressLine, done: int, total: int) -> bool:
    """Progress of drawing scenes; never stops them."""
    from engine.session import Progress

    line(Progress(f"scene {done} of {total}", done / total))
    return False
