"""Instances, classes of pixels, and both in one panoptic map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from engine.trace import Trace
    from widgets.selection import Selection


class _EitherInfo(ViewInfo):
    """Either stage will do: masks of detections, or a class for every pixel."""

    def shows(self, trace: Trace | None) -> bool:
        return trace is not None and ("masks" in trace.stages or "argmax" in trace.stages)


def create(selection: Selection) -> QWidget:
    from widgets.panoptic.panel import PanopticPanel

    return PanopticPanel(selection)


INFO = _EitherInfo(
    key="panoptic",
    title="Panoptic",
    needs=(),
    area="right",
    create=create,
    help="Instances, classes of pixels and both in one map, with panoptic quality.",
    order=72,
)
