"""Effective receptive fields: gradients through the trained network as it is.

Luo et al., "Understanding the Effective Receptive Field in Deep Convolutional Neural Networks",
2016: the derivative of a unit with respect to every px. The number may be a unit of any layer, or
the logit that made a detection; of two-stage detectors the proposal is held fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from engine.errors import BoxscopeError, Cancelled
from engine.receptive.fields import PICTURE, Box, Fields, Pair
from engine.receptive.heat import EffectiveField
from engine.receptive.logits import chosen_logit, theory
from engine.receptive.networks import drive, fields_of

if TYPE_CHECKING:
    from engine.session import Session
    from engine.trace import Ref, Trace


@dataclass(frozen=True)
class Unit:
    """Position (y, x) of a layer named as in `Fields`; one channel, or the sum of all."""

    layer: str
    y: int
    x: int
    channel: int | None = None


def effective_field(
    module: nn.Module, tensor: Tensor, unit: Unit, fields: Fields | None = None
) -> EffectiveField:
    """The gradient of a unit. ``tensor`` (1, 3, H, W) float32: the network's own input.

    ``fields`` of this module and size, if they are at hand. Raises BoxscopeError for a layer or
    position that does not exist, or that has no module whose output could be taken.
    """
    size = int(tensor.shape[-2]), int(tensor.shape[-1])
    known = fields or fields_of(module, size)
    number = known.number(unit.layer)
    layer = known.layers[number]
    if not (0 <= unit.y < layer.grid[0] and 0 <= unit.x < layer.grid[1]):
        raise BoxscopeError(
            f"{layer.name} has {layer.grid[0]} x {layer.grid[1]} positions; "
            f"({unit.y}, {unit.x}) is none."
        )
    if unit.channel is not None and not 0 <= unit.channel < layer.channels:
        raise BoxscopeError(f"{layer.name} has {layer.channels} channels, from 0 on.")
    place = _place(known, number)

    def run(picture: Tensor) -> Tensor:
        return _reached(module, picture, place, unit)

    heat, signed, value = _gradient(run, tensor)
    field = None if layer.unknown else layer.extent(unit.y, unit.x)
    channel = "all channels" if unit.channel is None else f"channel {unit.channel}"
    what = f"{layer.name} at ({unit.y}, {unit.x}), {channel}"
    return EffectiveField(heat, signed, value, what, field, {}, None, layer.unknown)


def trace_fields(session: Session, trace: Trace) -> Fields:
    """The theoretical fields of the loaded model for a trace's network input; kept per size.

    For a job on the engine thread. Raises BoxscopeError when the trace is of another model.
    """
    module, tensor = _model_and_input(session, trace)
    kept = _KEPT.setdefault(module, {})
    size = int(tensor.shape[-2]), int(tensor.shape[-1])
    if size not in kept:
        kept[size] = fields_of(module, size, trace.model)
    return kept[size]


_KEPT: WeakKeyDictionary[nn.Module, dict[Pair, Fields]] = WeakKeyDictionary()


def unit_field(
    session: Session, trace: Trace, unit: Unit, fields: Fields | None = None
) -> EffectiveField:
    """`effective_field` of a trace's picture and the session's loaded model."""
    module, tensor = _model_and_input(session, trace)
    found = effective_field(module, tensor, unit, fields or trace_fields(session, trace))
    return replace(found, transform=trace.transform)


def detection_field(
    session: Session,
    trace: Trace,
    ref: Ref,
    fields: Fields | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> EffectiveField:
    """The gradient of the logit that made a box: a detection, candidate, proposal or anchor.

    A row that came through the second stage: the logit of its class for its proposal, which is held
    fixed; an earlier row of a two-stage detector: the objectness logit of its anchor; a row of a
    single-shot detector: the logit of its class for its anchor or cell. ``fields`` of this model
    and input size, if at hand.

    Raises BoxscopeError when the trace is of another model or the row came from no anchor, and
    Cancelled.
    """
    module, tensor = _model_and_input(session, trace)
    chosen = chosen_logit(module, trace, ref)
    if cancelled():
        raise Cancelled
    heat, signed, value = _gradient(chosen.run, tensor)
    if cancelled():
        raise Cancelled
    field, unknown = theory(fields or trace_fields(session, trace), chosen)
    boxes: Mapping[str, Box] = chosen.boxes
    return EffectiveField(heat, signed, value, chosen.what, field, boxes, trace.transform, unknown)


def _model_and_input(session: Session, trace: Trace) -> tuple[nn.Module, Tensor]:
    model = session.model
    if model is None or model.name != trace.model:
        raise BoxscopeError(
            f"This picture was computed by {trace.model}, which is not loaded any more; "
            "compute it again."
        )
    tensor: Tensor = trace.stages["input"].arrays.raw("image")
    return model.module, tensor[None].to(model.device)


def _gradient(run: Callable[[Tensor], Tensor], tensor: Tensor) -> tuple[Any, Any, float]:
    """(heat, signed, value): (H, W) float32 NumPy, and what ``run(picture)`` gave, a scalar."""
    from engine import weights

    try:
        # A trace's tensors are made in inference mode; a copy made outside of it has gradients.
        with torch.inference_mode(False), torch.enable_grad():
            picture = tensor.clone().requires_grad_()
            number = run(picture)
            if not number.requires_grad:
                raise BoxscopeError("That number does not depend on the picture.")
            (gradient,) = torch.autograd.grad(number, picture)
    except Exception as error:
        if not weights.is_out_of_memory(error):
            raise
        raise BoxscopeError(
            "There is not enough memory for the gradient of this model; make its input smaller."
        ) from None
    heat = gradient[0].abs().sum(0).cpu().numpy()
    return heat, gradient[0].sum(0).cpu().numpy(), float(number.detach())


# --- a unit of a layer

_Place = tuple[str, int, str]  # path of a module, its how-manieth call, entry of its output or ""


class _Reached(Exception):  # ends the run: what comes after the unit has no part in it
    pass


def _place(fields: Fields, number: int) -> _Place:
    """Where to take a layer's output from; an operation's, where it is all that a module returns.

    Raises BoxscopeError for operations in the middle of a module, and for heads of regions.
    """
    layer = fields.layers[number]
    if layer.root != PICTURE:
        raise BoxscopeError(
            f"{layer.name} reads the map of one region: choose a detection instead of a position."
        )
    if layer.call >= 0:
        return layer.module, layer.call, ""
    for key, at in (fields.aliases or {}).items():
        path, colon, rest = key.partition(":")
        if at == number and colon:
            call, _, entry = rest.partition("/")
            return path, int(call), entry
    after = next((v.name for v in fields.layers if number in v.inputs and v.call >= 0), "")
    hint = f"choose {after}, which reads it." if after else "choose another layer."
    raise BoxscopeError(f"{layer.name} is an operation inside a module; {hint}")


def _reached(module: nn.Module, picture: Tensor, place: _Place, unit: Unit) -> Tensor:
    path, wanted, entry = place
    calls = 0
    found: list[Tensor] = []

    def hook(_: nn.Module, __: Any, output: Any) -> None:
        nonlocal calls
        calls += 1
        if calls - 1 != wanted:
            return
        if isinstance(output, Mapping):
            output = output[entry]
        elif not isinstance(output, Tensor):
            output = output[int(entry)]
        # Taken here and now, as a number of its own: a following ReLU may overwrite the map.
        at = output[0, :, unit.y, unit.x] if output.dim() == 4 else output.reshape(-1)
        found.append(at.sum() if unit.channel is None else at[unit.channel].clone())
        raise _Reached

    handle = module.get_submodule(path).register_forward_hook(hook)
    try:
        drive(module, picture)
    except _Reached:
        pass
    finally:
        handle.remove()
    return found[0]
