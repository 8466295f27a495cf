"""Conditionals and loops of TensorFlow: Python's own while eager, graph ops inside a tf.function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf


class VaryingError(ValueError):
    """Never raised: values may change their shapes."""


def eager() -> bool:
    """Whether tensors have values now."""
    return tf.executing_eagerly()


def has_value(value: Any) -> bool:
    """Whether `value` can be looked at now."""
    return isinstance(value, tf.__internal__.EagerTensor)


def checked(passes: Any, message: str) -> bool:
    """True: what does not pass raises ValueError here, or TensorFlow's error when its program runs."""
    if not has_value(passes):
        tf.debugging.Assert(passes, [message])
    elif not bool(passes):
        raise ValueError(message)
    return True


class _Split:
    """Values without those that are no tensors (handles of variables), which have to stay the same."""

    def __init__(self, values: Sequence[Any]):
        self.constants = {i: value for i, value in enumerate(values) if not hasattr(value, "dtype")}

    def carried(self, values: Sequence[Any]) -> list[tf.Tensor]:
        """The tensors among `values`."""
        for i, constant in self.constants.items():
            if values[i] != constant:
                raise ValueError(f"A loop or branch returns {values[i]!r} where it has to return {constant!r}.")
        return [tf.convert_to_tensor(value) for i, value in enumerate(values) if i not in self.constants]

    def whole(self, carried: Sequence[Any]) -> list[Any]:
        """The reverse."""
        values = iter(carried)
        length = len(carried) + len(self.constants)
        return [self.constants[i] if i in self.constants else next(values) for i in range(length)]


def branch(index: tf.Tensor, branches: Sequence[Callable[[], list[Any]]]) -> list[Any]:
    """The results of branches[index], of the last one if index is out of range."""
    splits: list[_Split] = []

    def bind(function: Callable[[], list[Any]]) -> Callable[[], list[tf.Tensor]]:
        def results() -> list[tf.Tensor]:
            values = function()
            splits.append(_Split(values))
            return [tf.zeros(()), *splits[-1].carried(values)]  # tf.switch_case refuses to return nothing

        return results

    results = tf.switch_case(index, [bind(function) for function in branches])[1:]
    whole = splits[0].whole(results)
    for other in splits[1:]:
        if other.constants != splits[0].constants:
            raise ValueError(f"Branches return {splits[0].constants} and {other.constants}.")
    return whole


def loop(
    test: Callable[[Sequence[Any]], Any],
    step: Callable[[Sequence[Any]], list[Any]],
    initial: Sequence[Any],
    steps: int | None,
    bound: int | None,
) -> list[Any]:
    """tf.while_loop. Where the steps change a shape, all dimensions are unknown inside."""
    split = _Split(initial)
    carry = split.carried(initial)

    def going(*carry: tf.Tensor) -> tf.Tensor:
        return tf.reshape(tf.cast(test(split.whole(carry)), tf.bool), ())

    def follow(*carry: tf.Tensor) -> list[tf.Tensor]:
        after = split.carried(step(split.whole(carry)))
        return [
            value if value.dtype == before.dtype else tf.cast(value, before.dtype)
            for value, before in zip(after, carry, strict=True)
        ]

    try:
        return split.whole(tf.while_loop(going, follow, carry))
    except ValueError:
        ranks = [tf.TensorShape(None if x.shape.rank is None else [None] * x.shape.rank) for x in carry]
        return split.whole(tf.while_loop(going, follow, carry, shape_invariants=ranks))
