"""Fourier transforms: missing functions, for keras.ops has none of complex tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.registry import Static, lowers, lowers_table


def _run(function: Callable[..., torch.Tensor], x: Any, *sizes: Any, **keywords: Any) -> torch.Tensor:
    """The transform; of nothing too, at which MKL fails."""
    x = tensor(x)
    if x.numel():
        return function(x, *sizes, **keywords)
    # A transform of size 0 is refused even of no rows: one of size 1 tells the dtype, and what it leaves empty.
    form = function(x.new_zeros([max(size, 1) for size in x.shape]), *sizes, **keywords)
    if not sizes:
        return form.new_zeros(x.shape)
    count = len(sizes[0]) if isinstance(sizes[0], tuple) else 1
    return form.new_zeros([*x.shape[:-count], *form.shape[-count:]])


lowers_table(
    {
        "FFT": lambda input: _run(torch.fft.fft, input),
        "FFT2D": lambda input: _run(torch.fft.fft2, input),
        "FFT3D": lambda input: _run(torch.fft.fftn, input, dim=(-3, -2, -1)),
        "IFFT": lambda input: _run(torch.fft.ifft, input),
        "IFFT2D": lambda input: _run(torch.fft.ifft2, input),
        "IFFT3D": lambda input: _run(torch.fft.ifftn, input, dim=(-3, -2, -1)),
    },
    backend="torch",
)


def _sizes(fft_length: np.ndarray) -> tuple[int, ...]:
    return tuple(int(size) for size in fft_length)


@lowers("RFFT", backend="torch")
def rfft(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> torch.Tensor:
    """The frequencies from 0 up of the last axis, cut or filled with zeros to fft_length."""
    return _run(torch.fft.rfft, input, *_sizes(fft_length))


@lowers("IRFFT", backend="torch")
def irfft(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> torch.Tensor:
    """fft_length real numbers with these frequencies."""
    return _run(torch.fft.irfft, input, *_sizes(fft_length))


@lowers("RFFT2D", backend="torch")
def rfft2d(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> torch.Tensor:
    """The frequencies of the last two axes, those of the last from 0 up."""
    return _run(torch.fft.rfft2, input, _sizes(fft_length))


@lowers("IRFFT2D", backend="torch")
def irfft2d(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> torch.Tensor:
    """Real matrices of shape fft_length with these frequencies."""
    return _run(torch.fft.irfft2, input, _sizes(fft_length))


@lowers("RFFT3D", backend="torch")
def rfft3d(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> torch.Tensor:
    """The frequencies of the last three axes, those of the last from 0 up."""
    return _run(torch.fft.rfftn, input, _sizes(fft_length), dim=(-3, -2, -1))


@lowers("IRFFT3D", backend="torch")
def irfft3d(input: Any, fft_length: Static, *, Treal: str = "float32", Tcomplex: str = "complex64") -> torch.Tensor:
    """Real tensors of shape fft_length with these frequencies."""
    return _run(torch.fft.irfftn, input, _sizes(fft_length), dim=(-3, -2, -1))
