"""Pascal VOC XML, YOLO txt and the Pascal tools' txt: conventions, layouts, faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.datasets.opening import open_annotations, open_detections
from engine.datasets.pascal import TextStyle, read_pascal, read_pascal_detections
from engine.datasets.voc import read_voc
from engine.datasets.yolo import read_yolo
from engine.errors import BoxscopeError
from engine.sources.picture import decode_file, upright_size

GOOD = ("dog", "1", "11", "10", "20")


def voc_xml(*objects: tuple[str, ...], size: str = "<width>50</width><height>40</height>") -> str:
    keys = ("name", "xmin", "ymin", "xmax", "ymax")
    things = ""
    for values in objects:
        name, *corners = (f"<{k}>{v}</{k}>" for k, v in zip(keys, values, strict=True))
        things += f"<object>{name}<bndbox>{''.join(corners)}</bndbox></object>"
    return f"<annotation><size>{size}</size>{things}</annotation>"


def picture(path: Path, width: int = 50, height: int = 40, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height)).save(path, **options)
    return path


def text(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    return path


# Pascal VOC


def test_real_voc_files(real: Path) -> None:
    sample = open_annotations(str(real / "voc-sample"))
    assert sample.classes == ("chair", "dog", "person") and sample.left_out_count == 0
    assert [p.id for p in sample.pictures] == ["2007_000063", "2011_003353"]
    assert sample.boxes[0].tolist() == [122, 114, 379, 275]  # 123 115 379 275 counted from 1
    assert sample.xywh[0].tolist() == [122, 114, 257, 161]
    assert sample.folder == real / "voc-sample" / "JPEGImages"
    assert (sample.pictures[0].width, sample.pictures[0].height) == (500, 375)


def test_voc_pixels_are_inclusive_from_one(tmp_path: Path) -> None:
    text(tmp_path / "a.xml", voc_xml(GOOD))
    assert read_voc(tmp_path).boxes.tolist() == [[0, 10, 10, 20]]
    assert read_voc(tmp_path / "a.xml").area.tolist() == [100]


def test_an_image_set_chooses_pictures(tmp_path: Path) -> None:
    for name in "ab":
        text(tmp_path / "Annotations" / f"{name}.xml", voc_xml(GOOD))
    chosen = text(tmp_path / "ImageSets" / "Main" / "dog_val.txt", "b  1\nmissing -1\n")
    result = open_annotations(str(chosen))
    assert [p.id for p in result.pictures] == ["b"] and result.left_out_count == 1
    assert "missing.xml: there is no such file" in result.left_out[0]
    assert len(open_annotations(str(tmp_path)).pictures) == 2


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (("", "1", "1", "9", "9"), "no name"),
        (("dog", "", "1", "9", "9"), "xmin of its box is '', not a number"),
        (("dog", "one", "1", "9", "9"), "xmin of its box is 'one', not a number"),
        (("dog", "nan", "1", "9", "9"), "no number"),
        (("dog", "1", "1", "1e308", "9"), "larger than any picture"),
        (("dog", "1", "1", "inf", "9"), "no number"),
        (("dog", "9", "1", "1", "9"), "negative width or height"),
        (("dog", "60", "1", "70", "9"), "outside the picture"),
    ],
)
def test_a_voc_object_that_cannot_be_used_is_named(
    tmp_path: Path, thing: tuple[str, ...], says: str
) -> None:
    text(tmp_path / "a.xml", voc_xml(GOOD, thing))
    result = read_voc(tmp_path)
    assert len(result) == 1 and result.left_out_count == 1
    assert says in result.left_out[0] and "a.xml, object 2" in result.left_out[0]


BOMB = '<!DOCTYPE b [<!ENTITY a "aaaa">' + "".join(
    f'<!ENTITY {chr(98 + k)} "{("&" + chr(97 + k) + ";") * 10}">' for k in range(20)
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (BOMB + "]><annotation><object><name>&u;</name></object></annotation>", "not allowed"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>', "not allowed"),
        ("<annotation>", "not valid XML"),
        ("<a>" * 50_000 + "</a>" * 50_000, "not a VOC annotation"),
        ("<kitti/>", "not a VOC annotation"),
        ("\ufeff", "not valid XML"),
        ("", "empty"),
    ],
    ids=["bomb", "external", "cut", "deep", "other", "mark", "empty"],
)
def test_a_voc_file_of_no_use_leaves_the_others(tmp_path: Path, content: str, says: str) -> None:
    text(tmp_path / "a.xml", content)
    with pytest.raises(BoxscopeError, match=says):
        read_voc(tmp_path)
    text(tmp_path / "b.xml", voc_xml(GOOD))
    result = read_voc(tmp_path)
    assert len(result.pictures) == 1 and result.left_out_count == 1 and says in result.left_out[0]


def test_a_voc_file_that_is_not_utf8(tmp_path: Path) -> None:
    declared = '<?xml version="1.0" encoding="{}"?>' + voc_xml(("ñu", *GOOD[1:]))
    (tmp_path / "a.xml").write_bytes(declared.format("latin-1").encode("latin-1"))
    (tmp_path / "b.xml").write_bytes(declared.format("utf-8").encode("latin-1"))
    (tmp_path / "c.xml").write_bytes(declared.format("klingon").encode())
    result = read_voc(tmp_path)
    assert result.classes == ("ñu",) and result.left_out_count == 2


# YOLO


def yolo(root: Path) -> Path:
    """images/val and labels/val with two pictures, one of them without a label."""
    picture(root / "images" / "val" / "a.png")
    picture(root / "images" / "val" / "b.png", 20, 10)
    text(root / "labels" / "val" / "a.txt", "0 0.5 0.5 0.2 0.5\n1 0 0 1 0 0.5 1\n")
    text(root / "data.yaml", "path: .\nval: images/val\nnames:\n  0: cat\n  1: dog\n")
    return root


@pytest.mark.parametrize("where", [".", "data.yaml", "labels", "labels/val", "images/val"])
def test_yolo_layouts_are_found(tmp_path: Path, where: str) -> None:
    result = open_annotations(str(yolo(tmp_path) / where))
    assert result.xywh.tolist() == [[20, 10, 10, 20], [0, 0, 50, 40]]
    assert result.classes == ("cat", "dog") and result.class_ids == (0, 1)
    assert [(p.width, p.height) for p in result.pictures] == [(50, 40), (20, 10)]
    assert all((path := result.path_of(row)) and path.is_file() for row in range(2))
    assert result.masks is not None and result.masks[0] is None and result.masks[1] is not None
    assert result.left_out_count == 0


@pytest.mark.parametrize(
    ("file", "content"),
    [("classes.txt", "cat\ndog\n"), ("obj.names", "cat\ndog"), ("set.yaml", "names: [cat, dog]")],
)
def test_names_beside_labels(tmp_path: Path, file: str, content: str) -> None:
    picture(tmp_path / "a.jpg")
    text(tmp_path / "a.txt", "1 .5 .5 .5 .5\n")
    text(tmp_path / file, content)
    result = open_annotations(str(tmp_path))
    assert result.classes == ("cat", "dog") and result.labels.tolist() == [1]


def test_a_list_of_pictures(tmp_path: Path) -> None:
    yolo(tmp_path)
    text(
        tmp_path / "val.txt",
        "images/val/a.png\n./images/val/b.png\nimages/val/none.png\n" + "x" * 5000,
    )
    text(tmp_path / "data.yaml", "val: val.txt\nnames: [cat, dog]\n")
    result = open_annotations(str(tmp_path / "data.yaml"))
    assert [p.id for p in result.pictures] == ["a", "b"] and len(result) == 2


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("2 .5 .5 .5 .5", "no class '2'"),
        ("-1 .5 .5 .5 .5", "no class '-1'"),
        ("dog .5 .5 .5 .5", "no class 'dog'"),
        ("0.5 .5 .5 .5 .5", "no class '0.5'"),
        ("0 .5 .5 .5", "neither a box nor a polygon"),
        ("0", "neither a box nor a polygon"),
        ("0 .5 .5 .5 .5 .5", "neither a box nor a polygon"),
        ("0 nan .5 .5 .5", "no number"),
        ("0 .5 .5 .5 x", "no number"),
        ("0 .5 .5 1e308 .5", "no shares"),
        ("0 25 20 10 10", "no shares"),
        ("0 .5 .5 0 .5", "no area"),
        ("0 .5 .5 -.5 .5", "negative"),
        ("0 -.5 .5 .5 .5", "outside the picture"),
    ],
)
def test_a_yolo_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, says: str) -> None:
    yolo(tmp_path)
    text(tmp_path / "labels" / "val" / "b.txt", f"\n0 .5 .5 .5 .5\n{line}\n")
    result = read_yolo(tmp_path)
    assert len(result) == 3 and result.left_out_count == 1
    assert says in result.left_out[0] and "b.txt, line 3" in result.left_out[0]


def test_yolo_pictures_that_are_missing_or_damaged(tmp_path: Path) -> None:
    yolo(tmp_path)
    text(tmp_path / "labels" / "val" / "gone.txt", "0 .5 .5 .5 .5\n")
    text(tmp_path / "images" / "val" / "c.png", "no picture")
    (tmp_path / "labels" / "val" / "b.txt").write_bytes(b"\xff\xfe\0")
    result = read_yolo(tmp_path)
    assert len(result.pictures) == 2 and len(result) == 2 and result.left_out_count == 3
    told = " ".join(result.left_out)
    assert "gone.txt" in told and "c.png" in told and "not a text file in UTF-8" in told


MERGES = "a0: &a0 {k: v}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 40)
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("names: 5", "no list of classes"),
        ("names: {1000000000000: a}", "no list of classes"),
        ("- a", "holds a list"),
        ("[ " * 200_000, "nested too deep"),
        ("- " * 200_000, "nested too deep"),
        ("names: [a, b", "not valid YAML"),
        ("!!python/object/apply:os.system [exit]", "not valid YAML|holds|no list"),
        (MERGES + "names: [a]", "names no folder of pictures"),
        (f"names: [a]\nval: {'x' * 5000}", "names no folder of pictures"),
        ('names: [a]\nval: "a\\0"\npath: ~nobody-here', "names no folder of pictures"),
        ("names: [a]\nval: nowhere", "names no folder of pictures"),
        ("names: [a]\nval: [[1]]\ntest: {a: 1}", "names no folder of pictures"),
        ("", "empty"),
    ],
)
def test_yolo_settings_of_no_use(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(BoxscopeError, match=says):
        open_annotations(str(text(tmp_path / "data.yaml", content)))


def test_yolo_detections_have_the_score_last(tmp_path: Path) -> None:
    truth = open_annotations(str(yolo(tmp_path / "set")))
    text(tmp_path / "found" / "a.txt", "0 .5 .5 .2 .5 .75\n1 0 0 1 0 .5 1 .25\n9 .5 .5 .5 .5 1\n")
    text(tmp_path / "found" / "z.txt", "0 .5 .5 .2 .5 .75\n")
    found = open_detections(str(tmp_path / "found"), truth)
    assert found.scores.tolist() == [0.75, 0.25] and found.labels.tolist() == [0, 1]
    assert np.array_equal(found.xywh, truth.xywh) and found.left_out_count == 2


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_sizes_are_those_of_the_upright_picture(
    tmp_path: Path, orientation: int, suffix: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = picture(tmp_path / f"a.{suffix}", 30, 20, exif=exif)
    height, width, _ = decode_file(file).shape
    assert upright_size(file) == (width, height)
    assert upright_size(tmp_path) == (0, 0)


def test_sizes_of_odd_pictures(real: Path) -> None:
    checked = 0
    for file in sorted((real / "odd-images").rglob("*")):
        if file.is_file():
            try:
                height, width, _ = decode_file(file).shape
            except BoxscopeError:
                continue
            checked += 1
            assert upright_size(file) == (width, height), file.name
    assert checked > 20


# The Pascal tools


@pytest.mark.parametrize("kind", ["", "_rel"])
def test_real_pascal_files(real: Path, kind: str) -> None:
    folder, style = real / "oracles" / "pascal-ap", TextStyle(size=(200, 200))
    truth = open_annotations(str(folder / f"groundtruths{kind}"), style=style)
    found = open_detections(str(folder / f"detections{kind}"), truth, style=style)
    assert (len(truth.pictures), len(truth), len(found)) == (7, 15, 24)
    assert truth.left_out_count == found.left_out_count == 0
    np.testing.assert_allclose(truth.xywh[:2], [[25, 16, 38, 56], [129, 123, 41, 62]], atol=1e-9)
    np.testing.assert_allclose(found.xywh[0], [5, 67, 31, 48], atol=1e-9)
    assert found.scores[:3].tolist() == [0.88, 0.70, 0.80]


def test_relative_boxes_need_a_size(real: Path) -> None:
    with pytest.raises(BoxscopeError, match="need the size of picture 00001"):
        read_pascal(real / "oracles" / "pascal-ap" / "groundtruths_rel")


@pytest.mark.parametrize(
    ("style", "line", "box"),
    [
        (None, "old dog 10 20 30 40", [10, 20, 30, 40]),
        (None, "old dog 30 20 10 5", [30, 20, 40, 25]),
        (TextStyle(boxes="xywh"), "old dog 10 20 30 40", [10, 20, 40, 60]),
        (TextStyle(boxes="xyxy", relative=True), "old dog .2 .25 .4 .5", [10, 10, 20, 20]),
        (TextStyle(boxes="xywh", relative=True), "old dog .5 .5 .2 .5", [20, 10, 30, 30]),
        (TextStyle(boxes="xyxy", relative=False), "old dog 0 0 1 1", [0, 0, 1, 1]),
        (None, "old dog 10 20 30 40 difficult", [10, 20, 30, 40]),
    ],
)
def test_styles_of_boxes(
    tmp_path: Path, style: TextStyle | None, line: str, box: list[float]
) -> None:
    picture(tmp_path / "images" / "a.png")
    text(tmp_path / "truth" / "a.txt", line + "\n")
    truth = open_annotations(str(tmp_path / "truth"), style=style)
    np.testing.assert_allclose(truth.boxes, [box])
    assert truth.classes == ("old dog",) and truth.ignored[0] == line.endswith("difficult")
    assert truth.path_of(0) == tmp_path / "images" / "a.png"
    assert bool(truth.notes) == (style is None)


def test_faults_in_pascal_files_are_named(tmp_path: Path) -> None:
    text(tmp_path / "truth" / "a.txt", "dog 1 1 9 9\ndog 1 2\nx y z\ndog nan 1 1 1\ndog 1 1 1 9\n")
    truth = read_pascal(tmp_path / "truth")
    assert len(truth) == 1 and truth.left_out_count == 4
    text(tmp_path / "found" / "a.txt", "dog .5 1 1 9 9\ncat .5 1 1 9 9\ndog x 1 1 9 9\n")
    text(tmp_path / "found" / "b.txt", "dog .5 1 1 9 9\n")
    found = read_pascal_detections(tmp_path / "found", truth)
    assert len(found) == 1 and found.left_out_count == 3
    told = " ".join(found.left_out)
    assert "no class 'cat'" in told and "no picture 'b'" in told and "a.txt, line 3" in told
    text(tmp_path / "none" / "b.txt", "dog .5 1 1 9 9\n")
    with pytest.raises(BoxscopeError, match="no usable detection"):
        read_pascal_detections(tmp_path / "none", truth)


def test_results_of_the_development_kit(tmp_path: Path) -> None:
    text(tmp_path / "truth" / "2007_000063.xml", voc_xml(GOOD))
    truth = open_annotations(str(tmp_path / "truth"))
    kit = text(tmp_path / "comp4_det_test_dog.txt", "2007_000063 0.5 1 11 10 20\nx 0.5 1 1 9 9\n")
    found = open_detections(str(kit), truth)
    assert np.array_equal(found.boxes, truth.boxes) and found.left_out_count == 1
