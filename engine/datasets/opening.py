"""From what the user wrote to annotations and detections: the kind is told by what lies there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.datasets import text
from engine.datasets.annotations import Annotations, Detections
from engine.datasets.coco import read_coco
from engine.datasets.pascal import TextStyle, read_pascal, read_pascal_detections
from engine.datasets.reading import LeftOut, clean, to_int
from engine.datasets.results import read_results
from engine.datasets.scenes import is_scenes, read_scenes
from engine.datasets.voc import is_voc, read_voc
from engine.datasets.yolo import read_yolo, read_yolo_detections
from engine.datasets.yolo_layout import yaml_of
from engine.errors import BoxscopeError

_SOME_LINES = 200
_TRUTH = (
    "a COCO JSON file, Pascal VOC XML files or a VOC folder, YOLO txt files or data.yaml, "
    "txt files of the Pascal tools, or scenes:FIRST-LAST"
)


def open_annotations(
    where: str,
    images: str | None = None,
    *,
    style: TextStyle | None = None,
    progress: Callable[[int, int], bool] | None = None,
) -> Annotations:
    """The ground truth at ``where``, of whatever kind it is.

    ``images``: the folder of the pictures, where it is not the usual one; ``style``: what the
    numbers of Pascal tools' txt files are; ``progress`` (done, all) of drawing scenes, True stops
    with Cancelled. Raises BoxscopeError with one sentence when nothing can be used.
    """
    if is_scenes(where):
        return read_scenes(where, progress)
    path = _existing(where)
    folder = _existing(images) if images else None
    if folder is not None and not folder.is_dir():
        raise BoxscopeError(f"{images}: this is not a folder of pictures.")
    if path.is_dir():
        return _annotations_of(path, folder, style)
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        return read_yolo(path, folder)
    first = _first_letter(path)
    if first == "<" or (suffix == ".txt" and (path.parents[2:] and _is_image_set(path))):
        return read_voc(path, folder)
    if first in "{[" or suffix == ".json":
        return read_coco(path, folder)
    if suffix == ".txt":
        if _is_yolo([path]):
            raise BoxscopeError(f"{path} is one YOLO label; name the folder of the labels.")
        return read_pascal(path, folder, style)
    raise BoxscopeError(f"{path} is none of what can be read: {_TRUTH}.")


def open_detections(
    where: str, annotations: Annotations, *, style: TextStyle | None = None
) -> Detections:
    """The detections at ``where``, for the pictures and classes of ``annotations``.

    COCO results JSON, or txt files of YOLO or of the Pascal tools. Raises BoxscopeError with one
    sentence when nothing can be used.
    """
    path = _existing(where)
    if path.is_file() and path.suffix.lower() != ".txt":
        return read_results(path, annotations)
    files = text.label_files(path) if path.is_dir() else [path]
    if not files:
        found = sorted(path.glob("*.json"))
        if len(found) == 1:
            return read_results(found[0], annotations)
        raise BoxscopeError(
            f"{path}: there are no detections in this folder, neither txt files nor one JSON file."
        )
    if _is_yolo(files):
        return read_yolo_detections(path, annotations)
    return read_pascal_detections(path, annotations, style)


def _annotations_of(folder: Path, images: Path | None, style: TextStyle | None) -> Annotations:
    if is_voc(folder):
        return read_voc(folder, images)
    if yaml_of(folder) is not None or (folder / "labels").is_dir():
        return read_yolo(folder, images)
    found = sorted(folder.glob("*.json")) or sorted(folder.glob("annotations/*.json"))
    if len(found) == 1:
        return read_coco(found[0], images)
    if found:
        names = ", ".join(p.name for p in found[:5])
        raise BoxscopeError(f"{folder} holds several JSON files ({names}); name one of them.")
    files = text.label_files(folder)
    known = any((folder / name).is_file() for name in ("classes.txt", "obj.names"))
    if known or (files and _is_yolo(files)) or "images" in folder.resolve().parts:
        return read_yolo(folder, images)
    if files:
        return read_pascal(folder, images, style)
    raise BoxscopeError(f"{folder}: nothing in this folder can be read; it takes {_TRUTH}.")


def _existing(where: str) -> Path:
    try:
        path = Path(where.strip()).expanduser()
        if where.strip() and path.exists():
            if path.is_file() or path.is_dir():
                return path
            raise BoxscopeError(f"{where}: this is neither a file nor a folder.")
    except (OSError, ValueError, RuntimeError) as error:  # a null character, an unknown ~user
        raise BoxscopeError(clean(f"{where}: this cannot be opened ({error}).")) from None
    raise BoxscopeError(clean(f"{where}: there is no such file or folder."))


def _first_letter(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            head = stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise BoxscopeError(f"{path}: the file cannot be read ({error.strerror}).") from None
    if not head:
        raise BoxscopeError(f"{path}: the file is empty.")
    return chr(head[0])


def _is_image_set(path: Path) -> bool:
    return (path.parents[2] / "Annotations").is_dir()


def _is_yolo(files: list[Path]) -> bool:
    """True when the first lines begin with a class number and go on with shares of the picture."""
    seen = 0
    for _, _, _, line in text.lines_of(files, LeftOut()):
        words = line.split()
        values = text.floats(words[1:])
        if to_int(words[0]) is None or values is None or len(values) < 4:
            return False
        if max(map(abs, values)) > 1.5:
            return False
        seen += 1
        if seen == _SOME_LINES:
            break
    return seen > 0
