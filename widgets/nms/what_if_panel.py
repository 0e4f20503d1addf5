"""What if: other thresholds and other methods on the same candidates, side by side."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from widgets.background import Newest
from widgets.nms.outcome_card import OutcomeCard
from widgets.nms.what_if import FLOOR, METHODS, Outcome, Pool, least_score

if TYPE_CHECKING:
    from widgets.nms.plan import Plan

_Answer = tuple[Pool, float, float, dict[str, Outcome]]


class WhatIf(QWidget):
    """Follows a `Plan`. ``wished(threshold)``: the user wants this threshold in the model.

    Greedy answers at once from the overlap graph; soft NMS and fusion, which go box by box, follow
    from a thread.
    """

    wished = Signal(float)
    answered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan: Plan | None = None
        self._pool: Pool | None = None
        self._dirty = False
        self._newest = Newest("nms-what-if", self._on_answer)
        self.aware = QCheckBox("Only within a class")
        self.aware.setObjectName("aware")
        self.aware.setChecked(True)
        self.use = QPushButton("Use in the model")
        self.use.setObjectName("use")
        self.iou, self._iou_text = self._slider("iou", "IoU threshold", round(FLOOR * 100), 95)
        self.least, self._least_text = self._slider("least", "Count scores from", 0, 100)
        self.iou.setToolTip(
            "Overlap (intersection over union) from which boxes suppress, decay or fuse; "
            "soft NMS with Gaussian decay has no threshold"
        )
        self.least.setToolTip("Boxes with a lower score after the method are not counted")
        self._note = QLabel()
        self._note.setObjectName("note")
        self._note.setWordWrap(True)
        self.cards = {method: OutcomeCard(method) for method in METHODS}
        top = QHBoxLayout()
        top.addWidget(self.aware)
        top.addStretch(1)
        top.addWidget(self.use)
        sliders = QGridLayout()
        for line, (slider, text) in enumerate(
            ((self.iou, self._iou_text), (self.least, self._least_text))
        ):
            label = QLabel(slider.accessibleName())
            label.setBuddy(slider)
            sliders.addWidget(label, line, 0)
            sliders.addWidget(slider, line, 1)
            sliders.addWidget(text, line, 2)
        sliders.setColumnStretch(1, 1)
        self._grid = QGridLayout()
        self._columns = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addLayout(sliders)
        column.addLayout(self._grid, 1)
        column.addWidget(self._note)
        self._arrange(2)
        self.aware.toggled.connect(self._on_aware)
        self.iou.valueChanged.connect(self._on_slider)
        self.least.valueChanged.connect(self._on_slider)
        self.use.clicked.connect(self._on_use)

    @property
    def threshold(self) -> float:
        """Where the slider stands; the trace's own threshold, however fine, while it is there."""
        own = None if self._plan is None else self._plan.threshold
        here = own is not None and round(own * 100) == self.iou.value()
        return own if here and own is not None else self.iou.value() / 100

    @property
    def busy(self) -> bool:
        return self._newest.busy

    def show_plan(self, plan: Plan | None) -> None:
        """Another list of candidates. The sliders follow the trace until the user moved them."""
        old, self._plan = self._plan, plan
        if plan is not None:
            before = None if old is None else old.threshold
            apart = before is not None and round(before * 100) != self.iou.value()
            new_stage = old is None or old.stage != plan.stage
            with QSignalBlocker(self.iou), QSignalBlocker(self.least):
                if plan.threshold is not None and (new_stage or not apart):
                    self.iou.setValue(round(plan.threshold * 100))
                if new_stage:
                    self.least.setValue(round(least_score(plan) * 100))
            self.aware.setText(f"Only within a {plan.within}")
            self.aware.setToolTip(
                f"On: boxes of one {plan.within} compete, as in the model. Off: all with all."
            )
        self._new_pool()

    def show_crop(self, crop: QRectF) -> None:
        """The part of the picture (image px) that the cards show."""
        for card in self.cards.values():
            card.show_crop(crop)

    def _new_pool(self) -> None:
        self._pool = None
        self._dirty = True
        if self.isVisible():
            self._refresh()

    def _refresh(self) -> None:
        """Ask for everything anew; what is shown stays until the answer comes."""
        self._dirty = False
        self._texts()
        if self._plan is None:
            self._newest.cancel()
            for card in self.cards.values():
                card.show_outcome(None, None)
            return
        if self._pool is None:
            self._pool = Pool(self._plan, self.aware.isChecked())
        pool, iou, least = self._pool, self.threshold, self.least.value() / 100
        if pool.ready:
            self._show({"greedy": pool.outcome("greedy", iou, least)})
        self._newest.submit(partial(_answer, pool, iou, least))

    def _texts(self) -> None:
        self._iou_text.setText(f"{self.threshold:.2f}")
        self._least_text.setText(f"{self.least.value() / 100:.2f}")
        plan = self._plan
        moved = (
            plan is not None
            and plan.threshold is not None
            and round(plan.threshold * 100) != self.iou.value()
        )
        self.use.setEnabled(moved)
        if plan is not None and plan.key:
            self.use.setToolTip(
                f"Sets {plan.key} to {self.threshold:.2f}; the model stays greedy, within one "
                f"{plan.within}"
            )
        pool = self._pool
        part = plan is not None and pool is not None and len(pool.rows) < len(plan.table)
        self._note.setVisible(part)
        if part and plan is not None and pool is not None:
            self._note.setText(
                f"Looks at the best {len(pool.rows):,} of {len(plan.table):,} candidates."
            )

    def _show(self, outcomes: dict[str, Outcome]) -> None:
        for method, outcome in outcomes.items():
            self.cards[method].show_outcome(self._plan, outcome)

    @Slot(object)
    def _on_answer(self, answer: _Answer) -> None:
        pool, iou, least, outcomes = answer
        if pool is not self._pool:
            return  # of candidates that are no longer shown
        if (iou, least) != (self.threshold, self.least.value() / 100):
            outcomes.pop("greedy")  # that one is ahead already
        self._show(outcomes)
        self._texts()
        self.answered.emit()

    @Slot(bool)
    def _on_aware(self, on: bool) -> None:
        self._new_pool()

    @Slot(int)
    def _on_slider(self, value: int) -> None:
        self._refresh()

    @Slot()
    def _on_use(self) -> None:
        self.wished.emit(self.threshold)

    def _slider(self, name: str, title: str, low: int, high: int) -> tuple[QSlider, QLabel]:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setObjectName(name)
        slider.setAccessibleName(title)
        slider.setRange(low, high)
        slider.setPageStep(10)
        text = QLabel()
        text.setMinimumWidth(text.fontMetrics().horizontalAdvance("0.88 "))
        text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return slider, text

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for at, card in enumerate(self.cards.values()):
            self._grid.addWidget(card, at // columns, at % columns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.fontMetrics().horizontalAdvance("m") * 60
        self._arrange(4 if event.size().width() >= wide else 2)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._dirty:
            self._refresh()


def _answer(pool: Pool, iou: float, least: float) -> Any:
    """On the thread: every method, greedy first, since it makes the graph."""
    return pool, iou, least, {m: pool.outcome(m, iou, least) for m in METHODS}
