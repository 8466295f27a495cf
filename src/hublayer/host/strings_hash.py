"""Hash buckets and fingerprints."""

from __future__ import annotations

import numpy as np

from hublayer.host.fingerprints import fingerprints
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.host.word_hashes import murmur_hashes, sip_hashes

_MURMUR_SEED = 0xDECAFCAFFE


def _buckets(hashes: np.ndarray, num_buckets: int) -> np.ndarray:
    if num_buckets < 1:
        raise ValueError(f"num_buckets must be at least 1, but it is {num_buckets}")
    return np.asarray(hashes % np.uint64(num_buckets)).astype(np.int64)


@host_op("StringToHashBucketFast")
def string_to_hash_bucket_fast(input, *, num_buckets):
    """int64: FarmHash's Fingerprint64 modulo num_buckets."""
    return _buckets(fingerprints(input), num_buckets)


@host_op("StringToHashBucketStrong")
def string_to_hash_bucket_strong(input, *, num_buckets, key):
    """int64: SipHash-2-4 under the two integers of `key`, modulo num_buckets."""
    if len(key) != 2:
        raise ValueError(f"key must have 2 elements, but it has {len(key)}")
    return _buckets(sip_hashes(input, tuple(key)), num_buckets)


@host_op("StringToHashBucket")
def string_to_hash_bucket(string_tensor, *, num_buckets):
    """int64: MurmurHash64A modulo num_buckets."""
    return _buckets(murmur_hashes(string_tensor, _MURMUR_SEED), num_buckets)


@host_op("Fingerprint")
def fingerprint(data, method):
    """uint8 [n, 8]: Fingerprint64, as little-endian bytes, of the bytes of each of the n elements of the first axis.

    Where such an element has several strings, it is the fingerprint of their fingerprints.
    """
    if method.shape != () or method.item() != b"farmhash64":
        raise ValueError(f"the method must be the scalar 'farmhash64', but {method.to_list()} came")
    if data.ndim < 1:
        raise ValueError("data must have at least one dimension, but it is a scalar")
    rows = data.shape[0]
    if isinstance(data, StringTensor):
        if data.size == rows:
            return _as_bytes(fingerprints(data), rows)
        data = fingerprints(data)
    content = np.ascontiguousarray(data).tobytes()
    width = len(content) // rows if rows else 0
    offsets = np.arange(rows + 1, dtype=np.int64) * width
    return _as_bytes(fingerprints(StringTensor.from_buffers(offsets, content, (rows,))), rows)


def _as_bytes(hashes: np.ndarray, rows: int) -> np.ndarray:
    return hashes.astype("<u8").view(np.uint8).reshape(rows, 8)
