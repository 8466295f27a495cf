"""Cases of hublayer.host.raw_bytes, csv_records and printing."""

import base64
import zlib

import numpy as np
import pyarrow as pa
from lowering.case import Case, i32

from host.collect import strings, text
from host.texts import CUBE, GRID, HARD, NONE

ENCODED = [base64.urlsafe_b64encode(value) for value in HARD[:13]]
NUMBERS = strings(bytes(range(16)), bytes(range(100, 116)))
TEXT = b"text " * 200
# A gzip header without a time, so that the case stays what it is.
_GZIP = zlib.compressobj(wbits=31)
GZIPPED = _GZIP.compress(TEXT) + _GZIP.flush()
REST: tuple = (np.empty(0, object), np.int64([7]), np.float32([0.5]))
QUOTED = strings('"a,b",1,2', '"x""y",,"3"', "\né, 5 ,", '" ",-1,1e40')

CASES = [
    *(
        Case("EncodeBase64", (x,), {"pad": pad}, f"{name}-{pad}")
        for name, x in (("hard", HARD[:13]), ("cube", CUBE), ("none", NONE), ("scalar", text(b"\xff\xfe")))
        for pad in (True, False)
    ),
    Case("DecodeBase64", (strings(*ENCODED),), name="padded"),
    Case("DecodeBase64", (strings(*(value.rstrip(b"=") for value in ENCODED)),), name="bare"),
    Case("DecodeBase64", (strings(["YR", ""], ["_-8", "YWJ="]),), name="matrix"),
    Case("DecodeBase64", (NONE,), name="none"),
    *(
        Case("DecodeRaw", (NUMBERS,), {"out_type": dtype, "little_endian": little}, f"{dtype}-{little}")
        for dtype in (
            "uint8",
            "int8",
            "int16",
            "uint16",
            "int32",
            "int64",
            "float16",
            "float32",
            "float64",
            "complex64",
            "complex128",
            "bool",
        )
        for little in (True, False)
    ),
    Case("DecodeRaw", (text("abcd"),), {"out_type": "int16"}, "scalar"),
    Case("DecodeRaw", (NONE,), {"out_type": "int16"}, "none"),
    Case("DecodeRaw", (strings(["ab", "cd"], ["ef", "gh"]),), {"out_type": "uint8"}, "matrix"),
    Case("DecodeRaw", (strings("", ""),), {"out_type": "float32"}, "empty"),
    *(
        Case(
            "DecodePaddedRaw",
            (GRID, i32(width)),
            {"out_type": dtype, "little_endian": little},
            f"{dtype}-{width}-{little}",
        )
        for dtype, width in (("uint8", 3), ("int16", 4), ("int64", 16), ("uint16", 2))
        for little in (True, False)
    ),
    Case("DecodePaddedRaw", (NONE, i32(4)), {"out_type": "uint8"}, "none"),
    *(
        Case("DecodeCompressed", (strings(*values),), {"compression_type": kind}, f"{kind}-{number}")
        for kind, sets in {
            "": [[TEXT, b""]],
            "ZLIB": [
                [zlib.compress(TEXT), b"", zlib.compress(b"\x00" * 5000)],
                [zlib.compress(TEXT) + b"xx"],
                [zlib.compress(TEXT)[:-4]],
            ],
            "GZIP": [[GZIPPED, b""], [GZIPPED * 2]],
            "ZSTD": [[pa.compress(TEXT, "zstd").to_pybytes()]],
        }.items()
        for number, values in enumerate(sets)
    ),
    Case("DecodeCSV", (QUOTED, list(REST)), {"OUT_TYPE": ["string", "int64", "float32"]}, "quoted"),
    Case(
        "DecodeCSV",
        (strings("NA;2;x", '4;"NA";y'), [np.int32([9]), np.float64([0.5])]),
        {"OUT_TYPE": ["int32", "float64"], "field_delim": ";", "na_value": "NA", "select_cols": [0, 1]},
        "selected",
    ),
    Case(
        "DecodeCSV",
        (strings('"a",b'), [strings("z"), strings("z")]),
        {"OUT_TYPE": ["string", "string"], "use_quote_delim": False},
        "no-quotes",
    ),
    Case(
        "DecodeCSV",
        (strings(["1,2"], [",3"]), [np.int32(4), np.int32([5])]),
        {"OUT_TYPE": ["int32", "int32"]},
        "matrix",
    ),
    Case("DecodeCSV", (text("1,2"), [np.int32([]), np.int64([])]), {"OUT_TYPE": ["int32", "int64"]}, "scalar"),
    Case("DecodeCSV", (NONE, [np.int32([]), NONE]), {"OUT_TYPE": ["int32", "string"]}, "none"),
    Case("Print", (i32(1, 2), [np.float32([0.5])]), {"message": "data: "}),
    Case("Print", (GRID, []), {"U": []}, "strings"),
    Case("PrintV2", (text(""),)),
]
