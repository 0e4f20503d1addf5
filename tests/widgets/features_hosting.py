"""The features view in tests: on screen, and a layer chosen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from engine.trace import Ref, Trace
from tests.widgets.hosting import opened, settled
from widgets.features.model import Layer, layers_of
from widgets.features.panel import FeaturePanel
from widgets.selection import Selection

Show = Callable[..., FeaturePanel]


@pytest.fixture
def show(qtbot: QtBot, selection: Selection) -> Show:
    def make(trace: Trace | None, ref: Ref | None = None) -> FeaturePanel:
        return opened(qtbot, selection, "features", FeaturePanel, trace, ref)

    return make


def choose(panel: FeaturePanel, stage: str, kind: str, index: int) -> Layer:
    """The layer, chosen in the list."""
    assert panel._trace is not None
    layers = layers_of(panel._trace)
    at = [(layer.stage, layer.kind, layer.index) for layer in layers].index((stage, kind, index))
    panel.page.layers.setCurrentIndex(at)
    settled()
    assert panel.maps is not None and panel.maps.layer == layers[at]
    return layers[at]
