"""The parameter panel: made from declarations, reports wishes, shows what it is told."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QPushButton,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.params import Settings
from tests.widgets.factory import many_boxes, toy_trace
from widgets.param_editor import ParamEditor
from widgets.param_panel import ParamPanel
from widgets.param_words import words
from widgets.section_heading import SectionHeading
from widgets.slider_scale import Scale

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot: QtBot) -> ParamPanel:
    panel = ParamPanel()
    qtbot.addWidget(panel)
    panel.resize(360, 500)
    panel.set_state(toy_trace().infos, Settings())
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def editor(panel: ParamPanel, key: str) -> ParamEditor:
    return panel.editors()[key]


def control(panel: ParamPanel, key: str) -> QWidget:
    return editor(panel, key).findChild(QWidget, "control")


def slider(panel: ParamPanel, key: str) -> QSlider:
    return editor(panel, key).findChild(QSlider, "slider")


def test_each_kind_of_parameter_gets_its_control(panel: ParamPanel) -> None:
    kinds = {key: type(control(panel, key)).__mro__ for key in panel.editors()}
    assert list(kinds) == [
        "score_threshold.min_score", "score_threshold.strict", "nms.iou", "nms.keep", "nms.kind",
    ]  # fmt: skip
    expected = (QDoubleSpinBox, QCheckBox, QDoubleSpinBox, QSpinBox, QComboBox)
    for key, kind in zip(kinds, expected, strict=True):
        assert kind in kinds[key]
    assert control(panel, "nms.iou").text() == "0.50 IoU"
    assert "Overlap from which the weaker goes." in editor(panel, "nms.iou").toolTip()


def test_settings_are_shown_without_being_reported(panel: ParamPanel, qtbot: QtBot) -> None:
    settings = Settings.of({"nms.iou": 0.7, "nms.kind": "soft", "score_threshold.strict": False})
    with qtbot.assertNotEmitted(panel.changed):
        panel.set_state(toy_trace().infos, settings)
    moved = [key for key, e in panel.editors().items() if e.moved]
    assert moved == ["score_threshold.strict", "nms.iou", "nms.kind"]
    assert slider(panel, "nms.iou").value() == 70


def test_a_slider_reports_each_step_while_dragged(panel: ParamPanel, qtbot: QtBot) -> None:
    told: list[tuple[str, object]] = []
    panel.changed.connect(lambda key, value: told.append((key, value)))
    bar = slider(panel, "nms.iou")
    bar.setSliderDown(True)
    for position in (51, 52, 60):
        bar.setSliderPosition(position)
    bar.setSliderDown(False)
    assert told == [("nms.iou", 0.51), ("nms.iou", 0.52), ("nms.iou", 0.6)]
    assert control(panel, "nms.iou").value() == 0.6


def test_typing_reports_once_the_number_is_whole(panel: ParamPanel, qtbot: QtBot) -> None:
    told: list[object] = []
    panel.changed.connect(lambda key, value: told.append((key, value)))
    spin = control(panel, "nms.keep")
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, "250")
    assert told == []
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert told == [("nms.keep", 250)]
    assert isinstance(told[0][1], int)


def test_clicks_on_box_and_list(panel: ParamPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.changed) as told:
        check = control(panel, "score_threshold.strict")
        qtbot.mouseClick(check, LEFT, pos=QPoint(8, check.height() // 2))
    assert told.args == ["score_threshold.strict", False]
    with qtbot.waitSignal(panel.changed) as told:
        qtbot.keyClick(control(panel, "nms.kind"), Qt.Key.Key_Down)
    assert told.args == ["nms.kind", "soft"]


def test_moved_parameters_are_bold_and_can_be_reset(panel: ParamPanel, qtbot: QtBot) -> None:
    reset = editor(panel, "nms.iou").findChild(QToolButton, "reset")
    every = panel.findChild(QPushButton, "reset-all")
    assert not reset.isVisible() and not every.isEnabled()
    panel.set_state(toy_trace().infos, Settings.of({"nms.iou": 0.7}))
    assert reset.isVisible() and every.isEnabled()
    with qtbot.waitSignal(panel.reset_requested) as told:
        qtbot.mouseClick(reset, LEFT)
    assert told.args == ["nms.iou"]
    with qtbot.waitSignal(panel.reset_all_requested):
        qtbot.mouseClick(every, LEFT)
    panel.set_state(toy_trace().infos, Settings())
    assert not reset.isVisible() and not every.isEnabled()


def test_the_present_stage_comes_first_unfolded(panel: ParamPanel, qtbot: QtBot) -> None:
    panel.group("nms").set_open(False)
    panel.set_stage("nms")
    assert panel.group("nms").is_open
    qtbot.waitUntil(lambda: panel.group("nms").y() < panel.group("score_threshold").y())
    panel.set_stage("input")  # has no parameters: stages in their order
    qtbot.waitUntil(lambda: panel.group("nms").y() > panel.group("score_threshold").y())


def test_the_wheel_scrolls_the_panel_and_changes_nothing(panel: ParamPanel, qtbot: QtBot) -> None:
    panel.setFocus()
    with qtbot.assertNotEmitted(panel.changed):
        for widget in (control(panel, "nms.iou"), slider(panel, "nms.iou")):
            at = QPointF(widget.rect().center())
            QApplication.sendEvent(
                widget,
                QWheelEvent(
                    at, widget.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
                    Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
                ),
            )  # fmt: skip


def test_the_same_declarations_keep_their_controls(panel: ParamPanel) -> None:
    before = panel.editors()
    panel.set_state(toy_trace().infos, Settings())
    assert panel.editors() == before
    panel.set_state(many_boxes(1).infos, Settings())
    assert panel.editors() == {}


@pytest.mark.parametrize(
    ("low", "high", "step", "log"),
    [(0, 1, 0.01, False), (0, 1, 0.001, False), (1, 10000, 1, True), (0, 100000, 1, True),
     (0.0001, 10, 0.0001, True), (1, 100, 1, False), (-3, 3, 0.5, False)],
)  # fmt: skip
def test_every_handle_position_means_a_value_and_back(
    low: float, high: float, step: float, log: bool
) -> None:
    scale = Scale.of(low, high, step)
    assert scale.log == log
    values = [scale.value(tick) for tick in range(scale.ticks + 1)]
    assert (values[0], values[-1]) == (low, high)
    assert values == sorted(values)
    assert all(abs((v - low) / step - round((v - low) / step)) < 1e-6 for v in values)
    for value in values:
        assert scale.value(scale.tick(value)) == pytest.approx(value, abs=step)


def test_a_log_slider_gives_small_values_room() -> None:
    scale = Scale.of(1, 10000, 1)
    assert scale.value(500) == 100


@pytest.mark.parametrize(
    ("name", "said"),
    [("nms_thresh", "NMS threshold"), ("pre_nms_top_n", "Top n before NMS"),
     ("post_nms_top_n", "Top n after NMS"), ("detections_per_img", "Detections per picture"),
     ("score_thresh", "Score threshold"), ("topk_candidates", "Top-k candidates"),
     ("min_iou", "Minimum IoU"), ("n", "N"), ("boxes_per_roi", "Boxes per RoI")],
)  # fmt: skip
def test_parameters_are_named_in_words(name: str, said: str) -> None:
    assert words(name) == said


def test_the_key_for_the_command_line_is_in_the_tool_tip(panel: ParamPanel) -> None:
    tip = editor(panel, "score_threshold.min_score").toolTip()
    assert "--set score_threshold.min_score=" in tip


def test_a_heading_folds_by_mouse_and_key(panel: ParamPanel, qtbot: QtBot) -> None:
    group = panel.group("nms")
    heading = group.findChild(SectionHeading, "heading")
    before = heading.grab().toImage()
    qtbot.mouseClick(heading, LEFT)
    assert not group.is_open and not editor(panel, "nms.iou").isVisible()
    assert heading.grab().toImage() != before  # the arrow turns
    qtbot.keyClick(heading, Qt.Key.Key_Space)
    assert group.is_open and editor(panel, "nms.iou").isVisible()
