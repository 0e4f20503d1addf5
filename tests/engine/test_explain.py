"""What became of an object: found, lost, moved away or never seen, and what would save it."""

from __future__ import annotations

import numpy as np
import pytest
from toy_detector import Toy

from engine.explain import Miss, explain_miss
from engine.params import Settings
from engine.table import Reason
from engine.trace import Ref

CAT, DOG = 1, 2
OBJECT = (20, 20, 60, 60)
RIVAL = (26, 20, 66, 60)  # overlaps the object by 34 / 46 = 0.739
FAR = (120, 20, 160, 60)


def ask(toy: Toy, label: int | None = CAT, **options) -> Miss:
    return explain_miss(toy.trace(), np.float32(OBJECT), label, toy.trace, **options)


def assert_saves(toy: Toy, miss: Miss, iou: float = 0.5) -> None:
    """The change really saves the object, and one that is a little smaller does not."""
    change = miss.change
    assert change is not None and f"{change.key} = {change.new:g}" in miss.sentence

    def kind(value: float) -> str:
        trace = toy.trace(Settings.of({change.key: value}))
        return explain_miss(trace, miss.box, miss.label, iou=iou).kind

    assert kind(change.new) == "found"
    assert kind(change.old + (change.new - change.old) * 0.98) != "found"


def test_found_names_the_detection() -> None:
    toy = Toy([FAR, OBJECT], [0.9, 0.8], [DOG, CAT])
    miss = ask(toy)
    assert miss.kind == "found" and miss.lost_at is None and miss.change is None
    assert miss.candidate == Ref("detections", 1)
    assert miss.sentence == "Found: cat with score 0.8 overlaps the box by 1.00."
    assert not miss.searched


def test_low_score() -> None:
    toy = Toy([FAR, OBJECT, OBJECT], [0.9, 0.0123, 0.004], [DOG, CAT, CAT])
    miss = ask(toy)
    assert (miss.kind, miss.lost_at, miss.reason) == ("lost", "score_threshold", Reason.LOW_SCORE)
    assert miss.candidate == Ref("score_threshold", 1)
    assert miss.change is not None
    assert (miss.change.key, miss.change.new) == ("score_threshold.score_thresh", 0.0122)
    assert 'Lost at "Score threshold"' in miss.sentence and "score_thresh (0.05)" in miss.sentence
    assert_saves(toy, miss)


def test_suppressed_by_a_rival() -> None:
    toy = Toy([RIVAL, OBJECT, FAR], [0.9, 0.8, 0.7], [CAT, CAT, CAT])
    miss = explain_miss(toy.trace(), np.float32(OBJECT), CAT, toy.trace, iou=0.8)
    assert (miss.lost_at, miss.reason) == ("nms", Reason.SUPPRESSED)
    assert miss.rival == Ref("nms", 0) and miss.rival_iou == pytest.approx(34 / 46, abs=1e-4)
    assert miss.change is not None and miss.change.key == "nms.nms_thresh"
    assert miss.change.new == 0.740
    assert_saves(toy, miss, 0.8)
    assert "cat, score 0.9), by 0.739, more than nms_thresh (0.5)" in miss.sentence


def test_a_rival_that_hides_behind_another() -> None:
    """Past the first rival's IoU a second, until then suppressed itself, takes its place."""
    hidden = (16, 20, 56, 60)  # overlaps the rival by 0.6, the object by 36 / 44
    toy = Toy([RIVAL, hidden, OBJECT], [0.9, 0.8, 0.7], [CAT, CAT, CAT])
    miss = explain_miss(toy.trace(), np.float32(OBJECT), CAT, toy.trace, iou=0.95)
    assert miss.rival == Ref("nms", 0)
    assert miss.change is not None
    assert miss.change.new == 0.819
    assert_saves(toy, miss, 0.95)


def test_beyond_the_top_k() -> None:
    far = [(70 + i, 60, 76 + i, 66) for i in range(0, 120, 8)]
    toy = Toy([*far, OBJECT], [0.9] * len(far) + [0.5], [CAT] * (len(far) + 1))
    trace = toy.trace(Settings.of({"topk.topk_candidates": 10}))
    miss = explain_miss(trace, np.float32(OBJECT), CAT, toy.trace)
    assert (miss.lost_at, miss.reason) == ("topk", Reason.TOPK)
    assert miss.change is not None and miss.change.key == "topk.topk_candidates"
    assert miss.change.new == len(far) + 1 and miss.change.old == 10
    assert "rank 16, too low for topk_candidates (10)" in miss.sentence


def test_beyond_the_last_detection() -> None:
    toy = Toy([FAR, OBJECT], [0.9, 0.8], [DOG, CAT])
    trace = toy.trace(Settings.of({"detections.detections_per_img": 1}))
    miss = explain_miss(trace, np.float32(OBJECT), CAT, toy.trace)
    assert (miss.lost_at, miss.reason) == ("detections", Reason.TOPK)
    assert miss.change is not None and miss.change.new == 2


def test_tiny() -> None:
    small = (20, 20, 60, 20.2)
    toy = Toy([small, FAR], [0.9, 0.8], [CAT, CAT])
    miss = explain_miss(toy.trace(), np.float32(small), CAT, toy.trace)
    assert (miss.lost_at, miss.reason) == ("tiny", Reason.TINY)
    assert miss.change is not None and 0.399 <= miss.change.new <= 0.4  # network px: doubled
    assert "shorter than min_size (1)" in miss.sentence


def test_moved_away() -> None:
    toy = Toy([OBJECT, FAR], [0.9, 0.8], [CAT, CAT], moved=[(45, 20, 85, 60), FAR])
    miss = ask(toy)
    assert (miss.kind, miss.lost_at, miss.reason) == ("moved", "decode", None)
    assert miss.candidate == Ref("anchors", 0) and miss.candidate_iou == 1
    assert miss.searched and miss.change is None
    assert "overlapped the box by 1.00 before" in miss.sentence
    assert "No single parameter that was tried saves it." in miss.sentence


def test_moved_into_place_counts_as_covered_from_there_on() -> None:
    toy = Toy([FAR], [0.01], [CAT], moved=[OBJECT])
    miss = ask(toy)
    assert (miss.kind, miss.lost_at) == ("lost", "score_threshold")
    assert [c.best_iou for c in miss.stages[:2]] == [0, 1]


@pytest.mark.parametrize(
    ("boxes", "words"),
    [([FAR], "No candidate of any stage touches"), ([(20, 20, 40, 36)], "the best has IoU 0.20")],
)
def test_never(boxes, words: str) -> None:
    miss = ask(Toy(boxes, [0.9], [CAT]))
    assert miss.kind == "never" and miss.change is None and words in miss.sentence


def test_another_class_took_the_object() -> None:
    toy = Toy([OBJECT, OBJECT], [0.9, 0.02], [DOG, CAT])
    miss = ask(toy)
    assert (miss.lost_at, miss.reason) == ("score_threshold", Reason.LOW_SCORE)
    assert miss.other == Ref("detections", 0)
    assert "It is detected as another class: dog with score 0.9." in miss.sentence
    assert ask(toy, label=None).kind == "found"


def test_smallest_of_several_changes_is_proposed() -> None:
    """A candidate close below the score threshold, and one that only a high IoU would let live."""
    toy = Toy([RIVAL, OBJECT, OBJECT], [0.9, 0.8, 0.049], [CAT, CAT, DOG])
    miss = explain_miss(toy.trace(), np.float32(OBJECT), None, toy.trace, iou=0.9)
    assert miss.lost_at == "nms"
    assert miss.change is not None and miss.change.key == "score_threshold.score_thresh"
    assert miss.change.name == "dog"


def test_a_change_that_does_not_verify_is_not_proposed() -> None:
    """Past the score threshold, NMS would be the next to end the candidate."""
    toy = Toy([RIVAL, OBJECT], [0.9, 0.02], [CAT, CAT])
    miss = explain_miss(toy.trace(), np.float32(OBJECT), CAT, toy.trace, iou=0.9)
    assert miss.lost_at == "score_threshold" and miss.searched and miss.change is None
    assert miss.then_lost_at == "nms"
    assert 'saves it: past this stage it is lost at "Class NMS".' in miss.sentence


def test_without_recompute_nothing_is_proposed() -> None:
    toy = Toy([OBJECT], [0.02], [CAT])
    miss = explain_miss(toy.trace(), np.float32(OBJECT), CAT)
    assert miss.lost_at == "score_threshold" and not miss.searched and miss.change is None
    assert "No single parameter" not in miss.sentence


def test_search_stops_at_its_limit() -> None:
    toy = Toy([RIVAL, OBJECT], [0.9, 0.02], [CAT, CAT])
    trace = toy.trace()
    asked: list[Settings] = []

    def counting(settings: Settings):
        asked.append(settings)
        return toy.trace(settings)

    explain_miss(trace, np.float32(OBJECT), CAT, counting, iou=0.9, limit=0)
    assert not asked
    explain_miss(trace, np.float32(OBJECT), CAT, counting, iou=0.9, limit=1)
    assert len(asked) == 1 and list(asked[0]) == ["score_threshold.score_thresh"]


def test_other_settings_stay_as_they_are() -> None:
    toy = Toy([OBJECT], [0.02], [CAT])
    trace = toy.trace(Settings.of({"nms.nms_thresh": 0.9}))
    asked: list[Settings] = []

    def noting(settings: Settings):
        asked.append(settings)
        return toy.trace(settings)

    assert explain_miss(trace, np.float32(OBJECT), CAT, noting).change is not None
    assert all(s["nms.nms_thresh"] == 0.9 for s in asked)
