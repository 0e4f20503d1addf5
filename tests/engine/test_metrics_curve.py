"""Curves, operating points, calibration, pictures, recall by number of boxes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import BoxscopeError
from engine.metrics.calibration import calibration
from engine.metrics.curve import best_f1, curve, operating_point
from engine.metrics.evaluation import Evaluation
from engine.metrics.pictures import picture_figures
from engine.metrics.protocol import COCO, VOC07, VOC10, Interpolation
from engine.metrics.recall import RecallCounter, recall_curve
from engine.metrics.walk import walk
from tests.engine.metric_sets import found, random_set, truth

A, B, C = [0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]
NOWHERE = [80, 80, 90, 90]


@pytest.fixture
def evaluation() -> Evaluation:
    """Four objects; ranked: hit, miss, hit, miss at equal scores with a hit, miss."""
    annotations = truth([A, B, C, A], picture=[0, 0, 0, 1])
    boxes = [A, NOWHERE, B, NOWHERE, C, NOWHERE]
    return Evaluation(annotations, found(boxes, [0.9, 0.8, 0.7, 0.6, 0.6, 0.5]), VOC10)


def test_curve_and_its_envelope(evaluation):
    ours = curve(walk(evaluation, 0))
    np.testing.assert_allclose(ours.recall, [0.25, 0.25, 0.5, 0.5, 0.75, 0.75])
    np.testing.assert_allclose(ours.precision, [1, 1 / 2, 2 / 3, 1 / 2, 3 / 5, 1 / 2])
    np.testing.assert_allclose(ours.envelope, [1, 2 / 3, 2 / 3, 3 / 5, 3 / 5, 1 / 2])
    assert ours.ap == pytest.approx(0.25 * (1 + 2 / 3 + 3 / 5))
    assert ours.points is None and "every point" in ours.text


def test_points_of_interpolation(evaluation):
    ours = curve(walk(evaluation, 0), Interpolation.ELEVEN)
    np.testing.assert_allclose(ours.points, np.arange(11) / 10)
    np.testing.assert_allclose(ours.at_points, [1] * 3 + [2 / 3] * 3 + [0.6] * 2 + [0] * 3)
    assert ours.ap == pytest.approx((3 + 2 + 1.2) / 11)
    assert "11 points" in ours.text and "every point" not in ours.text
    assert len(curve(walk(evaluation, 0), Interpolation.HUNDRED_AND_ONE).points) == 101


@pytest.mark.parametrize("positives", range(1, 40))
def test_a_recall_of_tenths_reaches_its_point(positives):
    """3 of 10 objects reach the point .3, however the division rounds."""
    boxes = [[20 * i, 0, 20 * i + 10, 10] for i in range(positives)]
    for hits in range(1, positives + 1):
        ours = walk(Evaluation(truth(boxes), found(boxes[:hits], [1] * hits), VOC07), 0)
        assert ours.average_precision == pytest.approx((10 * hits // positives + 1) / 11)


def test_operating_points(evaluation):
    ours = walk(evaluation, 0)
    point = operating_point(ours, 0.65)
    assert (point.tp, point.fp, point.fn, point.rows) == (2, 1, 2, 3)
    assert point.precision == pytest.approx(2 / 3) and point.recall == pytest.approx(0.5)
    assert point.f1 == pytest.approx(4 / 7)
    nothing = operating_point(ours, 0.95)
    assert (nothing.rows, nothing.precision, nothing.recall, nothing.f1) == (0, 1, 0, 0)
    best = best_f1(ours)
    # The hit at .6 cannot be had without the miss at .6.
    assert (best.score, best.rows, best.tp, best.fp) == (0.6, 5, 3, 2)
    every = [operating_point(ours, s).f1 for s in np.linspace(0, 1, 101)]
    assert best.f1 == pytest.approx(max(every)) == pytest.approx(2 / 3)


def test_no_best_point_without_detections_or_objects():
    assert best_f1(walk(Evaluation(truth([A]), found([], [])), 0)) is None
    none = walk(Evaluation(truth([A]), found([A], [1], labels=[1])), 1)
    assert best_f1(none) is None
    point = operating_point(none, 0)
    assert np.isnan(point.recall) and np.isnan(point.f1) and point.precision == 0
    assert np.isnan(curve(none).ap)


def test_calibration_bins():
    annotations = truth([A, B])
    boxes, scores = [A, B, NOWHERE, NOWHERE, NOWHERE], [0.9, 0.85, 0.8, 0.3, 1.0]
    ours = calibration(Evaluation(annotations, found(boxes, scores), COCO), bins=10)
    assert ours.count.tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 2, 2]
    np.testing.assert_allclose(ours.precision[[3, 8, 9]], [0, 0.5, 0.5])
    np.testing.assert_allclose(ours.confidence[[3, 8, 9]], [0.3, 0.825, 0.95])
    assert np.isnan(ours.precision[0])
    assert ours.ece == pytest.approx((0.3 + 2 * 0.325 + 2 * 0.45) / 5)
    assert np.isnan(calibration(Evaluation(annotations, found([], []))).ece)
    one = calibration(
        Evaluation(annotations, found(boxes, scores, labels=[0, 1, 1, 1, 1])), label=0
    )
    assert one.count.sum() == 1 and one.ece == pytest.approx(0.1)
    with pytest.raises(BoxscopeError, match="0 to 1"):
        calibration(Evaluation(annotations, found([A], [7])))


def test_best_and_worst_pictures():
    annotations = truth(
        [A, B, A, A], picture=[0, 0, 1, 2], count=5, crowd=[False, False, False, True]
    )
    detections = found(
        [A, B, NOWHERE, NOWHERE, A, A], [0.9, 0.8, 0.7, 0.1, 0.9, 0.9], picture=[0, 0, 1, 0, 2, 4]
    )
    ours = picture_figures(Evaluation(annotations, detections, COCO), 0.5, 0.3)
    assert ours.tp.tolist() == [2, 0, 0, 0, 0]
    assert ours.fp.tolist() == [0, 1, 0, 0, 1]
    assert ours.fn.tolist() == [0, 1, 0, 0, 0]
    np.testing.assert_allclose(ours.f1, [1, 0, np.nan, np.nan, 0])
    assert ours.worst().tolist() == [1, 4, 0] and ours.best(1).tolist() == [0]


def test_recall_by_number_of_boxes():
    annotations = truth([A, B, C], picture=[0, 0, 1], crowd=[False, False, False])
    boxes = [np.array([NOWHERE, A, [20, 0, 30, 7]]), np.zeros((0, 4))]
    ours = recall_curve(
        boxes, [np.array([0.9, 0.2, 0.5]), np.zeros(0)], annotations, (1, 2, 3, 99), (0.5, 0.75)
    )
    np.testing.assert_allclose(ours.recall * 3, [[0, 1, 2, 2], [0, 0, 1, 1]])
    np.testing.assert_allclose(ours.average * 3, [0, 0.5, 1.5, 1.5])
    assert ours.truths == 3


def test_recall_counts_what_a_loop_counts():
    annotations, detections = random_set(2, crowds=0.2)
    rows = [detections.of_picture(p) for p in range(len(annotations.pictures))]
    boxes, scores = [detections.boxes[r] for r in rows], [detections.scores[r] for r in rows]
    ours = recall_curve(boxes, scores, annotations, (1, 5, 20), (0.6,))
    asked = np.flatnonzero(~annotations.crowd & ~annotations.ignored)
    for count, value in zip((1, 5, 20), ours.recall[0], strict=True):
        hits = 0
        for t in asked:
            mine = np.argsort(-scores[annotations.picture[t]], kind="stable")[:count]
            x1, y1, x2, y2 = annotations.boxes[t]
            b = boxes[annotations.picture[t]][mine]
            wide = np.minimum(b[:, 2], x2) - np.maximum(b[:, 0], x1)
            high = np.minimum(b[:, 3], y2) - np.maximum(b[:, 1], y1)
            common = wide.clip(0) * high.clip(0)
            areas = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) + (x2 - x1) * (y2 - y1)
            hits += bool((common / (areas - common) >= 0.6).any())
        assert value == pytest.approx(hits / len(asked))


def test_recall_says_what_it_needs():
    with pytest.raises(ValueError, match="ascending"):
        RecallCounter((10, 3))
    with pytest.raises(ValueError, match="expected 1 entries"):
        recall_curve([], [], truth([A]))
    assert np.isnan(RecallCounter().curve().average).all()
