"""COCO's figures of a set as large as COCO val against pycocotools; one class walked again."""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.bench import Figure, seconds

TITLE = "COCO's twelve figures against pycocotools, and a moved IoU threshold"

CLASSES = 80
_EQUAL = 1e-9


def run(quick: bool) -> Iterator[Figure]:
    import numpy as np

    from engine.datasets.coco import read_coco
    from engine.datasets.results import read_results
    from engine.metrics.coco import coco_figures
    from engine.metrics.evaluation import Evaluation

    pictures, truths, found = (500, 3_600, 50_000) if quick else (5_000, 36_000, 500_000)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "truth.json", Path(folder) / "results.json"
        _write(*files, 20, 100, 200)
        annotations = read_coco(files[0])
        # The other side takes most of a minute, so there is one round; this warms both up.
        coco_figures(annotations, read_results(files[1], annotations))
        _judge(*_load(*files))

        _write(*files, pictures, truths, found)
        made: dict[str, Any] = {}

        def read() -> None:
            made["truth"] = read_coco(files[0])
            made["found"] = read_results(files[1], made["truth"])

        reading = seconds(read)
        loading = seconds(lambda: made.update(sides=_load(*files)))

    def figures() -> float:
        return seconds(lambda: made.update(ours=coco_figures(made["truth"], made["found"])))

    # Ours before and after theirs, so that a drift of the machine hits both.
    before = figures()
    theirs = seconds(lambda: made.update(theirs=_judge(*made["sides"])))
    ours = (before + figures()) / 2
    gap = np.abs(np.array(list(made["ours"].named().values())) - made["theirs"]).max()
    if not gap <= _EQUAL:
        raise AssertionError(f"figures differ by {gap:g} from those of pycocotools")
    size = f"{pictures} pictures, {truths} objects, {found} detections"
    yield Figure(
        f"{size}: twelve figures, from the files / pycocotools",
        (reading + ours) / (loading + theirs),
        "x",
        "<= 0.25",
        f"{reading + ours:.2f} s against {loading + theirs:.2f} s, equal to {gap:.0e}",
    )
    yield Figure(
        f"{size}: twelve figures, once read / pycocotools",
        ours / theirs,
        "x",
        "<= 0.25",
        f"{ours:.2f} s against {theirs:.2f} s",
    )
    yield from _walks(Evaluation(made["truth"], made["found"]))


def _walks(evaluation: Any) -> Iterator[Figure]:
    """The class with most detections, opened, and its IoU threshold dragged from .3 to .95."""
    import numpy as np

    from engine.metrics.walk import walk

    label = int(np.bincount(evaluation.detections.labels).argmax())
    count = len(evaluation.ranking(label).rows)
    opening = seconds(lambda: walk(evaluation, label, 0.5))
    again = [seconds(lambda t=t: walk(evaluation, label, t)) for t in np.linspace(0.3, 0.95, 14)]
    name = f"largest class, {count} detections"
    yield Figure(f"{name}: first walk", opening, "s")
    note = f"slowest of {len(again)} {max(again):.3f} s"
    yield Figure(
        f"{name}: walk after a moved IoU threshold", statistics.median(again), "s", "<= 0.2", note
    )


def _write(truth: Path, results: Path, pictures: int, truths: int, found: int) -> None:
    """A set in COCO's files: objects of skewed classes and sizes, half the detections near one."""
    import numpy as np

    random = np.random.default_rng(0)
    label = np.minimum((random.pareto(1.2, truths) * 4).astype(int), CLASSES - 1)
    where = random.integers(0, pictures, truths)
    boxes = _anywhere(random, truths)
    crowd = random.random(truths) < 0.01
    of = random.integers(0, truths, found)
    near = random.random(found) < 0.5
    around = boxes[of] * (1 + random.normal(0, 0.1, (found, 4)))
    xywh = np.where(near[:, None], around, _anywhere(random, found)).round(2)
    right = near & (random.random(found) < 0.8)
    said = np.where(right, label[of], random.integers(0, CLASSES, found))
    seen = np.where(near, where[of], random.integers(0, pictures, found))
    scores = (random.random(found) * np.where(near, 1, 0.6)).round(4)
    truth.write_text(
        json.dumps(
            {
                "images": [
                    {"id": i + 1, "file_name": f"{i}.jpg", "width": 640, "height": 640}
                    for i in range(pictures)
                ],
                "categories": [{"id": k + 1, "name": f"class {k}"} for k in range(CLASSES)],
                "annotations": [
                    {
                        "id": i + 1,
                        "image_id": int(where[i]) + 1,
                        "category_id": int(label[i]) + 1,
                        "bbox": boxes[i].tolist(),
                        "area": float(boxes[i, 2] * boxes[i, 3]),
                        "iscrowd": int(crowd[i]),
                    }
                    for i in range(truths)
                ],
            }
        ),
        encoding="utf-8",
    )
    columns = zip(
        (seen + 1).tolist(), (said + 1).tolist(), xywh.tolist(), scores.tolist(), strict=True
    )
    rows = [
        {"image_id": i, "category_id": k, "bbox": box, "score": score}
        for i, k, box, score in columns
    ]
    results.write_text(json.dumps(rows), encoding="utf-8")


def _anywhere(random: Any, count: int) -> Any:
    """(N, 4) float64 xywh on 640 x 640 px."""
    import numpy as np

    size = np.exp(random.normal(4, 1, (count, 2))).clip(4, 400)
    return np.concatenate([random.random((count, 2)) * (640 - size), size], 1).round(2)


def _load(truth: Path, results: Path) -> tuple[Any, Any]:
    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        side = COCO(str(truth))
        return side, side.loadRes(str(results))


def _judge(truth: Any, results: Any) -> Any:
    """(12,) float64 the figures by pycocotools."""
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(truth, results, "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge.stats
