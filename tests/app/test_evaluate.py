"""``boxscope evaluate``: published figures, files that hold together, going on after Ctrl-C."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from app.__main__ import main

SCENES = "scenes:1000000-1000002"
CORNERS = ("xmin", "ymin", "xmax", "ymax")


def says(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Two pictures, two classes, one hostile name; no pictures on disk."""
    path = tmp_path / "truth.json"
    boxes = [[0, 0, 10, 10], [20, 20, 30, 40], [50, 50, 20, 20]]
    objects = [
        {"id": i + 1, "image_id": image, "category_id": label, "bbox": box}
        for i, (box, image, label) in enumerate(zip(boxes, (7, 7, 8), (1, 2, 1), strict=True))
    ]
    path.write_text(
        json.dumps(
            {
                "images": [
                    {"id": i, "file_name": f"<{i}>.png", "width": 100, "height": 100}
                    for i in (7, 8)
                ],
                "annotations": [*objects, {"id": 9, "image_id": 99, "category_id": 1}],
                "categories": [{"id": 1, "name": "<b>&cat"}, {"id": 2, "name": "=dog"}],
            }
        )
    )
    return path


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """One right, one badly placed, one on nothing."""
    path = tmp_path / "found.json"
    rows = [(7, 1, [0, 0, 10, 10], 0.9), (7, 2, [20, 20, 30, 16], 0.8), (8, 1, [0, 0, 5, 5], 0.7)]
    names = ("image_id", "category_id", "bbox", "score")
    path.write_text(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
    return path


@pytest.fixture
def evaluate(truth: Path, found: Path, tmp_path: Path) -> Callable[..., Any]:
    """Runs the command on the two files; the JSON file's content."""

    def run(*more: str) -> Any:
        out = tmp_path / "m.json"
        words = ["--detections", str(found), "--ground-truth", str(truth), "--out", str(out)]
        assert main(["evaluate", *words, *more]) == 0
        return json.loads(out.read_text("utf-8"))

    return run


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], "either --detections FILE or --model NAME"),
        (["--detections", "d.json", "--model", "x"], "either --detections"),
        (["--detections", "absent.json"], "absent.json"),
        (["--detections", "d.json", "--stages"], "--stages belongs to --model"),
        (["--detections", "d.json", "--set", "a.b=1"], "--set belongs to --model"),
        (["--model", "boxscope-ssd", "--limit", "-1"], "--limit -1"),
        (["--model", "boxscope-ssd", "--iou", "0"], "IoU threshold 0"),
        (["--model", "x", "--protocol", "lvis"], "--protocol"),
        (["--model", "nothing"], "no model 'nothing'"),
        (["--model", "boxscope-ssd", "--set", "nms"], "stage.param=value"),
        (["--model", "boxscope-ssd", "--out", "m.txt"], ".json, .csv or .html"),
        (["--model", "boxscope-ssd", "--out", "absent/m.json"], "no such folder"),
        (["--model", "boxscope-ssd", "--ground-truth", "scenes:9-1"], "ends before it begins"),
        (["--model", "boxscope-ssd", "--ground-truth", "nowhere"], "nowhere"),
        (["--model", "boxscope-ssd", "--images", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    words: list[str],
    part: str,
    truth: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "m.json"
    whole = ["evaluate", "--ground-truth", str(truth), "--out", str(out), *words]
    try:
        status = main(whole)
    except SystemExit as stop:
        status = int(str(stop.code))
    assert status == 2
    assert part in says(capsys)
    assert not out.exists()


def test_pictures_that_are_nowhere_are_told_once(
    truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--model", "boxscope-ssd", "--results", str(tmp_path), "--device", "cpu"]
    out = str(tmp_path / "m.json")
    assert main(["evaluate", "--ground-truth", str(truth), *words, "--out", out]) == 2
    assert "<7>.png" in says(capsys)


def test_json_holds_the_figures_and_what_was_left_out(
    evaluate: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    found = evaluate()
    # A cat of two is found, before anything false: precision 1 up to recall .5, 51 points of 101.
    assert found["per_class"]["<b>&cat"]["AP"] == pytest.approx(51 / 101)
    assert found["per_class"]["=dog"]["AP"] == 0
    assert found["AP"] == pytest.approx(51 / 202)
    assert found["per_class"]["<b>&cat"]["pr"] == {
        "AP": pytest.approx(51 / 101),
        "score": [0.9, 0.7],
        "recall": [0.5, 0.5],
        "precision": [1.0, 0.5],
        "envelope": [1.0, 0.5],
    }
    assert found["protocol"] == "coco" and "101 points" in found["convention"]
    assert found["left_out"]["count"] == 1 and "99" in found["left_out"]["sentences"][0]
    assert found["errors"]["kinds"]["localisation"]["count"] == 1
    assert found["confusion"]["counts"] == [[1, 0, 1], [0, 0, 1], [1, 1, 0]]
    assert [p["file"] for p in found["worst_pictures"]] == ["<8>.png", "<7>.png"]
    assert "annotation 4" in says(capsys), "what was left out is said"


def test_the_iou_threshold_moves_curves_and_pascal_ap(evaluate: Callable[..., Any]) -> None:
    low = evaluate("--protocol", "voc10", "--iou", "0.3")
    assert low["mAP"] == pytest.approx(0.75) and "IoU 0.3" in low["convention"]
    assert "AP50" not in low and low["errors"]["kinds"]["localisation"]["count"] == 0
    assert evaluate("--protocol", "voc10")["mAP"] == pytest.approx(0.25)
    assert evaluate("--protocol", "voc07")["mAP"] == pytest.approx(6 / 22)


def test_inclusive_boxes_are_larger(evaluate: Callable[..., Any]) -> None:
    plain, inclusive = (evaluate("--iou", "0.41", *more) for more in ((), ("--inclusive",)))
    # A dog of 30 x 40 px found as 30 x 16: IoU .4, and 31 * 17 / (31 * 41) = .415 with + 1.
    assert plain["errors"]["kinds"]["localisation"]["count"] == 1
    assert inclusive["errors"]["kinds"]["localisation"]["count"] == 0
    assert inclusive["AP"] == pytest.approx(plain["AP"]) and "AR1" not in inclusive
    assert "box sides + 1 px" in inclusive["convention"]


def test_limit_takes_the_first_pictures(evaluate: Callable[..., Any]) -> None:
    found = evaluate("--limit", "1")
    assert (found["pictures"], found["ground_truths"], found["detections"]) == (1, 2, 2)


def test_csv_has_a_row_a_class(evaluate: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "m.csv"
    found = evaluate("--out", str(out))
    with out.open(newline="", encoding="utf-8") as file:
        rows = {row["class"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["(mean)", "<b>&cat", "'=dog"], "no name is a formula"
    assert float(rows["(mean)"]["AP"]) == found["AP"]
    assert float(rows["<b>&cat"]["AP50"]) == found["per_class"]["<b>&cat"]["AP50"]
    assert rows["<b>&cat"]["APl"] == "", "what cannot be measured is empty"
    assert {row["convention"] for row in rows.values()} == {found["convention"]}


class Balance(HTMLParser):
    """Fails on a tag that is not closed; collects tags and what they point to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, (tag, self.getpos())


def check_page(text: str) -> Balance:
    """Well-formed, nothing from elsewhere, no script; every chart is drawn by Qt too."""
    page = Balance()
    page.feed(text)
    assert not page.open
    ElementTree.fromstring(text)
    assert not page.tags & {"script", "link", "iframe", "object", "b&cat"}
    assert all(link.startswith("data:image/jpeg;base64,") for link in page.links)
    assert "@import" not in text and "url(" not in text
    charts = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert charts
    for chart in charts:
        ElementTree.fromstring(chart)
        assert QSvgRenderer(QByteArray(chart.encode())).isValid()
        assert "nan" not in chart
    return page


def test_the_report_stands_alone(
    evaluate: Callable[..., Any], tmp_path: Path, qapp: QApplication
) -> None:
    out = tmp_path / "m.html"
    found = evaluate("--out", str(out))
    text = out.read_text("utf-8")
    page = check_page(text)
    assert not page.links, "pictures that are no scenes stay at home"
    assert "&lt;b&gt;&amp;cat" in text and "<b>&cat" not in text
    assert f"{found['AP']:.3f}" in text and found["convention"].split(",")[0] in text
    for word in ("Errors", "Confusion", "Calibration", "Size of objects", "prefers-color-scheme"):
        assert word in text


def test_names_that_no_page_can_hold_are_mended(truth: Path, found: Path, tmp_path: Path) -> None:
    for path in (truth, found):
        data = json.loads(path.read_text())
        for item in data["images"] if isinstance(data, dict) else ():
            item["file_name"], item["id"] = "", f"{item['id']}\x01\ud800"
        for item in data["annotations"] if isinstance(data, dict) else data:
            item["image_id"] = f"{item['image_id']}\x01\ud800"
        path.write_text(json.dumps(data))
    words = ["--detections", str(found), "--ground-truth", str(truth)]
    outs = [tmp_path / f"m{suffix}" for suffix in (".html", ".json", ".csv")]
    assert main(["evaluate", *words, *(f"--out={out}" for out in outs)]) == 0
    check_page(outs[0].read_text("utf-8"))
    assert json.loads(outs[1].read_text("utf-8"))["pictures"] == 2


def test_vocs_one_pixel_is_not_counted_twice(
    found: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corners = "".join(f"<{k}>{v}</{k}>" for k, v in zip(CORNERS, (1, 1, 10, 10), strict=True))
    thing = f"<object><name>dog</name><bndbox>{corners}</bndbox></object>"
    (tmp_path / "7.xml").write_text(f"<annotation>{thing}</annotation>")
    words = ["--detections", str(found), "--ground-truth", str(tmp_path / "7.xml")]
    out = ["--out", str(tmp_path / "m.json"), "--protocol", "voc07"]
    assert main(["evaluate", *words, *out, "--inclusive"]) == 2
    assert "would count it twice; leave --inclusive out" in says(capsys)


def test_a_place_that_takes_no_file_is_told_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.json").mkdir()
    words = ["--model", "boxscope-ssd", "--ground-truth", "nowhere"]
    assert main(["evaluate", *words, "--out", str(tmp_path / "m.json")]) == 2
    assert "m.json is a folder; name a file in it" in says(capsys)


@pytest.mark.parametrize("name", ["bbox", "segm"])
def test_published_coco_figures(real: Path, tmp_path: Path, name: str) -> None:
    folder = real / "oracles" / "coco-eval" / "tests" / "dataset" / "cocoapi"
    out = tmp_path / "m.json"
    words = ["--ground-truth", str(folder / "instances_val2014_100.json")]
    words += ["--detections", str(folder / f"instances_val2014_fake{name}100_results.json")]
    assert main(["evaluate", *words, "--out", str(out)]) == 0
    found = json.loads(out.read_text("utf-8"))
    if name == "bbox":
        published = {"AP": 0.5045806987249628, "AP50": 0.6969727247299577, "AR1": 0.38681277964578}
    else:
        found, published = found["masks"], {"AP": 0.3195452758576433, "AP50": 0.5622883972521636}
    for key, value in published.items():
        assert found[key] == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(("key", "ap"), [("voc10", 0.2456866804), ("voc07", 0.2683982684)])
def test_published_pascal_figures(real: Path, tmp_path: Path, key: str, ap: float) -> None:
    folder, out = real / "oracles" / "pascal-ap", tmp_path / "m.json"
    words = ["--ground-truth", str(folder / "groundtruths"), "--boxes", "xywh"]
    words += ["--detections", str(folder / "detections"), "--protocol", key]
    words += ["--inclusive", "--iou", "0.3", "--out", str(out)]
    assert main(["evaluate", *words]) == 0
    found = json.loads(out.read_text("utf-8"))
    assert found["mAP"] == pytest.approx(ap, abs=1e-9) and "+ 1 px" in found["convention"]


def test_a_model_on_scenes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], qapp: QApplication
) -> None:
    words = ["evaluate", "--model", "boxscope-ssd", "--ground-truth", SCENES]
    words += ["--results", str(tmp_path / "kept"), "--device", "cpu", "--stages"]
    first, again = tmp_path / "m.json", tmp_path / "n.json"
    report, saved = tmp_path / "m.html", tmp_path / "d.json"
    more = ["--out", str(report), "--save-detections", str(saved)]
    assert main([*words, "--out", str(first), *more]) == 0
    assert main([*words, "--out", str(again)]) == 0
    assert capsys.readouterr() == ("", ""), "quiet in a pipe"
    found, twice = (json.loads(path.read_text("utf-8")) for path in (first, again))
    assert found["run"] == "" and "going on after 3" in twice["run"]
    for key in ("made", "run"):
        del found[key], twice[key]
    assert found == twice
    assert found["model"] == "boxscope-ssd" and found["ms_per_picture"] > 0
    assert found["AP50"] > 0.3 and {s["stage"] for s in found["stages"]} >= {"anchors", "nms"}
    page = check_page(report.read_text("utf-8"))
    assert page.links, "scenes are shown"

    # What was saved is measured to the same figures.
    out = tmp_path / "s.json"
    detections = ["--detections", str(saved), "--ground-truth", SCENES, "--out", str(out)]
    assert main(["evaluate", *detections]) == 0
    measured = json.loads(out.read_text("utf-8"))
    assert measured["per_class"] == found["per_class"]


def test_the_real_detector_on_real_photos(real: Path, tmp_path: Path) -> None:
    name, out = "ssdlite320_mobilenet_v3_large", tmp_path / "m.json"
    words = ["--checkpoint", str(real / "weights" / f"{name}_coco-dequant.pth")]
    words += ["--ground-truth", str(real / "coco-sample" / "annotations.json"), "--device", "cpu"]
    words += ["--results", str(tmp_path), "--out", str(out)]
    assert main(["evaluate", "--model", name, *words]) == 0
    found = json.loads(out.read_text("utf-8"))
    assert found["pictures"] == 6 and found["AP"] == pytest.approx(0.325, abs=0.005)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent by a signal")
def test_ctrl_c_keeps_what_was_done(tmp_path: Path) -> None:
    kept, out = tmp_path / "kept", tmp_path / "m.json"
    words = ["--model", "boxscope-ssd", "--ground-truth", "scenes:1000000-1000119", "--device"]
    words += ["cpu", "--results", str(kept), "--out", str(out)]
    # Tests that run behind a shell inherit a SIGINT that is ignored.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from app.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code, "evaluate", *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        cwd=Path(__file__).parents[2],
    )
    end = time.monotonic() + 120
    while time.monotonic() < end and program.poll() is None:
        lines = [p.read_text("utf-8").count("\n") for p in kept.glob("*.jsonl")]
        if lines and lines[0] >= 3:
            break
        time.sleep(0.01)
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=60)
    assert program.returncode == 130
    match = re.fullmatch(
        r"boxscope: stopped after (\d+) of 120 pictures, which are kept; "
        r"the same command goes on from there\.\n",
        said,
    )
    assert match is not None, said
    (file,) = kept.glob("*.jsonl")
    # The picture in hand may have been kept just before its step was told.
    assert int(match[1]) <= file.read_text("utf-8").count("\n") - 1 <= int(match[1]) + 1
    assert int(match[1]) >= 1 and not out.exists()
