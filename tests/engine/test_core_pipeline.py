"""Pipeline: stages read only what they declared, and only what changed runs again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.errors import BoxscopeError, Cancelled
from engine.params import Param, Settings
from engine.pipeline import Inputs, Output, Pipeline, Stage, StageResult

ADD = Param("add", 1, "help", 0, 100)
TIMES = Param("times", 2, "help", 0, 100)


class Sums:
    """first -> left, right -> last; every stage notes that it ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.pipeline = Pipeline(
            [
                Stage("first", "First", self._first),
                Stage("left", "Left", self._left, ("first",), (ADD,)),
                Stage("right", "Right", self._right, ("first",), (TIMES,)),
                Stage("last", "Last", self._last, ("left", "right")),
            ]
        )

    def _first(self, inputs: Inputs) -> Output:
        self.ran.append("first")
        return Output(data=inputs.root, arrays={"value": np.array([inputs.root])})

    def _left(self, inputs: Inputs) -> Output:
        self.ran.append("left")
        return Output(data=inputs.data("first") + inputs.param("add"))

    def _right(self, inputs: Inputs) -> Output:
        self.ran.append("right")
        return Output(data=inputs.data("first") * inputs.param("times"))

    def _last(self, inputs: Inputs) -> Output:
        self.ran.append("last")
        return Output(data=inputs.data("left") + inputs.data("right"))

    def run(self, root: int, previous: Any = None, **moved: Any) -> Any:
        self.ran.clear()
        settings = self.pipeline.check({k.replace("__", "."): v for k, v in moved.items()})
        return self.pipeline.run(root, (root,), settings, previous)


def test_results_follow_from_root_and_parameters() -> None:
    sums = Sums()
    results = sums.run(10)
    assert results["last"].data == 11 + 20
    assert sums.ran == list(results) == ["first", "left", "right", "last"]
    assert sums.run(10, left__add=5)["last"].data == 15 + 20
    assert results["left"].params == {"add": 1}
    assert results["first"].arrays["value"].tolist() == [10]


def test_a_moved_parameter_runs_its_stage_and_what_follows() -> None:
    sums = Sums()
    before = sums.run(10)
    after = sums.run(10, before, right__times=3)
    assert sums.ran == ["right", "last"]
    assert after["first"] is before["first"] and after["left"] is before["left"]
    assert after["right"] is not before["right"] and after["last"].data == 11 + 30


def test_equal_settings_give_back_the_same_objects() -> None:
    sums = Sums()
    before = sums.run(10)
    again = sums.run(10, before, left__add=1)
    assert not sums.ran
    assert all(again[name] is before[name] for name in before)


def test_another_root_runs_everything() -> None:
    sums = Sums()
    sums.run(11, sums.run(10))
    assert sums.ran == ["first", "left", "right", "last"]


def test_a_later_trace_can_go_back_to_earlier_values() -> None:
    sums = Sums()
    first = sums.run(10)
    second = sums.run(10, first, left__add=2)
    third = sums.run(10, second)
    assert third["left"] is not first["left"] and third["last"].data == first["last"].data
    assert sums.run(10, first)["last"] is first["last"]


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda i: i["hidden"], "stage 'hidden' was not declared in needs"),
        (lambda i: i.data("hidden"), "stage 'hidden' was not declared in needs"),
        (lambda i: i.param("secret"), "parameter 'secret' was not declared in params"),
        (lambda i: i.table("seen"), "stage 'seen' has no table"),
    ],
)
def test_reading_what_was_not_declared_raises(read, words: str) -> None:
    pipeline = Pipeline(
        [
            Stage("hidden", "", lambda i: Output(data=1), params=(Param("secret", 1, ""),)),
            Stage("seen", "", lambda i: Output(data=2)),
            Stage("reader", "", lambda i: Output(data=read(i)), needs=("seen",)),
        ]
    )
    with pytest.raises(KeyError, match=words):
        pipeline.run(0, (), Settings())


def test_cancel_is_asked_before_every_stage() -> None:
    sums = Sums()
    with pytest.raises(Cancelled):
        sums.pipeline.run(1, (1,), Settings(), None, lambda: len(sums.ran) == 2)
    assert sums.ran == ["first", "left"]


def _named(name: str, *needs: str) -> Stage:
    return Stage(name, name, lambda i: Output(), needs)


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ([_named("b", "a"), _named("a")], r"stage 'b' needs \['a'\]"),
        ([_named("a"), _named("a")], "two stages are named 'a'"),
    ],
)
def test_impossible_pipelines_are_refused(stages, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Pipeline(stages)


def test_unknown_and_wrong_settings_are_said_in_a_sentence() -> None:
    pipeline = Sums().pipeline
    with pytest.raises(BoxscopeError, match=r"no parameter 'left\.ad'.*left\.add, right\.times"):
        pipeline.check({"left.ad": 1})
    with pytest.raises(BoxscopeError, match=r"left\.add: 'x' is not a whole number"):
        pipeline.check({"left.add": "x"})
    assert pipeline.check({"left.add": "7"}) == Settings.of({"left.add": 7})


def test_infos_tell_what_the_window_may_know() -> None:
    infos = Sums().pipeline.infos
    assert [i.name for i in infos] == ["first", "left", "right", "last"]
    assert infos[1].params == (ADD,) and infos[3].needs == ("left", "right")
    assert not any(hasattr(i, "run") for i in infos)


def test_results_cannot_be_changed() -> None:
    result: StageResult = Sums().run(10)["left"]
    with pytest.raises(TypeError):
        result.params["add"] = 3  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        Sums().run(10)["first"].arrays["value"][0] = 1
