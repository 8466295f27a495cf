"""Levenshtein distances between the rows of two sparse tensors."""

from __future__ import annotations

import numpy as np

from hublayer.host.elements import concat_rows, distinct
from hublayer.host.registry import host_op
from hublayer.host.sparse import check_bounds, check_sparse, element_count, row_major


@host_op("EditDistance")
def edit_distance(
    hypothesis_indices,
    hypothesis_values,
    hypothesis_shape,
    truth_indices,
    truth_values,
    truth_shape,
    *,
    normalize=True,
):
    """float32, one for each row: insertions, deletions and replacements; normalised by the truth's length.

    Source: the two-row dynamic programme of Wagner and Fischer. A row that the hypothesis has and the truth has not
    is infinitely far away if distances are normalised.
    """
    check_sparse(hypothesis_indices, hypothesis_values, hypothesis_shape)
    check_sparse(truth_indices, truth_values, truth_shape)
    if len(hypothesis_shape) != len(truth_shape) or len(truth_shape) < 2:
        raise ValueError(f"rows of both were expected, but {hypothesis_shape.tolist()} and {truth_shape.tolist()} came")
    check_bounds(hypothesis_indices, hypothesis_shape)
    check_bounds(truth_indices, truth_shape)
    shape = np.maximum(hypothesis_shape, truth_shape)[:-1]
    codes = distinct(concat_rows([hypothesis_values, truth_values]))[0]
    split = len(hypothesis_indices)
    hypotheses = _rows(row_major(hypothesis_indices[:, :-1], shape), codes[:split])
    truths = _rows(row_major(truth_indices[:, :-1], shape), codes[split:])
    distances = np.zeros(element_count(shape), np.float32)
    for row in {*hypotheses, *truths}:
        hypothesis, truth = hypotheses.get(row, []), truths.get(row, [])
        distance = np.float32(_distance(truth, hypothesis))
        if normalize:
            distance = distance / np.float32(len(truth)) if truth else np.float32(np.inf)
        distances[row] = distance
    return distances.reshape(tuple(shape.tolist()))


def _rows(groups: np.ndarray, codes: np.ndarray) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for group, code in zip(groups.tolist(), codes.tolist(), strict=True):
        rows.setdefault(group, []).append(code)
    return rows


def _distance(a: list[int], b: list[int]) -> int:
    before = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        row = [i]
        for j, right in enumerate(b):
            row.append(min(before[j] + (left != right), before[j + 1] + 1, row[j] + 1))
        before = row
    return before[-1]
