"""The walk: verdicts, running figures, conventions."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from engine.datasets.annotations import Detections
from engine.errors import BoxscopeError
from engine.metrics.assign import take_in_turn
from engine.metrics.coco import coco_figures
from engine.metrics.evaluation import Evaluation
from engine.metrics.precision import previous_greater
from engine.metrics.protocol import COCO, PROTOCOLS, VOC07, VOC10, protocol
from engine.metrics.walk import Verdict, walk
from tests.engine.metric_sets import found, random_set, truth

ONE = [0, 0, 10, 10]
NEAR = [0, 0, 10, 8]  # IoU .8 with ONE
HALF = [0, 0, 10, 4]  # IoU .4 with ONE
FAR = [50, 50, 60, 60]


def verdicts(evaluation: Evaluation, label: int = 0, threshold: float = 0.5) -> list[str]:
    return [Verdict(v).name for v in walk(evaluation, label, threshold).verdict]


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_every_reason(protocol):
    annotations = truth([ONE, FAR, [30, 0, 40, 10]], labels=[0, 1, 0], ignored=[0, 0, 1])
    boxes = [ONE, NEAR, HALF, FAR, [80, 80, 90, 90], [30, 0, 40, 10]]
    detections = found(boxes, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    ours = walk(Evaluation(annotations, detections, protocol), 0, 0.5)
    # COCO's own code overwrites "ignore" by "iscrowd", so there the third object counts.
    last = "TRUE_POSITIVE" if protocol is COCO else "IGNORED"
    assert [Verdict(v).name for v in ours.verdict] == [
        "TRUE_POSITIVE",
        "TAKEN",
        "LOW_IOU",
        "WRONG_CLASS",
        "BACKGROUND",
        last,
    ]
    assert ours.truth.tolist() == [0, 0, 0, 1, -1, 2]
    assert ours.by.tolist() == [-1, 0, -1, -1, -1, -1]
    np.testing.assert_allclose(ours.iou, [1, 0.8, 0.4, 1, 0, 1])
    assert ours.tp.tolist()[:5] == [1] * 5 and ours.fp.tolist()[:5] == [0, 1, 2, 3, 4]
    assert ours.positives == (2 if protocol is COCO else 1)
    assert sum(ours.counts().values()) == len(ours) == 6
    assert all(v.sentence for v in ours.counts())
    with pytest.raises(ValueError, match="read-only"):
        ours.tp[0] = 7


def test_coco_takes_the_free_object_and_pascal_the_best():
    annotations = truth([ONE, [0, 1, 10, 11]])
    detections = found([ONE, [0, 0.1, 10, 10.1]], [0.9, 0.8])
    assert verdicts(Evaluation(annotations, detections, COCO)) == ["TRUE_POSITIVE"] * 2
    assert verdicts(Evaluation(annotations, detections, VOC10)) == ["TRUE_POSITIVE", "TAKEN"]


def test_crowds_take_any_number_and_ask_for_the_part_inside():
    annotations = truth([[0, 0, 100, 100], ONE], crowd=[True, False])
    detections = found([ONE, [20, 20, 30, 30], [95, 0, 105, 10], [97, 50, 107, 60]], [4, 3, 2, 1])
    ours = walk(Evaluation(annotations, detections, COCO), 0, 0.5)
    assert [Verdict(v).name for v in ours.verdict] == [
        "TRUE_POSITIVE",  # a real object comes before a crowd
        "IGNORED",
        "IGNORED",
        "BACKGROUND",
    ]
    np.testing.assert_allclose(ours.iou[:3], [1, 1, 0.5])
    assert ours.positives == 1 and ours.average_precision == 1
    assert verdicts(Evaluation(annotations, detections, VOC10))[1] == "BACKGROUND"


def test_inclusive_pixels_are_an_option():
    annotations, detections = truth([[0, 0, 9, 9]]), found([[0, 0, 9, 4]], [1])
    for option, expected in ((False, 36 / 81), (True, 0.5)):
        evaluation = Evaluation(annotations, detections, protocol("voc10", inclusive=option))
        assert walk(evaluation, 0, 0.4).iou[0] == pytest.approx(expected)


def test_equal_scores_come_by_picture_id_then_by_file_order():
    annotations, detections = random_set(1, pictures=3, classes=1, ties=True, detections=40)
    ours = walk(Evaluation(annotations, detections, VOC07), 0)
    ids = np.array([p.id for p in annotations.pictures])[ours.picture]
    order = list(zip(-ours.score, ids, ours.detection, strict=True))
    assert len(order) > 20 and order == sorted(order)


def test_a_class_without_ground_truth_has_no_ap():
    ours = walk(Evaluation(truth([ONE]), found([ONE], [1], labels=[1])), 1)
    assert np.isnan(ours.average_precision) and np.isnan(ours.recall).all()
    assert [Verdict(v).name for v in ours.verdict] == ["WRONG_CLASS"]


def test_nothing_found_is_an_ap_of_zero():
    ours = walk(Evaluation(truth([ONE]), Detections.of()), 0)
    assert ours.average_precision == 0 and len(ours) == 0


def test_detections_beyond_the_hundredth_are_left_out():
    annotations = truth([ONE, ONE], picture=[0, 1])
    detections = found([FAR] * 105 + [ONE], np.linspace(1, 0.1, 106), picture=[0] * 105 + [1])
    ours = walk(Evaluation(annotations, detections, COCO), 0)
    assert len(ours) == 101 and ours.left_out == 5
    assert len(walk(Evaluation(annotations, detections, VOC10), 0)) == 106


@pytest.mark.parametrize("threshold", [0, -1, 1.01, float("nan")])
def test_thresholds_out_of_range_are_refused(threshold):
    with pytest.raises(BoxscopeError, match="IoU threshold"):
        walk(Evaluation(truth([ONE]), found([ONE], [1])), 0, threshold)
    with pytest.raises(BoxscopeError, match="IoU threshold"):
        protocol("coco", thresholds=(threshold,))


def test_unknown_protocols_are_refused_and_known_ones_say_their_convention():
    with pytest.raises(BoxscopeError, match="voc12"):
        protocol("voc12")
    with pytest.raises(BoxscopeError, match="at least one"):
        protocol("coco", thresholds=())
    assert "101 points" in COCO.text and "mean of 10" in COCO.text and "at most 100" in COCO.text
    assert "11 points" in VOC07.text and "without + 1" in VOC07.text
    assert "every point" in VOC10.text


@pytest.mark.parametrize("masks", [None, [None]])
def test_masks_are_asked_for_before_work_begins(masks):
    annotations = truth([ONE], masks=masks)
    for make in (coco_figures, lambda a, d, kind: Evaluation(a, d, kind=kind)):
        with pytest.raises(BoxscopeError, match="none of the 1 rows of the ground truth has a"):
            make(annotations, found([ONE], [1]), "mask")


def test_rows_without_a_mask_are_left_out_of_figures_of_masks_and_counted():
    annotations, detections = random_set(8, masks=True, detections=60)
    whole = coco_figures(annotations, detections, "mask")
    bare = np.array([3, 1, 0])  # objects and detections that get company without a mask
    more = replace(
        annotations,
        **_longer(annotations, bare, "crowd", "ignored", "ids"),
        masks=[*annotations.masks, None, None, None],
    )
    rows = bare[:1]
    found_more = replace(
        detections, **_longer(detections, rows, "scores"), masks=[*detections.masks, None]
    )
    figures = coco_figures(more, found_more, "mask")
    assert figures.named() == whole.named()
    assert figures.without_mask.sentence.startswith("3 objects and 1 detection have no mask; ")
    assert whole.without_mask.sentence == ""
    evaluation = Evaluation(more, found_more, kind="mask")
    assert len(evaluation.annotations) == len(annotations)
    for of in whole.per_class:
        if of.truths:
            judged = walk(evaluation, of.label, 0.5)
            assert judged.average_precision == pytest.approx(of.by_threshold[0], abs=1e-9)


def _longer(of, rows, *names):
    names = ("picture", "boxes", "xywh", "labels", "area", *names)
    return {n: np.concatenate([getattr(of, n), getattr(of, n)[rows]]) for n in names}


def test_an_empty_set_has_figures():
    figures = coco_figures(truth([], classes=0), Detections.of())
    assert set(figures.named().values()) == {-1.0} and figures.per_class == ()


def one_by_one(detection, wanted, shared):
    """Greedy matching as COCO writes it: one detection after the other."""
    taken, stands, done = set(), [], set()
    for pair, (d, t) in enumerate(zip(detection, wanted, strict=True)):
        if d not in done and (shared[t] or t not in taken):
            taken.add(t)
            done.add(d)
            stands.append(pair)
    return stands


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.permutations(range(6)).map(lambda p: p[:4]), max_size=12),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_taking_in_turn_equals_one_by_one(wishes, shared):
    detection = np.repeat(np.arange(len(wishes)) * 3, [len(w) for w in wishes])
    wanted = np.array([t for w in wishes for t in w], np.int64)
    flags = np.array(shared)
    ours = take_in_turn(detection, wanted, flags)
    assert ours.tolist() == one_by_one(detection, wanted, flags)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=40))
def test_previous_greater_equals_a_search(values):
    expected = [
        max((j for j in range(i) if values[j] > values[i]), default=-1) for i in range(len(values))
    ]
    assert previous_greater(np.array(values, float)).tolist() == expected
