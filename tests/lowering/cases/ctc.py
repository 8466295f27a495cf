"""Cases of hublayer.lowering.ctc and ctc_beam_search."""

import numpy as np

from lowering.case import Case, floats, i32

# Few classes, so that the best one is often that of the step before, or the blank.
SCORES = floats(12, 3, 3)
LENGTHS = i32(12, 7, 0)
TIES = np.round(SCORES)


def searched(name: str, scores: np.ndarray, lengths: np.ndarray, width: int, paths: int, **attrs: bool) -> Case:
    return Case(
        "CTCBeamSearchDecoder", (scores, lengths), {"beam_width": width, "top_paths": paths, **attrs}, name, False
    )


CASES = [
    Case("CTCGreedyDecoder", (SCORES, LENGTHS), gradient=False),
    Case("CTCGreedyDecoder", (SCORES, LENGTHS), {"merge_repeated": True}, "merged", False),
    Case("CTCGreedyDecoder", (SCORES, LENGTHS), {"merge_repeated": True, "blank_index": 0}, "first-blank", False),
    Case("CTCGreedyDecoder", (SCORES, LENGTHS), {"blank_index": -2}, "middle-blank", False),
    Case("CTCGreedyDecoder", (TIES, LENGTHS), {"merge_repeated": True}, "ties", False),
    Case("CTCGreedyDecoder", (SCORES, i32(0, 0, 0)), {}, "nothing", False),
    Case("CTCGreedyDecoder", (SCORES.astype("float64"), LENGTHS), {}, "float64", False),
    Case("CTCGreedyDecoder", (SCORES[:, :, :1], LENGTHS), {}, "only-blanks", False),
    # Of ten prefixes one is pushed out here and not continued by the kernel.
    searched("pushed-out", SCORES, LENGTHS, 10, 1),
    searched("three", SCORES, i32(12, 7, 4), 10, 3),
    searched("repeated", SCORES, i32(12, 7, 4), 10, 3, merge_repeated=False),
    searched("narrow", floats(20, 2, 6), i32(20, 15), 3, 2),
    searched("one", floats(20, 2, 6), i32(20, 15), 1, 1),
    searched("wide", floats(8, 1, 5, low=-9, high=9), i32([8]), 200, 20),
    searched("float64", SCORES.astype("float64"), LENGTHS, 10, 1),
    searched("nothing", SCORES, i32(0, 0, 0), 10, 1),
]
