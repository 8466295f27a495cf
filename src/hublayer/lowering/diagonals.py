"""Diagonals and bands of matrices. Which element goes where is known, so each op is one gather and one choice."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.shape import dtype_like, integers

_LEFT = "LEFT_LEFT"


def _bounds(k: np.ndarray) -> tuple[int, int]:
    values = integers(k)
    return values[0], values[-1]


def _lengths(rows: int, columns: int, low: int, high: int, align: str) -> tuple[int, dict[int, tuple[int, int]]]:
    """The longest of the diagonals low … high, and for each its length and where it starts in its row of a band."""
    longest = min(rows + min(high, 0), columns - max(low, 0))
    left_above, left_below = (side == "LEFT" for side in align.split("_"))
    found = {}
    for d in range(low, high + 1):
        length = max(min(rows + min(d, 0), columns - max(d, 0)), 0)
        left = (d >= 0 and left_above) or (d <= 0 and left_below)
        found[d] = (length, 0 if left else longest - length)
    return longest, found


def _band_to_matrix(rows: int, columns: int, low: int, high: int, align: str) -> tuple[np.ndarray, np.ndarray]:
    """For each element of a matrix: its flat position in the band, and whether it is in the band."""
    longest, diagonals = _lengths(rows, columns, low, high, align)
    source, inside = np.zeros((rows, columns), np.int32), np.zeros((rows, columns), bool)
    for d, (length, start) in diagonals.items():
        along = np.arange(length)
        where = (along + max(-d, 0), along + max(d, 0))
        source[where] = (high - d) * longest + start + along
        inside[where] = True
    return source, inside


def _matrix_to_band(rows: int, columns: int, low: int, high: int, align: str) -> tuple[np.ndarray, np.ndarray]:
    """For each element of the band: its flat position in the matrix, and whether it has one."""
    longest, diagonals = _lengths(rows, columns, low, high, align)
    source = np.zeros((high - low + 1, longest), np.int32)
    inside = np.zeros((high - low + 1, longest), bool)
    for d, (length, start) in diagonals.items():
        along = np.arange(length)
        source[high - d, start : start + length] = (along + max(-d, 0)) * columns + along + max(d, 0)
        inside[high - d, start : start + length] = True
    return source, inside


def _taken(x: Any, last: int, source: np.ndarray) -> Any:
    """Elements of `x`, its last `last` dimensions flattened, at `source`."""
    batch = list(x.shape[: len(x.shape) - last])
    flat = ops.reshape(x, [*batch, math.prod(x.shape[len(x.shape) - last :])])
    return ops.reshape(ops.take(flat, source.reshape(-1), axis=-1), [*batch, *source.shape])


def _chosen(inside: np.ndarray, x: Any, other: Any) -> Any:
    return x if inside.all() else ops.where(inside, x, other)


def _zero(x: Any) -> Any:
    return ops.zeros((), dtype_like(x))


def _matrix_diag(diagonal: Any, k: np.ndarray, rows: int, columns: int, padding: Any, align: str) -> Any:
    low, high = _bounds(k)
    longest = diagonal.shape[-1]
    fewest_rows, fewest_columns = longest - min(high, 0), longest + max(low, 0)
    if rows == -1 and columns == -1:
        rows = columns = max(fewest_rows, fewest_columns)
    elif rows == -1:
        rows = fewest_rows
    elif columns == -1:
        columns = fewest_columns
    source, inside = _band_to_matrix(rows, columns, low, high, align)
    return _chosen(inside, _taken(diagonal, 1 if low == high else 2, source), padding)


def _matrix_diag_part(x: Any, k: np.ndarray, padding: Any, align: str) -> Any:
    low, high = _bounds(k)
    source, inside = _matrix_to_band(x.shape[-2], x.shape[-1], low, high, align)
    if low == high:
        source, inside = source[0], inside[0]
    return _chosen(inside, _taken(x, 2, source), padding)


def _matrix_set_diag(x: Any, diagonal: Any, k: np.ndarray, align: str) -> Any:
    low, high = _bounds(k)
    source, inside = _band_to_matrix(x.shape[-2], x.shape[-1], low, high, align)
    return _chosen(inside, _taken(diagonal, 1 if low == high else 2, source), x)


_MAIN = np.zeros((), np.int32)


@lowers("MatrixDiag")
def matrix_diag(diagonal: Any) -> Any:
    """Square matrices with `diagonal`, zero elsewhere."""
    return _matrix_diag(diagonal, _MAIN, -1, -1, _zero(diagonal), _LEFT)


@lowers("MatrixDiagV2")
def matrix_diag_v2(diagonal: Any, k: Static, num_rows: Static, num_cols: Static, padding_value: Any) -> Any:
    """Matrices with the diagonals k[0] … k[1], which start at the left of their rows in `diagonal`."""
    return _matrix_diag(diagonal, k, int(num_rows), int(num_cols), padding_value, _LEFT)


@lowers("MatrixDiagV3")
def matrix_diag_v3(
    diagonal: Any,
    k: Static,
    num_rows: Static,
    num_cols: Static,
    padding_value: Any,
    *,
    align: str = "RIGHT_LEFT",
) -> Any:
    """Matrices with the diagonals k[0] … k[1]. align: the sides of those above and below the main one."""
    return _matrix_diag(diagonal, k, int(num_rows), int(num_cols), padding_value, align)


@lowers("MatrixDiagPart")
def matrix_diag_part(input: Any) -> Any:
    """The main diagonals."""
    return _matrix_diag_part(input, _MAIN, _zero(input), _LEFT)


@lowers("MatrixDiagPartV2")
def matrix_diag_part_v2(input: Any, k: Static, padding_value: Any) -> Any:
    """The diagonals k[0] … k[1] as rows, each at the left."""
    return _matrix_diag_part(input, k, padding_value, _LEFT)


@lowers("MatrixDiagPartV3")
def matrix_diag_part_v3(input: Any, k: Static, padding_value: Any, *, align: str = "RIGHT_LEFT") -> Any:
    """The diagonals k[0] … k[1] as rows. align: the sides of those above and below the main one."""
    return _matrix_diag_part(input, k, padding_value, align)


@lowers("MatrixSetDiag")
def matrix_set_diag(input: Any, diagonal: Any) -> Any:
    """`input` with other main diagonals."""
    return _matrix_set_diag(input, diagonal, _MAIN, _LEFT)


@lowers("MatrixSetDiagV2")
def matrix_set_diag_v2(input: Any, diagonal: Any, k: Static) -> Any:
    """`input` with other diagonals k[0] … k[1], each at the left of its row in `diagonal`."""
    return _matrix_set_diag(input, diagonal, k, _LEFT)


@lowers("MatrixSetDiagV3")
def matrix_set_diag_v3(input: Any, diagonal: Any, k: Static, *, align: str = "RIGHT_LEFT") -> Any:
    """`input` with other diagonals k[0] … k[1]."""
    return _matrix_set_diag(input, diagonal, k, align)


@lowers("Diag")
def diag(diagonal: Any) -> Any:
    """A tensor of twice the rank: `diagonal` where both halves of the index are the same, zero elsewhere."""
    shape = list(diagonal.shape)
    return ops.reshape(matrix_diag(ops.reshape(diagonal, [math.prod(shape)])), [*shape, *shape])


@lowers("DiagPart")
def diag_part(input: Any) -> Any:
    """The elements of `input` for which both halves of the index are the same."""
    half = list(input.shape[: len(input.shape) // 2])
    count = math.prod(half)
    return ops.reshape(matrix_diag_part(ops.reshape(input, [count, count])), half)


@lowers("MatrixBandPart")
def matrix_band_part(input: Any, num_lower: Any, num_upper: Any) -> Any:
    """The diagonals from num_lower below the main one to num_upper above it (negative: all); zero elsewhere."""
    below = np.subtract.outer(np.arange(input.shape[-2]), np.arange(input.shape[-1])).astype(np.int32)
    return ops.where(ops.logical_and(_within(below, num_lower), _within(-below, num_upper)), input, _zero(input))


def _within(distance: np.ndarray, limit: Any) -> Any:
    if isinstance(limit, np.ndarray):
        return (distance <= limit) | (limit < 0)
    return ops.logical_or(ops.less_equal(distance, limit), ops.less(limit, 0))
