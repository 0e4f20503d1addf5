"""Where a YOLO data set keeps its pictures, its labels and the names of its classes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from engine.datasets import text
from engine.datasets.reading import clean, read_text, shown, to_int
from engine.errors import BoxscopeError

_SPLITS = ("val", "valid", "test", "train")
_MOST_YAML = 2**19
_DEEPEST = 50


@dataclass(frozen=True)
class Layout:
    """``names`` of the classes, empty when no file tells; ``pairs`` of a picture, which lies under
    ``images``, and its txt file, either of which may be missing.
    """

    names: list[str]
    images: Path
    pairs: list[tuple[Path | None, Path | None]]


def find_layout(path: Path, images: Path | None = None) -> Layout:
    """The layout of a data.yaml, or of a folder. Raises BoxscopeError when there is none."""
    if path.is_file():
        return _by_yaml(path, images)
    settings = yaml_of(path)
    if settings is not None and not (path / "labels").is_dir() and not any(path.glob("*.txt")):
        return _by_yaml(settings, images)
    return _by_folder(path, images)


def yaml_of(folder: Path) -> Path | None:
    """data.yaml of a folder, or the only YAML file in it that names classes."""
    for file in (folder / "data.yaml", folder / "data.yml", *sorted(folder.glob("*.y*ml"))):
        if file.is_file():
            try:
                if _names(_settings(file), file):
                    return file
            except BoxscopeError:
                continue
    return None


def _by_yaml(file: Path, images: Path | None) -> Layout:
    settings = _settings(file)
    names = _names(settings, file)
    if images is not None:
        return _paired(names, images, _labels_of(images))
    root = file.parent
    if isinstance(settings.get("path"), str):
        inner = _home(settings["path"])
        # Ultralytics takes the path from a folder of its own: the file's own folder stands in.
        root = next((p for p in (root / inner, root / inner.name) if _there(p.is_dir)), root)
    for split in _SPLITS:
        value = settings.get(split)
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, str):
            continue
        for place in (root / value, root / value.removeprefix("../")):
            if _there(place.is_dir):
                return _paired(names, place, _labels_of(place))
            if _there(place.is_file) and place.suffix == ".txt":
                return _listed(names, place)
    raise BoxscopeError(
        f"{file} names no folder of pictures that is there, under {', '.join(_SPLITS)}; name it "
        "with --images."
    )


def _home(name: str) -> Path:
    """The path; a user whom this machine does not know is part of a name like any other."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def _there(look: Callable[[], bool]) -> bool:
    """``path.is_dir`` or ``path.is_file``, also for names that no file can have."""
    try:
        return look()
    except (OSError, ValueError):
        return False


def _by_folder(folder: Path, images: Path | None) -> Layout:
    labels = next((p for n in ("labels", "obj_train_data") if (p := folder / n).is_dir()), folder)
    if images is None:
        if labels == folder and not any(labels.glob("*.txt")) and _labels_of(folder) != folder:
            images, labels = folder, _labels_of(folder)  # a folder of pictures was named
        else:
            parts = list(labels.resolve().parts)
            if "labels" in parts:
                at = len(parts) - 1 - parts[::-1].index("labels")
                parts[at] = "images"
            places = (Path(*parts), folder / "images", labels)
            images = next((p for p in places if p.is_dir() and _has_pictures(p)), labels)
    names: list[str] = []
    for place in (labels, folder, *list(folder.resolve().parents)[:2]):
        names = names or _named(place)
    return _paired(names, images, labels)


def _named(folder: Path) -> list[str]:
    for name in ("classes.txt", "obj.names", "classes.names"):
        file = folder / name
        if file.is_file():
            return [clean(line) for line in read_text(file).rstrip().splitlines()]
    file_ = yaml_of(folder)
    return [] if file_ is None else _names(_settings(file_), file_)


def _paired(names: list[str], images: Path, labels: Path) -> Layout:
    files = text.label_files(labels) if labels.is_dir() else []
    deep = any(f.parent != labels for f in files) or not _has_pictures(images, deep=False)
    pictures = text.picture_files(images, deep)
    by_name = {f.relative_to(labels).with_suffix("").as_posix(): f for f in files}
    if not pictures:
        raise BoxscopeError(
            f"{images}: there are no pictures in this folder, and YOLO labels need their sizes; "
            "name the folder of the pictures with --images."
        )
    pairs: list[tuple[Path | None, Path | None]] = [
        (path, by_name.get(name)) for name, path in pictures.items()
    ]
    pairs += [(None, file) for name, file in by_name.items() if name not in pictures]
    return Layout(names, images, pairs)


def _listed(names: list[str], file: Path) -> Layout:
    """A list of picture files, one a line, each with its label in labels/ instead of images/."""
    paths = [file.parent / line.strip() for line in read_text(file).splitlines() if line.strip()]
    found = [Path(os.path.normpath(p)) for p in paths if _there(p.is_file)]
    if not found:
        raise BoxscopeError(f"{file}: none of the pictures that it lists is there.")
    folder = Path(os.path.commonpath([p.parent for p in found]))
    pairs: list[tuple[Path | None, Path | None]] = []
    for path in found:
        label = (_labels_of(path.parent) / path.name).with_suffix(".txt")
        pairs.append((path, label if label.is_file() else None))
    return Layout(names, folder, pairs)


def _labels_of(images: Path) -> Path:
    """labels/val for images/val; the folder itself where there is no such place."""
    parts = list(images.resolve().parts)
    if "images" in parts:
        at = len(parts) - 1 - parts[::-1].index("images")
        parts[at] = "labels"
        if Path(*parts).is_dir():
            return Path(*parts)
    return images


def _has_pictures(folder: Path, deep: bool = True) -> bool:
    try:
        return bool(text.picture_files(folder, deep))
    except BoxscopeError:
        return False


def _settings(file: Path) -> dict[Any, Any]:
    import yaml

    content = read_text(file, _MOST_YAML)
    # The scanner's time grows with the square of the open brackets.
    steps = (1 if bracket in "[{" else -1 for bracket in re.findall(r"[\[\]{}]", content))
    if max(accumulate(steps), default=0) > _DEEPEST:
        raise BoxscopeError(f"{file} is not usable: its brackets are nested too deep.")
    try:
        # The base loader makes texts, lists and mappings only, and follows no merge keys, which
        # can be nested to take for ever.
        settings = yaml.load(content, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise BoxscopeError(clean(f"{file} is not valid YAML ({reason}).")) from None
    if not isinstance(settings, dict):
        raise BoxscopeError(f"{file} holds {shown(settings)}; YOLO's settings are a mapping.")
    return settings


def _names(settings: dict[Any, Any], file: Path) -> list[str]:
    names = settings.get("names")
    if isinstance(names, dict):
        numbers = {n: v for k, v in names.items() if (n := to_int(k)) is not None}
        if len(numbers) == len(names) and all(0 <= n < 100_000 for n in numbers):
            names = [numbers.get(n, f"class {n}") for n in range(max(numbers, default=-1) + 1)]
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names) or not names:
        raise BoxscopeError(f'{file} has no list of classes under "names".')
    return [clean(n) for n in names]
