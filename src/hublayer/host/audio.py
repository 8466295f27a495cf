"""WAV files of 16-bit samples (RIFF WAVE, format 1)."""

from __future__ import annotations

import struct

import numpy as np

from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor

# What is filled up with zeros may not take any amount of memory.
_MOST_SAMPLES = 1 << 28


@host_op("DecodeWav")
def decode_wav(contents, *, desired_channels=-1, desired_samples=-1):
    """float32 [samples, channels] in -1..1, and the int32 sample rate.

    Channels are cut, or the last one repeated, to desired_channels; samples are cut, or filled up with zeros, to
    desired_samples. Raises ValueError for a damaged file and for other samples than of 16 bits.
    """
    if contents.shape != ():
        raise ValueError(f"the contents must be one string, but their shape is {contents.shape}")
    channels, rate, samples = _wav(contents.item())
    frames = samples.reshape(-1, channels).astype(np.float32) * np.float32(1 / 32768)
    wanted = channels if desired_channels < 0 else desired_channels
    length = len(frames) if desired_samples < 0 else desired_samples
    if length * wanted > _MOST_SAMPLES:
        raise ValueError(f"{length} samples of {wanted} channels are more than {_MOST_SAMPLES}")
    result = np.zeros((length, wanted), np.float32)
    count = min(length, len(frames))
    result[:count] = frames[:count, np.minimum(np.arange(wanted), channels - 1)]
    return [result, np.array(rate, np.int32)]


def _wav(data: bytes) -> tuple[int, int, np.ndarray]:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError(f"no WAV file: it begins with {data[:12]!r}")
    place, layout, samples = 12, None, None
    while place < len(data):
        kind, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        body = data[place + 8 : place + 8 + size]
        if place + 8 > len(data) or len(body) != size:
            raise ValueError(f"a WAV file that is cut off in its part {kind!r}")
        if kind == b"fmt ":
            if size < 16:
                raise ValueError("a WAV file whose format is cut off")
            code, channels, rate, _, frame, bits = struct.unpack("<HHIIHH", body[:16])
            if code != 1 or bits != 16 or channels < 1 or frame != 2 * channels or rate >= 2**31:
                raise ValueError(f"a WAV file of format {code}, {bits} bits, {channels} channels at {rate} Hz")
            layout = channels, rate
        elif kind == b"data":
            if layout is None or samples is not None:
                raise ValueError("a WAV file whose samples come before its format, or twice")
            channels = layout[0]
            samples = np.frombuffer(body, "<i2", size // (2 * channels) * channels)
        place += 8 + size
    if layout is None or samples is None:
        raise ValueError("a WAV file without samples")
    return *layout, samples


@host_op("EncodeWav")
def encode_wav(audio, sample_rate):
    """A scalar: a WAV file of float32 audio [samples, channels] in -1..1, cut where it goes beyond."""
    if audio.ndim != 2 or not 1 <= audio.shape[1] < 2**15:
        raise ValueError(f"audio must have the shape [samples, channels], but it has {audio.shape}")
    rate, channels = int(sample_rate), audio.shape[1]
    if rate < 1:
        raise ValueError(f"the sample rate must be positive, but it is {rate}")
    scaled = np.clip(np.nan_to_num(audio, nan=0.0), -2, 2) * np.float32(32768)
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))  # halves go away from zero
    samples = np.clip(rounded, -32768, 32767).astype("<i2").tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, channels, rate,
        rate * channels * 2, channels * 2, 16, b"data", len(samples),
    )  # fmt: skip
    return StringTensor.from_list([head + samples], ())
