"""Cases of hublayer.host.strings_hash: all lengths up to 1,000 bytes, together and one by one."""

import numpy as np
from lowering.case import Case

from host.collect import strings, text
from host.texts import CUBE, HARD, NONE, RANDOM

_RNG = np.random.default_rng(0)
LENGTHS = np.empty(1001, object)
LENGTHS[:] = [_RNG.bytes(int(length)) for length in _RNG.permutation(1001)]
INPUTS = [
    ("lengths", LENGTHS),
    ("hard", HARD),
    ("cube", CUBE),
    ("none", NONE),
    ("scalar", text("token")),
    ("random", RANDOM),
]

CASES = [
    *(
        Case("StringToHashBucketFast", (x,), {"num_buckets": n}, f"{name}-{n}")
        for name, x in INPUTS
        for n in (1, 10, 2**62 + 11)
    ),
    *(Case("StringToHashBucket", (x,), {"num_buckets": 2**62 + 11}, name) for name, x in INPUTS),
    *(
        Case("StringToHashBucketStrong", (x,), {"num_buckets": 2**62 + 11, "key": key}, f"{name}-{key}")
        for name, x in INPUTS
        for key in ([0, 0], [12345678901234567, -98765])
    ),
    *(
        Case("Fingerprint", (x, text("farmhash64")), name=name)
        for name, x in (
            ("hard", HARD),
            ("cube", CUBE),
            ("column", strings(["a"], ["b"])),
            ("none", NONE),
            ("numbers", np.arange(24, dtype="int16").reshape(2, 3, 4)),
            ("empty", np.zeros((2, 0), "float32")),
            ("bool", np.array([True, False])),
        )
    ),
]
