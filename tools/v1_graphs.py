"""Graphs with TF1's control flow, as its functions write them. See make_v1_goldens.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


@dataclass(frozen=True)
class Graph:
    """make: builds the graph and returns the tensors to fetch. feeds: arrays by placeholder.

    effects: names of ops that run as well. gradient: whether gradients are compared.
    """

    make: Callable[[], Sequence[Any]]
    feeds: dict[str, np.ndarray]
    effects: tuple[str, ...] = ()
    gradient: bool = True


def _floats(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def _x(*shape: int | None) -> Any:
    return v1.placeholder(tf.float32, shape, name="x")


def _flag() -> Any:
    return v1.placeholder(tf.bool, [], name="flag")


def _cond() -> list[Any]:
    x, flag = _x(3), _flag()
    weight = v1.get_variable("w", initializer=np.float32([2, 3, 4]), use_resource=True)
    return list(v1.cond(flag, lambda: (x * weight, tf.reduce_sum(x)), lambda: (x + 1.0, tf.constant(5.0))))


def _cond_of_references() -> list[Any]:
    x, flag = _x(3), _flag()
    weight = v1.get_variable("w", initializer=np.float32([2, 3, 4]), use_resource=False)
    other = v1.get_variable("v", initializer=np.float32([1, 0, 2]), use_resource=False)
    return [v1.cond(flag, lambda: x * weight, lambda: x - other), weight * x]


def _cond_in_cond() -> list[Any]:
    x, flag = _x(3), _flag()
    small = tf.reduce_sum(x) < 0.5

    def inner() -> Any:
        return v1.cond(small, lambda: tf.sin(x), lambda: v1.cond(flag, lambda: x * 2.0, lambda: x * 3.0))

    return [v1.cond(flag, inner, lambda: tf.exp(x))]


def _conds_in_a_row() -> list[Any]:
    """One predicate for several conditionals that depend on each other, as batch normalisation writes them."""
    x, flag = _x(4, 3), _flag()
    for _ in range(3):
        mean, spread = v1.cond(
            flag, lambda x=x: (tf.reduce_mean(x, 0), tf.reduce_max(x, 0)), lambda: (tf.zeros(3), tf.fill([3], 2.0))
        )
        x = (x - mean) / (spread + 1.0)
    return [x]


def _known_predicate() -> list[Any]:
    x = _x(3)
    training = v1.placeholder_with_default(False, [], name="training")
    dropped = v1.cond(training, lambda: tf.nn.dropout(x, rate=0.5), lambda: x * 2.0)
    return [v1.cond(tf.logical_not(training), lambda: dropped + 1.0, lambda: dropped)]


def _assign_in_cond(use_resource: bool) -> Callable[[], list[Any]]:
    def make() -> list[Any]:
        x, flag = _x(3), _flag()
        state = v1.get_variable("state", initializer=np.float32([1, 2, 3]), use_resource=use_resource)

        def update() -> Any:
            with tf.control_dependencies([state.assign_add(x)]):
                return tf.identity(x * 2.0)

        result = v1.cond(flag, update, lambda: x)
        with tf.control_dependencies([result]):
            return [result, state.read_value()]

    return make


def _effect_in_cond() -> list[Any]:
    """An assignment that nothing takes a value from."""
    x, flag = _x(3), _flag()
    state = v1.get_variable("state", initializer=np.float32([1, 2, 3]), use_resource=True)
    v1.cond(flag, lambda: v1.group(state.assign_add(x), name="update"), lambda: tf.no_op(), name="maybe")
    return [x + 1.0]


def _asserted() -> list[Any]:
    x = _x(3)
    with tf.control_dependencies([v1.Assert(tf.reduce_sum(x) < 100.0, ["too large", x])]):
        y = tf.identity(x) * 2.0
    checked = v1.Print(y, [x], "x is ")
    return [tf.raw_ops.PreventGradient(input=checked, message="not here")]


def _while() -> list[Any]:
    x = _x(3)
    weight = v1.get_variable("w", initializer=np.float32([0.5, 0.25, 2.0]), use_resource=True)
    return list(v1.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, y * weight + x), [0, x]))


def _while_of_references() -> list[Any]:
    x = _x(3)
    weight = v1.get_variable("w", initializer=np.float32([0.5, 0.25, 2.0]), use_resource=False)
    count = v1.get_variable("count", initializer=np.int32(4), trainable=False, use_resource=False)
    return list(v1.while_loop(lambda i, y: i < count, lambda i, y: (i + 1, tf.tanh(y * weight)), [0, x]))


def _assign_in_while(use_resource: bool) -> Callable[[], list[Any]]:
    def make() -> list[Any]:
        x = _x(3)
        state = v1.get_variable("state", initializer=np.float32([1, 2, 3]), use_resource=use_resource)

        def body(i: Any, y: Any) -> Any:
            with tf.control_dependencies([state.assign_add(x)]):
                return i + 1, y + 1.0

        _, y = v1.while_loop(lambda i, y: i < 3, body, [0, x], parallel_iterations=1)
        with tf.control_dependencies([y]):
            return [y, state.read_value()]

    return make


def _while_in_while() -> list[Any]:
    x = _x(3)

    def body(i: Any, y: Any) -> Any:
        _, z = v1.while_loop(lambda j, z: j < 3, lambda j, z: (j + 1, tf.tanh(z + x)), [0, y])
        return i + 1, z * 0.5

    return list(v1.while_loop(lambda i, y: i < 4, body, [0, x]))


def _while_in_cond_in_while() -> list[Any]:
    x, flag = _x(3), _flag()

    def doubled(y: Any) -> Any:
        return v1.while_loop(lambda j, z: j < 2, lambda j, z: (j + 1, z * 1.5 + x), [0, y])[1]

    def body(i: Any, y: Any) -> Any:
        later = tf.logical_and(flag, tf.equal(i % 2, 0))
        return i + 1, v1.cond(later, lambda: doubled(y), lambda: tf.sin(y))

    return list(v1.while_loop(lambda i, y: i < 4, body, [0, x]))


def _dynamic_rnn() -> list[Any]:
    x = _x(2, 6, 3)
    lengths = v1.placeholder(tf.int32, [2], name="lengths")
    with v1.variable_scope("rnn", use_resource=True):
        cells = [
            v1.nn.rnn_cell.LSTMCell(4, name=name, initializer=v1.random_uniform_initializer(-0.6, 0.6, seed=seed))
            for seed, name in enumerate(("forward", "backward"))
        ]
        outputs, states = v1.nn.bidirectional_dynamic_rnn(
            *cells, x, sequence_length=lengths, dtype=tf.float32, swap_memory=True
        )
    return [*outputs, states[0].h, states[1].c]


def _dynamic_rnn_without_lengths() -> list[Any]:
    x = _x(2, 5, 3)
    with v1.variable_scope("rnn"):
        cell = v1.nn.rnn_cell.GRUCell(4, kernel_initializer=v1.random_uniform_initializer(-0.6, 0.6, seed=1))
        outputs, state = v1.nn.dynamic_rnn(cell, x, dtype=tf.float32, time_major=False)
    return [outputs, state]


def _map_fn() -> list[Any]:
    x = _x(4, 3)
    return [tf.map_fn(lambda row: tf.where(row > 0, row, row * 0.1) + tf.reduce_sum(row), x), tf.scan(tf.add, x)]


def _stops_by_value() -> list[Any]:
    x = _x(3)
    return list(
        v1.while_loop(
            lambda i, y: tf.logical_and(i < 10, tf.reduce_sum(y) < 20.0), lambda i, y: (i + 1, y + 1.0 + x), [0, x]
        )
    )


def _case() -> list[Any]:
    x = _x(3)
    which = v1.placeholder(tf.int32, [], name="which")
    branches = [(tf.equal(which, i), lambda i=i: x * float(i + 2)) for i in range(3)]
    return [v1.case(branches, default=lambda: -x)]


def _dead_branch() -> list[Any]:
    """What hangs off a branch that is not taken, and is fetched by nobody, stays out."""
    x, flag = _x(3), _flag()
    no, yes = v1.raw_ops.Switch(data=x, pred=flag)
    tf.exp(no, name="unused")
    merged, position = v1.raw_ops.Merge(inputs=[no * 2.0, yes * 3.0])
    return [merged, position]


def _array_of_arrays() -> list[Any]:
    """Detections of each image, as object detectors collect them: a loop of conditionals over several arrays."""
    x = _x(4, 3)
    boxes = tf.TensorArray(tf.float32, size=4, element_shape=[3])
    scores = tf.TensorArray(tf.float32, size=4)

    def body(i: Any, boxes: Any, scores: Any) -> Any:
        row = x[i]
        score = tf.reduce_max(row)
        best = v1.cond(score > 0.5, lambda: row / score, lambda: tf.zeros_like(row))
        return i + 1, boxes.write(i, best), scores.write(i, score)

    _, boxes, scores = v1.while_loop(lambda i, b, s: i < tf.shape(x)[0], body, [0, boxes, scores])
    return [boxes.stack(), scores.stack()]


def _gradient_of_loop() -> list[Any]:
    """A published gradient: TF1 keeps what the backward loop needs on stacks."""
    x = _x(3)
    _, y = v1.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, tf.sin(y) * x), [0, x])
    return [y, *v1.gradients(y, x)]


def _no_iterations() -> list[Any]:
    x = _x(3)
    limit = v1.placeholder(tf.int32, [], name="limit")
    return list(v1.while_loop(lambda i, y: i < limit, lambda i, y: (i + 1, y * 2.0), [0, x]))


def _partitioned(strategy: str, use_resource: bool) -> Callable[[], list[Any]]:
    def make() -> list[Any]:
        ids = v1.placeholder(tf.int64, [None, 3], name="ids")
        table = v1.get_variable(
            "table",
            [11, 2],
            initializer=v1.random_uniform_initializer(-1, 1, seed=5),
            partitioner=v1.fixed_size_partitioner(3),
            use_resource=use_resource,
        )
        return [tf.identity(v1.nn.embedding_lookup(table, ids, partition_strategy=strategy))]

    return make


_X = {"x": np.float32([0.3, -0.4, 0.9])}
_ROWS = {"x": _floats(4, 3)}


def _flags(name: str, make: Callable[[], Sequence[Any]], feeds: dict[str, np.ndarray], **options: Any) -> dict:
    return {
        f"{name}_{'yes' if flag else 'no'}": Graph(make, {**feeds, "flag": np.array(flag)}, **options)
        for flag in (True, False)
    }


GRAPHS: dict[str, Graph] = {
    **_flags("cond", _cond, _X),
    **_flags("cond_of_references", _cond_of_references, _X),
    **_flags("cond_in_cond", _cond_in_cond, _X),
    **_flags("conds_in_a_row", _conds_in_a_row, _ROWS),
    "known_predicate": Graph(_known_predicate, _X),
    **_flags("assign_in_cond", _assign_in_cond(True), _X, gradient=False),
    **_flags("assign_reference_in_cond", _assign_in_cond(False), _X, gradient=False),
    **_flags("effect_in_cond", _effect_in_cond, _X, effects=("maybe/update",), gradient=False),
    "asserted": Graph(_asserted, _X, gradient=False),
    "while": Graph(_while, _X),
    "while_of_references": Graph(_while_of_references, _X),
    "assign_in_while": Graph(_assign_in_while(True), _X, gradient=False),
    "assign_reference_in_while": Graph(_assign_in_while(False), _X, gradient=False),
    "while_in_while": Graph(_while_in_while, _X),
    **_flags("while_in_cond_in_while", _while_in_cond_in_while, _X),
    "dynamic_rnn": Graph(_dynamic_rnn, {"x": _floats(2, 6, 3), "lengths": np.int32([4, 2])}),
    "dynamic_rnn_without_lengths": Graph(_dynamic_rnn_without_lengths, {"x": _floats(2, 5, 3)}),
    "map_fn": Graph(_map_fn, _ROWS),
    "stops_by_value": Graph(_stops_by_value, _X),
    **{f"case_{i}": Graph(_case, {**_X, "which": np.int32(i)}) for i in (0, 2, 7)},
    **_flags("dead_branch", _dead_branch, _X),
    "array_of_arrays": Graph(_array_of_arrays, _ROWS),
    "gradient_of_loop": Graph(_gradient_of_loop, _X, gradient=False),
    "partitioned/div": Graph(_partitioned("div", False), {"ids": np.int64([[0, 10, 4], [3, 3, 7]])}),
    "partitioned/mod": Graph(_partitioned("mod", True), {"ids": np.int64([[0, 10, 4], [3, 3, 7]])}),
    **{f"iterations_{i}": Graph(_no_iterations, {**_X, "limit": np.int32(i)}) for i in (0, 3)},
}
