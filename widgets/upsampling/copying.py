"""The sandbox as text: for a spreadsheet, an exercise sheet, a mail. No Qt."""

from __future__ import annotations

from engine.arithmetic import Impossible, Result
from widgets.upsampling.model import Sandbox
from widgets.upsampling.reading import tabbed
from widgets.upsampling.words import NAMES, SIZES


def as_text(sandbox: Sandbox, result: Result | Impossible, formula: str) -> str:
    """Operation, ``formula`` of the size, and all maps with tabs between the numbers."""
    parts = [NAMES[sandbox.operation], formula, f"Input\n{tabbed(sandbox.values)}"]
    if sandbox.second:
        values = getattr(sandbox, sandbox.second)
        parts.append(f"{SIZES[sandbox.second]}\n{tabbed(values)}")
    if isinstance(result, Impossible):
        parts.append(result.sentence)
    else:
        parts.append(f"Output\n{tabbed(result.output)}")
        parts.append(f"Terms of each output cell\n{tabbed(result.overlap)}")
    return "\n\n".join(parts) + "\n"
