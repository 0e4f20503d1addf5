"""COCO's figures against pycocotools and the published ones; the walk against the library."""

from __future__ import annotations

import numpy as np
import pytest

from engine.datasets.coco import read_coco
from engine.datasets.results import read_results
from engine.metrics.coco import coco_figures
from engine.metrics.evaluation import Evaluation
from engine.metrics.figures import ap_figures
from engine.metrics.protocol import COCO, COCO_THRESHOLDS
from engine.metrics.walk import walk
from tests.engine.metric_sets import found, judged_by_pycocotools, random_set, truth

EXACT = 1e-9

SETS = {
    "plain": {"crowds": 0},
    "crowds": {"crowds": 0.3},
    "ties": {"ties": True, "crowds": 0.2, "detections": 600},
    "empty classes": {"empty": 2, "classes": 2},
    "no detections": {"detections": 0},
    "no ground truth": {"truths": 0},
    "only crowds": {"crowds": 1.1},
    "over a hundred a picture": {"pictures": 2, "classes": 1, "detections": 500},
    "one of each": {"pictures": 1, "classes": 1, "truths": 1, "detections": 1},
}

PUBLISHED = {
    "box": {
        "AP": 0.5045806987249628,
        "AP50": 0.6969727247299577,
        "AP75": 0.5729816669904824,
        "APs": 0.5856257209410443,
        "APm": 0.5193996948036719,
        "APl": 0.5013978986347466,
        "AR1": 0.38681277964578054,
        "AR10": 0.5936795762842003,
        "AR100": 0.595352982877607,
    },
    "mask": {"AP": 0.3195452758576433, "AP50": 0.5622883972521636},
}


def or_minus_one(values) -> float:
    """The mean that COCO takes: of what is known, -1 where nothing is."""
    known = [v for v in values if not np.isnan(v)]
    return float(np.mean(known)) if known else -1.0


def check_walk(annotations, detections, kind, figures) -> None:
    """AP of every class at every IoU and area, by the walk and by the library."""
    evaluation = Evaluation(annotations, detections, COCO, kind)
    for of in figures.per_class:
        ours = [walk(evaluation, of.label, t).average_precision for t in COCO_THRESHOLDS]
        ours = [-1.0 if np.isnan(v) else v for v in ours]
        np.testing.assert_allclose(ours, of.by_threshold, atol=EXACT)
        for area, name in (("small", "APs"), ("medium", "APm"), ("large", "APl")):
            sized = or_minus_one(
                walk(evaluation, of.label, t, area=area).average_precision for t in COCO_THRESHOLDS
            )
            assert sized == pytest.approx(getattr(of, name), abs=EXACT), (of.name, area)
    for area, name in (("all", "AP"), ("small", "APs"), ("medium", "APm"), ("large", "APl")):
        mean = or_minus_one([ap_figures(evaluation, area=area).mean])
        assert mean == pytest.approx(getattr(figures, name), abs=EXACT), area


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_published_figures(real, kind):
    folder = real / "oracles" / "coco-eval" / "tests" / "dataset" / "cocoapi"
    annotations = read_coco(folder / "instances_val2014_100.json")
    name = {"box": "bbox", "mask": "segm"}[kind]
    detections = read_results(folder / f"instances_val2014_fake{name}100_results.json", annotations)
    figures = coco_figures(annotations, detections, kind)
    for key, value in PUBLISHED[kind].items():
        assert figures.named()[key] == pytest.approx(value, abs=EXACT), key
    check_walk(annotations, detections, kind, figures)


@pytest.mark.parametrize("name", SETS)
def test_boxes_equal_pycocotools(name):
    annotations, detections = random_set(7, **SETS[name])
    check_against_pycocotools(annotations, detections, "box")


@pytest.mark.parametrize("name", ["crowds", "ties", "no detections"])
def test_masks_equal_pycocotools(name):
    settings = SETS[name] | {"detections": min(SETS[name].get("detections", 150), 150)}
    annotations, detections = random_set(8, masks=True, **settings)
    check_against_pycocotools(annotations, detections, "mask")


@pytest.mark.parametrize("first", [0, 1])
def test_of_equal_overlaps_the_last_object_is_taken(first):
    """Which one is taken decides whether the second detection finds anything."""
    objects = [[0, 0, 10, 10], [4, 0, 14, 10]]
    detections = found([[2, 0, 12, 10], [-1, 0, 9, 10]], [0.9, 0.8])
    annotations = truth(objects[::-1] if first else objects, classes=1)
    check_against_pycocotools(annotations, detections, "box")
    hits = walk(Evaluation(annotations, detections), 0, 0.5).tp[-1]
    assert hits == (1 if first else 2)


def check_against_pycocotools(annotations, detections, kind) -> None:
    judge = judged_by_pycocotools(annotations, detections, kind)
    figures = coco_figures(annotations, detections, kind)
    np.testing.assert_allclose(list(figures.named().values()), judge.stats, atol=EXACT)
    precision = judge.eval["precision"][..., 0, 2]
    for of in figures.per_class:
        np.testing.assert_allclose(
            of.by_threshold, precision[:, :, of.label].mean(1), atol=EXACT, err_msg=of.name
        )
    check_walk(annotations, detections, kind, figures)
