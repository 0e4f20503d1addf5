"""The decode formula with one box's own numbers, as rich text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.frame import Transform
    from widgets.refinement.steps import Floats, Step

SIDES = ("left", "top", "right", "bottom")


def px(value: float) -> str:
    """A coordinate: one decimal, a true minus sign."""
    return f"{value:.1f}".replace("-", "−") if np.isfinite(value) else str(value)


def number(value: float) -> str:
    """A delta: three decimals, a true minus sign."""
    return f"{value:.3f}".replace("-", "−")


def corners(box: Floats) -> str:
    return ", ".join(px(v) for v in box.tolist())


def formula_html(step: Step, deltas: Floats, transform: Transform, colour: str = "") -> str:
    """What (4,) ``deltas`` make of the step's box; ``colour`` sets edited deltas off."""
    lines = (
        _distances(step, deltas, colour) if step.coding.distances else _log(step, deltas, colour)
    )
    rows = "".join(
        f"<tr><td style='padding-right:6px'>{left}</td><td>= {form}</td></tr>"
        f"<tr><td></td><td>= {filled} = <b>{result}</b></td></tr>"
        for left, form, filled, result in lines
    )
    return (
        f"<table cellspacing='0' cellpadding='1'>{rows}</table>{_ending(step, deltas, transform)}"
    )


def _log(step: Step, deltas: Floats, colour: str) -> list[tuple[str, str, str, str]]:
    x1, y1, x2, y2 = step.before.tolist()
    size, centre = (x2 - x1, y2 - y1), ((x1 + x2) / 2, (y1 + y2) / 2)
    made = step.decoded(deltas).tolist()
    centres = (made[0] + made[2]) / 2, (made[1] + made[3]) / 2
    sizes = made[2] - made[0], made[3] - made[1]
    weights, most = step.coding.weights, step.coding.max_log_scale
    lines = []
    for k, axis in enumerate("xy"):
        form = f"{_t(axis)} / {_k(axis)} · {_a('wh'[k])} + {_a(axis)}"
        value = _edited(number(float(deltas[k])), colour)
        filled = f"{value} / {weights[k]:g} · {px(size[k])} + {_signed(centre[k])}"
        lines.append((f"<i>{axis}</i>", form, filled, px(centres[k])))
    for k, axis in enumerate("wh"):
        scaled = float(deltas[2 + k]) / weights[2 + k]
        value = _edited(number(float(deltas[2 + k])), colour)
        form = f"{_a(axis)} · exp(min({_t(axis)} / {_k(axis)}, {most:.3f}))"
        cut = f"<b>{most:.3f}</b>" if scaled > most else f"{value} / {weights[2 + k]:g}"
        filled = f"{px(size[k])} · exp({cut})"
        lines.append((f"<i>{axis}</i>", form, filled, px(sizes[k])))
    return lines


def _distances(step: Step, deltas: Floats, colour: str) -> list[tuple[str, str, str, str]]:
    x1, y1, x2, y2 = step.before.tolist()
    size, centre = (x2 - x1, y2 - y1), ((x1 + x2) / 2, (y1 + y2) / 2)
    made = step.decoded(deltas).tolist()
    lines = []
    for k, side in enumerate("ltrb"):
        axis, sign = "xy"[k % 2], "−+"[k // 2]
        unit = f" · {_a('wh'[k % 2])}" if step.coding.by_size else ""
        size_px = f" · {px(size[k % 2])}" if step.coding.by_size else ""
        value = _edited(number(float(deltas[k])), colour)
        left = f"<i>{axis}</i><sub>{1 + k // 2}</sub>"
        form = f"{_a(axis)} {sign} <i>{side}</i>{unit}"
        lines.append((left, form, f"{px(centre[k % 2])} {sign} {value}{size_px}", px(made[k])))
    return lines


def _ending(step: Step, deltas: Floats, transform: Transform) -> str:
    made, cut = step.decoded(deltas), step.made_by(deltas)
    how = "" if step.coding.distances else "Corners <i>x</i> ∓ <i>w</i>/2, <i>y</i> ∓ <i>h</i>/2: "
    text = f"{how}{corners(made)} network px"
    if not np.array_equal(made, cut):
        text += f"<br>cut to the picture: {corners(cut)} network px"
    return f"<p style='margin-top:4px'>{text}<br>= {corners(transform.to_image(cut))} image px</p>"


def _t(axis: str) -> str:
    return f"<i>t<sub>{axis}</sub></i>"


def _k(axis: str) -> str:
    return f"<i>k<sub>{axis}</sub></i>"


def _a(axis: str) -> str:
    return f"<i>{axis}<sub>a</sub></i>"


def _signed(value: float) -> str:
    return f"({px(value)})" if value < 0 else px(value)


def _edited(text: str, colour: str) -> str:
    return f"<span style='color:{colour}'><b>{text}</b></span>" if colour else text
