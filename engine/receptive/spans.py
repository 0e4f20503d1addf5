"""What every element of a tensor sees of the picture, along one axis of the picture. NumPy only.

A span holds two arrays that broadcast against the tensor: first and last px, inclusive. Rows of the
picture as a rule vary along one dimension of the tensor only, so a span of a (1, 256, 100, 168) map
is a (1, 1, 100, 1) array; views, permutations and flattening act on it as they act on the tensor.
All functions are pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.receptive.reads import Reads
from engine.receptive.rule import NOTHING, Rule, joined

Ints = NDArray[np.int64]
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Span:
    """``lo``, ``hi`` int64, broadcastable to the tensor; ``axis``: the dimension of the tensor
    along which positions lie, None where they are scattered over several; ``rule`` along it.
    """

    lo: Ints
    hi: Ints
    axis: int | None
    rule: Rule | None

    def along(self, dim: int) -> bool:
        """Whether elements along ``dim`` may see different px."""
        return dim == self.axis or self.lo.shape[dim] != 1


def picture(ndim: int, axis: int, size: int) -> Span:
    """The picture itself: position i sees px i."""
    shape = [1] * ndim
    shape[axis] = size
    own = np.arange(size, dtype=np.int64).reshape(shape)
    zero = np.zeros(1, np.int64)
    return Span(own, own, axis, Rule(zero, zero, 1))


def nothing(like: Span) -> Span:
    """What a constant sees, beside a tensor with the span ``like``."""
    lo = np.full((1,) * like.lo.ndim, NOTHING, np.int64)
    return Span(lo, -lo, like.axis, None)


def read(span: Span, dim: int, by: Reads, size: int, out: int) -> Span:
    """An operator along one dimension of the tensor, of length ``size`` before, ``out`` after."""
    if not span.along(dim) or (by.is_identity and size == out):
        return span
    rule = span.rule.read(by) if span.rule is not None and span.axis == dim else None
    index, inside = by.index(out, size)
    lo, hi = span.lo, span.hi
    if lo.shape[dim] == 1:
        index = np.zeros_like(index)
    shape = [1] * (lo.ndim + 1)
    shape[dim], shape[dim + 1] = inside.shape
    there = inside.reshape(shape)
    lo = np.where(there, np.take(lo, index, dim), NOTHING).min(dim + 1)
    hi = np.where(there, np.take(hi, index, dim), -NOTHING).max(dim + 1)
    return Span(lo, hi, span.axis, rule)


def union(spans: Sequence[Span], ndim: int) -> Span:
    """What elements see that are computed from several tensors, broadcast against each other."""
    grown = [_grown(s, ndim) for s in spans]
    first = grown[0]
    lo, hi, axis, rule = first.lo, first.hi, first.axis, first.rule
    for other in grown[1:]:
        if other.lo is not lo or other.hi is not hi:
            lo, hi = np.minimum(lo, other.lo), np.maximum(hi, other.hi)
        rule = joined(rule, other.rule) if axis == other.axis else None
        axis = axis if axis == other.axis else None
    return Span(lo, hi, axis, rule)


def mixed(span: Span, dims: Sequence[int], keep: bool = True) -> Span:
    """Every element along ``dims`` is computed from all of them (a sum, softmax, a linear layer).

    ``keep``: positions stay (softmax); else one is left (a sum with keepdim).
    """
    lo, hi, rule, axis = span.lo, span.hi, span.rule, span.axis
    touched = tuple(d for d in dims if span.along(d))
    if not touched:
        return span
    many = any(lo.shape[d] != 1 for d in touched)
    if axis is None:
        # A layer that reads all positions of a flattened map.
        ends = lo.min().reshape(1), hi.max().reshape(1)
        rule = None if keep else Rule(*ends, step=0, whole=True)
    elif axis in touched and rule is not None and many:
        rule = rule.everything()
    low, high = lo.min(touched, keepdims=True), hi.max(touched, keepdims=True)
    if keep:
        low, high = np.broadcast_to(low, lo.shape), np.broadcast_to(high, hi.shape)
    return Span(low, high, axis, rule)


def dropped(span: Span, dim: int) -> Span:
    """A dimension of length 1 less."""
    axis = span.axis
    rule = span.rule
    if axis is not None:
        axis = None if axis == dim else axis - (axis > dim)
    return Span(np.squeeze(span.lo, dim), np.squeeze(span.hi, dim), axis, rule)


def inserted(span: Span, dim: int) -> Span:
    """A dimension of length 1 more."""
    axis = span.axis if span.axis is None else span.axis + (span.axis >= dim)
    return Span(np.expand_dims(span.lo, dim), np.expand_dims(span.hi, dim), axis, span.rule)


def permuted(span: Span, order: Sequence[int]) -> Span:
    axis = None if span.axis is None else list(order).index(span.axis)
    return Span(span.lo.transpose(order), span.hi.transpose(order), axis, span.rule)


def indexed(span: Span, shape: Shape, dim: int, index: Any) -> Span:
    """Elements ``index`` (slice or integers) along one dimension; the rule follows a slice."""
    if not span.along(dim):
        return span
    rule = None
    if isinstance(index, slice) and span.rule is not None and span.axis == dim:
        start, _, step = index.indices(shape[dim])
        taps = np.full((1, 1), start, np.int64)
        rule = span.rule.read(Reads(taps, np.ones((1, 1), bool), step))
    where = (slice(None),) * dim + (index,)
    if span.lo.shape[dim] == 1:
        return replace(span, rule=rule)
    return Span(span.lo[where], span.hi[where], span.axis, rule)


def stacked(spans: Sequence[Span], shapes: Sequence[Shape], dim: int) -> Span:
    """Concatenation along ``dim``: one union where elements along it see the same, as channels."""
    if not any(s.along(dim) for s in spans):
        return union(spans, len(shapes[0]))
    wide = [d for d in range(len(shapes[0])) if d != dim and any(s.lo.shape[d] != 1 for s in spans)]
    parts = []
    for span, shape in zip(spans, shapes, strict=True):
        target = [shape[d] if d == dim or d in wide else 1 for d in range(len(shape))]
        parts.append((np.broadcast_to(span.lo, target), np.broadcast_to(span.hi, target)))
    lo = np.concatenate([p[0] for p in parts], dim)
    hi = np.concatenate([p[1] for p in parts], dim)
    axis = spans[0].axis if all(s.axis == spans[0].axis for s in spans) else None
    return Span(lo, hi, axis, None)


def reshaped(span: Span, old: Shape, new: Shape) -> Span:
    """``view``, ``reshape``, ``flatten``: element by element, in C order."""
    if old == new:
        return span
    lo_shape: list[int] = []
    wide: list[int] = []
    axis: int | None = None
    # Groups of neighbouring dimensions with equal products: nothing moves between groups.
    for olds, news in _groups(old, new):
        part = [span.lo.shape[d] for d in olds]
        varies = any(p != 1 for p in part)
        if not varies:
            lo_shape += [1] * len(news)
        else:
            lo_shape += [new[d] for d in news]
        wide += [old[d] if varies else 1 for d in olds]
        if span.axis in olds:
            lengths = [d for d in news if new[d] == old[span.axis]]
            alone = all(d == span.axis or old[d] == 1 for d in olds)
            if alone and len(lengths) == 1 and all(new[d] in (1, old[span.axis]) for d in news):
                axis = lengths[0]
            elif alone and old[span.axis] == 1 and news:
                axis = news[0]
    lo = np.broadcast_to(span.lo, wide).reshape(lo_shape)
    hi = np.broadcast_to(span.hi, wide).reshape(lo_shape)
    # A flattened 1 x 1 map is still what one position sees.
    single = span.axis is not None and old[span.axis] == 1
    return Span(lo, hi, axis, span.rule if axis is not None or single else None)


def _groups(old: Shape, new: Shape) -> list[tuple[list[int], list[int]]]:
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        olds, news = [], []
        left, right = 1, 1
        if i < len(old):
            olds.append(i)
            left, i = left * old[i], i + 1
        if j < len(new):
            news.append(j)
            right, j = right * new[j], j + 1
        while left != right:
            if left < right:
                olds.append(i)
                left, i = left * old[i], i + 1
            else:
                news.append(j)
                right, j = right * new[j], j + 1
        groups.append((olds, news))
    return groups


def _grown(span: Span, ndim: int) -> Span:
    more = ndim - span.lo.ndim
    if not more:
        return span
    shape = (1,) * more + span.lo.shape
    axis = None if span.axis is None else span.axis + more
    return Span(span.lo.reshape(shape), span.hi.reshape(shape), axis, span.rule)
