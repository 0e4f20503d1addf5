"""How many objects are still alive at every stage."""

from __future__ import annotations

import numpy as np
import pytest
from toy_detector import Toy

from engine.candidates import path_of
from engine.explain import coverage
from engine.params import Settings

CAT, DOG = 1, 2
LEFT, MIDDLE, RIGHT = (10, 10, 40, 40), (60, 10, 90, 40), (120, 10, 150, 40)


@pytest.fixture
def toy() -> Toy:
    """LEFT survives as a cat, MIDDLE ends at the score threshold, RIGHT is not there at all."""
    return Toy([LEFT, MIDDLE, (12, 10, 42, 40)], [0.9, 0.01, 0.8], [CAT, DOG, CAT])


def test_counts_what_is_alive_after_each_stage(toy: Toy) -> None:
    found = coverage(toy.trace(), np.float32([LEFT, MIDDLE, RIGHT]))
    assert found["anchors"] == found["decode"] == (2, 3)
    assert found["score_threshold"] == found["nms"] == found["detections"] == (1, 3)
    assert list(found) == [n for n, s in toy.trace().stages.items() if s.table is not None]


def test_classes_count_only_where_rows_have_one(toy: Toy) -> None:
    found = coverage(toy.trace(), np.float32([LEFT]), labels=[DOG])
    assert found["decode"] == (1, 1)
    assert found["score_threshold"] == found["detections"] == (0, 1)
    assert coverage(toy.trace(), np.float32([LEFT]), labels=[CAT])["detections"] == (1, 1)


def test_threshold_is_inclusive() -> None:
    half = (10, 10, 40, 25)
    toy = Toy([half], [0.9], [CAT])
    assert coverage(toy.trace(), np.float32([LEFT]), iou=0.5)["detections"] == (1, 1)
    assert coverage(toy.trace(), np.float32([LEFT]), iou=0.51)["detections"] == (0, 1)


def test_moves_with_the_parameters(toy: Toy) -> None:
    low = toy.trace(Settings.of({"score_threshold.score_thresh": 0.0}))
    assert coverage(low, np.float32([LEFT, MIDDLE]))["detections"] == (2, 2)


def test_no_boxes_and_no_rows() -> None:
    toy = Toy([LEFT], [0.01], [CAT])
    assert coverage(toy.trace(), np.zeros((0, 4), np.float32))["detections"] == (0, 0)
    assert coverage(toy.trace(), np.float32([LEFT]))["detections"] == (0, 1)
    assert path_of(toy.trace())[0] == "anchors"
