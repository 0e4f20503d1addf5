"""Box outlines as a picture: for so many boxes that painting them one by one would be too slow.

Two ways, for any thread. Boxes of a few colours (200,000 anchors; kept and suppressed ones), colour
over colour: every pixel gets the number of
edges that cross it, by adding +1 where an edge begins and -1 where it ends and summing along the
line. The opacity of n translucent edges over one another is 1 - (1 - a)^n, so dense places stand
out as they would with a translucent pen (more translucent, the more boxes there are); the time
hardly depends on the number of boxes. Boxes of many colours: OpenCV's polylines, colour by colour,
without that effect. Both work in small chunks where they hold Python's lock, because the
GUI thread must not wait for it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.6  # of one edge where there is room
DENSE_ALPHA = 0.7  # of the dense places, however many edges cross there
FEW = 3  # colours whose edges are counted; each takes some 20 ms
_CHUNK = 2000
_F = NDArray[np.float32]
_I = NDArray[np.int64]


def render(
    boxes: NDArray[np.floating],
    styles: NDArray[np.integer],
    colours: NDArray[np.uint8],
    size: tuple[int, int],
    alpha: float = ALPHA,
) -> NDArray[np.uint8]:
    """(H, W, 4) uint8 BGRA, premultiplied: outlines of boxes, one device px wide.

    ``boxes`` (N, 4) xyxy device px; ``styles`` (N,) index into ``colours`` (S, 3) RGB, of which the
    last are drawn on top; ``size`` (width, height) in device px; ``alpha`` of one edge.
    """
    width, height = size
    seen = (boxes[:, 0] < width) & (boxes[:, 2] >= 0) & (boxes[:, 1] < height) & (boxes[:, 3] >= 0)
    corners = boxes[seen]
    np.clip(corners, -8, [width + 8, height + 8] * 2, out=corners)
    edges = np.floor(corners).astype(np.int64)
    styles = styles[seen]
    used = np.flatnonzero(np.bincount(styles, minlength=len(colours)))
    if 1 <= len(used) <= FEW:
        out = _shade(_count_edges(edges[styles == used[0]], width, height), colours[used[0]], alpha)
        for style in used[1:]:
            count = _count_edges(edges[styles == style], width, height)
            out = _over(_shade(count, colours[style], alpha), out)
        return out
    lengths = 2 * (edges[:, 2:] - edges[:, :2]).sum()
    crossed = float(lengths) / (width * height)  # edges over a px, on average
    return _draw(edges, styles, used, colours, size, max(alpha / (1 + crossed), 0.2))


def _draw(
    edges: _I,
    styles: NDArray[np.integer],
    used: _I,
    colours: NDArray[np.uint8],
    size: tuple[int, int],
    alpha: float,
) -> NDArray[np.uint8]:
    import cv2

    out = np.zeros((size[1], size[0], 4), np.uint8)
    outlines = edges[:, (0, 1, 2, 1, 2, 3, 0, 3)].reshape(-1, 4, 2).astype(np.int32)
    for style in used:
        red, green, blue = (float(v) * alpha for v in colours[style])
        group = outlines[styles == style]
        for start in range(0, len(group), _CHUNK):
            part = list(group[start : start + _CHUNK])
            cv2.polylines(out, part, True, (blue, green, red, 255 * alpha))
    return out


def _shade(count: _F, colour: NDArray[np.uint8], alpha: float) -> NDArray[np.uint8]:
    """Premultiplied colour for (H, W) numbers of edges; the densest places stay translucent."""
    some = count[::4, ::4]
    crossed = some[some > 0]
    dense = float(np.percentile(crossed, 90)) if len(crossed) else 1.0
    alpha = min(alpha, 1 - (1 - DENSE_ALPHA) ** (1 / max(dense, 1.0)))
    most = int(min(4 * dense + 16, 4000))
    opacity = 1 - (1 - alpha) ** np.arange(most + 1)
    blue_first = np.array([*colour[::-1], 255], np.float64)
    table = np.round(opacity[:, None] * blue_first).astype(np.uint8).view(np.uint32).reshape(-1)
    places = np.minimum(count, most).astype(np.intp)
    packed = np.take(table, places, mode="clip")
    return packed.view(np.uint8).reshape(*count.shape, 4)


def _over(top: NDArray[np.uint8], bottom: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 4) uint8 premultiplied: one picture over another."""
    clear = 255 - top[..., 3:].astype(np.uint16)
    return top + (bottom * clear // 255).astype(np.uint8)


def _count_edges(edges: _I, width: int, height: int) -> _F:
    """(H, W) float32: how many edges of boxes cross each pixel."""
    x1, y1, x2, y2 = np.ascontiguousarray(edges.T)
    left, right = np.clip(x1, 0, width), np.clip(x2 + 1, 0, width)
    top = np.clip(y1 + 1, 0, height)  # the corners belong to the level edges
    bottom = np.maximum(np.clip(y2, 0, height), top)
    rows = np.zeros((height, width + 1), np.float32)
    columns = np.zeros((height + 1, width), np.float32)
    for y, real in ((y1, None), (y2, y2 > y1)):  # a box of no height has one such edge, not two
        inside = (y >= 0) & (y < height)
        if real is not None:
            inside &= real
        _add(rows, (y * (width + 1) + left)[inside], 1)
        _add(rows, (y * (width + 1) + right)[inside], -1)
    for x, real in ((x1, None), (x2, x2 > x1)):
        inside = (x >= 0) & (x < width)
        if real is not None:
            inside &= real
        _add(columns, (top * width + x)[inside], 1)
        _add(columns, (bottom * width + x)[inside], -1)
    np.cumsum(rows, axis=1, out=rows)
    np.cumsum(columns, axis=0, out=columns)
    total = columns[:height]
    total += rows[:, :width]
    return total


def _add(plane: _F, places: _I, value: float) -> None:
    flat = plane.reshape(-1)
    values = np.full(_CHUNK, value, np.float32)  # of the plane's type: add.at is slow otherwise
    for start in range(0, len(places), _CHUNK):
        part = places[start : start + _CHUNK]
        np.add.at(flat, part, values[: len(part)])
