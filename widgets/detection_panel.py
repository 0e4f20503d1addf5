"""A view of the selected detection, with a page to say so while there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from widgets.empty_page import EmptyPage, unseen

if TYPE_CHECKING:
    from engine.trace import Ref, Trace
    from widgets.selection import Selection


class DetectionPanel(QStackedWidget):
    """Follows the selection and shows a detection again only when it, or its stage, is another.

    A panel says what it makes of a box, by `_find`, and how it shows that, by `_show`; at the end
    of its own ``__init__`` it calls `_follow`.
    """

    stage: str  # whose output is shown beside the final boxes
    hints: tuple[str, str, str]  # see `EmptyPage.show_hint`
    _chosen: Any  # what `_find` returned; it has the ``row`` of the detection

    def __init__(self, selection: Selection, page: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._trace: Trace | None = None
        self._chosen = None
        self.empty = EmptyPage(selection)
        self.addWidget(self.empty)
        self.addWidget(page)

    def _find(self, trace: Trace | None, ref: Ref | None) -> Any:
        """What is to be shown of a box; None if it will not do."""
        raise NotImplementedError

    def _show(self, trace: Trace) -> None:
        """Show what is chosen; it is another than before."""
        raise NotImplementedError

    def _clear(self) -> None:
        """Nothing is chosen any more."""

    def _follow(self) -> None:
        self._selection.trace_changed.connect(self._refresh)
        self._selection.ref_changed.connect(self._refresh)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        if unseen(self):
            return
        old, self._trace = self._trace, self._selection.trace
        chosen = self._find(self._trace, self._selection.ref)
        if chosen is None or self._trace is None:
            self._chosen = None
            self._clear()
            self.empty.show_hint(*self.hints)
            self.setCurrentIndex(0)
            return
        same = self._chosen is not None and self._chosen.row == chosen.row
        if same and old is not None and self._unchanged(old, self._trace):
            return
        self._chosen = chosen
        self.setCurrentIndex(1)
        self._show(self._trace)

    def _unchanged(self, old: Trace, new: Trace) -> bool:
        """Neither detections nor the stage ran again."""
        return all(old.stages.get(n) is new.stages.get(n) for n in (self.stage, new.final))
