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

_MOST_GROUPS = 7  # 35 bits: more than any picture has pixels, and sums stay inside int64


def pixel_counts(codes: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(N,) int64 pixels of each mask's picture, and (N,) int64 pixels of the mask itself.

    Both are -1 for what is not a run-length code: wrong letters, one cut short, a negative run.
    """
    n = len(codes)
    total, inside = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    lengths = np.array([len(c) for c in codes], np.int64)
    if not lengths.sum():
        return total, inside
    letters = np.frombuffer(b"".join(codes), np.uint8).astype(np.int64) - 48
    owner = np.repeat(np.arange(n), lengths)
    bad = np.bincount(owner[(letters < 0) | (letters > 63)], minlength=n) > 0
    last = (letters & 32) == 0
    closed = lengths > 0
    closed[closed] = last[np.cumsum(lengths)[closed] - 1]
    bad |= ~closed
    # A code that is cut short would run into the next one: ends of codes are ends of values too.
    ends = last.copy()
    ends[np.cumsum(lengths)[lengths > 0] - 1] = True
    first = np.flatnonzero(np.append(True, ends[:-1]))
    stop = np.append(first[1:], len(letters))
    groups = stop - first
    bad |= np.bincount(owner[first[groups > _MOST_GROUPS]], minlength=n) > 0
    place = np.minimum(np.arange(len(letters)) - np.repeat(first, groups), _MOST_GROUPS)
    values = np.add.reduceat((letters & 31) << (5 * place), first)
    negative = (letters[stop - 1] & 16) != 0
    values -= np.where(negative, np.int64(1) << (5 * np.minimum(groups, _MOST_GROUPS + 1)), 0)
    return _summed(values, owner[first], bad, n)


def _summed(
    values: NDArray[np.int64], owner: NDArray[np.int64], bad: NDArray[np.bool_], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    values[bad[owner]] = 0
    starts = np.searchsorted(owner, np.arange(n))
    place = np.arange(len(values)) - starts[owner]
    odd = place % 2 == 1
    runs = values.copy()
    for chain in (odd, ~odd & (place > 0)):  # each run adds to the one two before it
        sums = np.cumsum(np.where(chain, values, 0))
        before = np.append(0, sums)[starts[owner]]
        runs[chain] = (sums - before)[chain]
    bad = bad | (np.bincount(owner[runs < 0], minlength=n) > 0)
    bad |= np.bincount(owner, minlength=n) == 0
    total, inside = np.zeros(n, np.int64), np.zeros(n, np.int64)
    np.add.at(total, owner, runs)
    np.add.at(inside, owner[odd], runs[odd])
    return np.where(bad, -1, total), np.where(bad, -1, inside)
