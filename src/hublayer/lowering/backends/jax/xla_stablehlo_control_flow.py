"""StableHLO's conditionals, loops and calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hublayer.lowering.backends.jax.xla_module import Block, Operation
from hublayer.lowering.backends.jax.xla_stablehlo import Interpreter, array, lowers_blocks, lowers_op

Outer = Mapping[int, Any]


@lowers_op("call", raw=True, dialect="func")
def _call(interpreter: Interpreter, operation: Operation, *arguments: Any) -> list[Any]:
    return interpreter.function(operation.attrs["callee"], arguments)


@lowers_blocks("if")
def _if(interpreter: Interpreter, operation: Operation, outer: Outer, chosen: Any) -> list[Any]:
    index = np.where(chosen, 0, 1) if isinstance(chosen, np.ndarray) else jnp.where(chosen, 0, 1)
    return _case(interpreter, operation, outer, index)


@lowers_blocks("case")
def _case(interpreter: Interpreter, operation: Operation, outer: Outer, index: Any) -> list[Any]:
    blocks = operation.blocks
    if isinstance(index, np.ndarray):
        at = int(index)
        return interpreter.block(blocks[at if 0 <= at < len(blocks) else -1], (), outer)
    at = jnp.where((index >= 0) & (index < len(blocks)), index, len(blocks) - 1)

    def bind(block: Block) -> Any:
        return lambda: [array(x) for x in interpreter.block(block, (), outer)]

    return lax.switch(at, [bind(block) for block in blocks])


@lowers_blocks("while")
def _while(interpreter: Interpreter, operation: Operation, outer: Outer, *initial: Any) -> list[Any]:
    test, body = operation.blocks
    carry = [array(x) for x in initial]

    def step(carry: list[Any]) -> list[Any]:
        after = [array(x) for x in interpreter.block(body, carry, outer)]
        return [x.astype(before.dtype) for x, before in zip(after, carry, strict=True)]

    steps = trip_count(test, body, initial, outer)
    if steps is not None:  # a scan, unlike a while loop, is differentiated backwards
        return lax.scan(lambda carry, _: (step(carry), None), carry, None, length=steps)[0]

    def going(carry: list[Any]) -> jax.Array:
        return array(interpreter.block(test, carry, outer)[0])

    return lax.while_loop(going, step, carry)


def trip_count(test: Block, body: Block, initial: Any, outer: Outer) -> int | None:
    """How many steps a loop takes that counts from one known number to another; None if it cannot be told."""
    compared = _producer(test, test.results[0])
    if compared is None or compared.name != "stablehlo.compare" or compared.attrs["comparison_direction"] != "LT":
        return None
    counter, limit = compared.operands
    if counter not in test.parameters:
        return None
    place = test.parameters.index(counter)
    end = _value(test, limit, initial, outer)
    start, step = initial[place], _increment(body, place, outer)
    if end is None or step is None or step <= 0 or not isinstance(start, np.ndarray):
        return None
    return max(0, -(-(end - int(start)) // step))


def _producer(block: Block, number: int) -> Operation | None:
    return next((operation for operation in block.operations if number in operation.results), None)


def _value(block: Block, number: int, initial: Any, outer: Outer) -> int | None:
    operation = _producer(block, number)
    value = operation.attrs.get("value") if operation is not None else outer.get(number)
    return int(value) if isinstance(value, np.ndarray) and value.size == 1 else None


def _increment(body: Block, place: int, outer: Outer) -> int | None:
    operation = _producer(body, body.results[place])
    if operation is None or operation.name != "stablehlo.add":
        return None
    for counter, step in (operation.operands, operation.operands[::-1]):
        if counter == body.parameters[place]:
            return _value(body, step, (), outer)
    return None
