"""Upsampling and convolution arithmetic: courses' examples to the digit, torch over settings."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from engine.arithmetic import (
    MOST,
    Impossible,
    Operation,
    Result,
    Setting,
    bed_of_nails,
    bilinear,
    calculate,
    convolutionalise,
    convolve,
    convolve_map,
    coverage,
    linear,
    max_pool,
    max_unpool,
    nearest,
    output_sizes,
    transposed,
)
from engine.errors import BoxscopeError

QUICK = settings(max_examples=60, deadline=None, derandomize=True)
SMALL = [[1, 2], [3, 4]]
MAP = [[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]]
TINY = [[0, 1], [2, 3]]


def maps(low: int = 1, high: int = 6) -> st.SearchStrategy[np.ndarray]:
    """Maps of small whole numbers: sums are exact in any order, and values repeat."""
    shapes = st.tuples(st.integers(low, high), st.integers(low, high))
    return npst.arrays(np.float64, shapes, elements=st.integers(-9, 9).map(float))


def as_torch(values: object) -> torch.Tensor:
    return torch.from_numpy(np.array(values, np.float64))[None, None]


def is_explained(result: Result) -> None:
    """Every output cell is the sum of its terms, and both ways round name the same pairs."""
    np.testing.assert_allclose(
        result.matrix() @ result.input.ravel(), result.output.ravel(), atol=1e-9
    )
    reached = {tuple(cell): set() for cell in np.argwhere(np.ones(result.input.shape))}
    for cell in np.ndindex(result.output.shape):
        terms = result.terms(cell)
        assert terms.products.sum() == pytest.approx(result.output[cell], abs=1e-9)
        assert len(terms) == result.overlap[cell]
        for one in terms.inputs.tolist():
            reached[tuple(one)].add(cell)
    for cell, outputs in reached.items():
        assert set(map(tuple, result.reached(cell).tolist())) == outputs


# --- what courses write on the board


def test_nearest_of_the_board() -> None:
    result = nearest(SMALL, (4, 4))
    assert result.output.tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    assert result.reached((1, 0)).tolist() == [[2, 0], [2, 1], [3, 0], [3, 1]]


def test_bed_of_nails_of_the_board() -> None:
    result = bed_of_nails(SMALL, 2)
    assert result.output.tolist() == [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]]
    assert result.overlap.sum() == 4 and len(result.terms((1, 1))) == 0


def test_max_pooling_and_unpooling_of_the_board() -> None:
    pooled = max_pool(MAP, 2, 2)
    assert pooled.output.tolist() == [[5, 6], [7, 8]]
    assert pooled.switches is not None and pooled.switches.tolist() == [[5, 2], [12, 15]]
    assert len(pooled.terms((0, 0))) == 4 and pooled.terms((0, 0)).weights.tolist() == [0, 0, 0, 1]
    back = max_unpool(SMALL, pooled.switches, (4, 4))
    assert back.output.tolist() == [[0, 0, 2, 0], [0, 1, 0, 0], [0, 0, 0, 0], [3, 0, 0, 4]]
    assert back.terms((0, 2)).inputs.tolist() == [[0, 1]]


def test_transposed_convolution_of_the_board() -> None:
    result = transposed(TINY, TINY)
    assert result.output.tolist() == [[0, 0, 1], [0, 4, 6], [4, 12, 9]]
    middle = result.terms((1, 1))
    assert middle.values.tolist() == [0, 1, 2, 3] and middle.weights.tolist() == [3, 2, 1, 0]
    assert middle.products.tolist() == [0, 2, 2, 0]
    assert middle.kernels is not None
    assert middle.kernels.tolist() == [[1, 1], [1, 0], [0, 1], [0, 0]]
    assert result.overlap.tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


def test_bilinear_of_the_board() -> None:
    row = np.array([1, 1.25, 1.75, 2])
    expected = row + np.array([0, 0.5, 1.5, 2])[:, None]
    assert bilinear(SMALL, (4, 4)).output.tolist() == expected.tolist()
    corners = bilinear([[0, 3], [6, 9]], (4, 4), align_corners=True).output
    np.testing.assert_allclose(corners, np.arange(4) + 2 * np.arange(4)[:, None])


def test_stride_two_and_a_dilated_kernel() -> None:
    result = convolve(np.arange(25).reshape(5, 5), np.ones((2, 2)), stride=2, dilation=2)
    assert result.output.tolist() == [[24, 32], [64, 72]]
    assert result.terms((0, 0)).inputs.tolist() == [[0, 0], [0, 2], [2, 0], [2, 2]]


# --- torch, over random settings


@QUICK
@given(maps(1, 9), maps(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3))
def test_convolution_is_torchs(
    x: np.ndarray, kernel: np.ndarray, stride: int, padding: int, dilation: int
) -> None:
    room = np.array(x.shape) + 2 * padding - dilation * (np.array(kernel.shape) - 1)
    if room.min() < 1:
        with pytest.raises(BoxscopeError, match="does not fit"):
            convolve(x, kernel, stride, padding, dilation)
        return
    result = convolve(x, kernel, stride, padding, dilation)
    expected = F.conv2d(as_torch(x), as_torch(kernel), None, stride, padding, dilation)
    np.testing.assert_array_equal(result.output, expected[0, 0].numpy())
    is_explained(result)


@QUICK
@given(
    maps(1, 5), maps(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(0, 3),
    st.integers(1, 3),
)  # fmt: skip
def test_transposed_convolution_is_torchs(
    x: np.ndarray, kernel: np.ndarray, stride: int, padding: int, extra: int, dilation: int
) -> None:
    def theirs() -> torch.Tensor:
        return F.conv_transpose2d(
            as_torch(x), as_torch(kernel), None, stride, padding, extra, 1, dilation
        )

    try:
        result = transposed(x, kernel, stride, padding, extra, dilation)
    except BoxscopeError:
        with pytest.raises(RuntimeError):
            theirs()
        return
    np.testing.assert_array_equal(result.output, theirs()[0, 0].numpy())
    is_explained(result)


@QUICK
@given(maps(1, 8), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 3))
def test_max_pooling_and_its_switches_are_torchs(
    x: np.ndarray, window: int, stride: int, padding: int, dilation: int
) -> None:
    try:
        result = max_pool(x, window, stride, padding, dilation)
    except BoxscopeError:
        assume(False)
    expected, places = F.max_pool2d(
        as_torch(x), window, stride, padding, dilation, return_indices=True
    )
    np.testing.assert_array_equal(result.output, expected[0, 0].numpy())
    np.testing.assert_array_equal(result.switches, places[0, 0].numpy())
    is_explained(result)
    assert result.switches is not None
    values = np.arange(1.0, 1 + result.output.size).reshape(result.output.shape)
    back = max_unpool(values, result.switches, x.shape)
    is_explained(back)
    if len(set(places.ravel().tolist())) == places.numel():  # else torch's order is undefined
        theirs = torch.ops.aten.max_unpool2d(as_torch(values), places, x.shape)
        np.testing.assert_array_equal(back.output, theirs[0, 0].numpy())
    else:
        assert (back.overlap > 1).any()


@QUICK
@given(maps(1, 6), st.integers(1, 13), st.integers(1, 13), st.booleans())
def test_interpolation_is_torchs(x: np.ndarray, height: int, width: int, corners: bool) -> None:
    size = (height, width)
    near = nearest(x, size)
    np.testing.assert_array_equal(near.output, F.interpolate(as_torch(x), size)[0, 0].numpy())
    is_explained(near)
    smooth = bilinear(x, size, corners)
    theirs = F.interpolate(as_torch(x), size, mode="bilinear", align_corners=corners)
    np.testing.assert_allclose(smooth.output, theirs[0, 0].numpy(), atol=1e-6)
    is_explained(smooth)
    assert smooth.overlap.max() <= 4 and smooth.weight.min() > 0


@QUICK
@given(maps(), st.integers(1, 4))
def test_bed_of_nails_is_a_transposed_convolution(x: np.ndarray, factor: int) -> None:
    nail = np.zeros((factor, factor))
    nail[0, 0] = 1
    theirs = F.conv_transpose2d(as_torch(x), as_torch(nail), stride=factor)
    result = bed_of_nails(x, factor)
    np.testing.assert_array_equal(result.output, theirs[0, 0].numpy())
    is_explained(result)


@pytest.mark.parametrize("setting", [(1, 0, 1), (2, 1, 1), (2, 0, 2), (3, 2, 1)])
def test_transposed_means_the_transposed_matrix(setting: tuple[int, int, int]) -> None:
    stride, padding, dilation = setting
    kernel = np.arange(1, 10).reshape(3, 3)
    down = convolve(np.ones((7, 7)), kernel, stride, padding, dilation)
    left = (7 + 2 * padding - dilation * 2 - 1) % stride
    up = transposed(down.output, kernel, stride, padding, left, dilation)
    np.testing.assert_array_equal(up.matrix(), down.matrix().T)


# --- overlap


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_the_rule_of_overlap_is_what_is_counted(kernel: int, stride: int, dilation: int) -> None:
    result = transposed(np.ones((14, 14)), np.ones((kernel, kernel)), stride, dilation=dilation)
    border = dilation * (kernel - 1)
    inside = result.overlap[border:-border, border:-border] if border else result.overlap
    if not border:  # what lies beyond the last stamp
        inside = inside[: 13 * stride, : 13 * stride]
    rule = coverage((kernel, kernel), stride, dilation)
    assert tuple(np.unique(inside).tolist()) == rule.counts
    assert rule.even == (len(rule.counts) == 1)
    if dilation == 1:
        assert rule.even == (kernel % stride == 0)


# --- what is impossible


@pytest.mark.parametrize(
    ("operation", "x", "second", "setting", "words"),
    [
        (Operation.CONVOLUTION, SMALL, np.ones((3, 3)), Setting(stride=1), "kernel of 3 rows"),
        (Operation.CONVOLUTION, MAP, np.ones((3, 3)), Setting(dilation=2), "spans 5 rows"),
        (Operation.CONVOLUTION, MAP, np.ones((1, 5)), Setting(), "5 columns"),
        (Operation.CONVOLUTION, MAP, np.ones((1, 1)), Setting(stride=0), "stride must be at least"),
        (Operation.CONVOLUTION, MAP, [[np.nan]], Setting(), "kernel may hold numbers"),
        (Operation.TRANSPOSED, TINY, TINY, Setting(output_padding=2), "0 to 1 are possible"),
        (Operation.TRANSPOSED, TINY, TINY, Setting(padding=2), "cut all 4 rows"),
        (Operation.TRANSPOSED, TINY, TINY, Setting(padding=-1), "padding cannot be negative"),
        (Operation.MAX_POOL, MAP, None, Setting(padding=2), "more than half of the window's 2"),
        (Operation.MAX_POOL, MAP, None, Setting(window=5), "does not fit"),
        (Operation.MAX_POOL, [[1]], None, Setting(dilation=2, padding=1), "padding alone"),
        (Operation.MAX_UNPOOL, np.ones((3, 2)), MAP, Setting(), "switches for 2 × 2"),
        (Operation.NEAREST, SMALL, None, Setting(factor=0), "factor must be at least 1"),
        (Operation.BILINEAR, [], None, Setting(), "rows and columns"),
        (Operation.NEAREST, [[2e6]], None, Setting(), "from −1,000,000"),
        (Operation.NEAREST, np.ones((200, 200)), None, Setting(), "more than can be shown"),
    ],
)
def test_the_impossible_is_explained_in_a_sentence(
    operation: Operation, x: object, second: object, setting: Setting, words: str
) -> None:
    result = calculate(operation, x, second, setting)
    assert isinstance(result, Impossible) and words in result.sentence
    assert re.fullmatch(r"[A-Z][^\n]+\.", result.sentence)


def test_switches_must_lie_in_the_output() -> None:
    with pytest.raises(BoxscopeError, match="Switch 9 points outside"):
        max_unpool([[1.0, 2.0]], np.array([[0, 9]]), (3, 3))


@pytest.mark.parametrize("operation", list(Operation))
def test_sizes_are_told_before_anything_is_computed(operation: Operation) -> None:
    x, second = (SMALL, MAP) if operation == Operation.MAX_UNPOOL else (MAP, np.ones((3, 3)))
    setting = Setting(padding=1)
    if operation == Operation.MAX_UNPOOL:
        setting = Setting()
    result = calculate(operation, x, second, setting)
    assert isinstance(result, Result) and result.output.size <= MOST
    shape = (len(x), len(x[0]))
    assert result.output.shape == output_sizes(operation, shape, second, setting)
    with pytest.raises(IndexError):
        result.terms((99, 0))
    with pytest.raises(IndexError):
        result.reached((0, -1))


# --- a linear layer is a convolution


def test_a_linear_layer_of_4096_to_1000_is_a_1x1_convolution() -> None:
    rng = np.random.default_rng(0)
    weight = rng.normal(0, 0.02, (1000, 4096)).astype(np.float32)
    bias, x = rng.normal(0, 1, 1000), rng.normal(0, 1, (4096, 2, 3))
    kernels = convolutionalise(weight)
    assert kernels.shape == (1000, 4096, 1, 1) and np.shares_memory(kernels, weight)
    scores = convolve_map(kernels, bias, x[:, :1, :1])
    np.testing.assert_allclose(scores[:, 0, 0], linear(weight, bias, x[:, 0, 0]), atol=1e-10)
    full = convolve_map(kernels, bias, x)
    theirs = F.conv2d(
        torch.from_numpy(x)[None],
        torch.from_numpy(kernels.astype(np.float64)),
        torch.from_numpy(bias),
    )
    assert full.shape == (1000, 2, 3)
    np.testing.assert_allclose(full, theirs[0].numpy(), atol=1e-10)
    for y, column in np.ndindex(2, 3):
        alone = linear(weight, bias, x[:, y, column])
        np.testing.assert_allclose(full[:, y, column], alone, atol=1e-10)


def test_a_linear_layer_over_a_flattened_map_slides_over_a_larger_one() -> None:
    rng = np.random.default_rng(1)
    layer = torch.nn.Linear(2 * 4 * 3, 5)
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    x = rng.normal(0, 1, (2, 6, 5)).astype(np.float32)
    made = convolve_map(convolutionalise(weight, (4, 3)), bias, x)
    assert made.shape == (5, 3, 3)
    for y, column in np.ndindex(3, 3):
        window = torch.from_numpy(x[:, y : y + 4, column : column + 3].copy())
        expected = layer(torch.flatten(window)).detach().numpy()
        np.testing.assert_allclose(made[:, y, column], expected, atol=1e-5)


def test_what_does_not_fit_a_layer_is_explained() -> None:
    weight, bias = np.ones((3, 8)), np.zeros(3)
    with pytest.raises(BoxscopeError, match="not divisible by 9"):
        convolutionalise(weight, (3, 3))
    kernels = convolutionalise(weight, (2, 2))
    with pytest.raises(BoxscopeError, match="2 channels but the map has 3"):
        convolve_map(kernels, bias, np.ones((3, 4, 4)))
    with pytest.raises(BoxscopeError, match="take a larger map"):
        convolve_map(kernels, bias, np.ones((2, 4, 1)))
