"""Follows a network while it computes, operator by operator, without computing anything.

Tensors are on torch's meta device: shapes only. A dispatch mode sees every operator that really
runs, whatever Python led to it (loops over pyramid levels, branches, shared heads); each tensor
carries its `State`. Weights may be anywhere, and are not touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from engine.receptive.calls import Call, Done
from engine.receptive.ops import ARRANGING, RULES, SHAPE_ONLY
from engine.receptive.state import State, source

_MARK = "_boxscope_state"


@dataclass(eq=False)
class Node:
    """A layer in the making; see `engine.receptive.fields.Layer`."""

    name: str
    op: str
    kind: str
    inputs: tuple[int, ...]
    state: State
    facts: Mapping[str, Any]
    macs: int = 0
    parameters: int = 0
    module: str = ""
    call: int = -1


@dataclass(eq=False)
class _Frame:
    """A module that is running."""

    path: str
    module: nn.Module
    call: int
    start: int
    leaf: bool
    inputs: set[int] = field(default_factory=set)
    op: str = ""


def state_of(tensor: Any) -> State | None:
    """What is known of a tensor; None for weights and constants."""
    return getattr(tensor, _MARK, None)


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """``with recorder, recorder.following(module): module(recorder.input(...))``."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.nodes: list[Node] = []
        self.aliases: dict[str, int] = {}
        self._frames: list[_Frame] = []
        self._calls: dict[str, int] = {}
        self._metas: dict[int, tuple[Tensor, Tensor]] = {}

    def input(self, name: str, shape: Sequence[int]) -> Tensor:
        """An input on the meta device from which fields are counted."""
        tensor = torch.empty(tuple(shape), device="meta")
        setattr(tensor, _MARK, source(name, shape))
        return tensor

    @contextmanager
    def following(self, module: nn.Module) -> Iterator[None]:
        """Names of modules, by hooks that are gone afterwards."""
        hooks = []
        for path, child in module.named_modules():
            if isinstance(child, torch.jit.ScriptModule):
                continue
            leaf = next(child.children(), None) is None
            hooks.append(child.register_forward_pre_hook(self._enter(path, leaf)))
            hooks.append(child.register_forward_hook(self._leave))
        try:
            with torch.inference_mode():
                yield
        finally:
            for hook in hooks:
                hook.remove()
            self._frames.clear()

    def calls(self, path: str) -> int:
        """How often the module of a path ran."""
        return self._calls.get(path, 0)

    # --- modules

    def _enter(self, path: str, leaf: bool) -> Any:
        def hook(module: nn.Module, _: Any) -> None:
            call = self._calls.get(path, 0)
            self._calls[path] = call + 1
            self._frames.append(_Frame(path, module, call, len(self.nodes), leaf))

        return hook

    def _leave(self, module: nn.Module, _: Any, output: Any) -> None:
        frame = self._frames.pop()
        if frame.leaf and isinstance(output, Tensor):
            self._one_layer(frame, output)
        name = f"{frame.path}:{frame.call}"
        if isinstance(output, Tensor):
            self._alias(name, output)
        elif isinstance(output, Mapping):
            for key, value in output.items():
                self._alias(f"{name}/{key}", value)
        elif isinstance(output, (list, tuple)):
            for i, value in enumerate(output):
                self._alias(f"{name}/{i}", value)

    def _alias(self, name: str, value: Any) -> None:
        known = state_of(value)
        if known is not None and known.layer >= 0:
            self.aliases[name] = known.layer

    def _one_layer(self, frame: _Frame, output: Tensor) -> None:
        """All operators of a module without children are one layer, named after it."""
        known = state_of(output)
        inside = self.nodes[frame.start :]
        if known is None or not frame.op:
            return
        del self.nodes[frame.start :]
        main = max(inside, key=lambda n: (n.macs, bool(n.facts)), default=None)
        made = replace(known, layer=frame.start)
        setattr(output, _MARK, made)
        self.nodes.append(
            Node(
                frame.path,
                main.op if main else frame.op,
                type(frame.module).__name__,
                tuple(sorted(frame.inputs)),
                made,
                main.facts if main else {},
                sum(n.macs for n in inside),
                sum(p.numel() for p in frame.module.parameters(recurse=False)),
                frame.path,
                frame.call,
            )
        )

    # --- operators

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        bound = _bound(func, args, kwargs)
        states = list(_states(bound.values()))
        if not states:
            return func(*args, **kwargs)
        if name not in RULES and _has_parts(func):
            with self:
                return func.decompose(*args, **kwargs)
        if name in SHAPE_ONLY:
            output = args[0] if name.endswith("_") else torch.empty_like(args[0])
        else:
            output = func(*_mapped(args, self._meta), **_mapped(kwargs, self._meta))
        results = [output] if isinstance(output, Tensor) else list(output)
        call = _call(bound, [tuple(r.shape) for r in results])
        done = None
        # All fields are counted in one input; two of them cannot be joined.
        if not any(s.unknown or s.root != states[0].root for s in states) and name in RULES:
            done = RULES[name](call)
        self._note(name, states, results, done or self._unknown(name, call, states))
        return output

    def _unknown(self, name: str, call: Call, states: list[State]) -> Done:
        first = next((s for s in states if s.unknown), states[0])
        where = self._frames[-1].path if self._frames else ""
        reason = first.unknown or f"{name} in {where or 'the model itself'}"
        # The spans are not read any more once something is unknown.
        made = [replace(first, shape=shape, unknown=reason, pool=()) for shape in call.out]
        return Done(made, listed=not first.unknown or len(states) > 1)

    def _note(self, name: str, states: list[State], results: list[Tensor], done: Done) -> None:
        frame = self._frames[-1] if self._frames else None
        if frame is not None and name not in ARRANGING:
            frame.op = frame.op or name
            frame.inputs |= {s.layer for s in states if s.layer < frame.start}
        layer = None
        first = done.states[0]
        # Rows of boxes that are put together, level after level, are no map.
        rows = first is not None and first.ndim == 3 and first.y.axis is None and not done.macs
        if done.listed and first is not None and not rows:
            layer = len(self.nodes)
            path = frame.path if frame else ""
            op = name.rstrip("_")
            self.nodes.append(
                Node(
                    f"{path}.{op}" if path else op,
                    op,
                    op,
                    tuple(sorted({s.layer for s in states})),
                    first,
                    done.facts,
                    done.macs,
                    module=path,
                )
            )
        for tensor, made in zip(results, done.states, strict=True):
            if made is not None:
                made = made if layer is None else replace(made, layer=layer)
                setattr(tensor, _MARK, made)

    def _meta(self, value: Any) -> Any:
        """Weights on the meta device; the originals are neither copied nor moved."""
        if not isinstance(value, Tensor) or value.device.type == "meta":
            return value
        kept = self._metas.get(id(value))
        if kept is None:
            kept = self._metas[id(value)] = (value, torch.empty_like(value, device="meta"))
        return kept[1]


def _has_parts(func: Any) -> bool:
    """Whether torch itself defines the operator by others."""
    key = torch._C.DispatchKey.CompositeImplicitAutograd
    return bool(func.has_kernel_for_dispatch_key(key))


@lru_cache(maxsize=1024)
def _arguments(func: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (a.name, a.default_value if a.has_default_value() else None) for a in func._schema.arguments
    )


def _bound(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    names = _arguments(func)
    bound = {name: args[i] if i < len(args) else default for i, (name, default) in enumerate(names)}
    bound.update(kwargs)
    return bound


def _states(values: Any) -> Iterator[State]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _states(value)
        elif isinstance(value, Tensor) and (known := state_of(value)) is not None:
            yield known


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_mapped(v, change) for v in value)
    if isinstance(value, dict):
        return {k: _mapped(v, change) for k, v in value.items()}
    return change(value)


def _call(bound: Mapping[str, Any], out: list[tuple[int, ...]]) -> Call:
    args: dict[str, Any] = {}
    sizes: dict[str, tuple[int, ...]] = {}
    for name, value in bound.items():
        if isinstance(value, Tensor):
            args[name], sizes[name] = state_of(value), tuple(value.shape)
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], Tensor):
            args[name] = [state_of(v) for v in value]
            args["shapes"] = [tuple(v.shape) for v in value]
        else:
            args[name] = value
    return Call(args, sizes, out)
