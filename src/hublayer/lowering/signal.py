"""Spectrograms and cepstra as TensorFlow's kernels compute them. Fourier transforms are each backend's own."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers

_FLOOR = 1e-12


@lowers("AudioSpectrogram")
def audio_spectrogram(input: Any, *, window_size: int, stride: int, magnitude_squared: bool = False) -> Any:
    """Magnitudes of Hann windows' spectra: from (samples, channels) to (channels, windows, frequencies)."""
    samples = int(input.shape[0])
    windows = max(0, 1 + (samples - window_size) // stride)
    size = 1 << max(0, window_size - 1).bit_length()
    if windows == 0:
        return ops.zeros((input.shape[1], 0, size // 2 + 1), dtype="float32")
    places = np.arange(windows, dtype=np.int32)[:, None] * stride + np.arange(window_size, dtype=np.int32)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window_size) / window_size)
    framed = ops.take(ops.transpose(input), places, axis=1)
    real, imaginary = ops.rfft(ops.multiply(framed, hann.astype("float32")), fft_length=size)
    squares = ops.add(ops.square(real), ops.square(imaginary))
    return squares if magnitude_squared else ops.sqrt(squares)


@lowers("Mfcc")
def mfcc(
    spectrogram: Any,
    sample_rate: Static,
    *,
    upper_frequency_limit: float = 4000.0,
    lower_frequency_limit: float = 20.0,
    filterbank_channel_count: int = 40,
    dct_coefficient_count: int = 13,
) -> Any:
    """Cepstral coefficients of squared magnitudes: from (…, frequencies) to (…, dct_coefficient_count)."""
    bank = mel_weights(
        int(spectrogram.shape[-1]),
        int(sample_rate),
        filterbank_channel_count,
        lower_frequency_limit,
        upper_frequency_limit,
    )
    energies = ops.log(ops.maximum(ops.matmul(ops.sqrt(spectrogram), bank), _FLOOR))
    return ops.matmul(energies, _cosines(filterbank_channel_count, dct_coefficient_count))


@cache
def mel_weights(bins: int, sample_rate: int, channels: int, lower: float, upper: float) -> np.ndarray:
    """What each frequency contributes to each triangle of the mel scale: (bins, channels). mfcc_mel_filterbank.cc."""
    low, high = _mel(lower), _mel(upper)
    centers = low + (high - low) / (channels + 1) * np.arange(1, channels + 2)
    hertz = 0.5 * sample_rate / (bins - 1)
    first, last = int(1.5 + lower / hertz), int(upper / hertz)
    weights = np.zeros((bins, channels))
    for i in range(first, min(last + 1, bins)):
        mel = _mel(i * hertz)
        channel = int(np.searchsorted(centers[:channels], mel)) - 1
        start = centers[channel] if channel >= 0 else low
        falling = (centers[channel + 1] - mel) / (centers[channel + 1] - start)
        if channel >= 0:
            weights[i, channel] += falling
        if channel + 1 < channels:
            weights[i, channel + 1] += 1 - falling
    return weights.astype("float32")


def _mel(hertz: float) -> float:
    return 1127.0 * float(np.log1p(hertz / 700.0))


@cache
def _cosines(length: int, count: int) -> np.ndarray:
    angles = np.pi / length * (np.arange(length)[:, None] + 0.5) * np.arange(count)
    return (np.sqrt(2.0 / length) * np.cos(angles)).astype("float32")
