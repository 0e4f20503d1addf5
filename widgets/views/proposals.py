"""Objectness as a heat map, the steps from anchors to proposals, and recall by their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.proposals.panel import ProposalPanel

    return ProposalPanel(selection)


INFO = ViewInfo(
    key="proposals",
    title="Proposals",
    needs=("anchors",),
    area="right",
    create=create,
    help="Where the network sees objects, and how thousands of anchors become a few proposals.",
    order=30,
)
