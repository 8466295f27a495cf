"""Conditionals and loops of JAX: what they carry must have one shape and dtype throughout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from hublayer.lowering.dtypes import backend_dtype
from hublayer.lowering.optional import Optional
from hublayer.lowering.tensor_list import GrowingListError, TensorList, merged, tensor


class VaryingError(ValueError):
    """A loop's value changes its shape from step to step."""


jax.tree_util.register_pytree_node(
    TensorList,
    lambda value: ((value.items, value.stacked), (value.dtype, value.declared)),
    lambda aux, children: TensorList(*aux, *children),
)


jax.tree_util.register_pytree_node(
    Optional,
    lambda value: ((value.present, value.components), None),
    lambda _, children: Optional(*children),
)


def eager() -> bool:
    """Never: a program is traced."""
    return False


def has_value(value: Any) -> bool:
    """Never: a program is traced."""
    return False


def checked(passes: Any, message: str) -> bool:
    """Whether it is known that `passes` is true. Raises ValueError if it is known to be false."""
    if isinstance(passes, jax.core.Tracer):
        return False
    if not bool(passes):
        raise ValueError(message)
    return True


class _Split:
    """Values without those that JAX cannot carry (handles of variables, strings), which have to stay the same."""

    def __init__(self, values: Sequence[Any]):
        self.constants = {i: value for i, value in enumerate(values) if not _carried(value)}

    def carried(self, values: Sequence[Any]) -> list[Any]:
        """What JAX carries of `values`."""
        for i, constant in self.constants.items():
            if values[i] is not constant and values[i] != constant:
                raise ValueError(f"A loop or branch returns {values[i]!r} where it has to return {constant!r}.")
        return [value for i, value in enumerate(values) if i not in self.constants]

    def whole(self, carried: Sequence[Any]) -> list[Any]:
        """The reverse."""
        values = iter(carried)
        length = len(carried) + len(self.constants)
        return [self.constants[i] if i in self.constants else next(values) for i in range(length)]


def _carried(value: Any) -> bool:
    if isinstance(value, TensorList | Optional):
        return True
    return (hasattr(value, "dtype") and np.dtype(value.dtype).kind not in "OSU") or isinstance(value, jax.Array)


def branch(index: jax.Array, branches: Sequence[Callable[[], list[Any]]]) -> list[Any]:
    """The results of branches[index], of the last one if index is out of range."""
    splits: list[_Split] = []

    def shapes(function: Callable[[], list[Any]]) -> list[Any]:
        def results() -> list[Any]:
            values = function()
            splits.append(_Split(values))
            return splits[-1].carried(values)

        return jax.eval_shape(results)

    forms = [shapes(function) for function in branches]
    split = splits[0]
    for other in splits[1:]:
        other.carried(split.whole(forms[0]))
    form = [_common(values) for values in zip(*forms, strict=True)]

    def bind(function: Callable[[], list[Any]]) -> Callable[[], list[Any]]:
        return lambda: [_as(value, like) for value, like in zip(split.carried(function()), form, strict=True)]

    at = jnp.where((index >= 0) & (index < len(branches)), index, len(branches) - 1)
    return split.whole(jax.lax.switch(at, [bind(function) for function in branches]))


def loop(
    test: Callable[[Sequence[Any]], Any],
    step: Callable[[Sequence[Any]], list[Any]],
    initial: Sequence[Any],
    steps: int | None,
    bound: int | None,
) -> list[Any]:
    """A scan of `steps` steps, which can be differentiated backwards, or a while loop if their number is not known.

    If at least a bound is, a scan as long as that, whose steps do nothing once the loop has ended.
    """
    split = _Split(initial)
    inner = lambda carry: split.carried(step(split.whole(carry)))  # noqa: E731
    try:
        carry = _settled(inner, [_tensor(value) for value in split.carried(initial)])
    except GrowingListError as error:
        raise VaryingError(str(error)) from error

    def follow(carry: list[Any]) -> list[Any]:
        return [_as(value, like) for value, like in zip(inner(carry), carry, strict=True)]

    if steps is not None:
        return split.whole(jax.lax.scan(lambda carry, _: (follow(carry), None), carry, None, length=steps)[0])

    def going(carry: list[Any]) -> jax.Array:
        return jnp.reshape(jnp.asarray(test(split.whole(carry))), ()).astype(bool)

    if bound is not None:

        def follow_while_going(carry: list[Any], _: None) -> tuple[list[Any], None]:
            return jax.lax.cond(going(carry), follow, lambda carry: carry, carry), None

        return split.whole(jax.lax.scan(follow_while_going, carry, None, length=bound)[0])
    return split.whole(jax.lax.while_loop(going, follow, carry))


def _tensor(value: Any) -> Any:
    """The value as JAX carries it; a list of which no element has a shape yet stays as it is."""
    if isinstance(value, Optional):
        components = value.components
        return Optional(tensor(value.present), None if components is None else tuple(map(_tensor, components)))
    if not isinstance(value, TensorList):
        return tensor(value)
    shape = value.element_shape
    if value.items is None:
        return replace(value, stacked=tensor(value.stacked))
    if shape is None or None in shape or _ragged(value):
        return value
    return replace(value, items=None, stacked=tensor(value.narrowed(shape).stack()))


def _ragged(value: TensorList) -> bool:
    return len({tuple(item.shape) for item in value.items or () if item is not None}) > 1


def _settled(step: Callable[[list[Any]], list[Any]], carry: list[Any]) -> list[Any]:
    """The carry, with lists of unknown element shapes as the steps write them."""
    for _ in range(4):
        after = jax.eval_shape(step, carry)
        settled = [_grown(value, then) for value, then in zip(carry, after, strict=True)]
        if all(value is known for value, known in zip(carry, settled, strict=True)):
            return carry
        carry = settled
    raise VaryingError("The element shapes of a loop's lists depend on each other.")


def _grown(value: Any, then: Any) -> Any:
    if isinstance(value, Optional):
        if (value.components is None) != (then.components is None):
            raise VaryingError("A loop fills an optional that is empty before it, or empties one.")
        return value
    if not isinstance(value, TensorList):
        if value.shape != then.shape:
            raise VaryingError(f"A loop's value changes its shape from {value.shape} to {then.shape}.")
        return value
    if len(value) != len(then):
        raise VaryingError(f"A loop's list changes its length from {len(value)} to {len(then)}.")
    shape = then.element_shape
    if value.items is None:
        if then.items is None and then.stacked.shape != value.stacked.shape:
            raise VaryingError(f"A loop's list changes its elements from {value.element_shape} to {shape}.")
        return value
    if then.items is not None and all(item is None for item in then.items):
        return value
    if shape is None or None in shape or _ragged(then) or any(item is not None for item in value.items):
        raise VaryingError("The elements of a loop's list have several shapes.")
    return replace(value, items=None, stacked=jnp.zeros((len(value), *shape), backend_dtype(value.dtype)))


def _common(values: Sequence[Any]) -> Any:
    """What branches return, in a form that all of them can take."""
    first = values[0]
    if isinstance(first, Optional):
        held = [value.components for value in values if value.components is not None]
        components = tuple(map(_common, zip(*held, strict=True))) if held else None
        return Optional(jax.ShapeDtypeStruct((), bool), components)
    if not isinstance(first, TensorList):
        return first
    shape = first.declared
    for value in values:
        if len(value) != len(first):
            raise ValueError(f"Branches return lists of {len(first)} and {len(value)} elements.")
        shape = merged(value.element_shape, shape)
    if shape is None or None in shape:
        if all(value.items is not None and all(item is None for item in value.items) for value in values):
            return first
        raise ValueError("Branches return lists whose elements have several shapes.")
    return TensorList(first.dtype, shape, None, jax.ShapeDtypeStruct((len(first), *shape), backend_dtype(first.dtype)))


def _as(value: Any, like: Any) -> Any:
    """`value` in the form of `like`: a tensor of its dtype, a list in one tensor, an optional with its components."""
    if isinstance(like, Optional):
        present = jnp.asarray(tensor(value.present), bool)
        if like.components is None:
            return Optional(present, None)
        components = value.components or (None,) * len(like.components)
        return Optional(present, tuple(map(_as, components, like.components)))
    if value is None:  # of an optional that holds nothing
        return jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), like)
    if not isinstance(like, TensorList):
        return jnp.asarray(tensor(value), dtype=like.dtype)
    if like.items is not None:
        return like
    return replace(
        like, stacked=jnp.asarray(tensor(value.narrowed(like.element_shape).stack()), dtype=like.stacked.dtype)
    )
