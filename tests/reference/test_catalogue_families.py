"""Every detector that torchvision can build is understood by exactly one family."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision import models

from engine.errors import BoxscopeError
from engine.families import families, family_of

FAMILY_OF = {
    "fasterrcnn": "two_stage",
    "maskrcnn": "two_stage",
    "keypointrcnn": "two_stage",
    "retinanet": "retinanet",
    "fcos": "fcos",
    "ssd300": "ssd",
    "ssdlite320": "ssd",
}
SHARED = "input backbone anchors class_scores class_deltas decode score_threshold nms detections"


def _build(name: str) -> nn.Module:
    # Structure is all that families look at; on the meta device nothing is filled with numbers.
    with torch.device("meta"):
        return models.get_model(name, weights=None, weights_backbone=None).eval()


@pytest.mark.parametrize("name", models.list_models(module=models.detection))
def test_exactly_one_family_accepts_the_model(name: str) -> None:
    module = _build(name)
    accepting = [family.key for family in families().values() if family.accepts(module)]
    assert accepting == [FAMILY_OF[name.split("_")[0]]]
    family = family_of(module)
    assert family.key == accepting[0]
    stages = family.pipeline(module).stages
    assert next(iter(stages)) == "input"
    assert set(SHARED.split()) <= set(stages)
    assert family.final in stages


def test_something_else_is_refused_with_a_sentence() -> None:
    with pytest.raises(BoxscopeError, match=r"understands a Linear; known: .*SSD"):
        family_of(nn.Linear(1, 1))
