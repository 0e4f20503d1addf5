"""Table: what it checks, and how rows are taken and marked."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch

from engine.table import Reason, Table


def table(count: int = 5) -> Table:
    boxes = np.arange(count * 4, dtype=np.float32).reshape(count, 4)
    return Table.of(boxes, np.linspace(1, 0.5, count), np.arange(count), np.arange(count) * 10)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (
            "boxes",
            np.zeros((5, 5), np.float32),
            r"table.boxes: expected \(5, 4\) float32, got \(5, 5\)",
        ),
        ("boxes", np.zeros((5, 4)), "expected .* float32, got .* float64"),
        ("scores", np.zeros(4, np.float32), r"table.scores: expected \(5,\) float32, got \(4,\)"),
        ("labels", np.zeros(5, np.int32), "table.labels: expected .* int64, got .* int32"),
        ("reason", np.zeros(5, np.int64), "table.reason: expected .* uint8, got .* int64"),
        ("by", np.zeros((5, 1), np.int64), r"table.by: expected \(5,\) int64, got \(5, 1\)"),
    ],
)
def test_wrong_column_is_named_with_both_shapes(column, value, words) -> None:
    columns = {f.name: getattr(table(), f.name) for f in fields(Table)}
    with pytest.raises(ValueError, match=words):
        Table(**{**columns, column: value})


def test_unknown_columns_get_their_neutral_value() -> None:
    t = Table.of([[0, 0, 1, 1], [1, 1, 2, 2]])
    assert t.scores.tolist() == [0, 0] and t.labels.tolist() == [0, 0]
    assert t.parent.tolist() == t.by.tolist() == [-1, -1]
    assert t.kept.tolist() == [0, 1]
    assert len(Table.of([])) == 0


def test_right_dtypes_are_taken_without_a_copy_and_made_read_only() -> None:
    boxes = torch.zeros(3, 4)
    t = Table.of(boxes)
    assert t.boxes.__array_interface__["data"][0] == boxes.data_ptr()
    for f in fields(Table):
        with pytest.raises(ValueError, match="read-only"):
            getattr(t, f.name)[:] = 1


def test_take_moves_every_column_and_remaps_suppressors() -> None:
    t = table().marked(np.uint8([0, 4, 0, 4, 4]), np.array([-1, 0, -1, 2, 0]))
    taken = t.take(np.array([3, 2, 1]))
    for name in ("boxes", "scores", "labels", "parent", "reason"):
        np.testing.assert_array_equal(getattr(taken, name), getattr(t, name)[[3, 2, 1]])
    # 3 was suppressed by 2, now row 1; the suppressor of 1 was left out; 2 had none.
    assert taken.by.tolist() == [1, -1, -1]


def test_take_by_mask_is_take_by_rows() -> None:
    t = table()
    mask = t.scores > 0.7
    np.testing.assert_array_equal(t.take(mask).boxes, t.take(np.flatnonzero(mask)).boxes)
    assert len(t.take(np.zeros(0, np.int64))) == 0


def test_marking_shares_all_other_columns() -> None:
    t = table()
    reason = np.uint8([0, 1, 2, 3, 0])
    m = t.marked(reason)
    assert m.boxes is t.boxes and m.by is t.by
    assert m.kept.tolist() == [0, 4]
    assert m.counts() == {"KEPT": 2, "LOW_SCORE": 1, "TINY": 1, "TOPK": 1}
    assert t.counts() == {"KEPT": 5}


def test_reasons_are_numbered_as_files_store_them() -> None:
    assert [r.name for r in Reason] == [
        "KEPT",
        "LOW_SCORE",
        "TINY",
        "TOPK",
        "SUPPRESSED",
        "BACKGROUND",
    ]
