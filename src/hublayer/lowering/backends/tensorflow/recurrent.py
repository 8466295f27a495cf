"""TensorFlow's kernels of whole sequences, which need no known length."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from hublayer.lowering.registry import lowers


def _zeroed(steps: Any, outputs: Any) -> tuple[Any, ...]:
    """The outputs, zero from step number `steps` on: the kernels clear the cell state and the output only."""
    used = tf.range(tf.shape(outputs[0])[0]) < tf.cast(steps, tf.int32)
    used = used[:, tf.newaxis, tf.newaxis]
    return tuple(x if i in (1, 6) else tf.where(used, x, tf.zeros_like(x)) for i, x in enumerate(outputs))


@lowers("BlockLSTM", backend="tensorflow")
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
    """An LSTM over x: (time, batch, inputs)."""
    outputs = tf.raw_ops.BlockLSTM(
        seq_len_max=seq_len_max,
        x=x,
        cs_prev=cs_prev,
        h_prev=h_prev,
        w=w,
        wci=wci,
        wcf=wcf,
        wco=wco,
        b=b,
        forget_bias=forget_bias,
        cell_clip=cell_clip,
        use_peephole=use_peephole,
    )
    return _zeroed(seq_len_max, outputs)


@lowers("BlockLSTMV2", backend="tensorflow")
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
    """An LSTM over x: (time, batch, inputs), in a layout of gates that TensorFlow's registered gradient does not know.

    BlockLSTM in its own layout has the right one.
    """

    def reordered(value: Any) -> Any:
        i, f, ci, o = tf.split(value, 4, axis=-1)
        return tf.concat([i, ci, f, o], axis=-1)

    return block_lstm(
        seq_len_max,
        x,
        cs_prev,
        h_prev,
        reordered(w),
        wci,
        wcf,
        wco,
        reordered(b),
        forget_bias=0.0,
        cell_clip=cell_clip if cell_clip > 0 else -1.0,
        use_peephole=use_peephole,
    )
