"""LAPACK's functions, which JAX writes into StableHLO for a CPU, by jax.lax.linalg on any platform.

Since 0.4.32 jaxlib gives options as attributes, to targets that end in _ffi; before, as leading operands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from hublayer.lowering.backends.jax.xla_module import Operation
from hublayer.lowering.backends.jax.xla_stablehlo import Interpreter, array, jax_dtype, known, lowers_custom_call

Lower = Callable[..., list[jax.Array]]


def _targets(name: str, ffi: bool, library: str = "lapack") -> tuple[str, ...]:
    """A function's names, one for each dtype: singly and doubly precise, real and complex."""
    suffix = "_ffi" if ffi else ""
    real = {"or": "un", "sy": "he"}.get(name[:2])
    letters = {letter: (real + name[2:] if real and letter in "cz" else name) for letter in "sdcz"}
    return tuple(f"{library}_{letter}{spelled}{suffix}" for letter, spelled in letters.items())


def _letter(operation: Operation, name: str) -> str:
    """An option that is a letter, given as its code."""
    value = operation.attrs["mhlo.backend_config"][name]
    return chr(value) if isinstance(value, int) else str(value)


def _status(x: jax.Array) -> jax.Array:
    """Success for each matrix. A failure shows as NaN in the result."""
    return jnp.zeros(x.shape[:-2], jnp.int32)


def _rest(operation: Operation, results: list[jax.Array]) -> list[jax.Array]:
    """`results` and then the work space that older calls return."""
    shapes = operation.types[len(results) :]
    return results + [jnp.zeros([size or 0 for size in kind.shape], jax_dtype(kind.dtype)) for kind in shapes]


def _cholesky(operation: Operation, x: jax.Array, lower: bool) -> list[jax.Array]:
    half, rest = (jnp.tril(x), jnp.tril(x, -1)) if lower else (jnp.triu(x), jnp.triu(x, 1))
    whole = half + jnp.conj(jnp.swapaxes(rest, -1, -2))
    factor = lax.linalg.cholesky(whole, symmetrize_input=False)
    return [factor if lower else jnp.conj(jnp.swapaxes(factor, -1, -2)), _status(x)]


def _eigen(operation: Operation, x: jax.Array, lower: bool) -> list[jax.Array]:
    vectors, values = lax.linalg.eigh(x, lower=lower, symmetrize_input=False)
    return _rest(operation, [vectors, values, _status(x)])


def _by_triangle(function: Callable[[Operation, jax.Array, bool], list[jax.Array]], name: str) -> None:
    """Register a function of a matrix and of which triangle is read."""

    @lowers_custom_call(*_targets(name, ffi=True))
    def _new(interpreter: Interpreter, operation: Operation, x: Any) -> list[jax.Array]:
        return function(operation, array(x), _letter(operation, "uplo") == "L")

    @lowers_custom_call(*_targets(name, ffi=False))
    def _old(interpreter: Interpreter, operation: Operation, lower: Any, *operands: Any) -> list[jax.Array]:
        return function(operation, array(operands[-1]), bool(known(lower, "an option")[0]))


_by_triangle(_cholesky, "potrf")
_by_triangle(_eigen, "syevd")


@lowers_custom_call(*_targets("getrf", ffi=True), *_targets("getrf", ffi=False))
def _getrf(interpreter: Interpreter, operation: Operation, *operands: Any) -> list[jax.Array]:
    lu, pivots, _ = lax.linalg.lu(array(operands[-1]))
    return [lu, pivots + 1, _status(lu)]


@lowers_custom_call(*_targets("trsm", ffi=True))
def _trsm(interpreter: Interpreter, operation: Operation, a: Any, b: Any) -> list[jax.Array]:
    side, lower, turned, diagonal = (_letter(operation, name) for name in ("side", "uplo", "trans_x", "diag"))
    return [_solve(array(a), array(b), side == "L", lower == "L", "NTC".index(turned), diagonal == "U")]


@lowers_custom_call(*_targets("trsm", ffi=False, library="blas"))
def _old_trsm(interpreter: Interpreter, operation: Operation, *operands: Any) -> list[jax.Array]:
    left, lower, turned, unit = (known(option, "an option")[0] for option in operands[:4])
    factor, a, b = (array(x) for x in operands[-3:])
    return [_solve(a, b * factor, bool(left), bool(lower), turned, bool(unit))]


def _solve(a: jax.Array, b: jax.Array, left: bool, lower: bool, turned: int, unit: bool) -> jax.Array:
    return lax.linalg.triangular_solve(
        a, b, left_side=left, lower=lower, transpose_a=turned > 0, conjugate_a=turned == 2, unit_diagonal=unit
    )


@lowers_custom_call(*_targets("gesdd", ffi=True))
def _gesdd(interpreter: Interpreter, operation: Operation, x: Any) -> list[jax.Array]:
    x, mode = array(x), _letter(operation, "mode")
    if mode == "N":
        s = lax.linalg.svd(x, full_matrices=False, compute_uv=False)
        return _rest(operation, [x, s])
    u, s, vh = lax.linalg.svd(x, full_matrices=mode == "A")
    return [x, s, u, vh, _status(x)]


@lowers_custom_call(*_targets("orgqr", ffi=True))
def _orgqr(interpreter: Interpreter, operation: Operation, x: Any, reflectors: Any) -> list[jax.Array]:
    return [lax.linalg.householder_product(array(x), array(reflectors))]
