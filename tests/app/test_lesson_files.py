"""The file of a lesson: what it may say, what a step inherits, which box it means."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from app.__main__ import main
from app.lessons.lesson import Step, find, read, scenes, shipped
from app.lessons.pick import fill, pick
from engine.errors import BoxscopeError
from engine.table import Table
from engine.trace import Ref
from tests.widgets.factory import toy_trace, trace_of

STEP = '[[step]]\ntitle = "a"\ntext = "b"\n'


def lesson_file(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_step_takes_over_what_it_does_not_name(tmp_path: Path) -> None:
    text = f"""title = "t"
    {STEP}
    source = "scene:1"
    model = "m"
    stage = "nms"
    view = "nms"
    set = {{ "nms.nms_thresh" = 0.25 }}
    select = "nms:best"
    rejected = true
    {STEP}
    {STEP}
    model = "n"
    {STEP}
    set = {{}}
    view = ""
    model = "m"
    """.replace("    ", "")
    first, second, third, last = scenes(read(lesson_file(tmp_path, text)))
    assert (second.source, second.model, second.stage, second.view) == (
        "scene:1",
        "m",
        "nms",
        "nms",
    )
    assert second.settings == {"nms.nms_thresh": 0.25} == first.settings
    assert first.select == "nms:best" and first.rejected
    assert second.select == "" and not second.rejected  # these belong to one step
    assert (third.model, third.stage, third.settings) == ("n", "", {}) and third.view == "nms"
    assert (last.model, last.stage, last.settings, last.view) == ("m", "", {}, "")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "has no 'title'"),
        ('title = "t"', "has no steps"),
        ('title = "t"\nstep = 3', "'step' must be a list of [[step]]"),
        ('title = "t"\nstep = [3]', "step 1: is no table"),
        (f'title = 3\n{STEP}', "'title' must be text"),
        (f'title = "t"\norder = true\n{STEP}', "'order' must be a whole number"),
        (f'title = "t"\n{STEP}{STEP}colour = "red"', "step 2: knows no 'colour'"),
        (f'titel = "t"\ntitle = "t"\n{STEP}', "knows no 'titel'"),
        ('title = "t"\n[[step]]\ntitle = "a"', "step 1: has no 'text'"),
        (f'title = "t"\n{STEP}rejected = 1', "'rejected' must be true or false"),
        (f'title = "t"\n{STEP}set = {{ nms = 1 }}', '"nms"'),
        (f'title = "t"\n{STEP}set = {{ "a.b" = [1] }}', '"a.b"'),
        (f'title = "t"\n{STEP}set = {{ a.b = 1 }}', '"stage.param" = value'),
        ('title = "t"\ntitle = "u"', "is not a lesson in TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_in_one_sentence(text: str, part: str, tmp_path: Path) -> None:
    path = lesson_file(tmp_path, text)
    with pytest.raises(BoxscopeError) as wrong:
        read(path)
    assert part in str(wrong.value) and str(wrong.value).startswith(str(path))
    assert "\n" not in str(wrong.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BoxscopeError, match="cannot be read"):
        find(str(tmp_path / "none.toml"))
    with pytest.raises(BoxscopeError, match="cannot be read"):
        find(f"{tmp_path}/")
    path = tmp_path / "latin.toml"
    path.write_bytes("title = 'Größe'".encode("latin-1"))
    with pytest.raises(BoxscopeError, match="UTF-8"):
        find(str(path))


def test_a_file_beside_the_lesson_is_meant_from_there(tmp_path: Path) -> None:
    (tmp_path / "street.png").touch()
    text = f'title = "t"\n{STEP}source = "street.png"\n{STEP}source = "scene:3"\n{STEP}source = ""'
    first, scene, none = read(lesson_file(tmp_path, text)).steps
    assert first.source == str(tmp_path / "street.png")
    assert (scene.source, none.source) == ("scene:3", "")


def test_lessons_are_found_by_name() -> None:
    assert find("nms").title == next(x.title for x in shipped() if x.name == "nms")
    assert all(lesson.path == "" for lesson in shipped())
    with pytest.raises(BoxscopeError, match=r"no lesson 'knitting'.*anchors"):
        find("knitting")


def test_the_command_line_refuses_an_unknown_lesson(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["--lesson", "knitting"]) == 2
    assert main(["--lesson", str(lesson_file(tmp_path, "title = 1"))]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 2 and "knitting" in lines[0] and "own.toml" in lines[1]


@pytest.mark.parametrize(
    ("which", "row"),
    [
        ("nms:best", 0),
        ("nms:worst", 2),
        ("nms:largest", 2),
        ("nms:smallest", 0),
        ("nms:suppressed", 1),
        ("nms:1", 1),
        ("nms:3", None),
        ("score_threshold:low_score", 3),
        ("nms:tiny", None),
    ],
)
def test_which_box_is_meant(which: str, row: int | None) -> None:
    expected = None if row is None else Ref(which.partition(":")[0], row)
    assert pick(toy_trace(), which) == expected


def test_of_no_boxes_none_is_the_best() -> None:
    empty = trace_of({"nms": (Table.of(np.zeros((0, 4)), []), None)}, final="nms")
    assert pick(empty, "nms:best") is None and pick(empty, "nms:0") is None


@pytest.mark.parametrize("which", ["nms", "nms:", "nms:funny", "input:best", "none:0", ""])
def test_words_that_mean_nothing_are_refused(which: str) -> None:
    with pytest.raises(BoxscopeError, match="select = "):
        pick(toy_trace(), which)


def test_numbers_in_the_text_are_the_trace_s() -> None:
    text = "{rows:nms} in, {kept:nms} left, {suppressed:nms} gone, {tiny:nms} tiny; {funny:nms}"
    assert fill(text, toy_trace()) == "3 in, 2 left, 1 gone, 0 tiny; {funny:nms}"
    assert fill("{rows:input} {rows:none}", toy_trace()) == "… …"
    assert fill("{rows:nms}", None) == "…"


def test_the_page_about_lessons_is_true(tmp_path: Path) -> None:
    """Its list has every lesson, its example can be read, and its tables name every entry."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "lessons.md").read_text("utf-8")
    listed = re.findall(r"^\| `([\w-]+)` \| [a-zA-Z]", page.split("## A lesson")[0], re.MULTILINE)
    assert listed == [lesson.name for lesson in shipped()]
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (step,) = read(lesson_file(tmp_path, example)).steps
    assert step.answer and step.settings and step.rejected
    entries = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\|[^|]*", page, re.MULTILINE))))
    for key in (*(f.name for f in fields(Step) if f.name != "settings"), "set", "about", "order"):
        assert key in entries, key
