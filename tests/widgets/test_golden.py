"""Every view against a small picture of how it looked when somebody looked at it.

The traces are made up, so the pictures hang on no weights. Colours are compared as means of blocks,
so that another font or another rounding is no difference, but a part that is missing, far from its
place or painted in another colour is. After a wanted change make them again and LOOK at them:

    BOXSCOPE_REGOLDEN=1 .venv/bin/pytest tests/widgets/test_golden.py
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from torch import nn

from engine.families import Root, family_of
from engine.frame import Frame, GroundTruth
from engine.networks.unet import unet
from engine.networks.yolo import yolo
from engine.params import Settings
from engine.receptive.networks import fields_of
from engine.trace import Ref, Trace
from tests.widgets import test_view_masks as masks
from tests.widgets import test_view_panoptic as panoptic
from tests.widgets import test_view_scores as scores
from tests.widgets import test_view_segmentation as segmentation
from tests.widgets.anchored import anchored, layout_of, single_shot, truths
from tests.widgets.factory import CLASSES, frame_of, toy_trace, truth_of
from tests.widgets.test_view_features import stack
from tests.widgets.test_view_keypoints import persons
from tests.widgets.two_stage import two_stage
from widgets.background import settle
from widgets.receptive.question import FieldsAnswer
from widgets.receptive.sheet import sheet_of
from widgets.selection import Selection
from widgets.theme import apply_theme
from widgets.views import view, views

GOLDEN = Path(__file__).parent / "golden"
AGAIN = bool(os.environ.get("BOXSCOPE_REGOLDEN"))
SIZE, SMALL = (960, 720), (240, 180)  # px as it is painted, and as it is kept
BLOCKS = (24, 18)
NEAR, SHARE = 12, 0.9  # of 255; so many of the blocks must be as near (a serif font: 92 %)
POINTS = 9.0  # of the font, so that lines are about as high everywhere

Made = tuple[Trace, Ref | None]


def _toy() -> Trace:
    return toy_trace(frame=frame_of(truth=truth_of()))


def _untrained(make: Callable[[], nn.Module], frame: Frame) -> tuple[Trace, nn.Module]:
    """What a network with random weights, always the same ones, makes of a frame."""
    torch.manual_seed(4)
    module = make().eval()
    family = family_of(module)
    pipeline = family.pipeline(module)
    with torch.inference_mode():
        stages = pipeline.run(Root(frame, torch.device("cpu")), (1,), pipeline.check(Settings()))
    trace = replace(
        toy_trace(frame=frame), family=family.key, transform=stages["input"].notes["transform"],
        infos=pipeline.infos, stages=stages, final=family.final,
    )  # fmt: skip
    return trace, module


def _grid() -> Trace:
    truth = GroundTruth(np.array([[20, 30, 120, 110]], np.float32), np.array([1]), CLASSES)
    return _untrained(yolo, frame_of(truth=truth))[0]


def _pixels() -> Trace:
    return _untrained(unet, frame_of(96, 64))[0]


def _fields() -> tuple[Trace, FieldsAnswer]:
    """A segmenter and the fields of its layers."""
    trace, module = _untrained(unet, frame_of(96, 64))
    fields = fields_of(module, trace.transform.padded, trace.model)
    return trace, FieldsAnswer(trace.model, trace.transform.padded, fields, sheet_of(fields))


def _boxes() -> Trace:
    return two_stage(60, 12, 5)


def _anchors() -> Trace:
    return anchored(layout_of(16, 8), truths((80, 90, 300, 420), (500, 480, 900, 800)))


def _proposals() -> Trace:
    return single_shot(layout_of(8, 4), truths((80, 90, 300, 420), (500, 480, 900, 800)))


def _masks() -> Trace:
    return masks.made_up([[20, 20, 120, 110], [90, 40, 180, 140]])


def _classes() -> Trace:
    return segmentation.made_up(4, (30, 40), frame_of(160, 120))


# By view: a trace that it shows, and the box that is selected.
TRACES: dict[str, Callable[[], Made]] = {
    "picture": lambda: (_toy(), Ref("detections", 0)),
    "detections": lambda: (_toy(), Ref("detections", 1)),
    "lineage": lambda: (_toy(), Ref("detections", 0)),
    "nms": lambda: (_toy(), Ref("nms", 1)),
    "why_missed": lambda: (_toy(), None),
    "compare": lambda: (_toy(), Ref("detections", 0)),
    "evaluation": lambda: (_toy(), None),
    "receptive": lambda: (_fields()[0], None),
    "upsampling": lambda: (_toy(), None),
    "anchors": lambda: (_anchors(), None),
    "proposals": lambda: (_proposals(), Ref("detections", 0)),
    "refinement": lambda: (_boxes(), Ref("detections", 0)),
    "roi": lambda: (_boxes(), Ref("detections", 0)),
    "scores": lambda: (scores._large(40, 6), Ref("class_scores", 3)),
    "masks": lambda: (_masks(), Ref("detections", 0)),
    "panoptic": lambda: (panoptic.made_up(3, (200, 150)), None),
    "keypoints": lambda: (persons(), Ref("detections", 0)),
    "features": lambda: (stack(8, 30, 40), None),
    "class_map": lambda: (_classes(), None),
    "encoder_decoder": lambda: (_pixels(), None),
    "grid": lambda: (_grid(), None),
}


@pytest.fixture
def plain(themed: QApplication) -> None:
    """The look that the pictures were taken with."""
    apply_theme(themed, "light", 1.0)
    large = themed.font()
    large.setPointSizeF(POINTS)
    themed.setFont(large)


def photograph(widget: QWidget) -> QImage:
    assert settle()
    for _ in range(5):
        QApplication.processEvents()
    image = QImage(*SIZE, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.drawPixmap(0, 0, widget.grab())
    painter.end()
    smooth = Qt.TransformationMode.SmoothTransformation
    return image.scaled(*SMALL, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)


def pixels(image: QImage) -> NDArray[np.float32]:
    """(H, W, 3) float32, 0 to 255."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), -1, 3).astype(np.float32)


def blocks(image: QImage) -> NDArray[np.float32]:
    """(rows, columns, 3) means of the blocks."""
    wide, high = SMALL[0] // BLOCKS[0], SMALL[1] // BLOCKS[1]
    return pixels(image).reshape(BLOCKS[1], high, BLOCKS[0], wide, 3).mean((1, 3))


def away(seen: QImage, golden: QImage) -> NDArray[np.bool_]:
    """(rows, columns): blocks whose colour the other picture has nowhere near, either way round.

    Near is the block or one of the eight around it: another font moves what stands below it.
    """
    a, b = blocks(seen), blocks(golden)
    return (_nearest(a, b) > NEAR) | (_nearest(b, a) > NEAR)


def _nearest(of: NDArray[np.float32], to: NDArray[np.float32]) -> NDArray[np.float32]:
    """(rows, columns): how far each block's colour is from the nearest one around its place."""
    framed = np.pad(to, ((1, 1), (1, 1), (0, 0)), constant_values=np.inf)
    rows, columns = of.shape[:2]
    around = [framed[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
    found: NDArray[np.float32] = np.abs(np.stack(around) - of).max(3).min(0)
    return found


def alike(seen: QImage, golden: QImage) -> bool:
    return bool(1 - away(seen, golden).mean() >= SHARE)


def difference(seen: QImage, golden: QImage, path: Path) -> None:
    """What was seen, with red over the blocks that differ, beside the golden picture."""
    wide, high = SMALL[0] // BLOCKS[0], SMALL[1] // BLOCKS[1]
    marked = pixels(seen)
    where = away(seen, golden).repeat(high, 0).repeat(wide, 1)
    marked[where] = marked[where] * 0.5 + np.array([127, 0, 0], np.float32)
    both = np.ascontiguousarray(np.hstack([marked, pixels(golden)]).astype(np.uint8))
    height, width, _ = both.shape
    QImage(both.data, width, height, width * 3, QImage.Format.Format_RGB888).save(str(path))


def golden_of(key: str) -> QImage:
    image = QImage(str(GOLDEN / f"{key}.png"))
    assert not image.isNull(), f"no golden picture of {key}; see the top of {__file__}"
    return image


@pytest.mark.parametrize("key", [info.key for info in views()])
def test_a_view_looks_as_it_did(
    qtbot: QtBot, selection: Selection, plain: None, tmp_path: Path, key: str
) -> None:
    assert key in TRACES, f"give {key} a made-up trace in {__file__}"
    trace, ref = TRACES[key]()
    panel = view(key).create(selection)
    qtbot.addWidget(panel)
    panel.resize(*SIZE)
    panel.show()
    selection.set_trace(trace)
    selection.select(ref)
    if key == "receptive":
        selection.fields_changed.emit(_fields()[1])
    if key == "lineage":  # a bar, not a page
        panel.resize(SIZE[0], panel.sizeHint().height())
    seen = photograph(panel)
    if AGAIN:
        assert seen.save(str(GOLDEN / f"{key}.png"))
    golden = golden_of(key)
    if not alike(seen, golden):
        path = tmp_path / f"{key}-difference.png"
        difference(seen, golden, path)
        share = away(seen, golden).mean()
        pytest.fail(f"{key} looks different in {share:.0%} of its blocks: see {path}")


def test_no_golden_picture_is_left_over_and_all_are_small() -> None:
    files = sorted(GOLDEN.glob("*.png"))
    assert [path.stem for path in files] == sorted(TRACES)
    assert sum(path.stat().st_size for path in files) < 400_000


def test_the_comparison_sees_another_view_and_a_missing_part() -> None:
    keys = sorted(TRACES)
    for key, other in pairwise(keys):
        assert not alike(golden_of(key), golden_of(other)), f"{key} and {other}"
    image = golden_of("anchors")
    emptied = QImage(image)
    for y in range(90):
        for x in range(100):
            emptied.setPixel(x, y, 0xFFF3F4F6)
    assert alike(image, image) and not alike(emptied, image)


def test_the_comparison_forgives_another_font() -> None:
    """Noise of the size of letters: half of the px in a tenth of the blocks' rows a bit darker."""
    image = golden_of("anchors")
    values = pixels(image)
    noise = np.random.default_rng(0).normal(0, 12, values.shape[:2])[..., None]
    letters = np.ascontiguousarray(np.clip(values + noise, 0, 255).astype(np.uint8))
    seen = QImage(letters.data, *SMALL, SMALL[0] * 3, QImage.Format.Format_RGB888)
    assert alike(seen, image)
