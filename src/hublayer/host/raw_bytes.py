"""Strings as what they encode: Base64, numbers in binary, compressed data."""

from __future__ import annotations

import base64
import re
import zlib

import numpy as np
import pyarrow as pa

from hublayer.host.byte_sets import offsets_of, region
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.savedmodel.tensors import constant_dtype

_BASE64 = re.compile(rb"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}(?:==)?|[A-Za-z0-9_-]{3}=?)?")
# So much may an op make of a few bytes.
_MOST_BYTES = 1 << 30


@host_op("EncodeBase64")
def encode_base64(input, *, pad=False):
    """Web-safe Base64 (RFC 4648, section 5), with padding or without."""
    texts = [base64.urlsafe_b64encode(value) for value in input.to_list()]
    return StringTensor.from_list(texts if pad else [text.rstrip(b"=") for text in texts], input.shape)


@host_op("DecodeBase64")
def decode_base64(input):
    """What web-safe Base64, with padding or without, encodes. Raises ValueError for anything else."""
    return StringTensor.from_list([_from_base64(value) for value in input.to_list()], input.shape)


def _from_base64(value: bytes) -> bytes:
    if not _BASE64.fullmatch(value):
        raise ValueError(f"{value[:80]!r} is no web-safe Base64")
    bare = value.rstrip(b"=")
    return base64.urlsafe_b64decode(bare + b"=" * (-len(bare) % 4))


@host_op("DecodeRaw")
def decode_raw(bytes, *, out_type, little_endian=True):
    """The numbers of `out_type` that strings, all of one length, hold; one more dimension than the strings."""
    dtype = _number_dtype(out_type)
    lengths = np.unique(np.diff(bytes.offsets))
    if len(lengths) > 1:
        raise ValueError(f"the strings must have one length, but they have {lengths[:8].tolist()} bytes")
    length = int(lengths[0]) if len(lengths) else 0
    if length % dtype.itemsize:
        raise ValueError(f"{length} bytes are no whole number of {out_type}, which have {dtype.itemsize} bytes each")
    return _numbers(region(bytes), dtype, little_endian).reshape(*bytes.shape, length // dtype.itemsize)


@host_op("DecodePaddedRaw")
def decode_padded_raw(input_bytes, fixed_length, *, out_type, little_endian=True):
    """As DecodeRaw of strings that are cut, or filled up with zero bytes, to `fixed_length`."""
    if fixed_length.shape != ():
        raise ValueError(f"fixed_length must be a scalar, but its shape is {fixed_length.shape}")
    dtype, width = _number_dtype(out_type), int(fixed_length)
    if width <= 0 or width % dtype.itemsize:
        raise ValueError(f"fixed_length must be a positive multiple of {dtype.itemsize}, but it is {width}")
    if width * input_bytes.size > _MOST_BYTES:
        raise ValueError(f"{input_bytes.size} strings of {width} bytes are more than {_MOST_BYTES} bytes")
    lengths = np.minimum(np.diff(input_bytes.offsets), width)
    kept, cut = input_bytes.offsets[:-1] - input_bytes.offsets[0], offsets_of(lengths)
    inner = np.arange(cut[-1]) - np.repeat(cut[:-1], lengths)
    content = np.zeros((input_bytes.size, width), np.uint8)
    content[np.repeat(np.arange(input_bytes.size), lengths), inner] = region(input_bytes)[
        np.repeat(kept, lengths) + inner
    ]
    return _numbers(content, dtype, little_endian).reshape(*input_bytes.shape, width // dtype.itemsize)


def _number_dtype(name: str) -> np.dtype:
    dtype = constant_dtype(name)
    if dtype is None or dtype.kind == "O":
        raise ValueError(f"strings hold no numbers of dtype {name}")
    return dtype


def _numbers(content: np.ndarray, dtype: np.dtype, little_endian: bool) -> np.ndarray:
    data = np.ascontiguousarray(content).reshape(-1)
    if not little_endian:
        part = dtype.itemsize // 2 if dtype.kind == "c" else dtype.itemsize
        data = np.ascontiguousarray(data.reshape(-1, part)[:, ::-1]).reshape(-1)
    if dtype.kind == "b":
        return data != 0
    return np.frombuffer(data.tobytes(), dtype)


@host_op("DecodeCompressed")
def decode_compressed(bytes, *, compression_type=""):
    """What strings compressed with "ZLIB", "GZIP" or "ZSTD" hold; the strings themselves with "".

    Raises ValueError for damaged data and for a string that holds more than a gibibyte.
    """
    if compression_type == "":
        return bytes
    if compression_type not in ("ZLIB", "GZIP", "ZSTD"):
        raise ValueError(f"the compression must be '', 'ZLIB', 'GZIP' or 'ZSTD', but it is {compression_type!r}")
    opened = [_decompressed(value, compression_type) for value in bytes.to_list()]
    return StringTensor.from_list(opened, bytes.shape)


def _decompressed(value: bytes, kind: str) -> bytes:
    try:
        if kind == "ZSTD":
            if not value:
                raise ValueError("an empty string is no ZSTD data")
            result = pa.CompressedInputStream(pa.BufferReader(value), "zstd").read(_MOST_BYTES + 1)
        else:
            result = _inflated(value, kind)
    except (zlib.error, OSError) as error:
        raise ValueError(f"{len(value)} bytes are no {kind} data: {error}") from error
    if len(result) > _MOST_BYTES:
        raise ValueError(f"{len(value)} bytes of {kind} hold more than {_MOST_BYTES} bytes")
    return result


def _inflated(value: bytes, kind: str) -> bytes:
    """Truncated data give what there is, what follows ZLIB data is left alone, and GZIP data may follow GZIP data."""
    window = zlib.MAX_WBITS + (16 if kind == "GZIP" else 0)
    parts, size = [], 0
    while value and size <= _MOST_BYTES:
        stream = zlib.decompressobj(window)
        parts.append(stream.decompress(value, _MOST_BYTES + 1 - size))
        size += len(parts[-1])
        value = stream.unused_data if kind == "GZIP" else b""
    return b"".join(parts)
