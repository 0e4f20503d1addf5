"""What views are told of a box coder: enough to do its arithmetic again without torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.models.detection._utils import BoxCoder, BoxLinearCoder

from engine.families._coding import coding_of

RNG = np.random.default_rng(5)
CORNER = RNG.uniform(0, 90, (40, 2))
ANCHORS = np.concatenate([CORNER, CORNER + RNG.uniform(4, 90, (40, 2))], 1).astype(np.float32)
DELTAS = RNG.normal(0, 4, (40, 4)).astype(np.float32)
CODERS = [
    BoxCoder((1.0, 1.0, 1.0, 1.0)),
    BoxCoder((10.0, 10.0, 5.0, 5.0), bbox_xform_clip=0.5),
    BoxLinearCoder(normalize_by_size=True),
    BoxLinearCoder(normalize_by_size=False),
]


def expected(coder: BoxCoder | BoxLinearCoder) -> np.ndarray:
    deltas, anchors = torch.from_numpy(DELTAS), torch.from_numpy(ANCHORS)
    single = isinstance(coder, BoxCoder)
    return (coder.decode_single if single else coder.decode)(deltas, anchors).numpy()


@pytest.mark.parametrize("coder", CODERS, ids=["rpn", "weights and clip", "sides", "px"])
def test_a_coding_decodes_as_its_coder(coder: BoxCoder | BoxLinearCoder) -> None:
    decoded = coding_of(coder).decode(DELTAS, ANCHORS)
    np.testing.assert_allclose(decoded, expected(coder), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("coder", CODERS, ids=["rpn", "weights and clip", "sides", "px"])
def test_encode_is_the_way_back(coder: BoxCoder | BoxLinearCoder) -> None:
    coding = coding_of(coder)
    small = DELTAS.clip(-0.5, 0.5)  # below every clip: what is cut off cannot come back
    boxes = coding.decode(small, ANCHORS)
    np.testing.assert_allclose(coding.encode(boxes, ANCHORS), small, atol=1e-4)
