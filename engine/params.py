"""Parameters of stages: declared once, with range, step, unit and help; checked when set.

A panel, the command line's ``--set`` and the pipeline all read the same declaration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.errors import BoxscopeError

_TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}
Value = bool | int | float | str


@dataclass(frozen=True)
class Param:
    """One parameter of a stage.

    ``default`` fixes the type (bool, int, float or str); ``low`` and ``high`` are inclusive;
    ``choices`` lists the words a str may be. ``unit`` is for people ("px", "IoU", "boxes").
    """

    name: str
    default: Value
    help: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()

    def check(self, value: object, where: str = "") -> Value:
        """The value in this parameter's type.

        Raises BoxscopeError with the allowed range when it does not fit.
        """
        where = where or self.name
        kind = type(self.default)
        result: Value
        try:
            if kind is bool:
                words = {
                    "true": True,
                    "1": True,
                    "on": True,
                    "false": False,
                    "0": False,
                    "off": False,
                }
                result = value if isinstance(value, bool) else words[str(value).lower()]
            elif kind is int:
                result = int(str(value)) if not isinstance(value, float) else int(value)
                if isinstance(value, float) and value != result:
                    raise ValueError
            elif kind is float:
                result = float(str(value))
                if result != result:  # NaN: no range would catch it where none is declared
                    raise ValueError
            else:
                result = str(value)
        except (ValueError, KeyError, OverflowError):
            raise BoxscopeError(f"{where}: {value!r} is not {_TYPE_NAMES[kind]}.") from None
        if self.choices and result not in self.choices:
            raise BoxscopeError(f"{where}: {result!r} is not one of {', '.join(self.choices)}.")
        if not isinstance(result, str):
            low, high = self.low, self.high
            if (low is not None and result < low) or (high is not None and result > high):
                unit = f" {self.unit}" if self.unit else ""
                raise BoxscopeError(
                    f"{where}: {result} is outside its range, "
                    f"{'-inf' if low is None else f'{low:g}'} to "
                    f"{'inf' if high is None else f'{high:g}'}{unit}."
                )
        return result


@dataclass(frozen=True)
class Settings(Mapping[str, Value]):
    """Moved parameters only: ``stage.param`` -> value. Frozen, hashable, order-free."""

    items_: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Value] | Iterable[tuple[str, Value]] = ()) -> Settings:
        return cls(tuple(sorted(dict(values).items())))

    def __getitem__(self, key: str) -> Value:
        return dict(self.items_)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(k for k, _ in self.items_)

    def __len__(self) -> int:
        return len(self.items_)

    def with_(self, key: str, value: Value) -> Settings:
        return Settings.of({**self, key: value})

    def without(self, key: str) -> Settings:
        return Settings.of({k: v for k, v in self.items_ if k != key})
