"""Numbers for the sandbox out of the frame under study. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from widgets.features.model import layers_of

if TYPE_CHECKING:
    from engine.trace import Ref, Trace

SIDE = 6  # cells


def window(trace: Trace, ref: Ref | None) -> NDArray[np.float64] | None:
    """(6, 6) at most, of the finest map there is, rounded to 0.01; None without feature maps.

    Around the middle of the box, or of the picture; of the channel that is most active there.
    """
    layers = layers_of(trace)
    if not layers:
        return None
    layer = layers[-1]
    values = trace.stages[layer.stage].arrays[layer.array]
    height, width = trace.transform.network
    x, y = width / 2, height / 2
    if ref is not None and ref.stage in trace.stages:
        table = trace.stages[ref.stage].table
        if table is not None and ref.row < len(table):
            x1, y1, x2, y2 = table.boxes[ref.row].tolist()
            x, y = (x1 + x2) / 2, (y1 + y2) / 2
    row, column = layer.cell_at(x, y)
    top = min(max(row - SIDE // 2, 0), max(layer.shape[1] - SIDE, 0))
    left = min(max(column - SIDE // 2, 0), max(layer.shape[2] - SIDE, 0))
    part = values[:, top : top + SIDE, left : left + SIDE]
    channel = int(np.abs(part).mean((1, 2)).argmax())
    return np.round(part[channel].astype(np.float64), 2)
