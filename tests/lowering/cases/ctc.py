"""Cases of hublayer.lowering.ctc."""

import numpy as np

from lowering.case import Case, floats, i32

# Few classes, so that the best one is often that of the step before, or the blank.
SCORES = floats(12, 3, 3)
LENGTHS = i32(12, 7, 0)
TIES = np.round(SCORES)


CASES = [
    Case("CTCGreedyDecoder", (SCORES, LENGTHS), gradient=False),
    Case("CTCGreedyDecoder", (SCORES, LENGTHS), {"merge_repeated": True}, "merged", False),
    Case("CTCGreedyDecoder", (SCORES, LENGTHS), {"merge_repeated": True, "blank_index": 0}, "first-blank", False),
    Case("CTCGreedyDecoder", (SCORES, LENGTHS), {"blank_index": -2}, "middle-blank", False),
    Case("CTCGreedyDecoder", (TIES, LENGTHS), {"merge_repeated": True}, "ties", False),
    Case("CTCGreedyDecoder", (SCORES, i32(0, 0, 0)), {}, "nothing", False),
    Case("CTCGreedyDecoder", (SCORES.astype("float64"), LENGTHS), {}, "float64", False),
    Case("CTCGreedyDecoder", (SCORES[:, :, :1], LENGTHS), {}, "only-blanks", False),
]
