"""What a moved threshold costs: stages after the network only, everything before is kept."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from app.bench import Figure, seconds
from app.bench.models import competing, picture

TITLE = "Recompute after a moved parameter (1,000 proposals x 91 classes)"


def run(quick: bool) -> Iterator[Figure]:
    import torch

    from engine.families import Root, family_of

    # The network may be small: what is measured comes after it, and has 1,000 x 91 rows.
    module = competing(
        "fasterrcnn_mobilenet_v3_large_fpn", rpn_pre_nms_top_n_test=1000, rpn_score_thresh=0.0
    )
    family = family_of(module)
    pipeline = family.pipeline(module)
    root = Root(picture(480, 640), torch.device("cpu"))
    with torch.inference_mode():
        first = pipeline.run(root, (), {})
        proposals = len(first["proposals"].table.kept)
        rows = len(first["score_threshold"].table)
        candidates = len(first["score_threshold"].table.kept)
        note = f"{proposals} proposals, {rows} rows, {candidates} over the threshold"
        for key, low, high, goal in (
            ("nms.nms_thresh", 0.3, 0.7, "<= 8"),
            ("score_threshold.score_thresh", 0.05, 0.3, "<= 1"),
        ):
            last, times = first, []
            for i in range(20 if quick else 60):
                value = low + (high - low) * ((i * 7) % 20) / 20
                settings = pipeline.check({key: value})
                results = [last]

                def work(s=settings, r=results) -> None:  # type: ignore[no-untyped-def]
                    r.append(pipeline.run(root, (), s, r[0]))

                times.append(seconds(work) * 1000)
                last = results[-1]
            yield Figure(f"moved {key}", statistics.median(times), "ms", goal, note)
