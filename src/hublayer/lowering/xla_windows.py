"""XLA's reductions over windows, and their transpose: select in each window, scatter to what was selected."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hublayer.graph.ir import FunctionName
from hublayer.lowering.dtypes import dtype_of
from hublayer.lowering.execute import Run
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import ops, span, tensor
from hublayer.lowering.xla_computations import Reduce, applied, combined, identity, monoid
from hublayer.lowering.xla_pad import pad

# Longer windows are reduced by doubling: the number of operations grows with the logarithm of their length.
_LONG = 8


def _places(size: int, window: int, stride: int, dilation: int) -> int:
    return max((size - span(window, dilation)) // stride + 1, 0)


def _line(x: Any, axis: int, start: int, count: int, stride: int) -> Any:
    """`count` elements of `x` along `axis`, `stride` apart."""
    stop = start + (count - 1) * stride + 1 if count else start
    return x[(*[slice(None)] * axis, slice(start, stop, stride))]


def reduced_along(x: Any, axis: int, window: int, stride: int, dilation: int, reduce: Reduce) -> Any:
    """Windows along one axis reduced; the function is associative, and earlier elements stand on its left."""
    count = _places(x.shape[axis], window, stride, dilation)
    if window <= _LONG or dilation > 1:
        result = _line(x, axis, 0, count, stride)
        for place in range(1, window):
            result = reduce([result, _line(x, axis, place * dilation, count, stride)])[0]
        return result
    reach, doubled, done, result, rest = 1, x, 0, None, window
    while rest:
        if rest % 2:
            part = _line(doubled, axis, done, count, stride)
            result = part if result is None else reduce([result, part])[0]
            done += reach
        rest //= 2
        if rest:
            size = doubled.shape[axis] - reach
            doubled = reduce([_line(doubled, axis, 0, size, 1), _line(doubled, axis, reach, size, 1)])[0]
            reach *= 2
    return result


def _taps(
    x: Any, windows: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], Any]]:
    """For each place of the window, the last axis fastest: where it begins, and what `x` has there for each window."""
    counts = [_places(*sizes) for sizes in zip(x.shape, windows, strides, dilations, strict=True)]
    for place in itertools.product(*(range(size) for size in windows)):
        starts = tuple(i * dilation for i, dilation in zip(place, dilations, strict=True))
        view = x
        for axis, (start, count, stride) in enumerate(zip(starts, counts, strides, strict=True)):
            view = _line(view, axis, start, count, stride)
        yield starts, view


def reduce_window(
    x: Any,
    initial: Any,
    windows: Sequence[int],
    strides: Sequence[int],
    base_dilations: Sequence[int],
    dilations: Sequence[int],
    padding: Sequence[Sequence[int]],
    kind: str | None,
    reduce: Reduce,
) -> Any:
    """Each window of padded `x` reduced, beginning with `initial`, which is what `x` is padded with too."""
    low, high = zip(*padding, strict=True) if len(padding) else ((), ())
    x = pad(x, initial, low, high, [d - 1 for d in base_dilations])
    if kind is not None:
        # The last axis goes first, so that of equal elements the first in the window's order is on the left.
        for axis in reversed(range(len(windows))):
            if windows[axis] > 1 or strides[axis] > 1:
                x = reduced_along(x, axis, windows[axis], strides[axis], dilations[axis], reduce)
        begin = isinstance(initial, np.ndarray) and bool(initial == identity(kind, dtype_of(x)))
        return x if begin else reduce([ops.broadcast_to(tensor(initial), tuple(x.shape)), x])[0]
    result = None
    for _, view in _taps(x, windows, strides, dilations):
        before = ops.broadcast_to(tensor(initial), tuple(view.shape)) if result is None else result
        result = reduce([before, view])[0]
    return result


@lowers("XlaReduceWindow")
def xla_reduce_window(
    run: Run,
    input: Any,
    init_value: Any,
    window_dimensions: Static,
    window_strides: Static,
    base_dilations: Static,
    window_dilations: Static,
    padding: Static,
    *,
    computation: FunctionName,
) -> Any:
    """Each window of `input` reduced by `computation`."""
    kind = monoid(run.executable(computation).function)
    kind = None if kind == "second" else kind
    reduce = combined(kind) if kind else applied(run, computation)
    sizes = (window_dimensions, window_strides, base_dilations, window_dilations)
    return reduce_window(
        tensor(input), init_value, *map(np.ndarray.tolist, sizes), padding.reshape(-1, 2).tolist(), kind, reduce
    )


def select_and_scatter(
    operand: Any,
    windows: Sequence[int],
    strides: Sequence[int],
    padding: Sequence[Sequence[int]],
    source: Any,
    initial: Any,
    prefer: Reduce,
    kind: str | None,
    reduce: Reduce,
) -> Any:
    """`initial` everywhere, joined by `reduce` (known as `kind`, or not) with `source` where `prefer` chose."""
    low, high = zip(*padding, strict=True)
    none = [0] * len(low)
    padded = pad(operand, np.zeros((), dtype_of(operand)), low, high, none)
    inside = np.pad(np.ones(tuple(operand.shape), bool), list(zip(low, high, strict=True)))
    ones = [1] * len(windows)
    best: Any = None
    chosen: Any = None
    known = np.zeros((), bool)
    places = []
    valid = _taps(inside, windows, strides, ones)
    for number, ((starts, view), (_, there)) in enumerate(
        zip(_taps(padded, windows, strides, ones), valid, strict=True)
    ):
        places.append(starts)
        if best is None:
            best, chosen, known = view, ops.zeros(tuple(view.shape), "int32"), there
            continue
        new = ops.logical_and(there, ops.logical_or(~known, ops.logical_not(prefer([best, view])[0])))
        best, chosen, known = ops.where(new, view, best), ops.where(new, number, chosen), known | there
    result = ops.broadcast_to(initial, tuple(padded.shape))
    between = [stride - 1 for stride in strides]
    for number, starts in enumerate(places):
        mine = ops.equal(chosen, number)
        ends = [
            size - start - ((count - 1) * stride + 1)
            for size, start, count, stride in zip(padded.shape, starts, source.shape, strides, strict=True)
        ]
        if kind == "add":
            chosen_source = ops.where(mine, source, ops.zeros((), dtype_of(source)))
            result = ops.add(result, pad(chosen_source, 0, starts, ends, between))
            continue
        before = result
        for axis, sizes in enumerate(zip(starts, source.shape, strides, strict=True)):
            before = _line(before, axis, *sizes)
        # Where nothing is scattered the function sees ones, whose derivative is seldom infinite.
        one = ops.ones((), dtype_of(source))
        joined = reduce([ops.where(mine, before, one), ops.where(mine, source, one)])[0]
        here = ops.greater(pad(ops.cast(mine, "int32"), 0, starts, ends, between), 0)
        result = ops.where(here, pad(joined, 0, starts, ends, between), result)
    cut = [slice(before, before + size) for before, size in zip(low, operand.shape, strict=True)]
    return result[tuple(cut)] if math.prod(result.shape) else result


@lowers("XlaSelectAndScatter")
def xla_select_and_scatter(
    run: Run,
    operand: Any,
    window_dimensions: Static,
    window_strides: Static,
    padding: Static,
    source: Any,
    init_value: Any,
    *,
    select: FunctionName,
    scatter: FunctionName,
) -> Any:
    """In each window of `operand` the element that `select` prefers; there, elements of `source` by `scatter`."""
    kind = monoid(run.executable(scatter).function)
    reduce = combined(kind) if kind else applied(run, scatter)
    sizes = window_dimensions.tolist(), window_strides.tolist(), padding.reshape(-1, 2).tolist()
    values = tensor(source), tensor(init_value)
    return select_and_scatter(tensor(operand), *sizes, *values, applied(run, select), kind, reduce)
