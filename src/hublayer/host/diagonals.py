"""Diagonals of matrices: taken, set, and made into matrices."""

from __future__ import annotations

import numpy as np

from hublayer.host.registry import host_op


@host_op("Diag")
def diag(diagonal):
    """A tensor of twice the rank with the given diagonal."""
    result = np.zeros((diagonal.size, diagonal.size), diagonal.dtype)
    np.fill_diagonal(result, diagonal.reshape(-1))
    return result.reshape(diagonal.shape * 2)


@host_op("DiagPart")
def diag_part(input):
    """The diagonal of a tensor whose shape repeats itself."""
    half = input.ndim // 2
    if input.ndim % 2 or not half or input.shape[:half] != input.shape[half:]:
        raise ValueError(f"a shape that repeats itself was expected, but {input.shape} came")
    size = int(np.prod(input.shape[:half]))
    return np.diagonal(input.reshape(size, size)).reshape(input.shape[:half]).copy()


@host_op("MatrixBandPart")
def matrix_band_part(input, num_lower, num_upper):
    """Matrices with zeros beyond some diagonals below and above the main one; negative numbers keep all."""
    rows, columns = input.shape[-2:]
    offset = np.arange(columns) - np.arange(rows)[:, None]
    lower, upper = int(num_lower), int(num_upper)
    kept = np.ones((rows, columns), np.bool_)
    if lower >= 0:
        kept &= -offset <= lower
    if upper >= 0:
        kept &= offset <= upper
    return np.where(kept, input, input.dtype.type(0))


@host_op("MatrixDiag")
def matrix_diag(diagonal):
    """Square matrices with the given main diagonals."""
    return _diagonals_to_matrices(
        diagonal[..., None, :], (0, 0), diagonal.shape[-1], diagonal.shape[-1], 0, "LEFT_LEFT"
    )


@host_op("MatrixDiagPart")
def matrix_diag_part(input):
    """The main diagonals."""
    return np.diagonal(input, axis1=-2, axis2=-1).copy()


@host_op("MatrixSetDiag")
def matrix_set_diag(input, diagonal):
    """Matrices with other main diagonals."""
    return _with_diagonals(input, diagonal[..., None, :], (0, 0), "LEFT_LEFT")


def _range(k: np.ndarray) -> tuple[int, int]:
    numbers = k.reshape(-1).tolist()
    if len(numbers) not in (1, 2) or numbers[0] > numbers[-1]:
        raise ValueError(f"k is one diagonal or the lowest and the highest, but {numbers} came")
    return numbers[0], numbers[-1]


def _place(offset: int, rows: int, columns: int, longest: int, align: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Rows and columns of a diagonal, and where it starts in a row of the length of the longest."""
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    steps = np.arange(length)
    upper, lower = align.split("_")
    side = upper if offset >= 0 else lower
    return steps - min(offset, 0), steps + max(offset, 0), longest - length if side == "RIGHT" else 0


def _longest(low: int, high: int, rows: int, columns: int) -> int:
    return min(rows + min(high, 0), columns - max(low, 0))


def _check_range(low: int, high: int, rows: int, columns: int) -> None:
    if (low, high) != (0, 0) and not -rows < low <= high < columns:
        raise ValueError(f"diagonals {low} to {high} do not all lie in matrices of {rows} x {columns}")


def _diagonals_to_matrices(
    bands: np.ndarray, k: tuple[int, int], rows: int, columns: int, padding: object, align: str
) -> np.ndarray:
    result = np.full((*bands.shape[:-2], rows, columns), padding, bands.dtype)
    _set_bands(result, bands, k, align)
    return result


def _set_bands(matrices: np.ndarray, bands: np.ndarray, k: tuple[int, int], align: str) -> None:
    low, high = k
    rows, columns = matrices.shape[-2:]
    for band, offset in enumerate(range(high, low - 1, -1)):
        i, j, start = _place(offset, rows, columns, bands.shape[-1], align)
        matrices[..., i, j] = bands[..., band, start : start + len(i)]


def _with_diagonals(matrices: np.ndarray, bands: np.ndarray, k: tuple[int, int], align: str) -> np.ndarray:
    low, high = k
    rows, columns = matrices.shape[-2:]
    _check_range(low, high, rows, columns)
    expected = (*matrices.shape[:-2], high - low + 1, _longest(low, high, rows, columns))
    if bands.shape != expected:
        raise ValueError(f"diagonals of shape {expected} were expected, but {bands.shape} came")
    result = matrices.copy()
    _set_bands(result, bands, k, align)
    return result


def _banded(diagonal: np.ndarray, k: tuple[int, int]) -> np.ndarray:
    return diagonal[..., None, :] if k[0] == k[1] else diagonal


@host_op("MatrixDiagV2")
def matrix_diag_v2(diagonal, k, num_rows, num_cols, padding_value):
    """MatrixDiagV3 with diagonals that start on the left."""
    return matrix_diag_v3(diagonal, k, num_rows, num_cols, padding_value, align="LEFT_LEFT")


@host_op("MatrixDiagV3")
def matrix_diag_v3(diagonal, k, num_rows, num_cols, padding_value, *, align="RIGHT_LEFT"):
    """Matrices with the given diagonals; -1 rows or columns: as few as they need. A diagonal may lie outside."""
    low, high = _range(k)
    bands = _banded(diagonal, (low, high))
    longest = bands.shape[-1]
    rows, columns = int(num_rows), int(num_cols)
    least_rows, least_columns = longest - min(high, 0), longest + max(low, 0)
    if rows == columns == -1:
        rows = columns = max(least_rows, least_columns)
    rows = least_rows if rows == -1 else rows
    columns = least_columns if columns == -1 else columns
    if bands.shape[-2] != high - low + 1 or _longest(low, high, rows, columns) != longest:
        raise ValueError(f"diagonals of shape {diagonal.shape} do not fit {rows} x {columns} at {low} to {high}")
    return _diagonals_to_matrices(bands, (low, high), rows, columns, padding_value, align)


@host_op("MatrixDiagPartV2")
def matrix_diag_part_v2(input, k, padding_value):
    """MatrixDiagPartV3 with diagonals that start on the left."""
    return matrix_diag_part_v3(input, k, padding_value, align="LEFT_LEFT")


@host_op("MatrixDiagPartV3")
def matrix_diag_part_v3(input, k, padding_value, *, align="RIGHT_LEFT"):
    """Diagonals of matrices, from the highest to the lowest, padded to the length of the longest."""
    low, high = _range(k)
    rows, columns = input.shape[-2:]
    _check_range(low, high, rows, columns)
    longest = _longest(low, high, rows, columns)
    bands = np.full((*input.shape[:-2], high - low + 1, longest), padding_value, input.dtype)
    for band, offset in enumerate(range(high, low - 1, -1)):
        i, j, start = _place(offset, rows, columns, longest, align)
        bands[..., band, start : start + len(i)] = input[..., i, j]
    return bands[..., 0, :] if low == high else bands


@host_op("MatrixSetDiagV2")
def matrix_set_diag_v2(input, diagonal, k):
    """MatrixSetDiagV3 with diagonals that start on the left."""
    return matrix_set_diag_v3(input, diagonal, k, align="LEFT_LEFT")


@host_op("MatrixSetDiagV3")
def matrix_set_diag_v3(input, diagonal, k, *, align="RIGHT_LEFT"):
    """Matrices with other diagonals."""
    low, high = _range(k)
    return _with_diagonals(input, _banded(diagonal, (low, high)), (low, high), align)
