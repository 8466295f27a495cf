"""Numbers out of text: bits of characters, and how much two sequences have in common."""

from __future__ import annotations

import itertools

import numpy as np

from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits
from hublayer.host.string_tensor import StringTensor
from hublayer.host.utf8 import NO_CHARACTER, characters


@host_op("TFText>Utf8Binarize")
def utf8_binarize(input_tokens, *, word_length, bits_per_char, replacement_char):
    """The bits of the first characters of each string: float32, shape (strings, word_length * bits_per_char).

    Lowest bit first; what is no UTF-8 is `replacement_char`, what is missing 0.
    """
    codes = np.zeros((input_tokens.size, word_length), np.int64)
    for row, text in enumerate(input_tokens.to_list()):
        # No character has more than four bytes.
        found = [code for code, _ in characters(text[: 4 * word_length + 4])][:word_length]
        codes[row, : len(found)] = [replacement_char if code == NO_CHARACTER else code for code in found]
    bits = codes[:, :, None] >> np.arange(bits_per_char) & 1
    return bits.reshape(input_tokens.size, word_length * bits_per_char).astype(np.float32)


def _longest_common_subsequence(left: list, right: list) -> int:
    """The length, by dynamic programming over one row: Hunt and Szymanski's recurrence as bits of one integer."""
    places: dict = {}
    for number, value in enumerate(right):
        places[value] = places.get(value, 0) | 1 << number
    # A bit that is 0 stands for a step of the common subsequence (Hyyrö, "Bit-parallel LCS-length computation").
    everything = (1 << len(right)) - 1
    row = everything
    for value in left:
        matches = row & places.get(value, 0)
        row = ((row + matches) | (row - matches)) & everything
    return len(right) - row.bit_count()


@host_op("RougeL")
def rouge_l(hyp_values, hyp_splits, ref_values, ref_splits, alpha):
    """ROUGE-L of rows of hypotheses and references: F measure, precision, recall, each float32, shape (rows,).

    Lin, "ROUGE", 2004. alpha weighs precision against recall; negative, it is that of the DUC evaluations, where recall
    counts by precision over recall.
    """
    rows = [
        _listed(values, check_splits(splits, values.size))
        for values, splits in ((hyp_values, hyp_splits), (ref_values, ref_splits))
    ]
    if len(rows[0]) != len(rows[1]):
        raise ValueError(f"{len(rows[0])} rows of hypotheses, but {len(rows[1])} of references")
    common = np.array([_longest_common_subsequence(a, b) for a, b in zip(*rows, strict=True)], np.float32)
    lengths = [np.array([len(row) for row in side], np.float32) for side in rows]
    precision, recall = (np.divide(common, length, out=np.zeros_like(common), where=length > 0) for length in lengths)
    return [_f_measure(precision, recall, np.float32(alpha)), precision, recall]


def _listed(values: np.ndarray | StringTensor, splits: list[int]) -> list[list]:
    listed = values.to_list() if isinstance(values, StringTensor) else values.tolist()
    return [listed[start:end] for start, end in itertools.pairwise(splits)]


def _f_measure(precision: np.ndarray, recall: np.ndarray, alpha: np.float32) -> np.ndarray:
    if alpha < 0:
        beta = precision / (recall + np.float32(1e-12))
        above, below = (1 + beta**2) * recall * precision, recall + beta**2 * precision
    else:
        above, below = precision * recall, (1 - alpha) * precision + alpha * recall
    return np.divide(above, below, out=np.zeros_like(precision), where=below > 0).astype(np.float32)
