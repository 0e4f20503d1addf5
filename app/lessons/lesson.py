"""A lesson as data: read from TOML, checked, and resolved to what each step shows.

docs/lessons.md describes the file. Nothing here knows Qt, NumPy or a model.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from engine.errors import BoxscopeError
from engine.params import Value

SUFFIX = ".toml"


@dataclass(frozen=True)
class Step:
    """One step, as the file says it; None is "as in the step before".

    ``text`` and ``answer`` are Markdown; ``answer`` is shown when it is asked for. ``settings``
    are moved parameters by "stage.param"; ``select`` is STAGE:WHICH (see `app.lessons.pick`).
    """

    title: str
    text: str
    answer: str = ""
    source: str | None = None
    model: str | None = None
    stage: str | None = None
    view: str | None = None
    settings: Mapping[str, Value] | None = None
    select: str = ""
    rejected: bool = False
    truth: bool = False


@dataclass(frozen=True)
class Lesson:
    """``name`` is the file's own, without its ending; ``path`` is "" for one that ships."""

    name: str
    title: str
    about: str
    steps: tuple[Step, ...]
    order: int = 100
    path: str = ""


@dataclass(frozen=True)
class Scene:
    """What a step shows, nothing left open: "" for source or model means "as the user had it"."""

    source: str
    model: str
    stage: str
    view: str
    settings: Mapping[str, Value]
    select: str
    rejected: bool
    truth: bool


def scenes(lesson: Lesson) -> tuple[Scene, ...]:
    """Every step resolved, so that any of them can be gone to at once.

    Source, model and view stay until another is named; stage and moved parameters too, but they
    begin anew with another model. Selection, rejected rows and ground truth belong to one step.
    """
    found: list[Scene] = []
    source = model = stage = view = ""
    settings: Mapping[str, Value] = {}
    for step in lesson.steps:
        source = source if step.source is None else step.source
        if step.model is not None and step.model != model:
            model, stage, settings = step.model, "", {}
        stage = stage if step.stage is None else step.stage
        view = view if step.view is None else step.view
        settings = settings if step.settings is None else step.settings
        found.append(
            Scene(source, model, stage, view, settings, step.select, step.rejected, step.truth)
        )
    return tuple(found)


@cache
def shipped() -> tuple[Lesson, ...]:
    """The lessons that come with Boxscope, in the order of the menu."""
    with as_file(files("assets") / "lessons") as folder:
        found = [replace(read(path), path="") for path in folder.glob(f"*{SUFFIX}")]
    return tuple(sorted(found, key=lambda lesson: lesson.order))


def find(name: str) -> Lesson:
    """A shipped lesson by its name, or the file of that path. Raises BoxscopeError."""
    if name.endswith(SUFFIX) or "/" in name or "\\" in name:
        return read(Path(name).expanduser())
    lessons = {lesson.name: lesson for lesson in shipped()}
    if name not in lessons:
        raise BoxscopeError(
            f"There is no lesson {name!r}: choose one of {', '.join(lessons)}, or name a "
            f"{SUFFIX} file."
        )
    return lessons[name]


def read(path: Path) -> Lesson:
    """The lesson in a file. Raises BoxscopeError, which says what is wrong and in which step."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise BoxscopeError(f"{path}: cannot be read ({error.strerror or error}).") from None
    except UnicodeDecodeError:
        raise BoxscopeError(f"{path}: is not text in UTF-8, as a lesson must be.") from None
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BoxscopeError(f"{path}: is not a lesson in TOML: {error}.") from None
    where = str(path)
    steps = _take(found, "step", list, where, [])
    title = _take(found, "title", str, where)
    about = _take(found, "about", str, where, "")
    order = _take(found, "order", int, where, 100)
    _nothing_left(found, where)
    if not steps:
        raise BoxscopeError(f"{where}: has no steps; write each below a line [[step]].")
    made = [_step(given, f"{where}, step {i}") for i, given in enumerate(steps, 1)]
    beside = tuple(replace(step, source=_beside(path, step.source)) for step in made)
    return Lesson(path.stem, title, about, beside, order, str(path.absolute()))


def _beside(path: Path, source: str | None) -> str | None:
    """A file that lies beside the lesson is meant from there, wherever Boxscope was started."""
    if not source or not (path.parent / source).exists():
        return source
    return str((path.parent / source).absolute())


def _step(given: Any, where: str) -> Step:
    if not isinstance(given, dict):
        raise BoxscopeError(f"{where}: is no table; write each step below a line [[step]].")
    step = Step(
        title=_take(given, "title", str, where),
        text=_take(given, "text", str, where),
        answer=_take(given, "answer", str, where, ""),
        source=_take(given, "source", str, where, None),
        model=_take(given, "model", str, where, None),
        stage=_take(given, "stage", str, where, None),
        view=_take(given, "view", str, where, None),
        settings=_take(given, "set", dict, where, None),
        select=_take(given, "select", str, where, ""),
        rejected=_take(given, "rejected", bool, where, False),
        truth=_take(given, "truth", bool, where, False),
    )
    _nothing_left(given, where)
    for key, value in (step.settings or {}).items():
        if key.count(".") != 1 or not isinstance(value, bool | int | float | str):
            raise BoxscopeError(
                f'{where}: set = {{ "{key}" = ... }} is no parameter; write it as '
                '"stage.param" = value.'
            )
    return step


_REQUIRED: Any = object()
_WORDS = {
    str: "text in quotes", int: "a whole number", bool: "true or false", dict: "a table",
    list: "a list of [[step]]",
}  # fmt: skip


def _take(given: dict[str, Any], key: str, kind: type, where: str, default: Any = _REQUIRED) -> Any:
    """Take one entry out of a table, checked."""
    if key not in given:
        if default is _REQUIRED:
            raise BoxscopeError(f"{where}: has no {key!r}.")
        return default
    value = given.pop(key)
    if type(value) is not kind:
        raise BoxscopeError(f"{where}: {key!r} must be {_WORDS[kind]}.")
    return value.strip() if isinstance(value, str) else value


def _nothing_left(given: Mapping[str, Any], where: str) -> None:
    for key in given:
        raise BoxscopeError(f"{where}: knows no {key!r}; see docs/lessons.md for what there is.")
