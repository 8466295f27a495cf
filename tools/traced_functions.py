"""Functions with control flow and lists, as publishers write them. See make_function_goldens.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from lowering.case import floats

Made = tuple[Callable[..., Any], list[np.ndarray], list[tf.Variable]]


@dataclass(frozen=True)
class Traced:
    """make: the function, its arguments and its variables. shapes: of the trace, if they are not the arguments'.

    gradient: whether it is compared; TensorFlow's stops at an assignment, that of this runtime does not."""

    make: Callable[[], Made]
    shapes: Sequence[Any] | None = None
    gradient: bool = True


def _lstm() -> Made:
    layer = keras.layers.LSTM(3, return_sequences=True, return_state=True)
    layer.build((2, 20, 4))
    _fill(layer.weights)
    return lambda x: layer(x), [floats(2, 20, 4)], [weight.value for weight in layer.weights]


def _short_gru() -> Made:
    layer = keras.layers.GRU(3, reset_after=True)
    layer.build((2, 5, 4))
    _fill(layer.weights)
    return lambda x: layer(x), [floats(2, 5, 4)], [weight.value for weight in layer.weights]


def _fill(weights: list[Any]) -> None:
    for seed, weight in enumerate(weights):
        weight.assign(floats(*weight.shape, seed=seed, low=-0.5, high=0.5))


def _masked_rnn() -> Made:
    cell = keras.layers.SimpleRNNCell(3)
    layer = keras.layers.RNN(cell, return_sequences=True)
    layer.build((2, 18, 4))
    _fill(layer.weights)

    def run(x: Any, lengths: Any) -> Any:
        return layer(x, mask=tf.sequence_mask(lengths, 18))

    return run, [floats(2, 18, 4), np.array([7, 18], "int32")], [weight.value for weight in layer.weights]


def _dynamic_rnn() -> Made:
    """As TF1's dynamic_rnn: TensorArrays, states and outputs frozen past each sequence's end."""
    kernel = tf.Variable(floats(7, 3, seed=5, low=-0.5, high=0.5))

    def run(x: Any, lengths: Any) -> Any:
        time = tf.shape(x)[1]
        inputs = tf.TensorArray(tf.float32, time).unstack(tf.transpose(x, [1, 0, 2]))
        outputs = tf.TensorArray(tf.float32, time)

        def step(t: Any, state: Any, outputs: Any) -> Any:
            new = tf.tanh(tf.matmul(tf.concat([inputs.read(t), state], 1), kernel))
            going = tf.expand_dims(t < lengths, 1)
            state = tf.where(going, new, state)
            return t + 1, state, outputs.write(t, tf.where(going, new, tf.zeros_like(new)))

        initial = (0, tf.zeros([tf.shape(x)[0], 3]), outputs)
        _, state, outputs = tf.while_loop(lambda t, *_: t < time, step, initial)
        return tf.transpose(outputs.stack(), [1, 0, 2]), state

    return run, [floats(2, 40, 4), np.array([7, 40], "int32")], [kernel]


def _sum_of_range() -> Made:
    def run(x: Any) -> Any:
        total = tf.while_loop(lambda i, t: i < 50, lambda i, t: (i + 1, t * 0.9 + tf.cast(i, tf.float32) * x), (0, x))
        return total[1]

    return run, [floats(3)], []


def _early_exit() -> Made:
    """Halve until the norm is small: the number of steps depends on the values."""

    def run(x: Any) -> Any:
        return tf.while_loop(lambda i, y: tf.reduce_sum(y * y) > 0.1, lambda i, y: (i + 1, y * 0.5), (0, x))

    return run, [floats(4)], []


def _count_from_input() -> Made:
    def run(x: Any, n: Any) -> Any:
        return tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y + tf.sin(y)), (0, x))[1]

    return run, [floats(4), np.array(7, "int32")], []


def _if_on_value() -> Made:
    def run(x: Any) -> Any:
        total = tf.reduce_sum(x)
        return tf.cond(total > 0, lambda: (x * 2, 1), lambda: (tf.exp(x), tf.cast(tf.size(x), tf.int32)))

    return run, [floats(2, 3, seed=3)], []


def _loop_in_if() -> Made:
    def run(x: Any, n: Any) -> Any:
        def looped() -> Any:
            return tf.while_loop(
                lambda i, y: i < 20,
                lambda i, y: (i + 1, tf.cond(i % 2 == 0, lambda: y * 1.1, lambda: y - 0.1 * x)),
                (0, x),
            )[1]

        return tf.cond(n > 3, looped, lambda: -x)

    return run, [floats(3), np.array(5, "int32")], []


def _loop_in_loop() -> Made:
    def run(x: Any) -> Any:
        def outer(i: Any, y: Any) -> Any:
            inner = tf.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, z * 0.99 + 0.01 * x), (0, y))[1]
            return i + 1, inner + tf.sin(x) * 0.1

        return tf.while_loop(lambda i, y: i < 20, outer, (0, x))[1]

    return run, [floats(3)], []


def _switch() -> Made:
    def run(x: Any, k: Any) -> Any:
        return tf.switch_case(k, [lambda: x, lambda: x * x, lambda: tf.sin(x)])

    return run, [floats(3), np.array(1, "int32")], []


def _switch_out_of_range() -> Made:
    run, (x, _), _ = _switch()
    return run, [x, np.array(-4, "int32")], []


def _assign_in_loop() -> Made:
    state, rate = tf.Variable(floats(3)), tf.Variable(0.5)

    def run(x: Any) -> Any:
        def step(i: Any) -> Any:
            state.assign(state * rate + x)
            return i + 1

        tf.while_loop(lambda i: i < 25, lambda i: (step(i),), (0,))
        return state * 2.0, state + 0.0

    return run, [floats(3, seed=1)], [state, rate]


def _assign_in_branch() -> Made:
    seen, mean = tf.Variable(0), tf.Variable(floats(3))

    def run(x: Any, training: Any) -> Any:
        def update() -> Any:
            seen.assign_add(1)
            mean.assign(mean * 0.9 + x * 0.1)
            return mean + 0.0

        return x - tf.cond(training, update, lambda: mean + 0.0)

    return run, [floats(3, seed=1), np.array(True)], [seen, mean]


def _map() -> Made:
    return lambda x: tf.map_fn(lambda row: tf.reduce_sum(row * row) * row, x), [floats(17, 3)], []


def _scan() -> Made:
    return lambda x: tf.scan(lambda total, row: total * 0.5 + row, x), [floats(17, 3)], []


def _growing() -> Made:
    """A TensorArray that starts empty."""

    def run(x: Any) -> Any:
        array = tf.TensorArray(tf.float32, 0, dynamic_size=True)
        _, array = tf.while_loop(lambda i, _: i < 20, lambda i, a: (i + 1, a.write(i, tf.sin(x[i]))), (0, array))
        return array.stack(), array.size()

    return run, [floats(20, 2)], []


def _concatenated() -> Made:
    """Rows of several lengths, split and joined again."""

    def run(x: Any) -> Any:
        array = tf.TensorArray(tf.float32, 3, infer_shape=False).split(x, [1, 3, 2])
        array = array.write(1, tf.exp(array.read(1)))
        return array.concat()

    return run, [floats(6, 2)], []


def _scattered() -> Made:
    def run(x: Any, places: Any) -> Any:
        array = tf.TensorArray(tf.float32, 5, element_shape=(2,), clear_after_read=False)
        array = array.scatter([3, 0, 1], x).write(4, x[0] * 2)
        return array.gather([4, 3, 0]), array.gather(places), array.stack()

    return run, [floats(3, 2), np.array([1, 3], "int32")], []


def _growing_shape() -> Made:
    """A value that becomes longer at each step."""

    def run(x: Any) -> Any:
        return tf.while_loop(
            lambda i, y: i < 18,
            lambda i, y: (i + 1, tf.concat([y, x * tf.cast(i, tf.float32)], 0)),
            (0, x),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])),
        )[1]

    return run, [floats(2)], []


def _table_in_loop() -> Made:
    """A loop over a list of lengths that only the counter indexes, with integers and booleans carried along."""

    def run(x: Any) -> Any:
        steps = tf.constant([1, 2, 3, 1, 2] * 5)

        def step(i: Any, y: Any, odd: Any, seen: Any) -> Any:
            return i + 1, tf.where(odd, y + x, y * 0.9), tf.logical_not(odd), seen + steps[i]

        return tf.while_loop(lambda i, *_: i < 25, step, (0, x, True, 0))[1:]

    return run, [floats(3)], []


def _assign_in_switch() -> Made:
    state = tf.Variable(floats(3))

    def run(x: Any, k: Any) -> Any:
        return tf.switch_case(k, [lambda: state.assign(x), lambda: state.assign_add(x * 3), lambda: x]) + x

    return run, [floats(3, seed=1), np.array(1, "int32")], [state]


def _list_ops() -> Made:
    """Every op of lists that the functions above do not use."""
    raw, kind = tf.raw_ops, tf.float32

    def run(x: Any, index: Any) -> Any:
        empty = raw.EmptyTensorList(element_shape=[2], max_num_elements=-1, element_dtype=kind)
        pushed = raw.TensorListPushBack(input_handle=empty, tensor=x[0])
        pushed = raw.TensorListPushBack(input_handle=pushed, tensor=x[1] * 2)
        pushed = raw.TensorListPushBack(input_handle=pushed, tensor=tf.sin(x[2]))
        popped, last = raw.TensorListPopBack(input_handle=pushed, element_shape=[-1], element_dtype=kind)
        stacked = raw.TensorListStack(input_handle=popped, element_shape=[2], element_dtype=kind, num_elements=2)
        both = raw.TensorListConcatLists(input_a=pushed, input_b=popped, element_dtype=kind)
        resized = raw.TensorListResize(input_handle=both, size=7)
        joined, lengths = raw.TensorListConcatV2(
            input_handle=pushed, element_shape=[-1], leading_dims=np.array([], "int64"), element_dtype=kind
        )
        scattered = raw.TensorListScatter(tensor=x, indices=[4, 0, 2], element_shape=[2])
        wider = raw.TensorListScatterV2(tensor=x, indices=[4, 0, 2], element_shape=[2], num_elements=6)
        into = raw.TensorListScatterIntoExistingList(input_handle=wider, tensor=x * 3, indices=[1, 5, 3])
        reserved = raw.TensorListReserve(element_shape=-1, num_elements=2, element_dtype=kind)
        item = raw.TensorListGetItem(input_handle=into, index=index, element_shape=[2], element_dtype=kind)
        return [
            last,
            stacked,
            raw.TensorListLength(input_handle=popped),
            joined,
            lengths,
            # TensorFlow does not differentiate TensorListConcatLists.
            tf.stop_gradient(raw.TensorListStack(input_handle=resized, element_shape=[2], element_dtype=kind)),
            raw.TensorListStack(input_handle=scattered, element_shape=[2], element_dtype=kind),
            raw.TensorListStack(input_handle=into, element_shape=[2], element_dtype=kind),
            raw.TensorListGather(input_handle=into, indices=[5, 3], element_shape=[2], element_dtype=kind),
            item,
            raw.TensorListElementShape(input_handle=pushed, shape_type=tf.int64),
            raw.TensorListElementShape(input_handle=reserved, shape_type=tf.int32),
        ]

    return run, [floats(3, 2), np.array(5, "int32")], []


def _tensor_arrays() -> Made:
    """TensorArrays of TF1: a resource and a flow."""
    raw, kind = tf.raw_ops, tf.float32

    def run(x: Any) -> Any:
        handle, flow = raw.TensorArrayV3(size=4, dtype=kind, element_shape=[2])
        flow = raw.TensorArrayScatterV3(handle=handle, indices=[0, 1, 2, 3], value=x, flow_in=flow)
        other, to = raw.TensorArrayV3(size=4, dtype=kind, element_shape=[2])

        def step(i: Any, to: Any) -> Any:
            value = raw.TensorArrayReadV3(handle=handle, index=i, flow_in=flow, dtype=kind)
            return i + 1, raw.TensorArrayWriteV3(handle=other, index=i, value=tf.exp(value), flow_in=to)

        _, to = tf.while_loop(lambda i, _: i < 4, step, (0, to))
        pieces, split = raw.TensorArrayV3(size=2, dtype=kind)
        split = raw.TensorArraySplitV3(handle=pieces, value=x, lengths=np.array([3, 1], "int64"), flow_in=split)
        joined, lengths = raw.TensorArrayConcatV3(handle=pieces, flow_in=split, dtype=kind, element_shape_except0=[2])
        size = raw.TensorArraySizeV3(handle=other, flow_in=to)
        gathered = raw.TensorArrayGatherV3(handle=other, indices=[3, 1], flow_in=to, dtype=kind, element_shape=[2])
        with tf.control_dependencies([gathered]):
            raw.TensorArrayCloseV3(handle=other)
        return gathered, joined, lengths, size

    return run, [floats(4, 2)], []


FUNCTIONS = {
    "lstm": Traced(_lstm),
    "lstm_unknown_batch": Traced(_lstm, [(None, None, 4)]),
    "short_gru": Traced(_short_gru),
    "masked_rnn": Traced(_masked_rnn),
    "dynamic_rnn": Traced(_dynamic_rnn, [(None, None, 4), (None,)]),
    "sum_of_range": Traced(_sum_of_range),
    "early_exit": Traced(_early_exit),
    "count_from_input": Traced(_count_from_input),
    "if_on_value": Traced(_if_on_value),
    "loop_in_if": Traced(_loop_in_if),
    "loop_in_loop": Traced(_loop_in_loop),
    "switch": Traced(_switch),
    "switch_out_of_range": Traced(_switch_out_of_range),
    "assign_in_loop": Traced(_assign_in_loop, gradient=False),
    "assign_in_branch": Traced(_assign_in_branch, gradient=False),
    "assign_in_switch": Traced(_assign_in_switch, gradient=False),
    "list_ops": Traced(_list_ops),
    "tensor_arrays": Traced(_tensor_arrays, gradient=False),
    "map": Traced(_map),
    "scan": Traced(_scan, [(None, 3)]),
    "growing": Traced(_growing),
    "concatenated": Traced(_concatenated),
    "scattered": Traced(_scattered),
    "growing_shape": Traced(_growing_shape),
    "table_in_loop": Traced(_table_in_loop),
}
