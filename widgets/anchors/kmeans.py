"""Anchors by k-means: from which boxes, how many, and what they would be to this picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from widgets.anchors.clusters import MOST_K, Clusters, Finding, Resize, Sizes, clustered
from widgets.anchors.fates import fate_rows, fate_words
from widgets.anchors.scatter import MeanIoU, Scatter
from widgets.anchors.words import px
from widgets.background import Newest
from widgets.number_table import NumberTable
from widgets.progress_bar import ProgressStrip
from widgets.quiet_controls import WholeSpin

if TYPE_CHECKING:
    from engine.anchors import AnchorLayout
    from engine.frame import GroundTruth
    from engine.trace import Trace
    from widgets.anchors.study import Answer

THIS = "this picture"
SCENES = "scenes:0-199"
HINT = (
    "k-means finds k shapes that the boxes of a data set overlap best; the model's own were chosen "
    "by hand. Distance is 1 − IoU of two boxes with the same centre."
)
NO_TRUTH = "This picture has no ground truth; name a data set, or scenes:0-199."
_ANCHORS = (
    ("", "Number in the chart"),
    ("Width × height", "Network px"),
    ("Size", "Side of the square with the same area, network px"),
    ("Ratio", "Height / width"),
    ("Boxes", "Share of the boxes that this anchor overlaps best"),
)
_TRUTHS = (
    ("Ground truth", "Number and class of each ground truth; crowds are left out"),
    ("Model", "Best IoU with an anchor of the model"),
    ("k-means", "Best IoU with an anchor of these shapes, on every cell of its level"),
    ("", "Lost: no anchor meets it with the positive threshold of the Matching tab"),
)


class KMeansTab(QWidget):
    """``changed`` when `layout_found` is another one."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._trace: Trace | None = None
        self._layout: AnchorLayout | None = None
        self._truth: GroundTruth | None = None
        self._clusters: Clusters | None = None
        self._job: Finding | None = None
        self._relay = _Relay()
        self._relay.said.connect(self._on_said, Qt.ConnectionType.QueuedConnection)
        self._newest = Newest("boxscope-kmeans", self._on_found)
        hint = QLabel(HINT)
        hint.setWordWrap(True)
        self.where = QLineEdit(THIS)
        self.where.setAccessibleName("Where the boxes come from")
        self.where.setToolTip(
            f"{THIS}, {SCENES}, or a file or folder of annotations (COCO, Pascal VOC, YOLO)"
        )
        self.choose = QPushButton("Choose …")
        self.choose.setToolTip("Where the boxes come from")
        self.choose.setAutoDefault(False)
        self.start = QPushButton("k-means from these boxes")
        self.start.setToolTip("Find the anchors that these boxes overlap best")
        self.progress = ProgressStrip()
        self.k = WholeSpin(1, MOST_K, 5, "k", "How many anchors")
        self.k.setPrefix("k = ")
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.scatter, self.curve = Scatter(), MeanIoU()
        self.words, self.summary = QLabel(), QLabel()
        for label in (self.words, self.summary):
            label.setWordWrap(True)
        self.anchors = NumberTable("Anchors that were found", _ANCHORS, lines=6)
        self.truths = NumberTable("Best IoU with both", _TRUTHS, lines=8)
        self._lay_out(hint)
        self.start.clicked.connect(self.find)
        self.where.returnPressed.connect(self.find)
        self.choose.clicked.connect(self._on_choose)
        self.progress.cancelled.connect(self.give_up)
        self.k.valueChanged.connect(self._on_k)
        self.curve.step_wished.connect(self.k.setValue)
        self._show()

    def _lay_out(self, hint: QLabel) -> None:
        source, row = QHBoxLayout(), QHBoxLayout()
        source.addWidget(self.where, 1)
        source.addWidget(self.choose)
        row.addWidget(self.start)
        row.addWidget(self.k)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(hint)
        column.addLayout(source)
        column.addLayout(row)
        for part in (
            self.progress, self.trouble, self.words, self.curve, self.scatter, self.anchors,
            self.summary, self.truths,
        ):  # fmt: skip
            column.addWidget(part)
        column.addStretch(1)

    # --- what is asked

    @property
    def busy(self) -> bool:
        """Is a search under way?"""
        return self._job is not None

    @property
    def clusters(self) -> Clusters | None:
        """What was found, for every k."""
        return self._clusters

    @property
    def layout_found(self) -> AnchorLayout | None:
        """The chosen k anchors on the model's levels; None before anything was found."""
        if self._clusters is None or self._layout is None:
            return None
        return clustered(self._layout, self._clusters.found[self._k - 1].sizes)

    @property
    def _k(self) -> int:
        many = 1 if self._clusters is None else len(self._clusters.found)
        return min(self.k.value(), many)

    def set_trace(self, trace: Trace | None, layout: AnchorLayout | None) -> None:
        """``layout``: the model's own anchors. What was found goes when another model's come."""
        self._trace = trace
        if layout != self._layout:
            self.give_up()
            self._layout, self._clusters = layout, None
            self._show()
        self.start.setEnabled(layout is not None)

    def set_answer(self, answer: Answer | None, truth: GroundTruth | None) -> None:
        """What the shown anchors are to this picture's ground truth."""
        then = None if answer is None else answer.clusters
        shown = answer is not None and then is not None and truth is not None
        self.truths.setVisible(shown)
        self.summary.setVisible(shown)
        self._truth = truth
        if answer is None or then is None or truth is None:
            return
        high = answer.question.rule.high
        self.summary.setText(fate_words(answer.figures, then, high, "with these anchors"))
        self.truths.set_rows(fate_rows(answer.figures, then, truth))

    @Slot()
    def find(self) -> None:
        """Begin a search, in place of one that is under way."""
        trace, layout, where = self._trace, self._layout, self.where.text().strip()
        if trace is None or layout is None:
            return
        sizes = None
        if where in ("", THIS):
            sizes = self._of_picture(trace)
            if sizes is None:
                self._say(NO_TRUTH)
                return
        if self._job is not None:
            self._job.give_up()
        self._say("")
        self._job = Finding(where, Resize.of(trace), layout, self._relay.tell, sizes)
        self.progress.set_progress("Reading …", 0.0)
        self._newest.submit(self._job)

    @Slot()
    def give_up(self) -> None:
        """End the search that is under way."""
        if self._job is not None:
            self._job.give_up()
            self._job = None
            self.progress.clear()

    def hideEvent(self, event: object) -> None:
        if not self.window().isVisible():
            self.give_up()  # the window is closed

    def _of_picture(self, trace: Trace) -> Sizes | None:
        if self._truth is None or not len(self._truth):
            return None
        boxes = trace.transform.to_network(self._truth.boxes).astype(np.float64)
        sides = boxes[:, 2:] - boxes[:, :2]
        return Sizes(sides[(sides > 0).all(1)], 1, "This picture")

    @Slot()
    def _on_choose(self) -> None:
        menu = QMenu(self)
        for name in (THIS, SCENES):
            menu.addAction(name.capitalize()).setData(name)
        menu.addAction("Data set file …").setData("file")
        menu.addAction("Data set folder …").setData("folder")
        menu.triggered.connect(self._on_source)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.choose.mapToGlobal(QPoint(0, self.choose.height())))

    @Slot(object)
    def _on_source(self, action: object) -> None:
        name = action.data()  # type: ignore[attr-defined]
        if name == "file":
            name, _ = QFileDialog.getOpenFileName(
                self, "Open annotations", "", "Annotations (*.json *.xml *.txt *.yaml *.yml)"
            )
        elif name == "folder":
            name = QFileDialog.getExistingDirectory(self, "Open a data set")
        if name:
            self.where.setText(name)
            self.find()

    # --- what comes back

    @Slot(str, float)
    def _on_said(self, text: str, fraction: float) -> None:
        if self._job is not None:
            self.progress.set_progress(text, fraction)

    @Slot(object)
    def _on_found(self, done: tuple[Finding, Clusters | str | None]) -> None:
        job, value = done
        if job is not self._job:
            return  # given up
        self._job = None
        self.progress.clear()
        if isinstance(value, str):
            self._say(value)
        elif value is not None:
            self._clusters = value
            self._show()
            self.changed.emit()

    @Slot(int)
    def _on_k(self, _: int) -> None:
        self._show()
        self.changed.emit()

    def _say(self, words: str) -> None:
        self.trouble.setText(words)
        self.trouble.setVisible(bool(words))

    def _show(self) -> None:
        clusters = self._clusters
        self.trouble.setVisible(bool(self.trouble.text()))
        for part in (self.words, self.curve, self.scatter, self.anchors):
            part.setVisible(clusters is not None)
        self.scatter.show_clusters(clusters, self._k)
        self.curve.show_clusters(clusters, self._k)
        if clusters is None:
            self.set_answer(None, self._truth)
            return
        found, sizes = clusters.found[self._k - 1], clusters.sizes
        many = f"{len(sizes.sides):,} boxes of {sizes.pictures:,} picture"
        self.words.setText(
            f"{sizes.where}: {many}{'' if sizes.pictures == 1 else 's'}. Mean best IoU "
            f"<b>{found.mean_iou:.3f}</b> with k = {self._k}, {clusters.model:.3f} with the "
            "model's own shapes (dashed)."
        )
        share = np.bincount(found.assignment, minlength=len(found.sizes)) / len(clusters.sides)
        self.anchors.set_rows(
            [
                (f"{k + 1}", f"{px(w)} × {px(h)}", px((w * h) ** 0.5), f"{h / w:.2f}", f"{s:.0%}")
                for k, ((w, h), s) in enumerate(
                    zip(found.sizes.tolist(), share.tolist(), strict=True)
                )
            ]
        )


class _Relay(QObject):
    """Carries progress from the job's thread, which holds it: it outlives the tab."""

    said = Signal(str, float)

    def tell(self, text: str, fraction: float) -> None:
        self.said.emit(text, fraction)
