"""Pascal AP against published figures and against the development kit's loop, written out."""

from __future__ import annotations

import numpy as np
import pytest

from engine.datasets.annotations import Annotations, Detections, Picture
from engine.metrics.curve import curve
from engine.metrics.evaluation import Evaluation
from engine.metrics.figures import ap_figures
from engine.metrics.protocol import Interpolation, protocol
from engine.metrics.walk import Verdict, walk
from tests.engine.metric_sets import random_set


@pytest.fixture(scope="module")
def padilla(real) -> tuple[Annotations, Detections]:
    """7 pictures, 15 objects, 24 detections; left, top, width, height."""
    folder = real / "oracles" / "pascal-ap"
    sides = []
    names = sorted(p.name for p in (folder / "groundtruths").glob("*.txt"))
    for side in ("groundtruths", "detections"):
        rows = [
            (at, line.split()[1:])
            for at, name in enumerate(names)
            for line in (folder / side / name).read_text().splitlines()
            if line.strip()
        ]
        sides.append(([at for at, _ in rows], np.array([v for _, v in rows], float)))
    (where, boxes), (found, rows) = sides
    pictures = [Picture(name, name) for name in names]
    return (
        Annotations.of(pictures, ["person"], where, [0] * len(where), xywh=boxes),
        Detections.of(found, [0] * len(found), rows[:, 0], xywh=rows[:, 1:]),
    )


@pytest.mark.parametrize(
    ("key", "iou", "published"),
    [
        ("voc10", 0.3, 0.2456866804),
        ("voc07", 0.3, 0.2683982684),
        ("voc10", 0.5, 0.0222222222),
        ("voc07", 0.5, 0.0303030303),
    ],
)
def test_published_figures(padilla, key, iou, published):
    evaluation = Evaluation(*padilla, protocol(key, inclusive=True))
    ours = walk(evaluation, 0, iou)
    assert ours.average_precision == pytest.approx(published, abs=1e-9)
    assert curve(ours).ap == pytest.approx(published, abs=1e-9)
    assert ap_figures(evaluation, (iou,)).mean == pytest.approx(published, abs=1e-9)
    assert "+ 1 px" in ours.text and f"IoU {iou:g}" in ours.text


def overlap(a, b, one: float) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0]) + one
    high = min(a[3], b[3]) - max(a[1], b[1]) + one
    if wide <= 0 or high <= 0:
        return 0.0
    areas = [(c[2] - c[0] + one) * (c[3] - c[1] + one) for c in (a, b)]
    return wide * high / (sum(areas) - wide * high)


def by_loop(a: Annotations, d: Detections, label: int, iou: float, one: float):
    """True and false positives in order of rank, one detection after the other."""
    place = np.argsort(np.argsort([p.id for p in a.pictures], kind="stable"))
    rows = np.flatnonzero(d.labels == label)
    rows = sorted(rows, key=lambda i: (-d.scores[i], place[d.picture[i]], i))
    taken, verdicts = set(), []
    for i in rows:
        best, at = -1.0, -1
        for j in np.flatnonzero((a.labels == label) & (a.picture == d.picture[i])):
            value = overlap(d.boxes[i], a.boxes[j], one)
            if value > best:
                best, at = value, int(j)
        if best < iou:
            verdicts.append("fp")
        elif a.ignored[at] or a.crowd[at]:
            verdicts.append("ignored")
        else:
            verdicts.append("fp" if at in taken else "tp")
            taken.add(at)
    return verdicts


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("iou", [0.3, 0.5, 0.75])
def test_walk_equals_the_loop(inclusive, ties, iou):
    annotations, detections = random_set(3, ties=ties, detections=200)
    evaluation = Evaluation(annotations, detections, protocol("voc10", inclusive=inclusive))
    for label in range(3):
        ours = walk(evaluation, label, iou)
        expected = by_loop(annotations, detections, label, iou, float(inclusive))
        names = {Verdict.TRUE_POSITIVE: "tp", Verdict.IGNORED: "ignored"}
        assert [names.get(Verdict(v), "fp") for v in ours.verdict] == expected


@pytest.mark.parametrize("way", list(Interpolation))
def test_ap_equals_its_definition(way):
    evaluation = Evaluation(*random_set(5, detections=200), protocol("voc07"))
    ours = walk(evaluation, 1, 0.5, interpolation=way)
    points = way.points()
    for end in (1, 2, 17, 40, len(ours)):
        recall, precision = ours.recall[:end], ours.precision[:end]
        if points is None:
            steps = np.diff(recall, prepend=0)
            ap = sum(s * precision[i:].max() for i, s in enumerate(steps) if s)
        else:
            ap = np.mean([precision[recall >= p].max(initial=0) for p in points])
        assert ours.ap[end - 1] == pytest.approx(ap, abs=1e-12)
    assert curve(ours).ap == pytest.approx(ours.average_precision, abs=1e-12)
