"""The window with a model that has no boxes: every stage can be shown, skips can be cut live."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.app.conftest import PATIENCE


@pytest.mark.parametrize("name", ["boxscope-unet", "boxscope-segnet"])
def test_a_segmenter_is_chosen_and_its_skips_are_cut(
    name: str, qtbot: QtBot, launch: Callable[..., object], picture: Callable[..., Path]
) -> None:
    window = launch(str(picture())).window
    selection = window.selection
    qtbot.waitUntil(lambda: selection.trace is not None, timeout=PATIENCE)
    window.model_chooser.chosen.emit(name)
    qtbot.waitUntil(lambda: selection.trace.model == name, timeout=PATIENCE)
    first = selection.trace
    assert first.final == ""
    for stage in first.stages:
        selection.set_stage(stage)
        qtbot.waitUntil(lambda stage=stage: selection.stage == stage)
    selection.param_wished.emit("decoder1.skip", False)
    qtbot.waitUntil(
        lambda: selection.trace.settings.get("decoder1.skip") is False, timeout=PATIENCE
    )
    second = selection.trace
    assert second.stages["decoder2"] is first.stages["decoder2"]
    assert not np.array_equal(
        second.stages["class_scores"].arrays["logits"],
        first.stages["class_scores"].arrays["logits"],
    )
    window.model_chooser.chosen.emit("boxscope-maskrcnn")
    qtbot.waitUntil(lambda: selection.trace.final == "detections", timeout=PATIENCE)


def test_the_window_starts_with_a_segmenter(
    qtbot: QtBot, launch: Callable[..., object], picture: Callable[..., Path]
) -> None:
    window = launch(str(picture()), model="boxscope-fcn8s").window
    qtbot.waitUntil(lambda: window.selection.trace is not None, timeout=PATIENCE)
    assert window.selection.trace.stages["argmax"].arrays["classes"].shape == (256, 256)
