"""The command line: exit status, one clear line, no traceback."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.__main__ import main
from app.cli import COMMANDS

MODEL = "boxscope-maskrcnn"


def picture(path: Path) -> Path:
    from engine.scenes import draw

    assert cv2.imwrite(str(path), draw(3).pixels[:, :, ::-1])
    return path


def says(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert command in capsys.readouterr().out


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert all(f"  {command} " in text for command in COMMANDS)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["trace"], "required"),
        (["trace", "x.png", "--out", "y.txt"], ".json, .jsonl or .npz"),
        (["trace", "x.png", "--colour", "--out", "y.json"], "unrecognized"),
        (["trace", "x.png", "--frames", "-3", "--out", "y.jsonl"], "--frames -3"),
        (["snapshot", "x.png", "--out", "y.bmp"], ".png or .svg"),
        (["snapshot", ".", "--out", __file__], "name a folder"),
        (["snapshot", "x.png", "--size", "big", "--out", "y.png"], "WxH"),
        (["snapshot", "x.png", "--size", "1x1", "--out", "y.png"], "16 to 16384"),
        (["snapshot", "x.png", "--select", "nms", "--out", "y.png"], "STAGE:ROW"),
        (["bench", "nothing"], "not a subject"),
        (["modles"], "no command of that name"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(
    words: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(words)
    except SystemExit as stop:
        status = int(str(stop.code))
    assert status == 2
    assert part in says(capsys)


@pytest.mark.parametrize(
    ("extra", "part"),
    [
        (["--model", "nothing"], "no model 'nothing'"),
        (["--set", "nms.nms_thresh"], "stage.param=value"),
        (["--set", "nms.sharpness=1"], "no parameter 'nms.sharpness'"),
        (["--set", "nms.nms_thresh=7"], "outside its range"),
        (["--set", "nms.nms_thresh=many"], "not a number"),
        (["--device", "cuda:99"], "CUDA"),
        (["--checkpoint", "absent.pth"], "absent.pth"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    extra: list[str], part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "t.json"
    source = str(picture(tmp_path / "p.png"))
    assert main(["trace", source, *extra, "--out", str(out)]) == 2
    assert part in says(capsys)
    assert not out.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.png"], "a temporary file was left"


def test_an_absent_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(tmp_path / "no.png"), "--out", str(tmp_path / "t.json")]) == 2
    assert "no.png" in says(capsys)


def test_an_unwritable_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(picture(tmp_path / "p.png"))
    assert main(["trace", source, "--out", str(tmp_path / "absent" / "t.json")]) == 2
    assert "absent" in says(capsys)


def test_debug_shows_the_error(tmp_path: Path) -> None:
    from engine.errors import BoxscopeError

    with pytest.raises(BoxscopeError):
        main(["trace", str(tmp_path / "no.png"), "--out", str(tmp_path / "t.json"), "--debug"])


def test_trace_json_follows_the_schema(tmp_path: Path) -> None:
    source, out = picture(tmp_path / "p.png"), tmp_path / "t.json"
    assert main(["trace", str(source), "--model", MODEL, "--out", str(out)]) == 0
    trace = json.loads(out.read_text("utf-8"))
    assert trace["schema"] == 1
    assert trace["model"] == MODEL
    assert trace["image"] == {"width": 256, "height": 256}
    stages = {s["name"]: s for s in trace["stages"]}
    assert stages["anchors"]["rows"] > stages["rpn_nms"]["rows"] > stages["proposals"]["kept"] > 0
    assert stages["nms"]["params"]["nms_thresh"] == pytest.approx(0.5)
    for s in stages.values():
        if s["rows"] is not None:
            assert sum(s["reasons"].values()) == s["rows"]
            assert s["reasons"].get("KEPT", 0) == s["kept"]
    assert len(trace["detections"]) == stages["detections"]["kept"] > 0
    first = trace["detections"][0]
    assert 0 < first["score"] <= 1
    assert first["name"]
    x1, y1, x2, y2 = first["box"]
    assert 0 <= x1 < x2 <= 256
    assert 0 <= y1 < y2 <= 256
    chain = [step["stage"] for step in first["lineage"]]
    assert chain[0] == "detections"
    assert chain[-1] == "anchors"


def test_trace_npz_holds_every_table(tmp_path: Path) -> None:
    source, out = picture(tmp_path / "p.png"), tmp_path / "t.npz"
    assert main(["trace", str(source), "--out", str(out)]) == 0
    with np.load(out, allow_pickle=False) as arrays:
        assert arrays["image"].tolist() == [256, 256]
        parent = arrays["detections/parent"]
        assert (arrays["nms/boxes"][parent] == arrays["detections/boxes"]).all()
        for column in ("boxes", "scores", "labels", "parent", "reason", "by"):
            assert len(arrays[f"anchors/{column}"]) == len(arrays["anchors/boxes"])


def test_a_moved_parameter_moves_the_result(tmp_path: Path) -> None:
    source, counts = picture(tmp_path / "p.png"), []
    for value in ("0.05", "0.99"):
        out = tmp_path / f"{value}.json"
        moved = f"score_threshold.score_thresh={value}"
        assert main(["trace", str(source), "--set", moved, "--out", str(out)]) == 0
        counts.append(len(json.loads(out.read_text())["detections"]))
    assert counts[0] > counts[1]


def test_a_folder_goes_on_after_a_bad_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    picture(folder / "a1.png")
    (folder / "a2.png").write_bytes(b"\x89PNG\r\n\x1a\n but no more")
    picture(folder / "a10.png")
    out = tmp_path / "t.jsonl"
    assert main(["trace", str(folder), "--out", str(out)]) == 0
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [Path(line["source"]).name for line in lines] == ["a1.png", "a2.png", "a10.png"]
    assert [("error" in line) for line in lines] == [False, True, False]
    assert "a2.png" in lines[1]["error"]
    assert "2 traced, 1 could not be read" in says(capsys)


def test_a_folder_needs_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture(tmp_path / "a.png"), picture(tmp_path / "b.png")
    assert main(["trace", str(tmp_path), "--out", str(tmp_path / "t.json")]) == 2
    assert ".jsonl" in says(capsys)


def test_models_lists_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows[MODEL]["state"] == "shipped"
    assert rows["ssd300_vgg16"]["state"] in ("cached", "needs download")
    assert main(["models"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(rows) + 1


def test_the_real_detector_finds_the_dog(real: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    name = "ssdlite320_mobilenet_v3_large"
    weights = real / "weights" / f"{name}_coco-dequant.pth"
    words = ["--model", name, "--checkpoint", str(weights), "--out", str(out)]
    assert main(["trace", str(real / "photos"), *words]) == 0
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    (dog,) = [line for line in lines if line["source"].endswith("dog.jpg")]
    best = {d["name"]: d["score"] for d in reversed(dog["detections"])}
    for label, score in {"bicycle": 0.972, "dog": 0.813, "car": 0.791}.items():
        assert best[label] == pytest.approx(score, abs=0.001)


def test_a_dead_stream_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "t.jsonl"
    assert main(["trace", "http://127.0.0.1:1/x", "--frames", "1", "--out", str(out)]) == 2
    assert "127.0.0.1:1" in says(capsys)
    assert not out.exists()
