"""From the figures of an evaluation to the page that shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from app.report import charts, semantic
from app.report.page import figure, heat, page, points, section, table, words
from app.report.parts import head, shown, speed

Values = Mapping[str, Any]

_COCO = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
_MEANINGS = {
    "AP": "mean over IoU .50 to .95",
    "AP50": "at IoU .50",
    "AP75": "at IoU .75",
    "APs": "objects below 32² px",
    "APm": "32² to 96² px",
    "APl": "above 96² px",
    "AR1": "recall, 1 detection a picture",
    "AR10": "recall, 10 detections",
    "AR100": "recall, 100 detections",
    "ARs": "recall, small",
    "ARm": "recall, medium",
    "ARl": "recall, large",
}
_MOST_CLASSES = 40  # in the confusion matrix; beyond, only those that are confused most


def report(found: Values, pictures: Mapping[int, str] | None = None) -> str:
    """The page. ``pictures``: row of a picture -> its thumbnail as a data address."""
    title = f"Evaluation of {found.get('model') or found.get('source') or 'detections'}"
    if found["protocol"] == "semantic":
        return page(title, filter(None, [*semantic.sections(title, found), _settings(found)]))
    parts = [
        _head(title, found),
        _classes(found),
        _curves(found),
        _sizes(found),
        _stages(found),
        _errors(found),
        _confusion(found),
        _calibration(found),
        _pictures(found, pictures or {}),
        _settings(found),
    ]
    return page(title, filter(None, parts))


def _head(title: str, found: Values) -> str:
    names = [name for name in ("mAP", *_COCO) if name in found]
    figures = {name: (found[name], _MEANINGS.get(name, "mean over classes")) for name in names}
    facts = (
        f"{found['pictures']} pictures, {found['ground_truths']} objects, "
        f"{found['detections']} detections{speed(found)}."
    )
    masks = ""
    if "masks" in found:
        lines = [["boxes", *(shown(found[n]) for n in _COCO)]]
        lines.append(["masks", *(shown(found["masks"][n]) for n in _COCO)])
        masks = table("Boxes and masks, both by COCO's rules", ["", *_COCO], lines)
    return head(title, facts, figures, found, masks)


def _classes(found: Values) -> str:
    entries: Values = found["per_class"]
    columns = [n for n in ("AP", "AP50", "AP75", "APs", "APm", "APl") if n in _first(entries)]
    lines = []
    for name, entry in entries.items():
        best = entry["best_f1"] or {}
        lines.append(
            [
                name,
                *(shown(entry[column]) for column in columns),
                str(entry["ground_truths"]),
                str(entry["detections"]),
                shown(best.get("f1")),
                shown(best.get("score"), 2),
            ]
        )
    heads = ["class", *columns, "objects", "detections", "best F1", "at score"]
    caption = f"AP: {found['convention']}. F1 at IoU {found['iou']:g}."
    return section("Classes", table(caption, heads, lines))


def _curves(found: Values) -> str:
    means: Values = found["mean_pr"]
    recall = [k / 100 for k in range(101)]
    overview = ""
    if means:
        chart = charts.overlaid(
            "Mean precision over recall",
            {f"IoU {iou}": (recall, line) for iou, line in means.items()},
        )
        overview = figure(chart, "Mean over the classes that have objects.", "chart")
    several = "".join(
        figure(charts.pr_curve(name, entry), _caption(name, entry, found["iou"]))
        for name, entry in found["per_class"].items()
        if entry["pr"]["recall"]
    )
    each = f'<div class="grid">{several}</div>' if several else ""
    if len(found["per_class"]) > 12 and each:
        each = f"<details><summary>Every class</summary>{each}</details>"
    explained = (
        "Detections are ranked by score; after each one, precision is the share of them that is "
        "right and recall the share of objects that is found. The thin line is what was counted, "
        "the bold one its envelope: the best precision at this recall or any higher one. AP is the "
        f"mean of the envelope. Curves: {found['iou_convention']}."
    )
    return section("Precision and recall", words(explained), overview, each)


def _caption(name: str, entry: Values, iou: float) -> str:
    """The AP of the very curve that is drawn, which COCO's AP is not."""
    return f"{name}: AP {shown(entry['pr']['AP'])} at IoU {iou:g}"


def _sizes(found: Values) -> str:
    chart = charts.columns("AP by size of the object", found["sizes"], "AP")
    caption = "Small: area up to 32² px; medium: up to 96² px; large: above."
    return section("Size of objects", figure(chart, caption, "chart small"))


def _stages(found: Values) -> str:
    entries: Sequence[Values] = found.get("stages") or ()
    if not entries:
        return ""
    explained = (
        f"Share of the {entries[0]['objects']} objects that have a box of IoU "
        f"{entries[0]['iou']:g} or more among the best-scored boxes of each stage; classes do not "
        "count. Where two curves part, objects were lost or ranked lower."
    )
    columns = list(max((e["recall"] for e in entries), key=len))
    lines = [
        [
            " = ".join([e["stage"], *e["also"]]),
            *(shown(e["recall"].get(k)) for k in columns),
        ]
        for e in entries
    ]
    return section(
        "Recall by stage",
        words(explained),
        figure(charts.stages(entries), "Each point: so many boxes a picture.", "chart"),
        table("Recall with so many boxes a picture", ["stage", *columns], lines),
    )


def _errors(found: Values) -> str:
    kinds: Values = found["errors"]["kinds"]
    ranked = sorted(kinds, key=lambda kind: -kinds[kind]["dAP"])
    chart = charts.rows(
        "AP that each kind of error costs", {kind: kinds[kind]["dAP"] for kind in ranked}, "dAP"
    )
    lines = [
        [kind, str(kinds[kind]["count"]), shown(kinds[kind]["dAP"], 4), kinds[kind]["meaning"]]
        for kind in ranked
    ]
    explained = (
        "dAP is the AP that comes back when this kind of error alone is mended (TIDE, Bolya et al. "
        f"2020). All false positives gone: +{shown(found['errors']['dAP_false_positives'])}; no "
        f"object missed: +{shown(found['errors']['dAP_false_negatives'])}. "
        f"{found['errors']['convention']}."
    )
    return section(
        "Errors",
        words(explained),
        figure(chart, "Longest bar first.", "chart"),
        table("Kinds of error", ["kind", "count", "dAP", "meaning"], lines, "words"),
    )


def _confusion(found: Values) -> str:
    names: list[str] = found["confusion"]["classes"]
    counts: list[list[int]] = found["confusion"]["counts"]
    said = ""
    if len(names) > _MOST_CLASSES:
        last = len(names) - 1
        busy = [sum(counts[i]) + sum(line[i] for line in counts) for i in range(last)]
        chosen = sorted(sorted(range(last), key=lambda i: -busy[i])[: _MOST_CLASSES - 1])
        rows = [*chosen, last]
        said = f" Only the {len(chosen)} most frequent of {last} classes are shown."
        names = [names[i] for i in rows]
        counts = [[counts[i][j] for j in rows] for i in rows]
    caption = f"Row: what it is; column: what it was taken for. {found['confusion']['convention']}."
    explained = (
        "The row of the background holds detections on nothing, its column objects that were not "
        f"found.{said}"
    )
    return section("Confusion", words(explained), heat(caption, names, counts))


def _calibration(found: Values) -> str:
    entry = found["calibration"]
    if entry is None:
        return ""
    chart = charts.calibration(entry["bins"])
    caption = (
        f"Expected calibration error {shown(entry['ece'])}. Bars above the dashed line: the "
        f"detector is more often right than its score says. {entry['convention']}."
    )
    return section("Calibration", figure(chart, caption, "chart small"))


def _pictures(found: Values, thumbnails: Mapping[int, str]) -> str:
    parts = []
    for key, title in (("worst_pictures", "Worst"), ("best_pictures", "Best")):
        cards = []
        for entry in found[key]:
            name = entry["file"] or str(entry["id"])
            text = (
                f"{name}: F1 {shown(entry['F1'], 2)}; {entry['true_positives']} found, "
                f"{entry['missed']} missed, {entry['false_positives']} false"
            )
            address = thumbnails.get(entry["row"])
            image = f'<img src="{address}" alt="{escape(name)}"/>' if address else ""
            cards.append(figure(image, text) if image else f"<li>{escape(text)}</li>")
        if cards:
            inside = "".join(cards)
            box = f'<div class="grid">{inside}</div>' if "<img" in inside else f"<ul>{inside}</ul>"
            parts.append(f"<h3>{title}</h3>{box}")
    score = found["confusion"]["score"]
    explained = f"Detections of score {score:g} and more, at IoU {found['iou']:g}."
    if thumbnails:
        explained += " Solid: detections; dashed: the truth."
    return section("Pictures", words(explained), *parts) if parts else ""


def _settings(found: Values) -> str:
    facts = {
        "ground truth": found.get("ground_truth"),
        "detections": found.get("source"),
        "model": found.get("model"),
        "weights": found.get("checkpoint"),
        "device": found.get("device"),
        "protocol": found["protocol"],
        "convention": found["convention"],
        "moved parameters": ", ".join(
            f"{k} = {v}" for k, v in (found.get("settings") or {}).items()
        )
        or ("none: the model's own" if found.get("model") else None),
        "Boxscope": found.get("boxscope"),
        "made": found.get("made"),
    }
    lines = [[key, str(value)] for key, value in facts.items() if value is not None]
    left: Values = found["left_out"]
    out = ""
    if left["count"]:
        out = words(f"{left['count']} items of the files could not be used:") + points(
            left["sentences"]
        )
    return section(
        "How it was measured",
        table("Settings", ["", ""], lines, "words"),
        points(found["notes"]),
        out,
    )


def _first(entries: Values) -> Values:
    return next(iter(entries.values()), {})
