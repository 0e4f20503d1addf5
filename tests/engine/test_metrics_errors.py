"""Kinds of error, what they cost, and which class is taken for which."""

from __future__ import annotations

import numpy as np
import pytest

from engine.metrics.confusion import confusion
from engine.metrics.errors import ErrorKind, errors
from engine.metrics.evaluation import Evaluation
from engine.metrics.protocol import COCO, VOC10
from engine.metrics.walk import Verdict, walk
from tests.engine.metric_sets import found, random_set, truth

A, B, C = [0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]
LOW_B = [20, 0, 30, 3]
LOW_C = [40, 0, 50, 2]
NOWHERE = [80, 80, 90, 90]

# What is found beside the hit on A, the kind that it is, and the AP of class 0 once repaired.
CASES = [
    ("badly placed", LOW_B, 0, ErrorKind.LOCALISATION, 1.0),
    ("another class", C, 0, ErrorKind.CLASSIFICATION, 0.5),
    ("both", LOW_C, 0, ErrorKind.BOTH, 0.5),
    ("twice", A, 0, ErrorKind.DUPLICATE, 0.5),
    ("nothing there", NOWHERE, 0, ErrorKind.BACKGROUND, 0.5),
]


@pytest.mark.parametrize(("box", "label", "kind", "after"), [c[1:] for c in CASES])
def test_each_kind(box, label, kind, after):
    annotations = truth([A, B, C], labels=[0, 0, 1])
    detections = found(
        [A, box], [0.5, 0.4 if kind is ErrorKind.DUPLICATE else 0.9], labels=[0, label]
    )
    ours = errors(Evaluation(annotations, detections, VOC10))
    assert ours.kind.tolist() == [-1, kind]
    assert ours.counts[kind] == 1
    before = walk(Evaluation(annotations, detections, VOC10), 0).average_precision
    assert ours.class_ap[0] == pytest.approx(before) and ours.class_ap[1] == 0
    # Repaired, the class that C belongs to is found too.
    other = 1.0 if kind is ErrorKind.CLASSIFICATION else 0.0
    assert ours.gain[kind] == pytest.approx((after + other) / 2 - before / 2)
    assert ours.gain_false_positives == pytest.approx((0.5 - before) / 2)
    reached = {ErrorKind.LOCALISATION: 1, ErrorKind.CLASSIFICATION: 2}.get(kind)
    assert ours.missed.tolist() == [t for t in (1, 2) if t != reached]


def test_of_two_badly_placed_the_better_ranked_is_repaired():
    annotations = truth([A, B], classes=1)
    detections = found([LOW_B, LOW_B, A], [0.9, 0.8, 0.7])
    ours = errors(Evaluation(annotations, detections, VOC10))
    assert ours.ap == pytest.approx(0.5 / 3)
    assert ours.gain[ErrorKind.LOCALISATION] == pytest.approx(1 - 0.5 / 3)
    assert ours.truth.tolist() == [1, 1, -1] and len(ours.missed) == 0


def test_a_badly_placed_one_beside_a_hit_is_only_taken_away():
    ours = errors(Evaluation(truth([B], classes=1), found([LOW_B, B], [0.9, 0.8]), VOC10))
    assert ours.ap == pytest.approx(0.5)
    assert ours.gain[ErrorKind.LOCALISATION] == pytest.approx(0.5)


def test_missed_objects_cost_recall():
    ours = errors(Evaluation(truth([A, B], classes=1), found([A], [1]), VOC10))
    assert ours.missed.tolist() == [1] and ours.counts[ErrorKind.MISSED] == 1
    assert ours.gain[ErrorKind.MISSED] == pytest.approx(0.5) == ours.gain_false_negatives
    blind = errors(Evaluation(truth([A], classes=1), found([], []), VOC10))
    assert blind.ap == 0 and blind.gain[ErrorKind.MISSED] == 1


def test_nothing_to_measure_by():
    ours = errors(Evaluation(truth([], count=1), found([A], [1]), COCO))
    assert np.isnan(ours.ap) and set(ours.gain.values()) == {0.0}
    assert ours.counts[ErrorKind.BACKGROUND] == 1


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
def test_every_false_positive_has_one_kind(threshold):
    evaluation = Evaluation(*random_set(4), COCO)
    ours = errors(evaluation, threshold)
    wrong, hits = [], []
    for label in range(3):
        down = walk(evaluation, label, threshold)
        wrong += down.detection[down.verdict > Verdict.IGNORED].tolist()
        hits += down.truth[down.verdict == Verdict.TRUE_POSITIVE].tolist()
    assert sorted(np.flatnonzero(ours.kind >= 0)) == sorted(wrong)
    assert not set(ours.missed) & set(hits) and not evaluation.ignored[ours.missed].any()
    assert all(0 <= gain <= 1 - ours.ap for gain in ours.gain.values())
    assert ours.ap == pytest.approx(np.nanmean(ours.class_ap))
    # With every false positive gone, no single kind can give back more of them.
    for kind in (ErrorKind.BOTH, ErrorKind.DUPLICATE, ErrorKind.BACKGROUND):
        assert ours.gain[kind] <= ours.gain_false_positives + 1e-12


def test_confusion_of_classes():
    annotations = truth([A, B, C], labels=[0, 1, 0])
    detections = found([A, B, NOWHERE, A, A], [0.9, 0.8, 0.7, 0.6, 0.1], labels=[0, 0, 1, 1, 0])
    ours = confusion(Evaluation(annotations, detections, COCO), 0.5, 0.3)
    assert ours.counts.tolist() == [[1, 0, 1], [1, 0, 0], [0, 2, 0]]
    assert [c.tolist() for c in ours.cell(1, 0)] == [[1], [1]]
    assert [c.tolist() for c in ours.cell(ours.background, 1)] == [[2, 3], [-1, -1]]
    assert [c.tolist() for c in ours.cell(0, ours.background)] == [[-1], [2]]
    np.testing.assert_allclose(ours.shares()[0], [0.5, 0, 0.5])
    assert "IoU 0.5" in ours.text


def test_confusion_prefers_the_higher_iou_then_the_same_class():
    annotations = truth([A, A], labels=[0, 1])
    detections = found([A, A, [0, 0, 10, 9]], [0.3, 0.4, 0.9], labels=[0, 1, 0])
    ours = confusion(Evaluation(annotations, detections, COCO), 0.5, 0.2)
    assert ours.counts.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0]]


def test_confusion_leaves_crowds_out():
    annotations = truth([[0, 0, 60, 60], A], crowd=[True, False])
    detections = found([[20, 20, 30, 30], A], [0.9, 0.8])
    ours = confusion(Evaluation(annotations, detections, COCO), 0.5, 0.2)
    assert ours.counts.sum() == 1 and ours.counts[0, 0] == 1


def test_confusion_adds_up():
    annotations, detections = random_set(9)
    evaluation = Evaluation(annotations, detections, COCO)
    ours = confusion(evaluation, 0.5, 0.4)
    asked = np.bincount(annotations.labels[~evaluation.ignored], minlength=3)
    assert ours.counts[:3].sum(1).tolist() == asked.tolist()
    for side in (ours.detection, ours.truth):
        rows = side[side >= 0]
        assert len(set(rows)) == len(rows)
    assert (detections.scores[ours.detection[ours.detection >= 0]] >= 0.4).all()
    cells = [len(ours.cell(t, p)[0]) for t in range(4) for p in range(4)]
    assert cells == ours.counts.ravel().tolist()
