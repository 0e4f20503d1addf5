"""What the compare view says: summary, table, explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.differences import Verdict
from widgets.param_words import words as param_name

if TYPE_CHECKING:
    from engine.differences import Differences
    from engine.trace import Trace

TITLE = "What is compared here"
HTML = """
<p>The same frame goes through two detectors, or through one detector with two settings. Both
pictures show the same stage, zoom and place; the box that you select on one side is looked up on
the other.</p>
<p>Detections are paired by their overlap: the pair with the largest IoU first, at least 0.5, pairs
of one class before pairs of two. What is left over was found by one side only.</p>
<p>Where the ground truth is known, each side counts the objects that a detection of their class
covers with IoU&nbsp;≥&nbsp;0.5. Boxes are compared in image px, for two networks may see the
picture in different sizes.</p>
"""
PAPER = "Detections are paired as in the PASCAL VOC protocol (Everingham et al. 2010, section 4.2)."

EMPTY = "Choose above what to compare the shown frame with: another model, or other settings."
OPEN = "Open a picture, video or scene to compare two detectors on it."
WORKING = "Side B is being computed …"

VERDICTS = {
    Verdict.SAME: "both",
    Verdict.OTHER_CLASS: "other class",
    Verdict.ONLY_A: "only A",
    Verdict.ONLY_B: "only B",
}
COLUMNS = (
    ("Found by", "Both sides, or one of them only"),
    ("Class", "Class name; two names where the sides do not agree"),
    ("A", "Score on side A"),
    ("B", "Score on side B"),
    ("IoU", "Overlap of the two boxes: intersection over union"),
)


def summary(different: Differences, found: tuple[tuple[int, int] | None, ...]) -> str:
    """One line: who found how much."""
    parts = [f"{different.count(v)} {VERDICTS[v]}" for v in Verdict]
    text = " · ".join(parts)
    if all(found):
        (a, total), (b, _) = found  # type: ignore[misc]
        text += f"<br>Of {total} objects A finds <b>{a}</b>, B <b>{b}</b>"
    return text


def line(different: Differences, at: int, a: Trace, b: Trace) -> list[str]:
    """The texts of one line of the table."""
    row_a, row_b = int(different.a[at]), int(different.b[at])
    name_a, name_b = _name(a, row_a), _name(b, row_b)
    names = (
        name_a or name_b if not (name_a and name_b) or name_a == name_b else f"{name_a} / {name_b}"
    )
    both = row_a >= 0 and row_b >= 0
    return [
        VERDICTS[Verdict(int(different.verdict[at]))],
        names,
        _score(a, row_a),
        _score(b, row_b),
        f"{different.iou[at]:.2f}" if both else "–",
    ]


def side(trace: Trace) -> str:
    """What a side is, in a few words."""
    moved = len(trace.settings)
    return f"{trace.model}{f' · {moved} moved' if moved else ''}"


def moved(a: Trace, b: Trace) -> str:
    """How the settings of side B differ from those of side A, where both have the parameter."""
    parts = []
    for info in b.infos:
        for param in info.params:
            if info.name not in a.stages or param.name not in a.stages[info.name].params:
                continue
            of_a = a.stages[info.name].params[param.name]
            of_b = b.stages[info.name].params[param.name]
            if of_a != of_b:
                parts.append(f"{param_name(param.name)} {_value(of_b)} (A {_value(of_a)})")
    return "; ".join(parts)


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _name(trace: Trace, row: int) -> str:
    return trace.name_of(int(trace.table(trace.final).labels[row])) if row >= 0 else ""


def _score(trace: Trace, row: int) -> str:
    return f"{trace.table(trace.final).scores[row]:.3f}" if row >= 0 else "–"
