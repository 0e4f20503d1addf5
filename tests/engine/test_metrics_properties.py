"""What holds of AP whatever the boxes are."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from engine.datasets.annotations import Annotations, Detections
from engine.metrics.evaluation import Evaluation
from engine.metrics.protocol import PROTOCOLS
from engine.metrics.walk import walk
from tests.engine.metric_sets import random_set

seeds = st.integers(0, 10_000)
keys = st.sampled_from(sorted(PROTOCOLS))
thresholds = st.sampled_from([0.2, 0.5, 0.75])
small = settings(max_examples=25, deadline=None)


def some(seed: int) -> tuple[Annotations, Detections]:
    return random_set(seed, pictures=4, classes=2, truths=15, detections=50)


def aps(a: Annotations, d: Detections, key: str, threshold: float) -> np.ndarray:
    evaluation = Evaluation(a, d, PROTOCOLS[key])
    return np.array([walk(evaluation, k, threshold).average_precision for k in range(2)])


@small
@given(seeds, keys, thresholds)
def test_ap_and_running_figures_lie_between_nothing_and_one(seed, key, threshold):
    evaluation = Evaluation(*some(seed), PROTOCOLS[key])
    for label in range(2):
        ours = walk(evaluation, label, threshold)
        for values in (ours.ap, ours.recall, ours.precision, ours.iou):
            known = values[~np.isnan(values)]
            assert ((known >= 0) & (known <= 1 + 1e-12)).all()
        assert (np.diff(ours.tp) >= 0).all() and (np.diff(ours.fp) >= 0).all()
        # Longer lists never lose: the envelope only rises.
        assert (np.diff(ours.ap) >= -1e-12).all() or np.isnan(ours.ap).all()


@small
@given(seeds, keys, thresholds, st.floats(0, 60))
def test_a_false_positive_below_all_others_never_raises_ap(seed, key, threshold, at):
    a, d = some(seed)
    lowest = d.scores.min() - 0.1
    # Far outside every picture, so that it can be nothing but false.
    more = Detections.of(
        np.append(d.picture, 0),
        np.append(d.labels, 0),
        np.append(d.scores, lowest),
        xywh=np.concatenate([d.xywh, [[500 + at, 500, 10, 10]]]),
    )
    before, after = aps(a, d, key, threshold), aps(a, more, key, threshold)
    assert np.array_equal(before, after, equal_nan=True)


@small
@given(seeds, keys, thresholds, st.randoms(use_true_random=False))
def test_the_order_of_pictures_changes_nothing(seed, key, threshold, random):
    a, d = some(seed)
    order = list(range(len(a.pictures)))
    random.shuffle(order)
    moved = np.argsort(order)
    pictures = tuple(a.pictures[i] for i in order)
    other = replace(a, pictures=pictures, picture=moved[a.picture])
    found = replace(d, picture=moved[d.picture])
    assert np.array_equal(aps(a, d, key, threshold), aps(other, found, key, threshold), True)


def test_scores_only_order():
    a, d = some(1)
    squared = replace(d, scores=d.scores**3)
    assert aps(a, d, "coco", 0.5) == pytest.approx(aps(a, squared, "coco", 0.5))
