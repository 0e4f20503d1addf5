"""Real traces: what shipped models made of a scene. Computed once for the whole run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from engine import scenes
from engine.frame import Frame
from engine.params import Settings, Value
from engine.session import ModelChoice, Request, Session
from engine.trace import Trace

SEED = scenes.HELD_OUT + 3


@cache
def _session() -> Session:
    return Session(threads=1)


def run(
    frame: Frame, base: Trace | None = None, model: str = "boxscope-maskrcnn", **settings: Value
) -> Trace:
    """The trace of a frame; ``stage__param=value`` moves a parameter.

    Stages that no moved parameter touches are the same objects as in ``base``.
    """
    moved = {key.replace("__", "."): value for key, value in settings.items()}
    choice = ModelChoice(model)
    return _session().run(Request(frame, choice, "cpu", Settings.of(moved), base=base))


@pytest.fixture(scope="session")
def real_trace() -> Trace:
    """A scene with ground truth, through the shipped model, every parameter at its default."""
    return run(scenes.draw(SEED))


@pytest.fixture(scope="session")
def retraced(real_trace: Trace) -> Callable[..., Trace]:
    """The same frame with moved parameters: ``retraced(proposals__post_nms_top_n=50)``."""
    return lambda **settings: run(real_trace.frame, real_trace, **settings)


@pytest.fixture(scope="session")
def pixel_trace() -> Trace:
    """A scene with ground truth, through the shipped U-Net: a class for every pixel, no boxes."""
    return run(scenes.draw(SEED, (96, 128)), model="boxscope-unet")
