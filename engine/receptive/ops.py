"""What torch's operators read: one rule an operator of ATen, found by its name. NumPy only.

The names are those that a dispatch mode sees in inference mode. An operator without a rule is not
guessed: whatever follows it is "not understood". To teach a new one, add its rule to the file of
its kind.
"""

from __future__ import annotations

from engine.receptive import mixing, views, windows
from engine.receptive.calls import OpRule

RULES: dict[str, OpRule] = {**windows.RULES, **mixing.RULES, **views.RULES}

SHAPE_ONLY = mixing.UNARY | {"batch_norm"}
"""Their result has the shape of their input: they need not run at all."""

ARRANGING = frozenset(views.RULES)
"""They compute nothing: no layer."""
