"""The sandbox of the receptive fields view: chains of layers, edited and asked."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from engine.receptive.arithmetic import Step
from tests.widgets.receptive_hosting import LEFT, Show, engine, show
from widgets.receptive.chain import FIRST, PRESETS, Chain, seen
from widgets.views import Remembers

__all__ = ["engine", "show"]
_K = Qt.Key


@pytest.mark.parametrize(
    ("title", "field", "jump", "size"),
    [("Three 3 × 3", 7, 1, 15), ("One 7 × 7", 7, 1, 15), ("Dilated 1, 2, 4", 15, 1, 21),
     ("VGG16", 212, 32, 7), ("AlexNet: features", 195, 32, 6)],
)  # fmt: skip
def test_presets_come_out_as_papers_say(title: str, field: int, jump: int, size: int) -> None:
    chain = next(preset.chain for preset in PRESETS if preset.title == title)
    top = chain.reaches()[0][-1]
    assert (top.field, top.jump, top.size) == (field, jump, size)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.title)
def test_what_is_lit_is_what_torch_reads(preset: object) -> None:
    chain = preset.chain  # type: ignore[attr-defined]
    reaches, trouble = chain.reaches()
    assert not trouble
    for position in {0, (reaches[-1].size or 1) // 2}:
        picture = torch.ones(1, 1, chain.size, dtype=torch.float64, requires_grad=True)
        found = picture
        for s in chain.steps:
            ones = torch.ones(1, 1, s.kernel, dtype=torch.float64)
            found = torch.conv1d(found, ones, None, s.stride, s.padding, s.dilation)
        assert found.shape[-1] == reaches[-1].size
        (gradient,) = torch.autograd.grad(found[0, 0, position], picture)
        lit = seen(chain.steps, len(chain.steps), position)[0]
        inside = lit[(lit >= 0) & (lit < chain.size)]
        assert np.flatnonzero(gradient[0, 0].numpy()).tolist() == inside.tolist()
        first, last = reaches[-1].at(position)
        assert (lit[0], lit[-1]) == (first, last)


def test_rows_are_added_edited_removed_and_undone(show: Show, qtbot: QtBot) -> None:
    panel = show(None, page=3)
    box = panel.sandbox
    rows = box.rows
    assert box.chain == FIRST and "1 + 3 · (3 − 1) = 7" in box.formula.text()
    qtbot.mouseClick(rows.button(2, "add"), LEFT)
    assert len(box.chain.steps) == 4 and "1 + 4 · (3 − 1) = 9" in box.formula.text()
    spin = rows.spin(0, "stride")
    spin.setFocus()
    qtbot.keyClick(spin, _K.Key_Up)
    assert box.chain.steps[0] == Step(3, 2, 1) and "Plain" not in box.formula.text()
    assert rows._rows[3].figures[0].text() == "<b>15</b>"
    qtbot.mouseClick(rows.button(1, "remove"), LEFT)
    assert len(box.chain.steps) == 3
    for _ in range(2):
        qtbot.keySequence(box, QKeySequence(QKeySequence.StandardKey.Undo))
    assert len(box.chain.steps) == 4 and box.chain.steps[0].stride == 1
    qtbot.mouseClick(box.undo, LEFT)
    assert box.chain == FIRST and not box.undo.isEnabled()
    qtbot.mouseClick(box.redo, LEFT)
    assert len(box.chain.steps) == 4
    box.preset.setFocus()
    qtbot.keyClick(box.preset, _K.Key_End)
    assert box.chain == PRESETS[-1].chain
    box.input.setValue(1)
    assert "Impossible" not in box.sentence.text()  # padding is enough for one px
    rows.spin(0, "kernel").setValue(9)
    assert "Impossible for 1 px" in box.sentence.text()


def test_keys_and_clicks_ask_about_a_position(show: Show, qtbot: QtBot) -> None:
    panel = show(None, page=3)
    box, pyramid = panel.sandbox, panel.sandbox.pyramid
    assert box.subject == (3, 7)
    qtbot.keyClick(pyramid, _K.Key_Right)
    qtbot.keyClick(pyramid, _K.Key_Down)
    assert box.subject == (2, 8) and "sees px 6 to 10" in box.sentence.text()
    at = pyramid.place_of(1, 0).center().toPoint()
    qtbot.mouseClick(pyramid, LEFT, pos=at)
    assert box.subject == (1, 0) and "1 of them are padding" in box.sentence.text()
    assert pyramid.seen[0].tolist() == [-1, 0, 1]
    box.set_chain(next(p.chain for p in PRESETS if "gridding" in p.title))
    qtbot.keyClick(pyramid, _K.Key_Up)
    qtbot.keyClick(pyramid, _K.Key_Up)
    qtbot.keyClick(pyramid, _K.Key_End)
    assert "Only 7 of these 13 px are read" in box.sentence.text()


def test_the_sandbox_and_the_page_are_remembered(show: Show) -> None:
    panel = show(None, page=3)
    assert isinstance(panel, Remembers)
    panel.sandbox.set_chain(Chain((Step(5, 2, 1, 1),), 40))
    text = panel.remembered()
    other = show(None)
    other.recall(text)
    assert other.sandbox.chain == panel.sandbox.chain and other.currentIndex() == 3
    for damaged in ("", "[]", "{", json.dumps({"page": 1, "sandbox": '{"steps": [[0, 1, 1, 1]]}'})):
        other.recall(damaged)
    for steps in ([[0, 1, 1, 1]], [["a", 1, 1, 1]], [], [[3, 1]] * 99, 7):
        other.recall(json.dumps({"page": 99, "sandbox": json.dumps({"steps": steps, "size": 9})}))
    assert other.sandbox.chain == panel.sandbox.chain
