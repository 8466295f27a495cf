"""Stacks as TensorFlow's own lists, whose lengths need not be known.

What is popped has the shape of what was pushed while the program was traced.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from hublayer.lowering.execute import Run
from hublayer.lowering.registry import lowers
from hublayer.lowering.stacks import PREFIX, StackHandle

_ANY = -1


@lowers("StackV2", "Stack", backend="tensorflow")
def stack(run: Run, max_size: Any = None, *, elem_type: str, stack_name: str = "", _key: str = "") -> StackHandle:
    """An empty stack."""
    handle = StackHandle(PREFIX + (_key or stack_name), None, elem_type)
    run.assign(handle, tf.raw_ops.EmptyTensorList(element_shape=_ANY, max_num_elements=-1, element_dtype=elem_type))
    return handle


@lowers("StackPushV2", "StackPush", backend="tensorflow")
def stack_push(run: Run, handle: StackHandle, elem: Any, *, swap_memory: bool = False) -> Any:
    """`elem`, which is on top of the stack from now on."""
    elem = tf.convert_to_tensor(elem, dtype=handle.dtype)
    handle.shapes.append(elem.shape)
    run.assign(handle, tf.raw_ops.TensorListPushBack(input_handle=run.read(handle), tensor=elem))
    return elem


@lowers("StackPopV2", "StackPop", backend="tensorflow")
def stack_pop(run: Run, handle: StackHandle, *, elem_type: str) -> Any:
    """What was on top of the stack."""
    contents, elem = tf.raw_ops.TensorListPopBack(
        input_handle=run.read(handle), element_shape=_ANY, element_dtype=elem_type
    )
    run.assign(handle, contents)
    shapes = handle.shapes
    return elem if any(shape != shapes[0] for shape in shapes) or not shapes else tf.ensure_shape(elem, shapes[0])
