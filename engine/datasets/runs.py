"""COCO's run-length code: checking it before compiled code, which believes everything, gets it.

Masks are stored column by column as lengths of runs, zeros first. The compressed form writes the
difference to the run before the last (from the fourth run on) in groups of five bits, least first;
48 is added to make them printable, 32 means that another group follows, and 16 in the last group is
the sign (``rleToString`` in the COCO API's maskApi.c).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

_MOST_GROUPS = 7  # 35 bits: more than any picture has pixels, and sums stay inside int64


def pixel_counts(codes: Sequence[bytes]) -> tuple[Rows, Rows]:
    """(N,) int64 pixels of each mask's picture, and (N,) int64 pixels of the mask itself.

    Both are -1 for what is not a run-length code: wrong letters, one cut short, a negative run.
    """
    runs, place, owner, bad = _parsed(codes)
    odd = place % 2 == 1
    total, inside = np.zeros(len(codes), np.int64), np.zeros(len(codes), np.int64)
    np.add.at(total, owner, runs)
    np.add.at(inside, owner[odd], runs[odd])
    return np.where(bad, -1, total), np.where(bad, -1, inside)


def pixels(code: bytes, height: int, width: int) -> NDArray[np.bool_]:
    """(H, W) bool of a run-length code. Raises ValueError when it is for another size."""
    runs, place, _, bad = _parsed([code])
    if bad[0] or runs.sum() != height * width:
        raise ValueError(f"run-length code: expected one for {height} x {width} pixels")
    return np.repeat(place % 2 == 1, runs).reshape(width, height).T


def _parsed(codes: Sequence[bytes]) -> tuple[Rows, Rows, Rows, NDArray[np.bool_]]:
    """(R,) int64 runs of all codes, the place of each in its code, its code; (N,) bool bad ones.

    The runs of bad codes mean nothing.
    """
    n = len(codes)
    lengths = np.array([len(c) for c in codes], np.int64)
    bad = lengths == 0
    if bad.all():
        none = np.zeros(0, np.int64)
        return none, none, none, bad
    letters = np.frombuffer(b"".join(codes), np.uint8).astype(np.int64) - 48
    owner = np.repeat(np.arange(n), lengths)
    bad[owner[(letters < 0) | (letters > 63)]] = True
    ends = (letters & 32) == 0
    final = np.cumsum(lengths)[lengths > 0] - 1
    bad[owner[final[~ends[final]]]] = True
    ends[final] = True  # a code that is cut short must not run into the next one
    first = np.flatnonzero(np.append(True, ends[:-1]))
    stop = np.append(first[1:], len(letters))
    groups = stop - first
    bad[owner[first[groups > _MOST_GROUPS]]] = True
    shift = np.minimum(np.arange(len(letters)) - np.repeat(first, groups), _MOST_GROUPS)
    values = np.add.reduceat((letters & 31) << (5 * shift), first)
    negative = (letters[stop - 1] & 16) != 0
    values -= np.where(negative, np.int64(1) << (5 * np.minimum(groups, _MOST_GROUPS)), 0)
    owner = owner[first]
    values[bad[owner]] = 0  # their sums could overflow
    starts = np.searchsorted(owner, np.arange(n))
    place = np.arange(len(values)) - starts[owner]
    odd = place % 2 == 1
    runs = values.copy()
    for chain in (odd, ~odd & (place > 0)):  # each run adds to the one two before it
        sums = np.cumsum(np.where(chain, values, 0))
        before = np.append(0, sums)[starts[owner]]
        runs[chain] = (sums - before)[chain]
    bad[owner[runs < 0]] = True
    return runs, place, owner, bad
