"""Curves and pictures of a training run, in files that TensorBoard reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class Board:
    """Writes event files into ``folder``, flushed once a minute and on closing.

    Opening it at ``step`` tells TensorBoard to forget what earlier files say of that step and of
    later ones, which a resumed run does again.
    """

    def __init__(self, folder: Path, step: int) -> None:
        # Here, because it brings protobuf along: only training needs it.
        from tensorboardX import SummaryWriter
        from tensorboardX.proto.summary_pb2 import Summary

        self._summary = Summary
        # Names of event files have whole seconds: the step keeps quick restarts apart.
        self._writer = SummaryWriter(
            str(folder), purge_step=step, flush_secs=60, filename_suffix=f".{step}"
        )

    def add(
        self, step: int, losses: Mapping[str, float], rate: float, seconds: float, pictures: int
    ) -> None:
        """One step: its losses by shown name, their sum, the rate, and how fast it went."""
        values = {
            "loss/total": sum(losses.values()),
            **{f"loss/{name}": value for name, value in losses.items()},
            "rate": rate,
            "speed/seconds a step": seconds,
            "speed/pictures a second": pictures / seconds,
        }
        # Not `add_scalar`, which writes an event a value and takes the spaces out of names.
        summary = self._summary(
            value=[self._summary.Value(tag=n, simple_value=v) for n, v in values.items()]
        )
        self._writer.file_writer.add_summary(summary, step)

    def show(self, step: int, sheet: NDArray[np.uint8]) -> None:
        """``sheet`` (H, W, 3) uint8 RGB: pictures with what the model finds in them by now."""
        self._writer.add_image("development_scenes", sheet, step, dataformats="HWC")

    def close(self) -> None:
        self._writer.close()
