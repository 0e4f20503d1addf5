"""``boxscope trace``: what the model computed, as a file."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands import _model
from engine.errors import BoxscopeError

if TYPE_CHECKING:
    from app.commands._model import ProgressLine as _Line
    from engine.frame import Frame
    from engine.session import Session
    from engine.sources import Source
    from engine.trace import Trace

HELP = "write every stage and detection of a picture, folder or video to a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help=_model.SOURCE_HELP)
    _model.add_model_arguments(parser)
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help=".json (one picture), .jsonl (a line each) or .npz (one picture, every table in full)",
    )
    parser.add_argument(
        "--frames", type=int, default=0, metavar="N", help="stop after N pictures or video frames"
    )


def run(args: argparse.Namespace) -> int:
    kind = Path(args.out).suffix.lower()
    if kind not in (".json", ".jsonl", ".npz"):
        raise BoxscopeError(f"--out {args.out}: the name must end in .json, .jsonl or .npz.")
    if args.frames < 0:
        raise BoxscopeError(f"--frames {args.frames}: write how many, such as 10; 0 for all.")
    from engine.session import Session
    from engine.sources import open_source

    line = _model.ProgressLine()
    session = Session()
    with open_source(args.source) as source:
        if kind == ".jsonl":
            _many(args, session, source, line)
        else:
            _one(args, session, source, line)
    line.done()
    return 0


def _one(args: argparse.Namespace, session: Session, source: Source, line: _Line) -> None:
    from engine.export import trace_arrays, trace_json
    from engine.files import written

    if source.length is not None and source.length > 1 and args.frames != 1:
        raise BoxscopeError(
            f"{args.source} has {source.length} pictures: write --out FILE.jsonl to get a line "
            "each, or --frames 1 for the first only."
        )
    frame = source.read()
    if frame is None:
        raise BoxscopeError(f"{args.source} holds no picture.")
    trace = _trace(args, session, frame, line)
    with written(args.out) as path:
        if path.suffix.lower() == ".npz":
            import numpy as np

            with path.open("wb") as file:
                np.savez_compressed(file, **trace_arrays(trace))
        else:
            path.write_text(json.dumps(trace_json(trace), indent=1), encoding="utf-8")


def _many(args: argparse.Namespace, session: Session, source: Source, line: _Line) -> None:
    """A line for each picture; one that cannot be read gets a line that says why."""
    from engine.export import trace_json
    from engine.files import written
    from engine.session import Progress

    if source.length is None and args.frames < 1:
        raise BoxscopeError(f"{args.source} never ends: say how many pictures with --frames N.")
    session.load(_model.choice(args), args.device, line)
    _model.settings(args, session)  # a wrong --set ends here, before any picture
    done = failed = 0
    record: dict[str, Any] = {}
    with written(args.out) as path, path.open("w", encoding="utf-8") as out:
        for item in itertools.islice(source.frames(), args.frames or None):
            name = getattr(item, "source", args.source)
            line(Progress(f"{name} ({done + failed + 1} of {source.length or args.frames})"))
            try:
                if isinstance(item, BoxscopeError):
                    raise item
                record = trace_json(_trace(args, session, item, line))
                done += 1
            except BoxscopeError as error:
                record = {"source": name, "error": str(error)}
                failed += 1
            out.write(json.dumps(record) + "\n")
        if failed and not done and not Path(args.source).is_dir():
            # One source that gave nothing is bad input; of a folder the rest may be good.
            raise BoxscopeError(record["error"])
    line.done()
    sys.stderr.write(f"boxscope: {done} traced, {failed} could not be read; see {args.out}\n")


def _trace(args: argparse.Namespace, session: Session, frame: Frame, line: _Line) -> Trace:
    from engine.session import Request

    session.load(_model.choice(args), args.device, line)
    moved = _model.settings(args, session)
    return session.run(Request(frame, _model.choice(args), args.device, moved), report=line)
