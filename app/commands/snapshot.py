"""``boxscope snapshot``: a picture of one view, without a window."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands import _model
from engine.errors import BoxscopeError

if TYPE_CHECKING:
    from engine.frame import Frame
    from engine.session import Session
    from engine.trace import Ref
    from widgets.selection import Selection
    from widgets.views import ViewInfo

HELP = "write a picture of one view, as PNG or SVG"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help=_model.SOURCE_HELP)
    _model.add_model_arguments(parser)
    parser.add_argument("--view", default="picture", metavar="VIEW", help="picture by default")
    parser.add_argument("--stage", metavar="STAGE", help="the stage to show; the last by default")
    parser.add_argument("--select", metavar="STAGE:ROW", help="the box to select, such as nms:3")
    parser.add_argument("--size", default="1280x960", metavar="WxH", help="in pixels")
    parser.add_argument("--rejected", action="store_true", help="also rows that the stage stopped")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help=".png or .svg; for a folder of pictures a folder, which gets a PNG each",
    )


def run(args: argparse.Namespace) -> int:
    width, height = _size(args.size)
    selected = _ref(args.select) if args.select else None
    many = Path(args.source).is_dir()
    if many and Path(args.out).exists() and not Path(args.out).is_dir():
        raise BoxscopeError(f"--out {args.out}: for a folder of pictures name a folder.")
    if not many and Path(args.out).suffix.lower() not in (".png", ".svg"):
        raise BoxscopeError(f"--out {args.out}: the name must end in .png or .svg.")

    from PySide6.QtCore import QSize

    from app.offscreen import application, settled
    from app.receptive import FieldsAtOnce
    from engine.session import Session
    from engine.sources import open_source
    from widgets.export import save_widget
    from widgets.selection import Selection
    from widgets.theme import apply_theme
    from widgets.views import views

    infos = {info.key: info for info in views()}
    if args.view not in infos:
        raise BoxscopeError(f"--view {args.view}: not a view; there are {', '.join(infos)}.")
    app = application()
    apply_theme(app, args.theme, 1.0)
    session, line = Session(), _model.ProgressLine()
    session.load(_model.choice(args), args.device, line)
    _model.settings(args, session)
    selection = Selection()
    selection.set_show_rejected(args.rejected)
    FieldsAtOnce(session, selection)
    view = infos[args.view].create(selection)
    view.resize(width, height)
    view.show()
    taken: set[str] = set()
    with open_source(args.source) as source:
        for item in source.frames():
            if isinstance(item, BoxscopeError):
                if not many:
                    raise item
                sys.stderr.write(f"boxscope: {item}\n")
                continue
            _show(args, session, selection, item, infos[args.view], selected)
            out = Path(args.out)
            if many:
                file = Path(item.source)
                # a.jpg and a.webp are two pictures: the second one keeps its ending.
                name = file.name if file.stem in taken else file.stem
                taken.add(name)
                out = out / f"{name}.png"
                out.parent.mkdir(parents=True, exist_ok=True)
            settled(app)
            save_widget(view, out, QSize(width, height))
            if not many:
                break
    line.done()
    selection.set_trace(None)
    view.close()
    view.deleteLater()
    return 0


def _show(
    args: argparse.Namespace,
    session: Session,
    selection: Selection,
    frame: Frame,
    info: ViewInfo,
    selected: Ref | None,
) -> None:
    from engine.session import Request

    moved = _model.settings(args, session)
    trace = session.run(Request(frame, _model.choice(args), args.device, moved))
    missing = [name for name in info.needs if name not in trace.stages]
    if missing:
        raise BoxscopeError(
            f"--view {info.key}: {trace.model} has no stage {missing[0]!r}, which it shows."
        )
    selection.set_trace(trace)
    for stage in [args.stage] if args.stage else []:
        if stage not in trace.stages:
            there = ", ".join(trace.stages)
            raise BoxscopeError(f"--stage {stage}: {trace.model} has {there}.")
        selection.set_stage(stage)
    if selected is not None:
        table = trace.stages[selected.stage].table if selected.stage in trace.stages else None
        if table is None or not 0 <= selected.row < len(table):
            rows = f"{len(table)} rows" if table is not None else "no boxes"
            raise BoxscopeError(f"--select {args.select}: this trace has {rows} there.")
        selection.select(selected)
    elif args.view != "picture" and trace.final in trace.stages and len(trace.detections):
        from engine.trace import Ref

        # A view of one box shows nothing without one: take the best detection.
        selection.select(Ref(trace.final, int(trace.table(trace.final).kept[0])))
        if args.stage:
            selection.set_stage(args.stage)


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdigit() and height.isdigit()):
        raise BoxscopeError(f"--size {text}: write it as WxH, such as 1280x960.")
    if not (16 <= int(width) <= 16384 and 16 <= int(height) <= 16384):
        raise BoxscopeError(f"--size {text}: each side must be 16 to 16384 pixels.")
    return int(width), int(height)


def _ref(text: str) -> Ref:
    from engine.trace import Ref

    stage, colon, row = text.rpartition(":")
    if not (colon and stage and row.isdigit()):
        raise BoxscopeError(f"--select {text}: write it as STAGE:ROW, such as nms:3.")
    return Ref(stage, int(row))
