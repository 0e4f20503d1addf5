"""Matching of anchors with ground truth: the rule, its counts, the mini-batch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.matching import Rule
from widgets.anchors.histogram import Histogram
from widgets.anchors.study import FIRST_RULE, RULES, Draw
from widgets.anchors.words import NO_TRUTH, px, truth_words
from widgets.number_table import NumberTable
from widgets.quiet_controls import Chooser, NumberSpin, WholeSpin

if TYPE_CHECKING:
    from engine.frame import GroundTruth
    from widgets.anchors.study import Answer

MOST_TRUTHS = 200  # rows; a crowd has more, and nobody reads them
_CUSTOM = "own thresholds"
_COLUMNS = (
    ("Ground truth", "Number and class of each ground truth; crowds are left out"),
    ("w × h", "Width and height in network px"),
    ("Best IoU", "The highest IoU that any anchor has with it"),
    ("Pos.", "Positive anchors that are taught this ground truth"),
    ("", "Lost: no anchor meets it with the positive threshold"),
)


class MatchingTab(QWidget):
    """Wishes another rule or mini-batch by ``changed``; shows the answer when it comes."""

    changed = Signal()
    truth_picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._rule = RULES[FIRST_RULE]
        self._draw = Draw()
        self.empty = QLabel(NO_TRUTH)
        self.empty.setWordWrap(True)
        self.histogram = Histogram()
        self.rules = Chooser("Rule", "The thresholds that a detector trains with", (*RULES,))
        self.rules.addItem(_CUSTOM)
        self.low = NumberSpin(0, 1, 0.01, 0.3, "Negative below", "Below this IoU: negative")
        self.high = NumberSpin(0, 1, 0.01, 0.7, "Positive from", "From this IoU on: positive")
        self.low_quality = QCheckBox("low-quality matches")
        self.low_quality.setToolTip(
            "The anchors with a ground truth's highest IoU are positive, however low it is"
        )
        self.best_of_each = QCheckBox("best of each")
        self.best_of_each.setToolTip(
            "The one best anchor of every ground truth is positive for it (SSD's first step)"
        )
        self.summary, self.batch_text, self.note = QLabel(), QLabel(), QLabel()
        for label in (self.summary, self.batch_text, self.note):
            label.setWordWrap(True)
        self.truths = NumberTable("Ground truths and their anchors", _COLUMNS, lines=5)
        self.size = WholeSpin(1, 4096, 256, "Boxes of the mini-batch", "Boxes of one training step")
        self.share = WholeSpin(0, 100, 50, "Positives at most", "At most this share is positive")
        self.share.setSuffix(" %")
        self.seed = WholeSpin(0, 999_999, 0, "Seed", "The same seed draws the same boxes")
        self.again = QPushButton("Draw again")
        self.again.setToolTip("The next seed: another mini-batch")
        self._body = QWidget()
        self._lay_out()
        self._show_rule()
        self.set_answer(None, None)
        self.rules.activated.connect(self._on_preset)
        self.histogram.thresholds_wished.connect(self._on_thresholds)
        for spin in (self.low, self.high):
            spin.valueChanged.connect(self._on_spin)
        for box in (self.low_quality, self.best_of_each):
            box.toggled.connect(self._on_checks)
        for whole in (self.size, self.share, self.seed):
            whole.valueChanged.connect(self._on_draw)
        self.again.clicked.connect(self._on_again)
        self.truths.picked.connect(self.truth_picked)

    @property
    def rule(self) -> Rule:
        return self._rule

    @property
    def draw(self) -> Draw:
        return self._draw

    def set_preset(self, name: str, note: str = "") -> None:
        """The rule of a family, taken over without a wish; ``note`` says where it does not fit."""
        self._rule = RULES[name]
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self._show_rule()

    def set_answer(self, answer: Answer | None, truth: GroundTruth | None) -> None:
        """The figures, or None where there is no ground truth. ``truth`` has no crowds."""
        self.empty.setVisible(answer is None)
        self._body.setVisible(answer is not None)
        if answer is None or truth is None:
            return
        figures, rule = answer.figures, answer.question.rule
        other = None if answer.what_if is None else answer.what_if.histogram
        self.histogram.set_counts(figures.histogram, other)
        negative, neutral, positive = figures.counts.sum(0).tolist()
        forced = f" ({figures.forced:,} only as a best match)" if figures.forced else ""
        lost, many = int(figures.lost.sum()), len(figures.lost)
        reach = (
            f"<b>{lost} of {many}</b> ground truths are met by no anchor with IoU ≥ {rule.high:.2f}"
            if lost
            else f"All {many} ground truths are met by an anchor with IoU ≥ {rule.high:.2f}"
        )
        self.summary.setText(
            f"<b>{positive:,} positive</b>{forced}, {neutral:,} neutral, {negative:,} negative "
            f"anchors.<br>{reach}."
        )
        batch = answer.batch
        self.batch_text.setText(
            f"{len(batch.positive)} of {positive:,} positive and {len(batch.negative)} of "
            f"{negative:,} negative anchors."
        )
        boxes = answer.question.truth
        rows = []
        for at in range(min(many, MOST_TRUTHS)):
            width, height = (boxes[at, 2:] - boxes[at, :2]).tolist()
            label = int(truth.labels[at])
            name = truth.classes[label] if 0 <= label < len(truth.classes) else f"class {label}"
            rows.append(
                (
                    truth_words(at, name),
                    f"{px(width)} × {px(height)}",
                    f"{figures.overlaps.highest[at]:.2f}",
                    f"{figures.positives[at]:,}",
                    "lost" if figures.lost[at] else "",
                )
            )
        self.truths.set_rows(rows)

    # --- what the user moves

    @Slot(int)
    def _on_preset(self, at: int) -> None:
        if at < len(RULES):
            self._wish(list(RULES.values())[at])
        else:
            self._show_rule()

    @Slot(float, float)
    def _on_thresholds(self, low: float, high: float) -> None:
        self._wish(replace(self._rule, low=low, high=high))

    @Slot(float)
    def _on_spin(self, value: float) -> None:
        low, high = self.low.value(), self.high.value()
        if low > high:  # the one that was moved takes the other along
            low = high = value
        self._wish(replace(self._rule, low=round(low, 2), high=round(high, 2)))

    @Slot(bool)
    def _on_checks(self, on: bool) -> None:
        self._wish(
            replace(
                self._rule,
                low_quality=self.low_quality.isChecked(),
                best_of_each=self.best_of_each.isChecked(),
            )
        )

    @Slot(int)
    def _on_draw(self, value: int) -> None:
        self._draw = Draw(self.size.value(), self.share.value() / 100, self.seed.value())
        self.changed.emit()

    @Slot()
    def _on_again(self) -> None:
        self.seed.setValue((self.seed.value() + 1) % (self.seed.maximum() + 1))

    def _wish(self, rule: Rule) -> None:
        if rule != self._rule:
            self._rule = rule
            self._show_rule()
            self.changed.emit()

    def _show_rule(self) -> None:
        rule, names = self._rule, list(RULES)
        controls = (self.low, self.high, self.low_quality, self.best_of_each, self.rules)
        blockers = [QSignalBlocker(control) for control in controls]
        self.low.setValue(rule.low)
        self.high.setValue(rule.high)
        self.low_quality.setChecked(rule.low_quality)
        self.best_of_each.setChecked(rule.best_of_each)
        same = [at for at, name in enumerate(names) if RULES[name] == rule]
        self.rules.setCurrentIndex(same[0] if same else len(names))
        del blockers
        self.histogram.set_thresholds(rule.low, rule.high)

    def _lay_out(self) -> None:
        rule = QGridLayout()
        rule.setColumnStretch(1, 1)
        rule.setColumnStretch(3, 1)
        self._pair(rule, 0, 0, "Rule", self.rules, 3)
        self._pair(rule, 1, 0, "Negative <", self.low)
        self._pair(rule, 1, 2, "Positive ≥", self.high)
        checks = QHBoxLayout()
        checks.addWidget(self.low_quality)
        checks.addWidget(self.best_of_each)
        checks.addStretch(1)
        batch = QGridLayout()
        batch.setColumnStretch(1, 1)
        batch.setColumnStretch(3, 1)
        self._pair(batch, 0, 0, "Mini-batch", self.size)
        self._pair(batch, 0, 2, "Positive ≤", self.share)
        self._pair(batch, 1, 0, "Seed", self.seed)
        batch.addWidget(self.again, 1, 2, 1, 2)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.addLayout(rule)
        body.addWidget(self.histogram, 1)
        body.addLayout(checks)
        for widget in (self.note, self.summary, self.truths):
            body.addWidget(widget)
        body.addLayout(batch)
        body.addWidget(self.batch_text)
        self.note.hide()
        column = QVBoxLayout(self)
        column.addWidget(self.empty)
        column.addWidget(self._body, 1)
        column.addStretch(0)

    @staticmethod
    def _pair(
        grid: QGridLayout, row: int, column: int, text: str, control: QWidget, span: int = 1
    ) -> None:
        label = QLabel(text)
        label.setBuddy(control)
        label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(label, row, column)
        grid.addWidget(control, row, column + 1, 1, span)
