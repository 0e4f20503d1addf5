"""``snapshot`` and ``tour``: real pictures of the real views, without a display."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtWidgets import QApplication

from app.__main__ import main
from widgets.views import views

NOT_SHIPPED = {"keypoints"}  # views that only a model from the network has stages for


def pixels(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def colours(path: Path) -> int:
    """How many different colours a picture has: a blank one has one."""
    return len(np.unique(pixels(path).reshape(-1, 3), axis=0))


def test_a_snapshot_has_the_size_that_was_asked_for(
    qapp: QApplication, picture: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "s.png"
    words = ["--stage", "nms", "--rejected", "--size", "640x480", "--out", str(out)]
    assert main(["snapshot", str(picture()), *words]) == 0
    with Image.open(out) as image:
        assert image.size == (640, 480)
    assert colours(out) > 100


def test_a_snapshot_can_be_svg(
    qapp: QApplication, picture: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "s.svg"
    assert main(["snapshot", str(picture()), "--view", "scores", "--out", str(out)]) == 0
    root = ElementTree.parse(out).getroot()
    assert root.tag.endswith("svg")
    assert len(list(root.iter())) > 50


def test_a_folder_of_snapshots_goes_on_after_a_bad_file(
    qapp: QApplication,
    picture: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = picture("a.png").parent
    picture("b.png", 5)
    (folder / "bad.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    assert main(["snapshot", str(folder), "--size", "320x240", "--out", str(out)]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["a.png", "b.png"]
    assert "bad.png" in capsys.readouterr().err


def test_pictures_of_one_name_get_a_snapshot_each(
    qapp: QApplication, picture: Callable[..., Path], tmp_path: Path
) -> None:
    folder = picture("a.bmp").parent
    picture("a.png", 5)
    out = tmp_path / "out"
    assert main(["snapshot", str(folder), "--size", "64x48", "--out", str(out)]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["a.png", "a.png.png"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--view", "nothing"], "not a view"),
        (["--stage", "nothing"], "--stage nothing"),
        (["--select", "nms:99999"], "rows there"),
        (["--select", "backbone:0"], "no boxes there"),
    ],
)
def test_what_is_not_there_is_one_line(
    qapp: QApplication,
    picture: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    part: str,
) -> None:
    out = tmp_path / "s.png"
    assert main(["snapshot", str(picture()), *words, "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert part in line
    assert not out.exists()


def test_the_tour_shows_every_view_light_and_dark(qapp: QApplication, tmp_path: Path) -> None:
    assert main(["tour", str(tmp_path / "tour")]) == 0
    made = {p.stem: p for p in (tmp_path / "tour").iterdir()}
    shown = [info for info in views() if info.key not in NOT_SHIPPED]
    wanted = {f"view-{info.key}-{theme}" for info in shown for theme in ("light", "dark")}
    assert wanted <= set(made)
    assert {"window-light", "window-dark"} <= set(made)
    for name, path in made.items():
        assert colours(path) > 30, f"{name} is nearly blank"
    light, dark = (pixels(made[f"window-{theme}"]).mean() for theme in ("light", "dark"))
    assert light > dark + 30
