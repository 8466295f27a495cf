"""Cases of hublayer.lowering.suppression."""

from typing import Any

import numpy as np

from lowering.case import Case, i32

LIMIT = {"jax": "the number of boxes taken depends on the scores, and a compiled program's shapes do not"}
BOXES = np.array(
    [[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1], [1, 101, 0, 100]], "float32"
)
SCORES = np.array([0.9, 0.75, 0.6, 0.95, 0.5, 0.3], "float32")
TIED = np.array([0.9, 0.9, 0.9, 0.9, 0.9, 0.9], "float32")
HALF, LEAST = np.float32(0.5), np.float32(0.4)
OVERLAPS = np.array([[1, 0.7, 0.1], [0.7, 1, 0.6], [0.1, 0.6, 1]], "float32")
MANY = np.random.default_rng(1).uniform(0, 1, (2, 8, 1, 4)).astype("float32")
MANY[..., 2:] += MANY[..., :2]
MANY_SCORES = np.random.default_rng(2).uniform(0, 1, (2, 8, 3)).astype("float32")
EACH = np.concatenate([MANY, MANY[:, ::-1], MANY * 0.9], axis=2)
PADDED = {"pad_to_max_output_size": True}


def combined(
    name: str,
    boxes: np.ndarray,
    per_class: int,
    total: int,
    least: float = 0.1,
    scores: Any = MANY_SCORES,
    **attrs: bool,
) -> Case:
    inputs = (boxes, scores, i32(per_class), i32(total), np.float32(0.3), np.float32(least))
    return Case("CombinedNonMaxSuppression", inputs, attrs, name=name, gradient=False)


CASES = [
    Case("NonMaxSuppression", (BOXES, SCORES, i32(3)), limits=LIMIT, gradient=False),
    Case("NonMaxSuppression", (BOXES, SCORES, i32(9)), {"iou_threshold": 0.9}, "threshold", False, limits=LIMIT),
    Case("NonMaxSuppressionV2", (BOXES, TIED, i32(9), HALF), limits=LIMIT, gradient=False),
    Case("NonMaxSuppressionV3", (BOXES, SCORES, i32(9), HALF, LEAST), limits=LIMIT, gradient=False),
    Case("NonMaxSuppressionV3", (BOXES, SCORES, i32(9), HALF, np.float32(2)), {}, "nothing", False, limits=LIMIT),
    Case("NonMaxSuppressionWithOverlaps", (OVERLAPS, SCORES[:3], i32(3), HALF, LEAST), limits=LIMIT, gradient=False),
    Case("NonMaxSuppressionV4", (BOXES, SCORES, i32(9), HALF, LEAST), limits=LIMIT, gradient=False),
    Case("NonMaxSuppressionV4", (BOXES, SCORES, i32(4), HALF, LEAST), PADDED, "padded", gradient=False),
    Case("NonMaxSuppressionV4", (BOXES, SCORES, i32(9), HALF, LEAST), PADDED, "beyond", gradient=False),
    Case("NonMaxSuppressionV4", (BOXES[:0], SCORES[:0], i32(2), HALF, LEAST), PADDED, "empty", gradient=False),
    Case("NonMaxSuppressionV5", (BOXES, SCORES, i32(9), HALF, LEAST, np.float32(0)), {}, "", False, limits=LIMIT),
    Case("NonMaxSuppressionV5", (BOXES, SCORES, i32(4), HALF, LEAST, np.float32(0)), PADDED, "padded", gradient=False),
    Case("NonMaxSuppressionV5", (BOXES, SCORES, i32(6), np.float32(1), np.float32(0), HALF), PADDED, "soft", False),
    Case("NonMaxSuppressionV5", (BOXES, SCORES, i32(6), np.float32(0.7), np.float32(0), HALF), PADDED, "both", False),
    combined("shared", MANY, 4, 6),
    combined("own-boxes", EACH, 4, 6),
    combined("no-clip", MANY, 8, 30, clip_boxes=False),
    combined("pad-per-class", EACH, 2, 30, pad_per_class=True),
    combined("tied", MANY, 3, 5, scores=np.round(MANY_SCORES * 2) / np.float32(2)),
    combined("few", MANY, 3, 5, least=0.97),
]
