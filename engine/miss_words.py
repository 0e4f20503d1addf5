"""A miss in plain sentences."""

from __future__ import annotations

from engine.miss import Miss
from engine.rescue import param_for, rank
from engine.table import Reason
from engine.trace import Ref, Trace


def sentence(miss: Miss, trace: Trace, iou: float) -> str:
    """What happened, what else lies there, and what would save the object."""
    parts = [_what(miss, trace, iou)]
    if miss.other is not None:
        table = trace.table(miss.other.stage)
        name = trace.name_of(int(table.labels[miss.other.row]))
        score = table.scores[miss.other.row]
        parts.append(f"It is detected as another class: {name} with score {score:.3g}.")
    if miss.change is not None:
        c = miss.change
        parts.append(
            f"With {c.key} = {c.new:g} instead of {c.old:g} it is found: {c.name} with score "
            f"{c.score:.3g} and IoU {c.iou:.2f}."
        )
    elif miss.searched:
        still = ""
        if miss.then_lost_at is not None:
            still = f': past this stage it is lost at "{title(trace, miss.then_lost_at)}"'
        parts.append(f"No single parameter that was tried saves it{still}.")
    return " ".join(parts)


def _what(miss: Miss, trace: Trace, iou: float) -> str:
    if miss.kind == "never":
        return _never(miss, trace, iou)
    assert miss.candidate is not None
    if miss.kind == "found":
        label = int(trace.table(miss.candidate.stage).labels[miss.candidate.row])
        return (
            f"Found: {trace.name_of(label)} with score {miss.score:.3g} overlaps the box by "
            f"{miss.candidate_iou:.2f}."
        )
    assert miss.lost_at is not None
    best = f'Lost at "{title(trace, miss.lost_at)}": the best candidate'
    if miss.kind == "moved":
        after = next(c for c in miss.stages if c.stage == miss.lost_at).best_iou
        return (
            f"{best} overlapped the box by {miss.candidate_iou:.2f} before and no box does by "
            f"{iou:g} after; the best that is left has {after:.2f}."
        )
    candidate = f"{best} (score {miss.score:.3g}, IoU {miss.candidate_iou:.2f})"
    return f"{candidate} {_because(miss, trace)}."


def _because(miss: Miss, trace: Trace) -> str:
    stage, ref = miss.lost_at, miss.candidate
    assert stage is not None and ref is not None and miss.reason is not None
    param = param_for(trace, stage, miss.reason)
    value = trace.stages[stage].params[param.name] if param is not None else None
    limit = f"{param.name} ({value:g})" if param is not None else "the limit"
    match miss.reason:
        case Reason.LOW_SCORE:
            name = "" if miss.label is None else f" for {trace.name_of(miss.label)}"
            return f"does not reach {limit}{name}"
        case Reason.SUPPRESSED if miss.rival is not None:
            return (
                f"overlaps a better one, {_rival(miss.rival, trace)}, by {miss.rival_iou:.3g}, "
                f"more than {limit}"
            )
        case Reason.TOPK:
            return f"has rank {rank(trace, stage, ref.row)}, too low for {limit}"
        case Reason.TINY:
            box = trace.table(ref.stage).boxes[ref.row]
            side = min(float(box[2] - box[0]), float(box[3] - box[1]))
            return f"has a side of {side:.3g} px, shorter than {limit}"
        case Reason.BACKGROUND:
            return "belongs to the background class"
        case _:
            return f"was marked {miss.reason.name}"


def _rival(ref: Ref, trace: Trace) -> str:
    table = trace.table(ref.stage)
    label = int(table.labels[ref.row])
    name = f"{trace.name_of(label)}, " if label else ""
    return f"{ref} ({name}score {table.scores[ref.row]:.3g})"


def _never(miss: Miss, trace: Trace, iou: float) -> str:
    first = miss.stages[0]
    if miss.candidate is None:
        return "No candidate of any stage touches the box."
    best = f"the best has IoU {miss.candidate_iou:.2f}"
    if miss.candidate.stage != first.stage:
        best += f' at "{title(trace, miss.candidate.stage)}"'
    where = _level(trace, miss.candidate)
    return f"No anchor or candidate overlaps the box by {iou:g}: {best}{where}."


def _level(trace: Trace, ref: Ref) -> str:
    anchors = trace.stages.get("anchors")
    if anchors is None or "layout" not in anchors.notes:
        return ""
    origin = [r.row for r in trace.lineage(ref) if r.stage == "anchors"]
    if not origin:
        return ""
    layout = anchors.notes["layout"]
    level = int(layout.locate(origin[0])[0])
    return f" on level {level} (stride {layout.levels[level].stride[0]:g} px)"


def title(trace: Trace, stage: str) -> str:
    """The stage's title for people."""
    return next((i.title for i in trace.infos if i.name == stage), stage)
