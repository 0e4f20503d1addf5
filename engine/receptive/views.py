"""Operators that only arrange elements anew. NumPy only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from engine.receptive import spans, state
from engine.receptive.calls import Call, Done, OpRule
from engine.receptive.state import State

Change = Callable[[Call, State], "State | list[State]"]


def _viewed(change: Change) -> OpRule:
    def rule(call: Call) -> Done | None:
        # Another argument may only lend its shape or dtype: ``weight.expand_as(x)`` is constant.
        given = call.args.get("self", call.args.get("input"))
        if given is None:
            return Done([None] * len(call.out), listed=False)
        made = change(call, given)
        many = made if isinstance(made, list) else [made]
        shaped = [replace(s, shape=tuple(o)) for s, o in zip(many, call.out, strict=True)]
        return Done(shaped, listed=False)

    return rule


def _reshape(call: Call, given: State) -> State:
    return given.each(lambda s: spans.reshaped(s, given.shape, call.shape), call.shape)


def _permute(call: Call, given: State) -> State:
    order = [int(d) % given.ndim for d in call.args["dims"]]
    return given.each(lambda s: spans.permuted(s, order), call.shape)


def _transpose(call: Call, given: State) -> State:
    # ``t`` has no dimensions to name, ``transpose`` and ``swapaxes`` name theirs differently.
    named = [int(v) for v in call.args.values() if isinstance(v, int)]
    a, b = (d % given.ndim for d in (named or [0, 1]))
    order = list(range(given.ndim))
    order[a], order[b] = order[b], order[a]
    return given.each(lambda s: spans.permuted(s, order), call.shape)


def _unsqueeze(call: Call, given: State) -> State:
    dim = int(call.args["dim"]) % (given.ndim + 1)
    return given.each(lambda s: spans.inserted(s, dim), call.shape)


def _expand(call: Call, given: State) -> State:
    return state.joined([given], call.shape)


def _slice(call: Call, given: State) -> State:
    dim = int(call.get("dim", 0)) % given.ndim
    part = slice(call.get("start"), call.get("end"), call.get("step", 1))
    return given.each(lambda s: spans.indexed(s, given.shape, dim, part), call.shape)


def _select(call: Call, given: State) -> State:
    dim = int(call.args["dim"]) % given.ndim
    at = int(call.args["index"]) % given.shape[dim]
    part = slice(at, at + 1)
    return given.each(
        lambda s: spans.dropped(spans.indexed(s, given.shape, dim, part), dim), call.shape
    )


def _parts(call: Call, given: State) -> list[State]:
    """chunk, split, tensor_split, unbind: neighbouring pieces along a dimension."""
    dim = int(call.get("dim", 0)) % given.ndim
    made, start = [], 0
    gone = len(call.out[0]) < given.ndim
    for shape in call.out:
        part = slice(start, start + (1 if gone else shape[dim]))
        start = part.stop
        piece = given.each(partial(spans.indexed, shape=given.shape, dim=dim, index=part), shape)
        made.append(piece.each(lambda s: spans.dropped(s, dim), shape) if gone else piece)
    return made


def _roll(call: Call, given: State) -> State:
    made = given
    for shift, dim in zip(call.args["shifts"], call.args["dims"], strict=True):
        size = given.shape[dim]
        place = (np.arange(size) - shift) % size
        made = made.each(
            partial(spans.indexed, shape=given.shape, dim=dim, index=place), given.shape
        )
    return made


def _as_it_is(call: Call, given: State) -> State:
    return given


def _nothing(call: Call) -> Done:
    return Done([None] * len(call.out), listed=False)


_PARTS = "chunk split split_with_sizes unbind tensor_split"
_AS_IT_IS = """
    clone contiguous alias detach to _to_copy type_as lift_fresh dropout dropout_ feature_dropout
    alpha_dropout channel_shuffle native_channel_shuffle
"""
_FACTORIES = "zeros_like ones_like empty_like full_like new_zeros new_ones new_empty new_full"

RULES: dict[str, OpRule] = {
    **dict.fromkeys(
        ("view", "reshape", "_unsafe_view", "flatten", "unflatten", "squeeze"), _viewed(_reshape)
    ),
    "permute": _viewed(_permute),
    **dict.fromkeys(("transpose", "t", "swapaxes"), _viewed(_transpose)),
    "unsqueeze": _viewed(_unsqueeze),
    **dict.fromkeys(("expand", "expand_as"), _viewed(_expand)),
    "slice": _viewed(_slice),
    "select": _viewed(_select),
    **dict.fromkeys(_PARTS.split(), _viewed(_parts)),
    "roll": _viewed(_roll),
    **dict.fromkeys(_AS_IT_IS.split(), _viewed(_as_it_is)),
    # Only the shape of what they are given counts.
    **dict.fromkeys(_FACTORIES.split(), _nothing),
}
