"""Parameters: every type accepts what fits and names what does not; settings are values."""

from __future__ import annotations

import math

import pytest

from engine.errors import BoxscopeError
from engine.params import Param, Settings

FLAG = Param("flag", False, "help")
COUNT = Param("count", 5, "help", 1, 100, 1, "boxes")
SHARE = Param("share", 0.5, "help", 0.0, 1.0, 0.1, "IoU")
FREE = Param("free", 0.5, "help")
WORD = Param("word", "fast", "help", choices=("fast", "slow"))


@pytest.mark.parametrize(
    ("param", "value", "result"),
    [
        (FLAG, True, True),
        (FLAG, "off", False),
        (FLAG, "TRUE", True),
        (FLAG, 1, True),
        (COUNT, "7", 7),
        (COUNT, 7.0, 7),
        (COUNT, 1, 1),
        (COUNT, 100, 100),
        (SHARE, "0.25", 0.25),
        (SHARE, 1, 1.0),
        (FREE, "-1e30", -1e30),
        (WORD, "slow", "slow"),
    ],
)
def test_what_fits_gets_the_declared_type(param: Param, value: object, result: object) -> None:
    checked = param.check(value)
    assert checked == result and type(checked) is type(param.default)


@pytest.mark.parametrize(
    ("param", "value", "words"),
    [
        (FLAG, "maybe", "'maybe' is not true or false"),
        (FLAG, 2, "2 is not true or false"),
        (COUNT, "few", "'few' is not a whole number"),
        (COUNT, 2.5, "2.5 is not a whole number"),
        (COUNT, True, "True is not a whole number"),
        (COUNT, None, "None is not a whole number"),
        (COUNT, math.inf, "inf is not a whole number"),
        (COUNT, -math.inf, "-inf is not a whole number"),
        (COUNT, math.nan, "nan is not a whole number"),
        (COUNT, "inf", "'inf' is not a whole number"),
        (COUNT, 0, "0 is outside its range, 1 to 100 boxes"),
        (COUNT, 101, "101 is outside its range"),
        (COUNT, 10**400, "is outside its range"),
        (SHARE, "wide", "'wide' is not a number"),
        (SHARE, math.nan, "nan is not a number"),
        (SHARE, "nan", "'nan' is not a number"),
        (SHARE, math.inf, "inf is outside its range, 0 to 1 IoU"),
        (SHARE, -0.1, "-0.1 is outside its range"),
        (FREE, math.nan, "nan is not a number"),
        (WORD, "medium", "'medium' is not one of fast, slow"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(param: Param, value: object, words: str) -> None:
    with pytest.raises(BoxscopeError) as error:
        param.check(value, f"stage.{param.name}")
    sentence = str(error.value)
    assert sentence.startswith(f"stage.{param.name}: ") and words in sentence
    assert sentence.endswith(".") and "\n" not in sentence


def test_half_open_ranges_hold_on_their_side() -> None:
    low = Param("low", 1.0, "help", low=0.0)
    assert low.check(1e9) == 1e9
    with pytest.raises(BoxscopeError, match="0 to inf"):
        low.check(-1)
    with pytest.raises(BoxscopeError, match="-inf to 3"):
        Param("high", 1, "help", high=3).check(4)


def test_settings_are_equal_by_value_whatever_their_order() -> None:
    a = Settings.of({"nms.iou": 0.5, "topk.k": 3})
    b = Settings.of([("topk.k", 3), ("nms.iou", 0.5)])
    assert a == b and hash(a) == hash(b) and dict(a) == {"nms.iou": 0.5, "topk.k": 3}
    assert len(a) == 2 and list(a) == ["nms.iou", "topk.k"]


def test_settings_change_by_making_new_ones() -> None:
    a = Settings.of({"nms.iou": 0.5})
    b = a.with_("topk.k", 3).with_("nms.iou", 0.6)
    assert dict(b) == {"nms.iou": 0.6, "topk.k": 3} and dict(a) == {"nms.iou": 0.5}
    assert b.without("topk.k").without("absent") == Settings.of({"nms.iou": 0.6})
    with pytest.raises(KeyError):
        a["topk.k"]
