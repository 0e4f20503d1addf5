"""Size and value of the output, typeset with this setting's own numbers."""

from __future__ import annotations

from engine.arithmetic import Operation, Result, Terms, coverage
from widgets.upsampling.lighting import Subject
from widgets.upsampling.model import Sandbox
from widgets.upsampling.reading import figure

SHOWN = 16  # products of a sum that are written out
LISTED = 9  # output cells that an input cell goes into


def size_html(sandbox: Sandbox, result: Result | None) -> str:
    """How the number of rows (and of columns, where they differ) follows from the setting."""
    s, operation = sandbox.setting, sandbox.operation
    height, width = sandbox.map("values").shape
    kernel = sandbox.map("kernel").shape
    if operation == Operation.MAX_POOL:
        kernel = (s.window, s.window)
    axes = [("Output rows", height, kernel[0], 0), ("Output columns", width, kernel[1], 1)]
    if height == width and kernel[0] == kernel[1]:
        axes = [("Output rows and columns", height, kernel[0], 0)]
    lines = []
    for name, i, k, axis in axes:
        made = "?" if result is None else str(result.output.shape[axis])
        form = " = ".join(_size(sandbox, i, k))
        lines.append(f"<b>{name}</b>: {form} = <b>{made}</b>")
    return "<br>".join(lines)


def _size(sandbox: Sandbox, i: int, k: int) -> tuple[str, ...]:
    """The formula along one axis, and with numbers: Dumoulin & Visin's letters."""
    s = sandbox.setting
    match sandbox.operation:
        case Operation.CONVOLUTION | Operation.MAX_POOL:
            form = "⌊(<i>i</i> + 2<i>p</i> − <i>d</i>(<i>k</i> − 1) − 1) / <i>s</i>⌋ + 1"
            filled = f"⌊({i} + 2·{s.padding} − {s.dilation}·({k} − 1) − 1) / {s.stride}⌋ + 1"
        case Operation.TRANSPOSED:
            form = (
                "(<i>i</i> − 1)<i>s</i> − 2<i>p</i> + <i>d</i>(<i>k</i> − 1) + "
                "<i>p</i><sub>out</sub> + 1"
            )
            filled = (
                f"({i} − 1)·{s.stride} − 2·{s.padding} + {s.dilation}·({k} − 1) + "
                f"{s.output_padding} + 1"
            )
        case Operation.MAX_UNPOOL:
            return ("as many as the map had that was pooled",)
        case _:
            form, filled = "<i>f</i> · <i>i</i>", f"{s.factor} · {i}"
    return form, filled


def subject_html(
    sandbox: Sandbox, result: Result, subject: Subject, colours: dict[str, str]
) -> str:
    """One cell in words and numbers; ``colours`` of "input" and "kernel" for the factors."""
    inks = [colours.get(name, "") for name in ("input", "kernel")]
    if subject.side == "input":
        return _goes(sandbox, result, subject.cell, inks)
    terms = result.terms(subject.cell)
    value = f"<b>{figure(float(result.output[subject.cell]), 4)}</b>"
    head = f"<b>Output ({subject.cell[0]}, {subject.cell[1]})</b> = "
    match sandbox.operation:
        case Operation.NEAREST:
            return f"{head}{value}, a copy of input {_at(terms)}"
        case Operation.NAILS:
            return f"{head}{value}, {f'input {_at(terms)}' if len(terms) else 'no nail here: zero'}"
        case Operation.MAX_POOL:
            return f"{head}{_maximum(terms)} = {value}, from {_at(terms)}: its switch"
        case Operation.MAX_UNPOOL:
            return f"{head}{value}, {_put_back(terms)}"
    return f"{head}{_sum(terms, inks)} = {value}{_padded(sandbox, terms)}"


def _sum(terms: Terms, inks: list[str]) -> str:
    """0·3 + 1·2 + …: input times kernel, or times weight."""
    if not len(terms):
        return "0 products"
    pairs = zip(terms.values.tolist(), terms.weights.tolist(), strict=True)
    parts = [f"{_ink(_factor(v), inks[0])}·{_ink(_factor(w), inks[1])}" for v, w in pairs]
    more = len(parts) - SHOWN
    tail = f" + … ({more} more)" if more > 0 else ""
    return " + ".join(parts[:SHOWN]) + tail


def _padded(sandbox: Sandbox, terms: Terms) -> str:
    kernel = sandbox.map("kernel").size
    if sandbox.operation != Operation.CONVOLUTION or len(terms) == kernel:
        return ""
    count = kernel - len(terms)
    return f" &nbsp;(and {count} {'cell' if count == 1 else 'cells'} of padding: 0)"


def _maximum(terms: Terms) -> str:
    values = ", ".join(figure(v, 4) for v in terms.values.tolist()[:SHOWN])
    return f"max({values}{', …' if len(terms) > SHOWN else ''})"


def _put_back(terms: Terms) -> str:
    if not len(terms):
        return "where no maximum stood: zero"
    words = f"input {_at(terms)}, back where its maximum stood"
    if len(terms) == 1:
        return words
    return f"{words}; {len(terms)} windows shared this place, the last stays"


def _goes(sandbox: Sandbox, result: Result, cell: tuple[int, int], inks: list[str]) -> str:
    """Where an input cell goes, and with what weight where there are weights."""
    cells = [(int(y), int(x)) for y, x in result.reached(cell)]
    value = figure(float(result.input[cell]), 4)
    head = f"<b>Input ({cell[0]}, {cell[1]})</b> = <b>{value}</b> "
    if not cells:
        return f"{head}reaches no output cell: no window reads it"
    verb = "is compared in" if sandbox.operation == Operation.MAX_POOL else "goes into"
    parts = [f"({y}, {x})" for y, x in cells[:LISTED]]
    if sandbox.second == "kernel" or sandbox.operation == Operation.BILINEAR:
        mine = _ink(_factor(float(result.input[cell])), inks[0])
        weights = [_weight(result.terms(to), cell) for to in cells[:LISTED]]
        parts = [
            f"{mine}·{_ink(_factor(weight), inks[1])} to {part}"
            for weight, part in zip(weights, parts, strict=True)
        ]
    more = ", …" if len(cells) > LISTED else ""
    number = "one output cell" if len(cells) == 1 else f"{len(cells)} output cells"
    return f"{head}{verb} {number}: {', '.join(parts)}{more}"


def _weight(terms: Terms, cell: tuple[int, int]) -> float:
    return float(terms.weights[(terms.inputs == cell).all(1)].sum())


def note_html(sandbox: Sandbox, result: Result) -> str:
    """What is worth noticing about this setting; "" for nothing."""
    s, shape = sandbox.setting, sandbox.map("values").shape
    if sandbox.operation == Operation.TRANSPOSED:
        return _even(sandbox)
    if sandbox.operation in (Operation.CONVOLUTION, Operation.MAX_POOL):
        kernel = sandbox.map("kernel").shape
        if sandbox.operation == Operation.MAX_POOL:
            kernel = (s.window, s.window)
        left = [
            (n + 2 * s.padding - s.dilation * (k - 1) - 1) % s.stride
            for n, k in zip(shape, kernel, strict=True)
        ]
        lost = [max(one - s.padding, 0) for one in left]
        words = [
            f"{n} {name}" if n > 1 else name[:-1]
            for n, name in zip(lost, ("rows", "columns"), strict=True)
            if n
        ]
        if words:
            stay = "stays" if sum(lost) == 1 else "stay"
            return (
                f"The stride does not come out even: the last {' and '.join(words)} {stay} unread."
            )
    return ""


def _even(sandbox: Sandbox) -> str:
    """The rule of the checkerboard, for this kernel and stride."""
    s, (height, width) = sandbox.setting, sandbox.map("kernel").shape
    if s.stride == 1:
        return "Stride 1: away from the border every output cell has the same number of terms."
    found = coverage((height, width), s.stride, s.dilation)
    kernel = str(height) if height == width else f"{height} × {width}"
    terms = f"{found.counts[0]} terms" if found.counts[0] != 1 else "one term"
    if found.even:
        return (
            f"<b>Even</b>: stride {s.stride} divides kernel {kernel}, so away from the border "
            f"every output cell has {terms}: no checkerboard."
            if s.dilation == 1
            else f"<b>Even</b>: away from the border every output cell has {terms}."
        )
    *first, last = found.counts
    counts = f"{', '.join(map(str, first))} or {last}"
    why = (
        f"stride {s.stride} does not divide kernel {kernel}"
        if s.dilation == 1
        else f"with dilation {s.dilation} the kernel's cells do not spread evenly"
    )
    return (
        f"<b>Uneven</b>: {why}, so output cells have {counts} terms, by turns: the checkerboard "
        f"(Odena et al. 2016)."
    )


def _at(terms: Terms) -> str:
    """The cell that was taken."""
    taken = terms.inputs[terms.weights != 0]
    return f"({taken[0][0]}, {taken[0][1]})" if len(taken) else "none"


def _factor(value: float) -> str:
    text = figure(value, 4)
    return f"({text})" if value < 0 else text


def _ink(text: str, colour: str) -> str:
    return f"<span style='color:{colour}'>{text}</span>" if colour else text
