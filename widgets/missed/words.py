"""The words of the "Why missed?" view."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from widgets.missed.objects import DRAWN, GOOD
from widgets.missed.question import Search
from widgets.palette import REASONS, reason_look

if TYPE_CHECKING:
    from engine.miss import Change
    from widgets.missed.objects import Report, Wanted

TITLE = "How is an object missed?"
TEXT = f"""
<p>A detector starts from many candidate boxes and throws nearly all of them away, stage by stage.
An object is found if at the end one box of its class is left that covers it well:</p>
<p align="center">IoU = area of overlap / area of union ≥ {GOOD:g}.</p>
<p>So an object is <b>lost</b> at the first stage after which no candidate covers it any more. Each
bar shows the best IoU of a stage: the filled part is the best box that <i>went on</i>, the dashed
outline the best box of all, also of those that the stage stopped. Where the filled part falls below
the mark at {GOOD:g}, the object is gone. From the score threshold on, only boxes of the object's
own class count.</p>
<p>There are four ways to lose it: its score is too low; a <b>rival</b>, a box with a higher score,
suppressed it (NMS); too many others scored higher (top k); or no box ever covered it, or a box did
and was moved away, which no threshold mends: that takes other anchors or other training.</p>
<p>For the first three, the smallest change of <i>one</i> parameter that saves it is looked for, and
the model is really run again to be sure. Mind the price: a threshold that saves one object lets
false boxes pass elsewhere.</p>
"""
PAPER = (
    "IoU ≥ 0.5 as in Everingham et al.: The PASCAL Visual Object Classes Challenge, IJCV 88 "
    "(2010), section 4.2; kinds of errors after Hoiem, Chodpathumwan, Dai: Diagnosing Error in "
    "Object Detectors, ECCV 2012, and Bolya et al.: TIDE, ECCV 2020."
)
NO_TRACE = "Open a picture, video or scene: what its detector misses can be studied here."
NO_BOXES = "This model gives no boxes, so there is no object to miss. Choose a detector."
NO_TRUTH = (
    "<b>This picture has no ground truth.</b> Drag a box in the picture above around an object "
    "that the detector missed (or press Enter in it and move the box with the arrow keys), or open "
    "a scene, which knows what is in it (Ctrl+N)."
)
DRAW = "Drag in the picture to ask about any other place."
KEYS = (
    "Click an object, or drag a box around a place. Arrow keys choose the next object; Enter makes "
    "a box, which arrow keys then move, Shift with arrow keys stretch, and Delete removes; F fits "
    "the picture."
)

FOUND_COLOUR, LOST_COLOUR = REASONS[0].colour, REASONS[4].colour
PICKED_COLOUR, BEST_COLOUR, RIVAL_COLOUR = "#ffffff", "#56b4e9", "#f0e442"


def legend() -> str:
    """What the lines of the picture mean; line styles stand in words too."""
    parts = (
        (FOUND_COLOUR, "━", "found"),
        (LOST_COLOUR, "╍", "missed"),
        (BEST_COLOUR, "┅", "best candidate"),
        (RIVAL_COLOUR, "━", "rival"),
    )
    return " &nbsp; ".join(f"<b style='color:{c}'>{line}</b> {word}" for c, line, word in parts)


def summary(report: Report) -> str:
    """``8 of 11 objects found, with IoU ≥ 0.5 and the right class``."""
    truths = [at for at, o in enumerate(report.objects) if o.number != DRAWN]
    if not truths:
        return "Your box; this picture has no ground truth." if report.objects else NO_TRUTH
    found = int(report.found[truths].sum())
    return (
        f"<b>{found} of {len(truths)}</b> objects found (a detection of the class with IoU ≥ "
        f"{GOOD:g}). {DRAW}"
    )


def row(wanted: Wanted, iou: float) -> tuple[str, str, str, str]:
    """Object, state, best IoU, box in image px."""
    state = "✓ found" if iou >= GOOD else "✕ missed"
    x1, y1, x2, y2 = wanted.box.tolist()
    return wanted.title, state, f"{iou:.2f}", f"{x1:.0f}, {y1:.0f}, {x2:.0f}, {y2:.0f}"


def tip(wanted: Wanted) -> str:
    if wanted.label is None and wanted.number != DRAWN:
        return f"The model knows no class {wanted.name!r}: a detection of any class counts"
    return f"{wanted.title}, {wanted.name}: x1, y1, x2, y2 in image px"


def verdict(report: Report, sentence: str) -> str:
    """The picked object's title, coloured, and what became of it."""
    at = report.picked
    wanted, found = report.objects[at], bool(report.found[at])
    mark, colour = ("✓", FOUND_COLOUR) if found else ("✕", LOST_COLOUR)
    name = wanted.title
    if wanted.number == DRAWN:
        name = f"Your box ({wanted.name})"
    foreign = ""
    if wanted.label is None and wanted.number != DRAWN:
        foreign = f" The model knows no class “{escape(wanted.name)}”: any class counts."
    return (
        f"<b><span style='color:{colour}'>{mark}</span> {escape(name)}</b><br>"
        f"{escape(sentence)}{foreign}"
    )


def path_heading(report: Report) -> str:
    return (
        f"<b>Its way through the stages</b>: best IoU that went on "
        f"(mark at {GOOD:g}; dashed: stopped here)"
    )


def button(search: Search, change: Change | None, found: bool) -> tuple[str, str, bool]:
    """Text, tooltip and whether there is something to press."""
    if found:
        return "Found: nothing to change", "This object is detected", False
    match search:
        case Search.LIVE:
            return (
                "Freeze, and look for what would save it",
                "While the picture moves on nothing is searched; freezing (Space) stops it",
                True,
            )
        case Search.RUNNING:
            return "Looking for what would save it …", "The model is run with other values", False
        case Search.FAILED:
            return "The search failed", "See the text above", False
        case Search.DONE if change is not None:
            text = f"Set {change.key.partition('.')[2]} = {change.new:g} (now {change.old:g})"
            return text, f"Move {change.key} to {change.new:g}; Ctrl+Z takes it back", True
        case Search.DONE:
            return "No single parameter saves it", "See the text above", False
        case _:
            return "What would save it?", "Only a running detector can be asked", False


def undo_button(change: Change) -> tuple[str, str, bool]:
    text = f"Back to {change.key.partition('.')[2]} = {change.old:g}"
    return text, f"It is {change.new:g} now; Ctrl+Z takes that back too", True


def reason_words(reason: int) -> str:
    return reason_look(reason).words
