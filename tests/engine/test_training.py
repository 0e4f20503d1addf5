"""Training: a run from nothing learns, can be cancelled and resumed, and never unpickles."""

from __future__ import annotations

import csv
import math
import pickle
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from engine.catalogue import file_of, find
from engine.errors import BoxscopeError, Cancelled
from engine.networks import NAMES, build
from engine.scenes import HELD_OUT, draw
from engine.training import RECIPES, TrainingProgress, train
from engine.training.data import TRAINING, batch, picture

TINY = {"batch": 2, "side": 96, "warm_up": 3}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.losses.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_model_has_a_recipe() -> None:
    assert set(NAMES) == set(RECIPES)


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_names_every_loss_of_its_model(name: str) -> None:
    images, targets = batch(0, 1, 96)
    losses = RECIPES[name].terms(build(name), images, targets)
    assert set(losses) == set(RECIPES[name].names)


def test_training_starts_from_nothing_and_learns(tmp_path: Path) -> None:
    name = "boxscope-maskrcnn"
    seen: list[TrainingProgress] = []
    weights = train(name, tmp_path / "new", 30, seen.append, changes=TINY)
    assert [p.step for p in seen] == list(range(1, 31))
    assert seen[-1].fraction == 1.0
    assert all(math.isfinite(v) for p in seen for v in p.losses.values())
    assert list(seen[0].losses) == ["RPN classification", "RPN regression", "class", "box", "mask"]
    assert "mask" in seen[0].text

    def mean(loss: str, part: list[TrainingProgress]) -> float:
        return sum(p.losses[loss] for p in part) / len(part)

    for loss in ("RPN classification", "class", "mask"):
        assert mean(loss, seen[-6:]) < 0.9 * mean(loss, seen[:4])
    build(name).load_state_dict(load_file(weights))
    logged = rows(tmp_path / "new", name)
    assert [int(r["step"]) for r in logged] == list(range(30))
    assert float(logged[7]["mask"]) == pytest.approx(seen[7].losses["mask"], abs=1e-4)


def test_a_cancelled_run_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    name, steps = "boxscope-maskrcnn", 5
    straight = load_file(train(name, tmp_path / "straight", steps, changes=TINY))
    seen: list[int] = []

    def report(progress: TrainingProgress) -> None:
        seen.append(progress.step)

    with pytest.raises(Cancelled):
        train(name, tmp_path / "broken", steps, report, lambda: len(seen) == 2, TINY)
    assert seen == [1, 2]
    resumed = load_file(train(name, tmp_path / "broken", steps, report, changes=TINY))
    assert seen == [1, 2, 3, 4, 5]
    assert [int(r["step"]) for r in rows(tmp_path / "broken", name)] == [0, 1, 2, 3, 4]
    for key, value in straight.items():
        torch.testing.assert_close(resumed[key], value, rtol=1e-3, atol=1e-4)
    # No half-written file stays behind.
    assert sorted(p.name for p in (tmp_path / "broken").iterdir()) == [
        f"{name}.losses.csv",
        f"{name}.safetensors",
        f"{name}.state",
        "tensorboard",
    ]


def test_a_finished_run_is_not_done_again(tmp_path: Path) -> None:
    name = "boxscope-ssd"
    seen: list[TrainingProgress] = []
    first = train(name, tmp_path, 1, seen.append, changes=TINY)
    train(name, tmp_path, 1, seen.append, changes=TINY)
    assert len(seen) == 1
    with safe_open(first, "pt") as file:
        assert file.metadata() == {"model": name, "steps": "1"}


def test_weights_are_halved_but_not_statistics(tmp_path: Path) -> None:
    weights = load_file(train("boxscope-ssd", tmp_path, 1, changes=TINY))
    model = build("boxscope-ssd")
    model.load_state_dict(weights)
    for key, value in weights.items():
        if value.is_floating_point():
            assert value.dtype == (torch.float16 if value.dim() > 1 else torch.float32), key


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("unpickled",))


@pytest.mark.parametrize("content", [b"not a state", pickle.dumps(Bomb())])
def test_a_foreign_state_is_refused_unread(
    tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "boxscope-ssd.state").write_bytes(content)
    with pytest.raises(BoxscopeError, match="resumed"):
        train("boxscope-ssd", tmp_path, 1, changes=TINY)
    assert "unpickled" not in capfd.readouterr().out


def test_a_state_of_another_model_is_refused(tmp_path: Path) -> None:
    train("boxscope-ssd", tmp_path, 1, changes=TINY)
    (tmp_path / "boxscope-ssd.state").rename(tmp_path / "boxscope-maskrcnn.state")
    with pytest.raises(BoxscopeError, match="boxscope-maskrcnn"):
        train("boxscope-maskrcnn", tmp_path, 1, changes=TINY)


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    """Other first weights, other scenes; and a run goes on with the seed it was begun with."""
    name, runs = "boxscope-ssd", {}
    for folder, seed in (("one", 1), ("again", 1), ("two", 2)):
        runs[folder] = load_file(train(name, tmp_path / folder, 1, changes=TINY, seed=seed))
    for key in ("backbone.body.stem.0.weight", "head.classification_head.module_list.0.weight"):
        torch.testing.assert_close(runs["one"][key], runs["again"][key])
        assert not torch.allclose(runs["one"][key], runs["two"][key], atol=1e-2), key
    one, two = (batch(0, 2, 64, seed=seed)[0] for seed in (1, 2))
    assert not any(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    with pytest.raises(BoxscopeError, match="begun with --seed 1, not 0"):
        train(name, tmp_path / "one", 2, changes=TINY)


def test_bad_requests_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(BoxscopeError, match="boxscope-nothing"):
        train("boxscope-nothing", tmp_path)
    with pytest.raises(BoxscopeError, match="boxscope-nothing"):
        build("boxscope-nothing")
    with pytest.raises(BoxscopeError, match="at least one"):
        train("boxscope-ssd", tmp_path, 0)
    with pytest.raises(BoxscopeError, match="--seed -1"):
        train("boxscope-ssd", tmp_path, 1, seed=-1)
    with pytest.raises(BoxscopeError, match="no device 'abacus'"):
        train("boxscope-ssd", tmp_path, 1, device="abacus")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """A file where the folder should be: what permissions forbid, the superuser may do."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BoxscopeError, match=r"cannot write .*--out\.$"):
        train("boxscope-ssd", tmp_path / "file" / "runs", 1, changes=TINY)


def test_a_model_can_begin_with_the_backbone_of_another(tmp_path: Path) -> None:
    """Without a step of any size the backbone is still the shipped one."""
    name = "boxscope-retinanet"
    still = {**TINY, "rate": 0.0, "decay": 0.0}
    weights = load_file(train(name, tmp_path, 1, changes=still))
    begun = load_file(file_of(find(RECIPES[name].start)))
    kernels = [key for key in begun if key.startswith("backbone.") and key.endswith("weight")]
    assert len(kernels) > 30
    for key in kernels:
        assert torch.equal(weights[key], begun[key]), key


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_rate_rises_and_falls(name: str) -> None:
    plan = RECIPES[name]
    rates = [plan.rate_at(step, plan.steps) for step in range(plan.steps)]
    top = rates.index(max(rates))
    assert max(rates) == plan.rate
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] < plan.rate / 1000


def test_no_recipe_reaches_the_held_out_scenes() -> None:
    """A batch far on wraps to the first seeds: the held-out ones are never drawn."""
    assert TRAINING < HELD_OUT
    for step, seed, first in ((TRAINING // 2, 0, 0), (0, 9, 9 * 100_003 - TRAINING)):
        images, _ = batch(step, 2, 64, seed=seed)
        expected = [picture(draw(first + i, (64, 64))) for i in range(2)]
        assert all(torch.equal(a, b) for a, b in zip(images, expected, strict=True))
