"""Fused recurrent cells: one step of an LSTM or a GRU, and an LSTM over a whole sequence.

The equations are those of TensorFlow's documentation of LSTMBlockCell, BlockLSTM and GRUBlockCell. As there, gradients
come through the cell state and the output alone, and clipping the cell state does not stop them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering.dtypes import dtype_of
from hublayer.lowering.registry import lowers
from hublayer.lowering.straight_through import straight_through
from hublayer.lowering.windows import ops, tensor

_ICFO, _IFCO = (0, 2, 1, 3), (0, 1, 2, 3)  # where the input gate, forget gate, cell input and output gate stand


def _step(
    projected: Any, state: tuple[Any, Any], peepholes: Any, layout: tuple[int, ...], forget_bias: float, clip: float
) -> tuple[Any, ...]:
    """i, cs, f, o, ci, co and h, (batch, cells) each, of the sums (batch, 4 cells) that enter the gates.

    peepholes: what the cell state weighs in the input, forget and output gate, or None.
    """
    cs, _ = state
    size = cs.shape[-1]
    i, f, ci, o = (projected[:, size * place : size * (place + 1)] for place in layout)
    if peepholes is not None:
        i, f = i + cs * peepholes[0], f + cs * peepholes[1]
    i, f, ci = ops.sigmoid(i), ops.sigmoid(f + forget_bias), ops.tanh(ci)
    cs = ci * i + cs * f
    if clip > 0:
        cs = straight_through(cs, ops.clip(cs, -clip, clip))
    o = ops.sigmoid(o if peepholes is None else o + cs * peepholes[2])
    co = ops.tanh(cs)
    return i, cs, f, o, ci, co, co * o


def _outputs(step: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a step gives; only the cell state (1) and the output (6) are differentiated."""
    return tuple(value if place in (1, 6) else ops.stop_gradient(value) for place, value in enumerate(step))


@lowers("LSTMBlockCell")
def lstm_block_cell(
    x: Any,
    cs_prev: Any,
    h_prev: Any,
    w: Any,
    wci: Any,
    wcf: Any,
    wco: Any,
    b: Any,
    *,
    forget_bias: float = 1.0,
    cell_clip: float = 3.0,
    use_peephole: bool = False,
) -> tuple[Any, ...]:
    """One step. x: (batch, inputs); cs_prev, h_prev: (batch, cells); w: (inputs + cells, 4 cells) for i, ci, f, o."""
    projected = ops.matmul(ops.concatenate([tensor(x), tensor(h_prev)], axis=1), tensor(w)) + tensor(b)
    peepholes = (tensor(wci), tensor(wcf), tensor(wco)) if use_peephole else None
    return _outputs(_step(projected, (tensor(cs_prev), h_prev), peepholes, _ICFO, forget_bias, cell_clip))


def _sequence(
    steps: Any, x: Any, cs: Any, h: Any, w: Any, peepholes: Any, b: Any, layout: Any, forget_bias: float, clip: float
) -> tuple[Any, ...]:
    """The outputs of all steps, (time, batch, cells) each; zeros from step number `steps` on."""
    x, cs, h, w = (tensor(value) for value in (x, cs, h, w))
    peepholes = None if peepholes is None else tuple(tensor(value) for value in peepholes)
    inputs, length = x.shape[2], x.shape[0]
    if not length:
        return (ops.zeros((0, *cs.shape), dtype=dtype_of(cs)),) * 7
    # What the inputs bring is one product over all steps.
    projected = ops.matmul(x, w[:inputs]) + tensor(b)
    recurrent = w[inputs:]

    def body(state: tuple[Any, Any], brought: Any) -> tuple[tuple[Any, Any], tuple[Any, ...]]:
        step = _step(brought + ops.matmul(state[1], recurrent), state, peepholes, layout, forget_bias, clip)
        return (step[1], step[6]), _outputs(step)

    _, outputs = ops.scan(body, (cs, h), projected)
    if isinstance(steps, np.ndarray) and int(steps) >= length:
        return tuple(outputs)
    used = ops.reshape(ops.arange(length, dtype="int32") < ops.cast(steps, "int32"), (-1, 1, 1))
    return tuple(ops.where(used, value, ops.zeros_like(value)) for value in outputs)


@lowers("BlockLSTM")
def block_lstm(
    seq_len_max: Any,
    x: Any,
    cs_prev: Any,
    h_prev: Any,
    w: Any,
    wci: Any,
    wcf: Any,
    wco: Any,
    b: Any,
    *,
    forget_bias: float = 1.0,
    cell_clip: float = 3.0,
    use_peephole: bool = False,
) -> tuple[Any, ...]:
    """LSTMBlockCell for each of x: (time, batch, inputs); zeros from step number seq_len_max on."""
    peepholes = (wci, wcf, wco) if use_peephole else None
    return _sequence(seq_len_max, x, cs_prev, h_prev, w, peepholes, b, _ICFO, forget_bias, cell_clip)


@lowers("BlockLSTMV2")
def block_lstm_v2(
    seq_len_max: Any,
    x: Any,
    cs_prev: Any,
    h_prev: Any,
    w: Any,
    wci: Any,
    wcf: Any,
    wco: Any,
    b: Any,
    *,
    cell_clip: float = 0.0,
    use_peephole: bool = False,
) -> tuple[Any, ...]:
    """BlockLSTM whose weights are those of i, f, ci, o, in this order, without a bias of its own to the forget gate."""
    peepholes = (wci, wcf, wco) if use_peephole else None
    return _sequence(seq_len_max, x, cs_prev, h_prev, w, peepholes, b, _IFCO, 0.0, cell_clip)


@lowers("GRUBlockCell")
def gru_block_cell(x: Any, h_prev: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any) -> tuple[Any, Any, Any, Any]:
    """One step: the gates r and u, the candidate c and the output h, (batch, cells) each."""
    x, h = tensor(x), tensor(h_prev)
    size = h.shape[-1]
    gates = ops.sigmoid(ops.matmul(ops.concatenate([x, h], axis=1), tensor(w_ru)) + tensor(b_ru))
    r, u = gates[:, :size], gates[:, size:]
    c = ops.tanh(ops.matmul(ops.concatenate([x, h * r], axis=1), tensor(w_c)) + tensor(b_c))
    return r, u, c, (1 - u) * c + u * h
