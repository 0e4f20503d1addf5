"""Theoretical receptive fields of every layer of a network: over its graph, as it really runs.

Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019,
give the recursion for a graph of convolutions: from the input on, first and last px of each layer
follow from those of its inputs. `fields_of` applies it to every operator that the network runs, for
every position, so that borders, branches and resizing by odd factors come out exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN

from engine.errors import BoxscopeError
from engine.receptive.fields import PICTURE, Axis, Fields, Layer, Pair
from engine.receptive.recorder import Node, Recorder, state_of
from engine.receptive.spans import Span
from engine.receptive.state import State

CHANNELS = 3


def fields_of(module: nn.Module, size: Pair, model: str = "") -> Fields:
    """The fields of all layers for a network input of ``size`` (height, width) px.

    ``module``: a detector or segmenter of torchvision or of this project, a classifier, or any
    module that maps (1, 3, H, W) to something; its weights may be on the meta device and are never
    read. It is put in no other mode: a module in training mode has other fields (batch norm).

    Raises BoxscopeError when the network cannot run on a picture of that size.
    """
    name = model or type(module).__name__
    recorder = Recorder()
    try:
        with recorder.following(module), recorder:
            levels = _drive(module, recorder, size)
    except BoxscopeError:
        raise
    except Exception as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise BoxscopeError(
            f"{name} cannot be followed with a picture of {size[0]} x {size[1]} px ({reason}); "
            "choose another size."
        ) from error
    names, aliases = _names(recorder)
    layers = tuple(_layer(n, name) for n, name in zip(recorder.nodes, names, strict=True))
    parameters = sum(p.numel() for p in module.parameters())
    return Fields(name, size, layers, parameters, tuple(levels), aliases)


Levels = list[tuple[str, int]]


def _drive(module: nn.Module, recorder: Recorder, size: Pair) -> Levels:
    features = drive(module, recorder.input(PICTURE, (1, CHANNELS, *size)))
    if isinstance(module, GeneralizedRCNN):
        _drive_regions(module.roi_heads, recorder, features)
    found = [(name, state_of(m)) for name, m in features.items()]
    return [(name, state.layer) for name, state in found if state is not None]


def drive(module: nn.Module, picture: Tensor) -> Mapping[str, Tensor]:
    """Run the parts that look at the picture: all but the resizing before and the boxes after.

    ``picture`` (1, 3, H, W): the network's input. Gives the maps that heads read, finest first, by
    name; none of a network that is no detector.
    """
    parts: Any = module  # torch types every attribute of a module as a tensor or module
    if not hasattr(module, "transform") or not hasattr(module, "backbone"):
        module(picture)
        return {}
    features = _maps(parts.backbone(picture))
    if isinstance(module, GeneralizedRCNN):
        parts.rpn.head(list(features.values()))
    elif hasattr(module, "neck"):
        mixed = parts.neck(features)
        parts.head(mixed)
        features = _maps(mixed)
    else:
        parts.head(list(features.values()))
    return features


def _maps(features: Any) -> Mapping[str, Tensor]:
    return features if isinstance(features, Mapping) else {"0": features}


def _drive_regions(heads: Any, recorder: Recorder, features: Mapping[str, Tensor]) -> None:
    """The second stage sees the picture through RoIAlign: its fields are in bins of one region."""
    channels = next(iter(features.values())).shape[1]
    for kind in ("box", "mask", "keypoint"):
        pool = getattr(heads, f"{kind}_roi_pool", None)
        if pool is not None:
            pooled = recorder.input(f"{kind} region", (1, channels, *pool.output_size))
            getattr(heads, f"{kind}_predictor")(getattr(heads, f"{kind}_head")(pooled))


def _names(recorder: Recorder) -> tuple[list[str], dict[str, int]]:
    """A name for each node, numbered where a module or operation comes several times."""
    total: dict[str, int] = {}
    for node in recorder.nodes:
        total[node.name] = total.get(node.name, 0) + 1
    names, seen = [], dict.fromkeys(total, 0)
    for node in recorder.nodes:
        many = total[node.name] > 1
        names.append(f"{node.name}:{seen[node.name]}" if many else node.name)
        seen[node.name] += 1
    aliases: dict[str, int] = {}
    for key, layer in recorder.aliases.items():
        path, _, call = key.partition(":")
        number, slash, entry = call.partition("/")
        aliases[key] = layer
        if recorder.calls(path) == 1 and number == "0":
            aliases[f"{path}{slash}{entry}"] = layer
    return names, aliases


def _layer(node: Node, name: str) -> Layer:
    state = node.state
    y, x, channels, grid = _unknown_grid(state) if state.unknown else _grid(state)
    unknown = ""
    if state.unknown:
        own = state.unknown.startswith(f"{node.op} in ")
        unknown = state.unknown if own else f"it depends on {state.unknown}"
        unknown += " is not understood" if own else ", which is not understood"
    return Layer(
        name=name,
        op=node.op,
        kind=node.kind,
        inputs=node.inputs,
        channels=channels,
        grid=grid,
        y=y,
        x=x,
        parameters=node.parameters,
        macs=node.macs,
        root=state.root,
        unknown=unknown,
        module=node.module,
        call=node.call,
        **node.facts,
    )


def _grid(state: State) -> tuple[Axis | None, Axis | None, int, Pair]:
    """Both axes, channels, (height, width) of what a tensor holds.

    Rows and columns are the dimensions along which fields differ; as a rule the last two.
    """
    shape = state.shape
    y_dim, x_dim = state.y.axis, state.x.axis
    if y_dim is None or x_dim is None:
        # A vector, or positions in one long line: one position that sees what all of them see.
        whole = _axis(state.y, None), _axis(state.x, None)
        return *whole, int(np.prod(shape[1:])), (1, 1)
    grid = shape[y_dim], shape[x_dim]
    rest = [n for d, n in enumerate(shape) if d not in (0, y_dim, x_dim)]
    return _axis(state.y, y_dim), _axis(state.x, x_dim), int(np.prod(rest)), grid


def _unknown_grid(state: State) -> tuple[None, None, int, Pair]:
    """What is left to say of a tensor without fields."""
    shape = state.shape
    if len(shape) == 4:
        return None, None, shape[1], (shape[2], shape[3])
    return None, None, int(np.prod(shape[1:])), (1, 1)


def _axis(span: Span, dim: int | None) -> Axis:
    others = tuple(d for d in range(span.lo.ndim) if d != dim)
    lo, hi = span.lo.min(others), span.hi.max(others)
    return Axis(np.atleast_1d(lo), np.atleast_1d(hi), span.rule)
