"""Fourier transforms: missing functions, for keras.ops has none of complex tensors."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from hublayer.lowering.registry import Static, lowers, lowers_table

lowers_table(
    {
        "FFT": jnp.fft.fft,
        "FFT2D": jnp.fft.fft2,
        "FFT3D": lambda input: jnp.fft.fftn(input, axes=(-3, -2, -1)),
        "IFFT": jnp.fft.ifft,
        "IFFT2D": jnp.fft.ifft2,
        "IFFT3D": lambda input: jnp.fft.ifftn(input, axes=(-3, -2, -1)),
    },
    backend="jax",
)


def _sizes(fft_length: np.ndarray) -> tuple[int, ...]:
    return tuple(int(size) for size in fft_length)


@lowers("RFFT", backend="jax")
def rfft(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> Any:
    """The frequencies from 0 up of the last axis, cut or filled with zeros to fft_length."""
    return jnp.fft.rfft(input, *_sizes(fft_length))


@lowers("IRFFT", backend="jax")
def irfft(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> Any:
    """fft_length real numbers with these frequencies."""
    return jnp.fft.irfft(input, *_sizes(fft_length))


@lowers("RFFT2D", backend="jax")
def rfft2d(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> Any:
    """The frequencies of the last two axes, those of the last from 0 up."""
    return jnp.fft.rfft2(input, _sizes(fft_length))


@lowers("IRFFT2D", backend="jax")
def irfft2d(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> Any:
    """Real matrices of shape fft_length with these frequencies."""
    return jnp.fft.irfft2(input, _sizes(fft_length))


@lowers("RFFT3D", backend="jax")
def rfft3d(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> Any:
    """The frequencies of the last three axes, those of the last from 0 up."""
    return jnp.fft.rfftn(input, _sizes(fft_length), axes=(-3, -2, -1))


@lowers("IRFFT3D", backend="jax")
def irfft3d(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> Any:
    """Real tensors of shape fft_length with these frequencies."""
    return jnp.fft.irfftn(input, _sizes(fft_length), axes=(-3, -2, -1))
