"""Controller with a real engine thread, real sources and a shipped model; no window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.controller import Controller
from engine.session import ModelChoice
from engine.trace import Trace
from tests.app.conftest import PATIENCE


def traced(qtbot: QtBot, controller: Controller, act: Callable[[], object]) -> Trace:
    """The first trace that is shown after ``act``."""
    with qtbot.waitSignal(controller.trace_shown, timeout=PATIENCE) as shown:
        act()
    assert shown.args is not None
    return shown.args[0]


def test_a_picture_is_shown_before_the_model_is_there(
    qtbot: QtBot, controller: Controller, picture: Callable[..., Path]
) -> None:
    path = str(picture())
    order: list[str] = []
    controller.frame_shown.connect(lambda _: order.append("frame"))
    controller.trace_shown.connect(lambda _: order.append("trace"))
    trace = traced(qtbot, controller, lambda: controller.open(path))
    assert order == ["frame", "trace"]
    assert trace.frame.source == path
    assert len(trace.detections)


def test_a_moved_threshold_keeps_what_comes_before_it(
    qtbot: QtBot, controller: Controller, picture: Callable[..., Path]
) -> None:
    first = traced(qtbot, controller, lambda: controller.open(str(picture())))
    second = traced(qtbot, controller, lambda: controller.set_param("nms.nms_thresh", 0.2))
    same = {n for n in first.stages if first.stages[n] is second.stages[n]}
    assert {"backbone", "rpn_nms", "roi_align", "decode", "score_threshold"} <= same
    assert not {"nms", "detections"} & same


def test_a_source_that_fails_leaves_the_old_one(
    qtbot: QtBot, controller: Controller, picture: Callable[..., Path], tmp_path: Path
) -> None:
    good, bad = picture(), tmp_path / "bad.png"
    bad.write_bytes(b"this is no picture")
    trace = traced(qtbot, controller, lambda: controller.open(str(good)))
    with qtbot.waitSignal(controller.failed, timeout=PATIENCE) as failed:
        controller.open(str(bad))
    assert failed.args is not None
    assert "bad.png" in failed.args[0]
    assert controller.source == str(good)
    assert controller.trace is trace


def test_an_unknown_model_is_a_sentence_and_the_old_one_comes_back(
    qtbot: QtBot, controller: Controller, picture: Callable[..., Path]
) -> None:
    traced(qtbot, controller, lambda: controller.open(str(picture())))
    old = controller.model
    told: list[str] = []
    controller.failed.connect(lambda sentence, _: told.append(sentence))
    trace = traced(qtbot, controller, lambda: controller.set_model(ModelChoice("no-such-model")))
    assert len(told) == 1
    assert "no-such-model" in told[0]
    assert controller.model == old
    assert trace.model == old.name


def test_a_start_with_a_model_that_is_not_there_falls_back_to_the_shipped_one(
    qtbot: QtBot, picture: Callable[..., Path]
) -> None:
    controller = Controller(ModelChoice("no-such-model"))
    told: list[str] = []
    controller.failed.connect(lambda sentence, _: told.append(sentence))
    trace = traced(qtbot, controller, lambda: controller.open(str(picture())))
    assert trace.model == "boxscope-maskrcnn"
    assert len(told) == 1
    assert controller.close()
    controller.deleteLater()


def test_an_opening_that_gets_no_answer_can_be_given_up(
    qtbot: QtBot, controller: Controller, picture: Callable[..., Path]
) -> None:
    import socket

    trace = traced(qtbot, controller, lambda: controller.open(str(picture())))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/live"
        with qtbot.waitSignal(controller.opening, timeout=PATIENCE) as waiting:
            controller.open(address)
        assert waiting.args == [address]
        with qtbot.waitSignal(controller.opening, timeout=PATIENCE) as over:
            controller.cancel()
        assert over.args == [""]
    assert controller.trace is trace
    assert controller.source == trace.frame.source


def test_a_frozen_picture_is_not_computed_again(qtbot: QtBot, controller: Controller) -> None:
    traced(qtbot, controller, lambda: controller.open("scene:4?moving"))
    controller.freeze(True)
    pinned = controller.trace
    assert pinned is not None
    index = pinned.frame.index
    # The source goes on behind it ...
    qtbot.waitUntil(
        lambda: (s := controller.player_state) is not None and s.index > index + 3, timeout=PATIENCE
    )
    assert controller.trace is pinned
    # ... and a moved parameter runs on the pinned frame, on what was computed for it.
    moved = traced(qtbot, controller, lambda: controller.set_param("nms.nms_thresh", 0.3))
    assert moved.frame is pinned.frame
    assert moved.stages["box_head"] is pinned.stages["box_head"]
    later = traced(qtbot, controller, lambda: controller.freeze(False))
    assert later.frame.index > index


def test_every_shown_trace_is_newer_than_the_one_before(
    qtbot: QtBot, controller: Controller
) -> None:
    seen: list[int] = []
    controller.trace_shown.connect(lambda trace: seen.append(trace.seq))
    controller.open("scene:4?moving")
    for value in range(30):
        controller.set_param("nms.nms_thresh", 0.3 + value / 100)
    qtbot.waitUntil(lambda: len(seen) > 10, timeout=PATIENCE)
    assert seen == sorted(set(seen))


def test_switching_at_random_leaves_nothing(
    qtbot: QtBot, controller: Controller, picture: Callable[..., Path]
) -> None:
    """Threads and files as at the start; the memory claim is measured by the bench."""
    import random
    import threading

    import psutil

    process, dice = psutil.Process(), random.Random(0)
    sources = [
        str(picture("a.png")),
        str(picture("b.png", 5)),
        "scene:4?moving",
        "scene:9?moving",
        "absent.png",
    ]
    traced(qtbot, controller, lambda: controller.open(sources[0]))
    threads, files = threading.active_count(), process.num_fds()
    for _ in range(200):
        controller.open(dice.choice(sources))
        if dice.random() < 0.2:
            controller.set_param("nms.nms_thresh", dice.uniform(0.1, 0.9))
        if dice.random() < 0.3:
            qtbot.waitUntil(lambda: True)
    with qtbot.waitSignal(controller.source_changed, timeout=PATIENCE):
        controller.open(sources[1])
    last = sources[1]
    qtbot.waitUntil(
        lambda: controller.trace is not None and controller.trace.frame.source == last,
        timeout=PATIENCE,
    )
    qtbot.waitUntil(lambda: threading.active_count() <= threads, timeout=PATIENCE)
    qtbot.waitUntil(lambda: process.num_fds() <= files + 2, timeout=PATIENCE)
