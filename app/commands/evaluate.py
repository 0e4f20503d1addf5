"""``boxscope evaluate``: how good a model, or a file of detections, is on a data set."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands import _job, _model
from engine.errors import BoxscopeError
from engine.files import check_writable

if TYPE_CHECKING:
    from engine.datasets import Annotations, Detections
    from engine.datasets.pascal import TextStyle
    from engine.evaluation import Outcome
    from engine.metrics.protocol import Protocol

HELP = "measure a model, or detections from a file, on a data set: COCO figures, AP, curves, errors"
EPILOG = """\
examples:
  boxscope evaluate --model boxscope-maskrcnn --ground-truth scenes:1000000-1000049 --out m.html
  boxscope evaluate --detections d.json --ground-truth instances.json --out m.json --out m.csv
  boxscope evaluate --detections det/ --ground-truth VOC2007/ --protocol voc07 --out m.json

A run of a model that is stopped (Ctrl-C) keeps what it has; the same command goes on from there.
docs/evaluate.md tells what the files hold.
"""
_OUT = (".json", ".csv", ".html")
_PROTOCOLS = ("coco", "voc07", "voc10")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument(
        "--ground-truth",
        required=True,
        metavar="G",
        help="COCO JSON, Pascal VOC folder or XML, YOLO data.yaml or folder, or scenes:FIRST-LAST",
    )
    parser.add_argument("--images", metavar="DIR", help="the pictures, if not beside the truth")
    parser.add_argument(
        "--detections", metavar="D", help="COCO results JSON, or a folder of txt files"
    )
    parser.add_argument(
        "--boxes",
        choices=("xyxy", "xywh"),
        help="what the numbers in txt files of Pascal tools are, where that is guessed wrong",
    )
    _model.add_model_arguments(parser)
    parser.set_defaults(model=None)
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="the first N pictures")
    parser.add_argument("--protocol", choices=_PROTOCOLS, default="coco", help="coco by default")
    parser.add_argument(
        "--inclusive",
        action="store_true",
        help="a box from x1 to x2 is x2 - x1 + 1 px wide",
    )
    parser.add_argument(
        "--iou",
        type=float,
        default=0.5,
        metavar="X",
        help="threshold of curves, errors and confusion, and of AP with voc07 or voc10 (0.5)",
    )
    parser.add_argument("--stages", action="store_true", help="also recall after every stage")
    parser.add_argument(
        "--out",
        required=True,
        action="append",
        metavar="FILE",
        help=".json (everything), .csv (a row a class) or .html (a report); may be given again",
    )
    parser.add_argument(
        "--save-detections", metavar="FILE", help="what the model found, as COCO results JSON"
    )
    parser.add_argument(
        "--results", metavar="DIR", help="keeps what was done of a run (the user's cache)"
    )
    parser.add_argument(
        "--afresh", action="store_true", help="run pictures again that were done before"
    )


def run(args: argparse.Namespace) -> int:
    _check(args)
    from engine.datasets.opening import open_annotations
    from engine.datasets.pascal import TextStyle
    from engine.metrics.protocol import check_inclusive

    style = TextStyle(boxes=args.boxes) if args.boxes else None
    line = _model.ProgressLine()
    truth = open_annotations(
        args.ground_truth, args.images, style=style, progress=lambda *at: _job.drawn(line, *at)
    )
    line.done()
    check_inclusive(_protocol(args), truth.whole_pixels)  # told before a model runs
    if args.detections:
        annotations, found = _read(args, truth, style)
        values = {**_figures(args, annotations, found), "source": args.detections}
    else:
        outcome = _job.run(args, truth, line)
        if outcome is None:
            return 130
        annotations, found = outcome.annotations, outcome.detections
        values = {**_of_model(args, outcome), **outcome.about(), "checkpoint": args.checkpoint}
    values |= _facts(args)
    for out in args.out:
        _write(out, values, annotations, found)
    if args.save_detections:
        from engine.datasets.writing import write_results

        write_results(args.save_detections, annotations, found)
    _tell(values)
    return 0


def _check(args: argparse.Namespace) -> None:
    for out in args.out:
        if Path(out).suffix.lower() not in _OUT:
            raise BoxscopeError(f"--out {out}: the name must end in .json, .csv or .html.")
    for out in filter(None, [*args.out, args.save_detections]):
        if not Path(out).absolute().parent.is_dir():
            raise BoxscopeError(f"{out} cannot be written: there is no such folder; make it first.")
        check_writable(out)
    if bool(args.detections) == bool(args.model):
        raise BoxscopeError("Name what to measure: either --detections FILE or --model NAME.")
    if args.detections:
        options = {
            "--checkpoint": args.checkpoint,
            "--labels": args.labels,
            "--set": args.set_,
            "--stages": args.stages,
            "--results": args.results,
            "--afresh": args.afresh,
            "--save-detections": args.save_detections,
        }
        given = [name for name, value in options.items() if value]
        if given:
            raise BoxscopeError(f"{given[0]} belongs to --model; detections from a file are as is.")
    else:
        from engine import catalogue

        catalogue.find(args.model)  # told before a large data set is read
        _model.moved(args)
    from engine.metrics.protocol import check_threshold

    check_threshold(args.iou)
    if args.limit < 0:
        raise BoxscopeError(f"--limit {args.limit}: write how many, such as 100; 0 for all.")


def _read(
    args: argparse.Namespace, truth: Annotations, style: TextStyle | None
) -> tuple[Annotations, Detections]:
    from engine.datasets.opening import open_detections
    from engine.evaluation.subset import subset, subset_detections

    found = open_detections(args.detections, truth, style=style)
    if 0 < args.limit < len(truth.pictures):
        rows = range(args.limit)
        return subset(truth, rows), subset_detections(found, rows)
    return truth, found


def _of_model(args: argparse.Namespace, outcome: Outcome) -> dict[str, Any]:
    if not outcome.records:
        raise BoxscopeError(f"No picture could be read; the first: {outcome.failed[0].error}")
    if outcome.segments:
        from engine.evaluation.semantic import semantic_figures

        return semantic_figures(outcome)
    return _figures(args, outcome.annotations, outcome.detections)


def _figures(args: argparse.Namespace, truth: Annotations, found: Detections) -> dict[str, Any]:
    from engine.evaluation.figures import Wish, figures

    return figures(truth, found, Wish(_protocol(args), args.iou))


def _protocol(args: argparse.Namespace) -> Protocol:
    from engine.metrics.protocol import protocol

    return protocol(args.protocol, inclusive=args.inclusive)


def _facts(args: argparse.Namespace) -> dict[str, Any]:
    from engine import __version__

    made = datetime.datetime.now(datetime.UTC).replace(microsecond=0, tzinfo=None)
    return {
        "ground_truth": args.ground_truth,
        "limit": args.limit,
        "boxscope": __version__,
        "made": f"{made.isoformat(' ')} UTC",
    }


def _write(out: str, values: dict[str, Any], truth: Annotations, found: Detections) -> None:
    import json

    from engine.files import written

    kind = Path(out).suffix.lower()
    if kind == ".json":
        # A line a key: long lists of numbers are not torn into as many lines.
        lines = (f"{json.dumps(k)}: {json.dumps(v, allow_nan=False)}" for k, v in values.items())
        text = "{\n" + ",\n".join(lines) + "\n}\n"
    elif kind == ".csv":
        from app.report.table import class_table

        text = class_table(values)
    else:
        from app.report.html import report
        from app.report.thumbnails import thumbnails

        rows = {e["row"] for k in ("best", "worst") for e in values[f"{k}_pictures"] if "row" in e}
        score = values["confusion"].get("score", 0.0)
        text = report(values, thumbnails(truth, found, rows, score))
    with written(out) as path:
        path.write_text(text, encoding="utf-8")


def _tell(values: dict[str, Any]) -> None:
    """The first figures on a terminal; what was left out everywhere."""
    if sys.stdout.isatty():
        names = [n for n in ("mIoU", "mAP", "AP", "AP50", "AP75") if n in values]
        figures = ", ".join(f"{name} {_shown(values[name])}" for name in names)
        sys.stdout.write(f"{figures} ({values['convention']})\n")
    left = values["left_out"]["count"] + len(values.get("run_notes", ()))
    if left:
        first = [*values.get("run_notes", ()), *values["left_out"]["sentences"]][0]
        more = f" ({left - 1} more such items stand in the file)" if left > 1 else ""
        sys.stderr.write(f"boxscope: {first}{more}\n")


def _shown(value: float | None) -> str:
    return "not measurable" if value is None or value < 0 else f"{value:.4f}"
