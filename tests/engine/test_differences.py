"""Detections of two traces paired by overlap, against a search over all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from engine import scenes
from engine.boxes import iou
from engine.differences import Verdict, differences
from engine.params import Settings
from engine.session import ModelChoice, Request, Session
from engine.trace import Trace


@pytest.fixture(scope="module")
def pair() -> tuple[Trace, Trace]:
    frame = scenes.draw(scenes.HELD_OUT + 8)
    session = Session(threads=1)
    low = Settings.of({"score_threshold.score_thresh": 0.3})
    a = session.run(Request(frame, ModelChoice("boxscope-maskrcnn"), "cpu", low))
    return a, session.run(Request(frame, ModelChoice("boxscope-ssd"), "cpu", low))


def test_every_detection_stands_in_one_line_and_the_verdict_is_right(
    pair: tuple[Trace, Trace],
) -> None:
    a, b = pair
    got = differences(a, b)
    for trace, rows in ((a, got.a), (b, got.b)):
        assert sorted(rows[rows >= 0]) == sorted(trace.table(trace.final).kept)
    boxes_a, boxes_b = a.boxes_image(a.final), b.boxes_image(b.final)
    for verdict, i, j, overlap in zip(got.verdict, got.a, got.b, got.iou, strict=True):
        if verdict in (Verdict.ONLY_A, Verdict.ONLY_B):
            assert (i < 0) == (verdict == Verdict.ONLY_B) and (j < 0) == (verdict == Verdict.ONLY_A)
            continue
        assert overlap == iou(boxes_a[i][None], boxes_b[j][None])[0, 0] >= 0.5
        names = (
            a.name_of(int(a.table(a.final).labels[i])),
            b.name_of(int(b.table(b.final).labels[j])),
        )
        assert (names[0] == names[1]) == (verdict == Verdict.SAME)
    # Nothing that is alone could have been paired with anything else that is alone.
    alone_a, alone_b = got.a[got.verdict == Verdict.ONLY_A], got.b[got.verdict == Verdict.ONLY_B]
    assert not (iou(boxes_a[alone_a], boxes_b[alone_b]) >= 0.5).any()


def test_a_trace_differs_from_itself_in_nothing(pair: tuple[Trace, Trace]) -> None:
    a = pair[0]
    got = differences(a, a)
    assert len(got) == len(a.detections) == got.count(Verdict.SAME)
    assert np.array_equal(got.a, got.b)


def test_sides_swapped_swap_the_verdicts(pair: tuple[Trace, Trace]) -> None:
    one, other = differences(*pair), differences(*pair[::-1])
    assert one.count(Verdict.ONLY_A) == other.count(Verdict.ONLY_B)
    assert one.count(Verdict.SAME) == other.count(Verdict.SAME)
