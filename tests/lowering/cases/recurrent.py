"""Cases of hublayer.lowering.recurrent.

Gradients of single cells, which TensorFlow lacks, and of BlockLSTMV2, whose gates it takes for BlockLSTM's, are in
test_recurrent.py; so is what lies beyond the last step, where its kernels leave most outputs as they find them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lowering.case import Case, floats, i64

TIME, BATCH, INPUTS, CELLS = 5, 2, 3, 4


def weights(gates: int, seed: int = 0) -> np.ndarray:
    return floats(INPUTS + CELLS, gates * CELLS, seed=seed, low=-1, high=1)


def _cell() -> tuple[Any, ...]:
    state = floats(BATCH, CELLS, seed=1), floats(BATCH, CELLS, seed=2, low=-1, high=1)
    peepholes = (floats(CELLS, seed=seed) for seed in (4, 5, 6))
    return (floats(BATCH, INPUTS), *state, weights(4), *peepholes, floats(4 * CELLS, seed=7))


def _half(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(x.astype(np.float16) if x.dtype == np.float32 else x for x in inputs)


_PEEPHOLE = {"use_peephole": True}
GRU = (
    floats(BATCH, INPUTS),
    floats(BATCH, CELLS, seed=1),
    weights(2),
    weights(1),
    floats(2 * CELLS, seed=2),
    floats(CELLS, seed=3),
)
CELL = _cell()
SEQUENCE = (i64(TIME), floats(TIME, BATCH, INPUTS), *CELL[1:])

CASES = [
    Case("LSTMBlockCell", CELL, gradient=False),
    Case("LSTMBlockCell", CELL, {"cell_clip": 0.5, "forget_bias": 0.0}, name="clipped", gradient=False),
    Case("LSTMBlockCell", CELL, {"cell_clip": -1.0, **_PEEPHOLE}, name="peephole", gradient=False),
    Case("LSTMBlockCell", _half(CELL), _PEEPHOLE, name="float16", gradient=False),
    Case("GRUBlockCell", GRU, gradient=False),
    Case("BlockLSTM", SEQUENCE, static=(0,)),
    Case("BlockLSTM", SEQUENCE, _PEEPHOLE, name="peephole", static=(0,)),
    Case("BlockLSTM", SEQUENCE, {"cell_clip": 0.7, "use_peephole": True}, name="clipped"),
    Case("BlockLSTM", SEQUENCE, {"forget_bias": 0.0, "cell_clip": -1.0}, name="no_bias", static=(0,)),
    Case("BlockLSTM", _half(SEQUENCE), name="float16", static=(0,), gradient=False),
    Case("BlockLSTMV2", SEQUENCE, static=(0,), gradient=False),
    Case("BlockLSTMV2", SEQUENCE, _PEEPHOLE, name="peephole", static=(0,), gradient=False),
    Case("BlockLSTMV2", SEQUENCE, {"cell_clip": 0.7}, name="clipped", gradient=False),
]
