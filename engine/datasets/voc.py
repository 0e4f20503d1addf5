"""Pascal VOC: one XML file a picture (Everingham et al., "The Pascal Visual Object Classes (VOC)
Challenge", IJCV 2010; the development kit's format).

VOC counts pixels from 1 and its corners are pixels that belong to the box. ``xmin`` 1 and ``xmax``
10 are ten pixels: here x from 0 to 10. So x1 = xmin - 1, y1 = ymin - 1, x2 = xmax, y2 = ymax, and
widths are those that VOC's own evaluation computes as xmax - xmin + 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.datasets.annotations import Annotations, Picture
from engine.datasets.gathering import folder_of, usable
from engine.datasets.reading import LeftOut, clean, read_bytes, read_text, shown, side
from engine.errors import BoxscopeError

_MOST_FILES = 1_000_000


def read_voc(path: Path, images: Path | None = None) -> Annotations:
    """The annotations of an XML file, a folder of XML files, or a VOC folder.

    A VOC folder holds Annotations/, JPEGImages/ and perhaps ImageSets/; a list such as
    ImageSets/Main/val.txt may be given in its place and chooses its pictures. Classes are in order
    of name, pictures in natural order. "difficult" objects are `ignored`; polygons and parts are
    not read. Raises BoxscopeError when no file can be used.
    """
    files = _files(path)
    left_out = LeftOut()
    pictures: list[Picture] = []
    rows: list[tuple[int, str, bool, list[float]]] = []
    items: list[str] = []
    for file in files:
        try:
            root = _root(file)
        except BoxscopeError as error:
            left_out.add(str(error).removesuffix("."), "the picture was left out")
            continue
        pictures.append(_picture(root, file))
        for at, thing in enumerate(root.findall("object")):
            item = f"{file}, object {at + 1}"
            found = _object(thing)
            if isinstance(found, str):
                left_out.add(item, found)
                continue
            rows.append((len(pictures) - 1, *found))
            items.append(item)
    if not pictures:
        raise left_out.nothing_usable(path, "annotation")
    classes = sorted({name for _, name, _, _ in rows})
    label_of = {name: row for row, name in enumerate(classes)}
    boxes = np.array([box for *_, box in rows], np.float64).reshape(-1, 4)
    xywh = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    picture = np.array([row for row, *_ in rows], np.int64)
    good = usable(xywh, picture, pictures, items.__getitem__, left_out)
    return Annotations.of(
        pictures,
        classes,
        picture[good],
        np.array([label_of[name] for _, name, _, _ in rows], np.int64)[good],
        xywh=xywh[good],
        boxes=boxes[good],
        ignored=np.array([difficult for _, _, difficult, _ in rows], np.bool_)[good],
        folder=images or folder_of([p.file for p in pictures], _places(files[0])),
        whole_pixels=True,
        **left_out.columns(),
    )


def is_voc(folder: Path) -> bool:
    """True for a VOC folder, or one that holds XML files."""
    return (folder / "Annotations").is_dir() or any(folder.glob("*.xml"))


def _files(path: Path) -> list[Path]:
    from natsort import natsorted

    try:
        if path.is_dir():
            inner = path / "Annotations"
            folder = inner if inner.is_dir() else path
            files: list[Path] = natsorted(folder.glob("*.xml"), key=lambda p: p.name)
        elif path.suffix.lower() == ".txt":
            # ImageSets/Main/val.txt, in a file of one class with 1, 0 or -1 after each name
            folder = path.parent.parent.parent / "Annotations"
            lines = [line.split() for line in read_text(path).splitlines()]
            files = [folder / f"{words[0]}.xml" for words in lines if words]
        else:
            files = [path]
    except OSError as error:
        raise BoxscopeError(f"{path}: the folder cannot be read ({error.strerror}).") from None
    if not files:
        raise BoxscopeError(f"{path}: there are no XML files in this folder.")
    return files[:_MOST_FILES]


def _root(file: Path) -> Any:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    data = read_bytes(file)
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise BoxscopeError(f"{file} defines entities of its own, which is not allowed.") from None
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise BoxscopeError(clean(f"{file} is not valid XML ({error}).")) from None
    if root.tag != "annotation":
        raise BoxscopeError(
            clean(f"{file} is not a VOC annotation: it begins with {shown(root.tag)}.")
        )
    return root


def _picture(root: Any, file: Path) -> Picture:
    width, height = side(root.findtext("size/width")), side(root.findtext("size/height"))
    if not width or not height:
        width = height = 0
    name = clean(root.findtext("filename") or "")
    # The files are named alike; what stands inside is often a name from before a move.
    if Path(name).stem != file.stem:
        name = file.stem + (Path(name).suffix or ".jpg")
    return Picture(file.stem, name, width, height)


def _object(thing: Any) -> tuple[str, bool, list[float]] | str:
    """Class, difficult, and xyxy in image px; or what is wrong."""
    name = clean(thing.findtext("name") or "")
    if not name:
        return "it has no name"
    corners: list[float] = []
    for key in ("xmin", "ymin", "xmax", "ymax"):
        text = thing.findtext(f"bndbox/{key}")
        try:
            corners.append(float(text))
        except (TypeError, ValueError):
            why = "is missing" if text is None else f"is {shown(text.strip())}, not a number"
            return f"the {key} of its box {why}"
    if corners[2] < corners[0] or corners[3] < corners[1]:
        return "its box has a negative width or height"
    difficult = (thing.findtext("difficult") or "").strip() in ("1", "true", "True")
    return name, difficult, [corners[0] - 1, corners[1] - 1, corners[2], corners[3]]


def _places(file: Path) -> list[Path]:
    here, above = file.parent, file.parent.parent
    return [above / "JPEGImages", here, above / "images", here / "images", above]
