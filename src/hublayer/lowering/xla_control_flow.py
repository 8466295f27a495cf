"""XLA's conditionals and loops, and its ops that only advise the compiler or place tensors on devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hublayer.graph.ir import FunctionName
from hublayer.lowering.control_flow import if_, while_
from hublayer.lowering.execute import Run
from hublayer.lowering.registry import lowers


@lowers("XlaIf")
def xla_if(
    run: Run,
    cond: Any,
    inputs: list[Any],
    *,
    then_branch: FunctionName,
    else_branch: FunctionName,
    Tout: Sequence[str] = (),
) -> list[Any]:
    """The results of then_branch if cond is true, else of else_branch."""
    return if_(run, cond, inputs, then_branch=then_branch, else_branch=else_branch)


@lowers("XlaWhile")
def xla_while(run: Run, input: list[Any], *, cond: FunctionName, body: FunctionName) -> list[Any]:
    """The loop variables, replaced by the body's results while cond of them is true."""
    return while_(run, input, cond=cond, body=body)


@lowers("XlaOptimizationBarrier")
def xla_optimization_barrier(input: list[Any]) -> list[Any]:
    """The inputs; what the compiler may not reorder concerns no value."""
    return list(input)


@lowers("XlaSharding")
def xla_sharding(input: Any, *, sharding: str | bytes = "", unspecified_dims: Sequence[int] = ()) -> Any:
    """`input`: there is one device."""
    return input


@lowers("XlaSpmdFullToShardShape")
def xla_spmd_full_to_shard_shape(
    input: Any, *, manual_sharding: str | bytes, dim: int = -1, unspecified_dims: Sequence[int] = ()
) -> Any:
    """`input`: there is one device, whose shard is the whole."""
    return input


@lowers("XlaSpmdShardToFullShape")
def xla_spmd_shard_to_full_shape(
    input: Any,
    *,
    manual_sharding: str | bytes,
    full_shape: Any,
    dim: int = -1,
    unspecified_dims: Sequence[int] = (),
) -> Any:
    """`input`: there is one device, whose shard is the whole."""
    return input


@lowers("XlaSetBound")
def xla_set_bound(input: Any, bound: Any) -> Any:
    """`input`; its bound is advice for the compiler."""
    return input
