"""Operators that work element by element, or mix all elements along a dimension. NumPy only."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

from engine.receptive import spans, state
from engine.receptive.calls import Call, Done, OpRule
from engine.receptive.state import State


def _same(call: Call) -> Done | None:
    """Element by element; several tensors are joined."""
    states = call.states
    made = state.joined(states, call.shape)
    return Done([made] * len(call.out), listed=len(states) > 1)


def _batch_norm(call: Call) -> Done | None:
    if not call.get("training", False):
        return _same(call)
    dims = [d for d in range(call.main.ndim) if d != 1]
    return Done([call.main.reads_all(dims, call.shape)])


def _group_norm(call: Call) -> Done | None:
    """Mean and variance of a group of channels are over all positions."""
    return Done([call.main.reads_all(range(1, call.main.ndim), call.shape)])


def _instance_norm(call: Call) -> Done | None:
    if not call.get("use_input_stats", True):
        return _same(call)
    return Done([call.main.reads_all(range(2, call.main.ndim), call.shape)])


def _layer_norm(call: Call) -> Done | None:
    count = len(call.args["normalized_shape"])
    return Done([call.main.reads_all(range(-count, 0), call.shape)], listed=False)


def _softmax(call: Call) -> Done | None:
    return Done([call.main.reads_all([int(call.args["dim"])], call.shape)], listed=False)


def _reduction(call: Call) -> Done | None:
    given = call.main
    dims = call.get("dim", list(range(given.ndim)))
    dims = sorted({int(d) % given.ndim for d in ([dims] if isinstance(dims, int) else dims)})
    made = given.reads_all(dims, given.shape, keep=False)
    if len(call.shape) < given.ndim:
        for dim in reversed(dims):
            made = made.each(partial(spans.dropped, dim=dim), ())
    made = replace(made, shape=call.shape)
    spatial = any(given.shape[d] > 1 and (given.y.along(d) or given.x.along(d)) for d in dims)
    return Done([made] * len(call.out), {"kernel": "all"} if spatial else {}, listed=spatial)


def _linear(call: Call) -> Done | None:
    given = call.main
    inner = given.shape[-1]
    made = given.reads_all([-1], call.shape, keep=False)
    return Done([made], {"kernel": "all"}, macs=math.prod(call.shape) * inner)


def _matmul(call: Call) -> Done | None:
    """Element (i, j) reads row i of the first matrix and column j of the second."""
    names = list(call.sizes)
    if len(names) != 2 or any(len(call.sizes[n]) < 2 for n in names):
        return None
    left, right = (call.args[n] for n in names)
    found = []
    if isinstance(left, State):
        found.append(left.reads_all([-1], left.shape, keep=False))
    if isinstance(right, State):
        found.append(right.reads_all([-2], right.shape, keep=False))
    macs = math.prod(call.shape) * call.sizes[names[0]][-1]
    return Done([state.joined(found, call.shape)], macs=macs, listed=len(found) > 1)


def _attention(call: Call) -> Done | None:
    """Every query reads all keys and values."""
    query, key, value = (call.args[n] for n in ("query", "key", "value"))
    if not all(isinstance(s, State) for s in (query, key, value)):
        return None
    found = [
        query.reads_all([-1], query.shape, keep=False),
        key.reads_all([-1, -2], key.shape, keep=False),
        value.reads_all([-1, -2], value.shape, keep=False),
    ]
    return Done([state.joined(found, call.shape)], {"kernel": "all"})


def _cat(call: Call) -> Done | None:
    states, shapes = call.args["tensors"], call.args["shapes"]
    dim = int(call.get("dim", 0)) % len(call.shape)
    first = call.main
    made = replace(
        first,
        shape=call.shape,
        y=spans.stacked([s.y if s else spans.nothing(first.y) for s in states], shapes, dim),
        x=spans.stacked([s.x if s else spans.nothing(first.x) for s in states], shapes, dim),
        pool=(),
    )
    return Done([made])


_UNARY = """
    relu relu_ relu6 hardtanh hardtanh_ hardswish hardswish_ hardsigmoid hardsigmoid_ silu silu_
    sigmoid sigmoid_ tanh tanh_ gelu leaky_relu leaky_relu_ elu elu_ selu celu mish mish_ softplus
    neg abs exp log sqrt rsqrt square sign round floor erf logit
"""
_JOINING = """
    prelu add add_ sub sub_ rsub mul mul_ div div_ pow clamp clamp_ clamp_min clamp_min_ clamp_max
    maximum minimum where masked_fill masked_fill_ lerp addcmul addcdiv
"""
_REDUCING = "mean sum amax amin norm linalg_vector_norm logsumexp"

UNARY = frozenset(_UNARY.split())
"""One tensor in, one of the same shape out: nothing needs to run to know the result."""

RULES: dict[str, OpRule] = {
    **dict.fromkeys([*UNARY, *_JOINING.split()], _same),
    "batch_norm": _batch_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "layer_norm": _layer_norm,
    **dict.fromkeys(("softmax", "_softmax", "log_softmax", "_log_softmax"), _softmax),
    **dict.fromkeys(_REDUCING.split(), _reduction),
    "linear": _linear,
    **dict.fromkeys(("matmul", "mm", "bmm"), _matmul),
    "scaled_dot_product_attention": _attention,
    "cat": _cat,
}
