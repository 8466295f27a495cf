"""The greedy decoder of connectionist temporal classification: what speech and text recognisers end with.

Graves and others, "Connectionist Temporal Classification", ICML 2006, best path decoding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering.registry import Static, lowers


@lowers("CTCGreedyDecoder")
def ctc_greedy_decoder(
    inputs: Static, sequence_length: Static, *, merge_repeated: bool = False, blank_index: int = -1
) -> list[np.ndarray]:
    """See `decoded`."""
    return decoded(inputs, sequence_length, merge_repeated, blank_index)


def decoded(inputs: np.ndarray, lengths: np.ndarray, merge_repeated: bool, blank_index: int) -> list[Any]:
    """The best class of each step, without blanks and, if asked for, without repetitions of the step before.

    inputs: (steps, batch, classes), scores of any kind. lengths: int32, (batch,), steps of each sequence.
    blank_index: counted from the end if it is negative.

    Returns a sparse matrix of the batch's labels (indices int64 (n, 2), values int64 (n,), shape int64 (2,)) and the
    negative sum of the scores on each path, (batch, 1). Raises ValueError for a sequence longer than the steps.
    """
    check_scores(inputs, lengths)
    steps, _, classes = inputs.shape
    blank = blank_index + classes if blank_index < 0 else blank_index
    if not 0 <= blank < classes:
        raise ValueError(f"there is no class {blank_index} for the blank: there are {classes}")
    labels = inputs.argmax(axis=2).T
    inside = np.arange(steps) < lengths[:, None]
    kept = inside & (labels != blank)
    if merge_repeated:
        kept[:, 1:] &= labels[:, 1:] != labels[:, :-1]
    score = -np.where(inside, inputs.max(axis=2).T, 0).sum(axis=1, dtype=inputs.dtype)[:, None]
    return [*sparse_labels([row[mask].tolist() for row, mask in zip(labels, kept, strict=True)]), score]


def check_scores(inputs: np.ndarray, lengths: np.ndarray) -> None:
    """Raise ValueError unless there are scores (steps, batch, classes) and a length for each sequence."""
    if inputs.ndim != 3 or lengths.shape != inputs.shape[1:2] or not inputs.shape[2]:
        raise ValueError(
            f"scores (steps, batch, classes) and a length for each sequence were expected, but {inputs.shape} and "
            f"{lengths.shape} came"
        )
    steps, batch, _ = inputs.shape
    if batch and not 0 <= int(lengths.min()) <= int(lengths.max()) <= steps:
        raise ValueError(f"sequences have 0 to {steps} steps, but {lengths.tolist()} came")


def sparse_labels(rows: list[list[int]]) -> list[np.ndarray]:
    """Indices (n, 2), values (n,) and the shape (2,) of rows of labels: int64."""
    counts = np.array([len(row) for row in rows], np.int64)
    places = np.concatenate([np.arange(count) for count in counts] or [np.zeros(0, np.int64)])
    indices = np.stack([np.arange(len(rows)).repeat(counts), places], axis=1)
    values = np.array([label for row in rows for label in row], np.int64)
    return [indices.astype(np.int64), values, np.array([len(rows), counts.max(initial=0)], np.int64)]
