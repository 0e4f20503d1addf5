"""Effective fields: real gradients of real units and detections, and how much lies where."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.errors import BoxscopeError, Cancelled
from engine.receptive.effective import (
    Unit,
    detection_field,
    effective_field,
    trace_fields,
    unit_field,
)
from engine.receptive.fields import Fields
from engine.receptive.heat import share_inside
from engine.session import ModelChoice, Request, Session
from engine.sources import open_source
from engine.trace import Ref, Trace

Ran = tuple[Session, Trace, Fields]


@pytest.fixture(scope="module", params=["boxscope-maskrcnn", "boxscope-ssd"])
def ran(request: pytest.FixtureRequest) -> Ran:
    session = Session(1)
    with open_source("scene:3") as source:
        frame = source.read()
    assert frame is not None
    trace = session.run(Request(frame, ModelChoice(request.param), "cpu"))
    return session, trace, trace_fields(session, trace)


def test_a_hand_made_network_has_the_gradient_of_its_weights() -> None:
    """The unit's gradient IS the kernel, although an in-place ReLU runs over it right away."""
    module = nn.Sequential(nn.Conv2d(3, 2, 3, bias=False), nn.ReLU(inplace=True))
    kernel = torch.arange(54.0).reshape(2, 3, 3, 3) - 40
    module[0].weight = nn.Parameter(kernel, requires_grad=False)
    found = effective_field(module, torch.ones(1, 3, 7, 7), Unit("0", 2, 1, 0))
    expected = np.zeros((7, 7), np.float32)
    expected[2:5, 1:4] = kernel[0].abs().sum(0)
    np.testing.assert_array_equal(found.heat, expected)
    np.testing.assert_array_equal(found.signed[2:5, 1:4], kernel[0].sum(0))
    assert found.value == float(kernel[0].sum()) < 0
    assert found.field == (1, 2, 4, 5) and found.inside == {"field": 1.0}
    behind = effective_field(module, torch.ones(1, 3, 7, 7), Unit("1", 2, 1, 0))
    assert behind.heat.max() == 0 and behind.side == 0  # the ReLU lets nothing through
    both = effective_field(module, torch.ones(1, 3, 7, 7), Unit("0", 2, 1))
    assert both.value == float(kernel.sum())


def test_the_picture_inside_is_counted_by_area() -> None:
    heat = np.ones((4, 4), np.float32)
    assert share_inside(heat, (0, 0, 4, 4)) == 1
    assert share_inside(heat, (0.5, 0, 1.5, 2)) == pytest.approx(2 / 16)
    assert share_inside(heat, (9, 9, 12, 12)) == 0
    assert share_inside(np.zeros((4, 4), np.float32), (0, 0, 4, 4)) == 0


def test_no_gradient_lies_outside_of_the_theoretical_field(ran: Ran) -> None:
    session, trace, fields = ran
    layers = [v for v in fields.layers if v.root == "picture" and v.call >= 0 and v.kernel]
    for layer in layers[:: len(layers) // 6]:
        unit = Unit(layer.name, layer.grid[0] // 3, layer.grid[1] // 3)
        found = unit_field(session, trace, unit, fields)
        assert found.inside["field"] == pytest.approx(1, abs=1e-6), layer.name
        assert found.heat.shape == fields.size and found.heat.max() > 0
        assert found.transform is trace.transform


def test_every_level_of_the_pyramid_has_an_effective_field(ran: Ran) -> None:
    session, trace, fields = ran
    for _, number in fields.levels:
        layer = fields.layers[number]
        unit = Unit(layer.name, layer.grid[0] // 2, layer.grid[1] // 2)
        assert unit_field(session, trace, unit, fields).inside["field"] > 0.999999


def test_the_logit_of_a_detection(ran: Ran) -> None:
    """Its value is the trace's own logit, and its gradient lies around the object."""
    session, trace, fields = ran
    row = int(trace.table(trace.final).kept[0])
    found = detection_field(session, trace, Ref(trace.final, row), fields)
    chain = {r.stage: r.row for r in trace.lineage(Ref(trace.final, row))}
    label = int(trace.table(trace.final).labels[row])
    if "roi_level" in chain:
        expected = trace.stages["class_scores"].arrays["logits"][chain["roi_level"], label]
        assert set(found.boxes) == {"anchor", "proposal", "detection"}
    else:
        level, y, x, a = trace.stages["anchors"].notes["layout"].locate(chain["anchors"])
        logits = trace.stages["class_scores"].arrays[f"logits/{int(level)}"]
        expected = logits[int(y), int(x), int(a), label]
        assert set(found.boxes) == {"anchor", "detection"}
    assert found.value == pytest.approx(float(expected), rel=1e-3, abs=1e-3)
    assert found.inside["field"] == pytest.approx(1, abs=1e-6)
    assert found.inside["detection"] > 0.2
    assert trace.name_of(label) in found.what
    assert 4 < found.side < 200


def test_an_anchor_has_a_field_before_it_has_a_detection(ran: Ran) -> None:
    session, trace, fields = ran
    found = detection_field(session, trace, Ref("anchors", 100), fields)
    assert found.inside["field"] == pytest.approx(1, abs=1e-6)
    assert set(found.boxes) == {"anchor"} and "__background__" not in found.what


def test_nothing_of_the_trace_or_the_model_is_changed(ran: Ran) -> None:
    session, trace, fields = ran
    assert session.model is not None
    before = trace.stages["input"].arrays["image"].copy()
    detection_field(session, trace, Ref(trace.final, 0), fields)
    np.testing.assert_array_equal(trace.stages["input"].arrays["image"], before)
    assert not any(m._forward_hooks for m in session.model.module.modules())
    again = session.run(
        Request(trace.frame, ModelChoice(trace.model), "cpu", epoch=trace.epoch, base=trace)
    )
    assert again.stages[trace.final] is trace.stages[trace.final]


def test_fields_are_worked_out_once_for_each_size(ran: Ran) -> None:
    session, trace, fields = ran
    assert trace_fields(session, trace) is fields
    assert fields.size == trace.transform.padded and fields.model == trace.model


@pytest.mark.parametrize(
    ("ref", "complaint"),
    [
        (Ref("input", 0), "has no boxes"),
        (Ref("nothing", 0), "has no boxes"),
        (Ref("anchors", 10**9), "has no row"),
    ],
)
def test_what_has_no_logit_is_refused(ran: Ran, ref: Ref, complaint: str) -> None:
    session, trace, fields = ran
    with pytest.raises(BoxscopeError, match=complaint):
        detection_field(session, trace, ref, fields)


def test_units_that_do_not_exist_are_refused(ran: Ran) -> None:
    session, trace, fields = ran
    name = next(v.name for v in fields.layers if v.op == "add" and "layer2" in v.name)
    for unit, complaint in (
        (Unit(name, 0, 0), "is an operation inside a module; choose"),
        (Unit("backbone.body.layer2", 999, 0), "positions"),
        (Unit("backbone.body.layer2", 0, 0, 10**6), "channels"),
        (Unit("backbone.nothing", 0, 0), "has no layer"),
    ):
        with pytest.raises(BoxscopeError, match=complaint):
            unit_field(session, trace, unit, fields)


def test_another_model_or_a_cancelled_question_gives_nothing(ran: Ran) -> None:
    session, trace, fields = ran
    with pytest.raises(BoxscopeError, match="is not loaded any more"):
        detection_field(Session(1), trace, Ref(trace.final, 0), fields)
    with pytest.raises(Cancelled):
        detection_field(session, trace, Ref(trace.final, 0), fields, lambda: True)
