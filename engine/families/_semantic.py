"""Steps of a segmenter as stages, and what comes after the last one: scores, softmax, argmax."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.families._semantic_input import Preparation, input_stage
from engine.frame import Transform
from engine.networks.steps import Maps, Step
from engine.params import Param
from engine.pipeline import Inputs, Output, Stage

_SKIPS = {
    "concatenation": "Off: zeros stand in the place of the encoder's map.",
    "sum": "Off: nothing is added to the upsampled map.",
    "switches": "Off: every value goes to the upper left cell instead of where it was taken from.",
}


def stages_of(how: Preparation, steps: Sequence[Step]) -> Iterable[Stage]:
    """``input``, a stage for each step, ``class_scores``, ``softmax`` and ``argmax``."""
    return (
        input_stage(how),
        *(_stage(step) for step in steps),
        _class_scores(steps[-1].name),
        _softmax(),
        _argmax(),
    )


def _stage(step: Step) -> Stage:
    """Arrays: every map of the step, (C, h, w). Notes: ``kind``, ``stride`` ((y, x) network px a
    cell of ``map``), ``shape`` of it, ``skip_from``, ``skip_kind`` and ``skip`` (whether it is on).
    """

    def run(inputs: Inputs) -> Output:
        skip = bool(inputs.param("skip")) if step.skip_from else True
        maps = step.run({name: inputs.data(name) for name in step.needs}, skip)
        seen: Transform = inputs["input"].notes["transform"]
        shape = tuple(maps["map"].shape[1:])
        notes: dict[str, Any] = {
            "kind": step.kind,
            "stride": (_stride(seen.padded[0], shape[1]), _stride(seen.padded[1], shape[2])),
            "shape": shape,
            "skip_from": step.skip_from,
            "skip_kind": step.skip_kind,
            "skip": bool(step.skip_from) and skip,
        }
        return Output(arrays={k: m[0] for k, m in maps.items()}, notes=notes, data=maps)

    params: tuple[Param, ...] = ()
    if step.skip_from:
        words = f"The skip connection from {step.skip_from}. {_SKIPS[step.skip_kind]}"
        params = (Param("skip", True, words),)
    needs = tuple(dict.fromkeys(("input", *step.needs)))
    return Stage(step.name, step.title, run, needs, params, step.help)


def _stride(size: int, cells: int) -> int:
    """Network px a cell: strides are powers of 2, and a last cell may reach over the edge."""
    return 1 << max(0, -(-size // cells) - 1).bit_length()


def _class_scores(last: str) -> Stage:
    def run(inputs: Inputs) -> Output:
        maps: Maps = inputs.data(last)
        height, width = inputs["input"].notes["transform"].network
        logits = maps["map"][..., :height, :width]
        return Output(
            arrays={"logits": logits[0].permute(1, 2, 0)},
            notes={"shape": (height, width, logits.shape[1])},
            data=logits,
        )

    return Stage(
        "class_scores",
        "Class scores",
        run,
        ("input", last),
        help="One logit for each class at each pixel of the picture, the padding cut off: what the "
        "model returns.",
    )


def _softmax() -> Stage:
    def run(inputs: Inputs) -> Output:
        logits: Tensor = inputs.data("class_scores")
        probabilities = logits.float().softmax(1)
        return Output(
            arrays={"probabilities": probabilities[0].permute(1, 2, 0)}, data=probabilities
        )

    return Stage(
        "softmax",
        "Softmax",
        run,
        ("class_scores",),
        help="The logits of a pixel become probabilities that sum to 1: "
        "p = exp(logit) / sum of exp(logits).",
    )


def _argmax() -> Stage:
    def run(inputs: Inputs) -> Output:
        confidence, labels = inputs.data("softmax").max(1)
        # Of the logits, as everybody takes it: probabilities may round to a tie.
        labels = inputs.data("class_scores").argmax(1)
        count = inputs.data("class_scores").shape[1]
        pixels = torch.bincount(labels.flatten(), minlength=count).cpu().numpy().astype(np.int64)
        kind = torch.uint8 if count <= 256 else torch.int32
        return Output(
            arrays={"classes": labels[0].to(kind), "confidence": confidence[0], "pixels": pixels},
            notes={"pixels": tuple(pixels.tolist())},
        )

    return Stage(
        "argmax",
        "Class map",
        run,
        ("class_scores", "softmax"),
        help="Every pixel gets the class with the largest score.",
    )
