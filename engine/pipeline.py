"""Stages, their keys, and the recompute of only what changed.

A stage is one named, pure step of a detector. Its key is (name, values of the parameters it
declared, the identity of the results it needs); an equal key gives back the SAME result object, so
``new.stages[n] is old.stages[n]`` tells a view that there is nothing to redraw. The identity of a
result is a serial number: two results share a serial only when they are one object, which makes a
key short where nested tuples would grow with the depth of the pipeline.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from engine.arrays import Arrays
from engine.errors import BoxscopeError, Cancelled
from engine.params import Param, Settings, Value
from engine.table import Table

_serials = itertools.count(1)


@dataclass(frozen=True, eq=False)
class Output:
    """What a stage's ``run`` returns.

    ``table``: its boxes, if it has any. ``source``: name of the stage whose rows ``table.parent``
    counts. ``arrays``: what views may show (maps, logits, masks ...). ``notes``: plain values
    (strides, sizes, counts). ``data``: whatever later stages need; no view reads it.
    """

    table: Table | None = None
    source: str | None = None
    arrays: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    data: Any = None


@dataclass(frozen=True, eq=False)
class StageResult:
    """The outcome of one stage for one frame. Read-only; shared between traces when unchanged."""

    name: str
    key: tuple[Any, ...]
    serial: int
    seconds: float
    params: Mapping[str, Value]
    table: Table | None
    source: str | None
    arrays: Arrays
    notes: Mapping[str, Any]
    data: Any = field(repr=False)


class Inputs:
    """What a stage may read while it runs: the results it needs and the parameters it declared.

    Reading anything else raises KeyError, so that keys can never miss a dependency.
    """

    def __init__(
        self, results: Mapping[str, StageResult], values: Mapping[str, Value], root: Any
    ) -> None:
        self._results = results
        self._values = values
        self.root = root

    def __getitem__(self, stage: str) -> StageResult:
        try:
            return self._results[stage]
        except KeyError:
            raise KeyError(f"stage {stage!r} was not declared in needs") from None

    def data(self, stage: str) -> Any:
        return self[stage].data

    def table(self, stage: str) -> Table:
        table = self[stage].table
        if table is None:
            raise KeyError(f"stage {stage!r} has no table")
        return table

    def param(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise KeyError(f"parameter {name!r} was not declared in params") from None


@dataclass(frozen=True, eq=False)
class Stage:
    """One named, pure step. ``run`` may read only what ``needs`` and ``params`` declare.

    A stage without ``needs`` reads the frame through ``inputs.root``. ``help`` is one or two
    sentences for a student; ``source`` of its ideas belongs in the family's docstrings.
    """

    name: str
    title: str
    run: Callable[[Inputs], Output] = field(repr=False)
    needs: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    help: str = ""


@dataclass(frozen=True)
class StageInfo:
    """What the window may know of a stage: everything but how it runs."""

    name: str
    title: str
    needs: tuple[str, ...]
    params: tuple[Param, ...]
    help: str


class Pipeline:
    """Stages in an order in which every stage comes after those it needs.

    Raises ValueError when made of stages that are out of order, doubled or unknown.
    """

    def __init__(self, stages: Iterable[Stage]) -> None:
        self.stages: dict[str, Stage] = {}
        for stage in stages:
            missing = [n for n in stage.needs if n not in self.stages]
            if missing:
                raise ValueError(
                    f"stage {stage.name!r} needs {missing}, which do not come before it"
                )
            if stage.name in self.stages:
                raise ValueError(f"two stages are named {stage.name!r}")
            self.stages[stage.name] = stage
        self._params = {f"{s.name}.{p.name}": p for s in self.stages.values() for p in s.params}

    @property
    def infos(self) -> tuple[StageInfo, ...]:
        return tuple(
            StageInfo(s.name, s.title, s.needs, s.params, s.help) for s in self.stages.values()
        )

    def check(self, settings: Mapping[str, object]) -> Settings:
        """Settings with every value checked against its declaration.

        Raises BoxscopeError that names the unknown parameter and lists what there is.
        """
        checked: dict[str, Value] = {}
        for key, value in settings.items():
            if key not in self._params:
                known = ", ".join(self._params) or "none"
                raise BoxscopeError(f"There is no parameter {key!r}; this model has: {known}.")
            checked[key] = self._params[key].check(value, key)
        return Settings.of(checked)

    def values(self, stage: str, settings: Mapping[str, Value]) -> dict[str, Value]:
        """Name -> value for one stage: its defaults, overlaid with what was moved."""
        return {
            p.name: settings.get(f"{stage}.{p.name}", p.default) for p in self.stages[stage].params
        }

    def run(
        self,
        root: Any,
        root_key: tuple[Any, ...],
        settings: Mapping[str, Value],
        previous: Mapping[str, StageResult] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Mapping[str, StageResult]:
        """All stage results in order, reusing those of ``previous`` whose key is equal.

        ``root`` is what stages without needs read (frame, device ...); ``root_key`` must change
        whenever it does. Raises Cancelled between stages when ``cancelled()`` is true.
        """
        previous = previous or {}
        results: dict[str, StageResult] = {}
        for stage in self.stages.values():
            if cancelled():
                raise Cancelled
            values = self.values(stage.name, settings)
            needs = tuple(results[n].serial for n in stage.needs)
            key = (stage.name, tuple(values.items()), needs, () if stage.needs else root_key)
            old = previous.get(stage.name)
            if old is not None and old.key == key:
                results[stage.name] = old
                continue
            inputs = Inputs({n: results[n] for n in stage.needs}, values, root)
            start = time.perf_counter()
            out = stage.run(inputs)
            results[stage.name] = StageResult(
                name=stage.name,
                key=key,
                serial=next(_serials),
                seconds=time.perf_counter() - start,
                params=MappingProxyType(values),
                table=out.table,
                source=out.source,
                arrays=Arrays(out.arrays),
                notes=MappingProxyType(dict(out.notes)),
                data=out.data,
            )
        return MappingProxyType(results)
