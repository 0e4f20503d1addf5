"""Who takes which ground truth, for all pictures at once and without a loop over detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


def take_in_turn(detection: Rows, truth: Rows, shared: Flags, turn: Rows | None = None) -> Rows:
    """The pairs (positions, ascending) that stand when each side may be in one pair only.

    ``detection`` (P,) ascending, the wishes of each detection best first; ``truth`` (P,); both from
    0. ``shared`` (truths,) bool: those that may be in any number of pairs. ``turn`` (P,): a truth
    that several ask for goes to the pair with the lowest turn; by default to the lowest detection.

    With the default this is COCO's greedy matching: detections come in order of rank and take
    their best ground truth that is free. Instead of one detection after the other, all that have
    no truth ask at the same time, and a truth gives up a worse one for a better one (Gale and
    Shapley, "College Admissions and the Stability of Marriage", 1962). Where all truths order the
    detections alike, the stable result is unique, so both ways give the same; the rounds are as
    many as the longest chain of refusals, mostly fewer than ten.
    """
    if not len(detection):
        return np.zeros(0, np.int64)
    begins = np.flatnonzero(np.diff(detection, prepend=-1))
    ends = np.append(begins[1:], len(detection))
    # A detection stands in few rows, so rows are numbered by detection, not by pair.
    who = np.repeat(np.arange(len(begins)), ends - begins)
    if turn is None:
        turn = np.arange(len(detection))
        pair_of = turn
    else:
        pair_of = np.empty(len(turn), np.int64)
        pair_of[turn] = np.arange(len(turn))
    nobody = len(detection)
    holder = np.full(len(shared), nobody)
    wish = begins.copy()
    got = np.full(len(begins), -1)
    asking = np.arange(len(begins))
    while len(asking):
        pair = wish[asking]
        wanted = truth[pair]
        free = shared[wanted]
        got[asking[free]] = pair[free]
        asking, pair, wanted = asking[~free], pair[~free], wanted[~free]
        before = holder[wanted]
        np.minimum.at(holder, wanted, turn[pair])
        won = holder[wanted] == turn[pair]
        got[asking[won]] = pair[won]
        displaced = before[won]
        displaced = who[pair_of[displaced[displaced < nobody]]]
        got[displaced] = -1
        asking = np.concatenate([asking[~won], displaced])
        wish[asking] += 1
        asking = asking[wish[asking] < ends[asking]]
    return got[got >= 0]
