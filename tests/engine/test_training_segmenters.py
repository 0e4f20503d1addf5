"""Segmenters learn from scenes, go on after an interruption, and begin with one another."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from engine.catalogue import file_of, find
from engine.errors import Cancelled
from engine.networks import build
from engine.training import RECIPES, TrainingProgress, train
from engine.training.terms import segmentation_terms

TINY = {"batch": 2, "side": 64, "warm_up": 3}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_a_segmenter_learns(tmp_path: Path) -> None:
    seen: list[TrainingProgress] = []
    weights = train("boxscope-unet", tmp_path, 50, seen.append, changes=TINY)
    assert list(seen[0].losses) == ["cross entropy", "Dice"]
    for loss in seen[0].losses:
        first, last = ([p.losses[loss] for p in part] for part in (seen[:5], seen[-10:]))
        assert sum(last) / len(last) < 0.95 * sum(first) / len(first)
    build("boxscope-unet").load_state_dict(load_file(weights))


def test_an_interrupted_run_comes_to_the_same_weights(tmp_path: Path) -> None:
    straight = load_file(train("boxscope-fcn8s", tmp_path / "straight", 4, changes=TINY))
    seen: list[TrainingProgress] = []
    with pytest.raises(Cancelled):
        train("boxscope-fcn8s", tmp_path / "cut", 4, seen.append, lambda: len(seen) == 2, TINY)
    resumed = load_file(train("boxscope-fcn8s", tmp_path / "cut", 4, seen.append, changes=TINY))
    assert [p.step for p in seen] == [1, 2, 3, 4]
    for key, value in straight.items():
        torch.testing.assert_close(resumed[key], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("boxscope-unet", ["backbone.body.layer3.1.conv2.weight"]),
        ("boxscope-segnet", ["backbone.body.layer1.0.conv1.weight"]),
        ("boxscope-dilated", ["backbone.body.layer4.0.conv1.weight"]),
        ("boxscope-fcn8s", ["backbone.body.stem.0.weight", "dense.0.weight", "decoder4.up.weight"]),
    ],
)  # fmt: skip
def test_a_segmenter_begins_with_what_another_model_learned(
    name: str, layers: list[str], tmp_path: Path
) -> None:
    still = {**TINY, "rate": 0.0, "decay": 0.0}
    weights = load_file(train(name, tmp_path, 1, changes=still))
    begun = load_file(file_of(find(RECIPES[name].start)))
    for key in layers:
        assert torch.equal(weights[key], begun[key]), key


class Fixed(torch.nn.Module):
    """Gives the same logits for any picture."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"out": self.logits}


def test_the_losses_are_those_of_the_papers() -> None:
    """Two classes, four pixels, of which one is of class 1; probabilities 0.5, 0.5, 0.5 and 0.8."""
    truth = torch.tensor([[[0, 0], [0, 1]]])
    probability = torch.tensor([[[0.5, 0.5], [0.5, 0.8]]])  # of class 1
    logits = torch.stack(
        [torch.zeros_like(probability), (probability / (1 - probability)).log()], 1
    )
    terms = segmentation_terms(Fixed(logits), [torch.zeros(3, 2, 2)], [{"semantic": truth[0]}])
    weights = [0.75**-0.25, 0.25**-0.25]
    logs = torch.tensor([0.5, 0.8]).log()
    entropy = -(3 * weights[0] * logs[0] + weights[1] * logs[1]) / (3 * weights[0] + weights[1])
    assert float(terms["cross_entropy"]) == pytest.approx(float(entropy))
    dice = ((2 * 1.5 + 1) / (1.7 + 3 + 1), (2 * 0.8 + 1) / (2.3 + 1 + 1))
    assert float(terms["dice"]) == pytest.approx(1 - sum(dice) / 2)
