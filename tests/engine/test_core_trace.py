"""Trace: from any row back to where it came from, and on to what became of it."""

from __future__ import annotations

import numpy as np
import pytest
from toy_detector import TRANSFORM, Toy

from engine.params import Settings
from engine.table import Reason
from engine.trace import Ref, Trace

BOXES = [(10, 10, 40, 40), (12, 10, 42, 40), (60, 10, 90, 40), (100, 10, 130, 40)]


@pytest.fixture
def trace() -> Trace:
    """Row 3 wins, 1 suppresses 0, 2 falls below the score threshold."""
    return Toy(BOXES, [0.6, 0.8, 0.01, 0.9], [1, 1, 2, 2]).trace()


def test_detections_are_the_kept_rows_of_the_final_stage(trace: Trace) -> None:
    found = trace.detections
    np.testing.assert_array_equal(found.scores, np.float32([0.9, 0.8]))
    np.testing.assert_array_equal(trace.boxes_image("detections"), np.float32([BOXES[3], BOXES[1]]))
    np.testing.assert_array_equal(
        found.boxes, TRANSFORM.to_network(np.float32([BOXES[3], BOXES[1]]))
    )


def test_lineage_leads_back_to_the_anchor(trace: Trace) -> None:
    chain = trace.lineage(Ref("detections", 0))
    assert [r.stage for r in chain] == [
        "detections",
        "nms",
        "topk",
        "tiny",
        "score_threshold",
        "decode",
        "anchors",
    ]
    assert chain[-1] == Ref("anchors", 3)
    assert str(chain[1]) == "nms:2"
    assert trace.lineage(Ref("anchors", 2)) == (Ref("anchors", 2),)


def test_ancestors_are_the_lineage_of_many_rows(trace: Trace) -> None:
    rows = np.arange(len(trace.table("nms")))
    origin = trace.ancestors("anchors", rows, of="nms")
    for row in rows:
        assert trace.lineage(Ref("nms", int(row)))[-1].row == origin[row]
    np.testing.assert_array_equal(trace.ancestors("nms", rows, of="nms"), rows)
    np.testing.assert_array_equal(trace.ancestors("detections", rows, of="nms"), [-1] * len(rows))
    assert trace.ancestors("anchors", np.array([-1, 0]), of="nms").tolist() == [-1, origin[0]]


def test_descendants_are_the_lineage_seen_from_the_other_end(trace: Trace) -> None:
    for row in range(4):
        found = trace.descendants(Ref("anchors", row))
        for name, stage in trace.stages.items():
            if stage.table is None:
                continue
            rows = np.arange(len(stage.table))
            want = rows[trace.ancestors("anchors", rows, of=name) == row]
            np.testing.assert_array_equal(found.get(name, []), want, err_msg=name)
    assert list(trace.descendants(Ref("anchors", 2))) == ["anchors", "decode", "score_threshold"]


def test_reasons_are_read_where_they_were_given(trace: Trace) -> None:
    assert trace.reason(Ref("score_threshold", 2)) is Reason.LOW_SCORE
    assert trace.reason(Ref("nms", 0)) is Reason.SUPPRESSED
    assert trace.table("nms").by[0] == 1
    assert trace.reason(Ref("nms", 1)) is Reason.KEPT


def test_stages_without_boxes_are_named(trace: Trace) -> None:
    with pytest.raises(KeyError, match="stage 'input' has no boxes"):
        trace.table("input")
    with pytest.raises(KeyError):
        trace.table("rpn_nms")


def test_unknown_labels_still_have_a_name(trace: Trace) -> None:
    assert [trace.name_of(v) for v in (1, 2, 7, -1)] == ["cat", "dog", "class 7", "class -1"]


def test_a_trace_of_nothing_has_no_detections() -> None:
    trace = Toy(BOXES, [0.0] * 4, [1] * 4).trace()
    assert len(trace.detections) == 0
    assert trace.ancestors("anchors", np.zeros(0, np.int64), of="detections").tolist() == []
    assert trace.seconds == pytest.approx(sum(s.seconds for s in trace.stages.values()))


def test_unchanged_stages_are_the_same_objects() -> None:
    toy = Toy(BOXES, [0.6, 0.8, 0.01, 0.9], [1, 1, 2, 2])
    first = toy.trace()
    toy.runs.clear()
    second = toy.trace(Settings.of({"nms.nms_thresh": 0.95}))
    assert toy.runs == ["nms", "detections"]
    assert second.stages["topk"] is first.stages["topk"]
    assert len(second.detections) == 3 and len(first.detections) == 2
