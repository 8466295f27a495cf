"""StableHLO's products, convolutions, transforms and decompositions."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hublayer.lowering.backends.jax.conv import convolve, convolve_on_cpu
from hublayer.lowering.backends.jax.xla_linalg import dot_general
from hublayer.lowering.backends.jax.xla_module import Operation
from hublayer.lowering.backends.jax.xla_stablehlo import Interpreter, array, jax_dtype, known, lowers_op
from hublayer.lowering.xla_conv import convolution
from hublayer.lowering.xla_dimension_numbers import Dot


@lowers_op("dot_general")
def _dot_general(interpreter: Interpreter, operation: Operation, x: Any, y: Any) -> jax.Array:
    return dot_general(x, y, operation.attrs["dot_dimension_numbers"], operation.types[0].dtype)


@lowers_op("dot")
def _dot(interpreter: Interpreter, operation: Operation, x: Any, y: Any) -> jax.Array:
    return dot_general(x, y, Dot((x.ndim - 1,), (0,), (), ()), operation.types[0].dtype)


@lowers_op("convolution")
def _convolution(interpreter: Interpreter, operation: Operation, x: Any, kernel: Any) -> jax.Array:
    return _convolve(interpreter, operation, x, kernel, operation.attrs.get("padding"))


@lowers_op("dynamic_conv", raw=True)
def _dynamic_conv(interpreter: Interpreter, operation: Operation, x: Any, kernel: Any, padding: Any) -> jax.Array:
    pads = np.array(known(padding, "a padding")).reshape(-1, 2)
    return _convolve(interpreter, operation, array(x), array(kernel), pads)


def _convolve(
    interpreter: Interpreter, operation: Operation, x: Any, kernel: Any, padding: np.ndarray | None
) -> jax.Array:
    attrs = operation.attrs
    dims = attrs["dimension_numbers"]
    ones = [1] * (x.ndim - 2)
    turned = [axis for axis, turn in zip(dims.rhs[2:], attrs.get("window_reversal") or [], strict=False) if turn]
    dtype = jax_dtype(operation.types[0].dtype)
    return convolution(
        convolve_on_cpu if interpreter.platform == "cpu" else convolve,
        x.astype(dtype),
        (lax.rev(kernel, turned) if turned else kernel).astype(dtype),
        attrs.get("window_strides") or ones,
        [[0, 0]] * len(ones) if padding is None else padding.reshape(-1, 2).tolist(),
        attrs.get("lhs_dilation") or ones,
        attrs.get("rhs_dilation") or ones,
        attrs.get("batch_group_count", 1),
        dims,
    )


@lowers_op("fft")
def _fft(interpreter: Interpreter, operation: Operation, x: Any) -> jax.Array:
    return lax.fft(x, operation.attrs["fft_type"], tuple(operation.attrs["fft_length"]))


@lowers_op("cholesky")
def _cholesky(interpreter: Interpreter, operation: Operation, x: Any) -> jax.Array:
    if operation.attrs.get("lower", False):
        return lax.linalg.cholesky(
            jnp.tril(x) + jnp.conj(jnp.swapaxes(jnp.tril(x, -1), -1, -2)), symmetrize_input=False
        )
    upper = jnp.triu(x) + jnp.conj(jnp.swapaxes(jnp.triu(x, 1), -1, -2))
    return jnp.conj(jnp.swapaxes(lax.linalg.cholesky(upper, symmetrize_input=False), -1, -2))


@lowers_op("triangular_solve")
def _triangular_solve(interpreter: Interpreter, operation: Operation, a: Any, b: Any) -> jax.Array:
    attrs = operation.attrs
    return lax.linalg.triangular_solve(
        a,
        b,
        left_side=attrs["left_side"],
        lower=attrs["lower"],
        transpose_a=attrs["transpose_a"] != "NO_TRANSPOSE",
        conjugate_a=attrs["transpose_a"] == "ADJOINT",
        unit_diagonal=attrs["unit_diagonal"],
    )


@lowers_op("batch_norm_inference")
def _batch_norm_inference(interpreter: Interpreter, operation: Operation, x: Any, *moments: Any) -> jax.Array:
    axis = operation.attrs["feature_index"]
    shape = [-1 if i == axis else 1 for i in range(x.ndim)]
    scale, offset, mean, variance = (moment.reshape(shape) for moment in moments)
    return (x - mean) * lax.rsqrt(variance + operation.attrs["epsilon"]) * scale + offset
