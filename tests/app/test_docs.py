"""What the documents state about a trace is what the shipped model computes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from engine.grid_loss import grid_loss, grid_of
from engine.session import ModelChoice, Request, Session
from engine.sources import open_source
from engine.trace import Ref, Trace

TERMS = {
    "xy": "centre", "wh": "size", "object": "object", "no_object": "no object", "class": "class",
}  # fmt: skip
DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def trace() -> Trace:
    with open_source("scene:11") as source:
        frame = source.read()
    assert frame is not None
    return Session().run(Request(frame, ModelChoice("boxscope-maskrcnn")))


@pytest.fixture(scope="module")
def page() -> str:
    return (DOCS / "trace.md").read_text("utf-8")


def test_the_table_of_stages(trace: Trace, page: str) -> None:
    rows = re.findall(r"^\| (\w+) \| *(\d*) *\| *(\d*) *\|", page, re.MULTILINE)
    stated = {name: (rows_, kept) for name, rows_, kept in rows}
    computed = {
        name: (str(len(r.table)), str(len(r.table.kept))) if r.table is not None else ("", "")
        for name, r in trace.stages.items()
    }
    assert stated == computed


def test_the_lineage_of_the_best_detection(trace: Trace, page: str) -> None:
    chain = trace.lineage(Ref("detections", 0))
    for stage in ("nms", "score_threshold", "decode", "class_scores", "roi_level", "anchors"):
        (ref,) = [r for r in chain if r.stage == stage]
        assert f"{stage}:{ref.row}" in page
    at = {ref.stage: ref.row for ref in chain}
    box = trace.boxes_image("detections")[0]
    assert ", ".join(f"{v:.2f}" for v in box) in page
    deltas = trace.stages["class_deltas"].arrays["deltas"].reshape(-1, len(trace.classes), 4)
    label = int(trace.table("detections").labels[0])
    assert ", ".join(f"{v:.4f}" for v in deltas[at["class_scores"], label]) in page
    rpn = trace.stages["rpn_deltas"].arrays["deltas"][at["anchors"]]
    assert ", ".join(f"{v:.4f}" for v in rpn) in page
    suppressed = np.flatnonzero(trace.table("nms").by == at["nms"])
    assert len(suppressed) == 8
    assert "Eight candidates" in page


def test_the_grid_of_yolo(page: str) -> None:
    with open_source("scene:11") as source:
        frame = source.read()
    assert frame is not None and frame.truth is not None
    trace = Session().run(Request(frame, ModelChoice("boxscope-yolo")))
    rows = re.findall(r"^\| `(\w+)` \| *(\d*) *\| *(\d*) *\|", page, re.MULTILINE)
    computed = [
        (name, str(len(r.table)), str(len(r.table.kept))) if r.table is not None else (name, "", "")
        for name, r in trace.stages.items()
    ]
    assert rows == computed
    row = int(trace.ancestors("cells", np.array([0]), of="detections")[0])
    assert f"cells:{row}" in page
    for value in (trace.table("confidence").scores[row], trace.table("class_scores").scores[row]):
        assert f"{value:.4f}" in page
    grid = grid_of(trace)
    assert grid is not None
    loss = grid_loss(grid, trace.transform.to_network(frame.truth.boxes), frame.truth.labels)
    stated = ", ".join(f"{TERMS[n]} {v:.3f}" for n, v in loss.totals.items())
    assert stated in page.replace("\n", " ")
    assert f"Objects {' and '.join(map(str, loss.crowded))} " in page


def test_every_linked_file_exists() -> None:
    root = DOCS.parent
    for document in [root / "README.md", *DOCS.glob("*.md"), root / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name} names {target}"
