"""Cases of hublayer.host.unicode_text and hublayer.host.unicode_scripts."""

import numpy as np
from lowering.case import Case, i32, i64

from host.collect import strings, text
from host.texts import CUBE, HARD, NONE, RANDOM

WIDE = strings(b"\x00a\xd8\x3d\xde\x00", b"\xd8\x3d\x00a", b"\xde\x00\x00b", b"\x00", b"", b"\x00\x1f\xff\xfe")
FOUR = strings(
    b"\x00\x00\x00a\x00\x01\xf6\x00", b"\x00\x11\x00\x00\x00\x00\xd8\x00", b"\x00\x00\x00", b"", b"\x00\x00\x00\x09"
)
BYTES = strings(*(bytes([byte]) for byte in range(256)))
MARKED = [
    ("UTF-16", strings(b"\xfe\xff\x00a\x00b", b"\xff\xfea\x00")),
    ("UTF-16", strings(b"\xff\xfea\x00b\x00", b"\xfe\xff\x00a", b"\x00")),
    ("utf16", strings(b"\x00a\x00b", b"\xff\xfe\x00c")),
    ("UTF-32", strings(b"\xff\xfe\x00\x00a\x00\x00\x00", b"")),
    ("UTF-16LE", strings(b"a\x00\x3d\xd8\x00\xde")),
    ("UTF-32-LE", strings(b"a\x00\x00\x00")),
]
SINGLE = [
    "latin1",
    "US-ASCII",
    "windows-1252",
    "cp1250",
    "windows-1251",
    "windows-1254",
    "windows-1256",
    "ISO-8859-2",
    "ISO-8859-3",
    "ISO-8859-4",
    "ISO-8859-5",
    "ISO-8859-6",
    "ISO-8859-7",
    "ISO-8859-8",
    "ISO-8859-9",
    "ISO-8859-10",
    "ISO-8859-11",
    "ISO-8859-13",
    "ISO-8859-14",
    "ISO-8859-15",
    "KOI8-R",
    "koi8-u",
    "macintosh",
    "x-mac-cyrillic",
    "ibm-037",
    "cp500",
    "cp1140",
]
OPTIONS = [
    {},
    {"errors": "ignore"},
    {"replacement_char": 63},
    {"replace_control_characters": True},
    {"replacement_char": 0x1F600, "replace_control_characters": True},
    {"errors": "ignore", "replace_control_characters": True},
    {"replacement_char": 0xD800},
]
OUTPUTS = ("UTF-8", "UTF-16-BE", "UTF-32-BE")
CODES = i32(97, 233, 0x4E2D, 0x1F600, 0, 0xD800, 98, -1, 0x110000, 0xFFFE, 0x10FFFF, 0x7FF, 0x800, 0x10000)

CASES = [
    *(
        Case(op, (x,), {"input_encoding": encoding, **options}, f"{name}-{number}")
        for op in ("UnicodeDecode", "UnicodeDecodeWithOffsets")
        for name, encoding, x in (("hard", "UTF-8", HARD), ("wide", "UTF-16-BE", WIDE), ("four", "UTF-32-BE", FOUR))
        for number, options in enumerate(OPTIONS)
    ),
    *(
        Case("UnicodeDecodeWithOffsets", (x,), {"input_encoding": "UTF-8"}, name)
        for name, x in (
            ("cube", CUBE),
            ("none", NONE),
            ("scalar", text("é")),
            ("random", RANDOM),
            ("valid", strings("é", "", "中a")),
        )
    ),
    Case(
        "UnicodeDecode",
        (strings("é中", "a"),),
        {"input_encoding": "utf8", "errors": "strict", "replace_control_characters": True},
        "strict",
    ),
    *(
        Case("UnicodeDecodeWithOffsets", (x,), {"input_encoding": encoding}, f"mark-{number}")
        for number, (encoding, x) in enumerate(MARKED)
    ),
    *(Case("UnicodeDecodeWithOffsets", (BYTES,), {"input_encoding": encoding}, encoding) for encoding in SINGLE),
    *(
        Case(
            "UnicodeTranscode",
            (x,),
            {"input_encoding": encoding, "output_encoding": output, **options},
            f"{name}-{output}-{number}",
        )
        for name, encoding, x in (
            ("hard", "UTF-8", HARD),
            ("wide", "UTF-16-BE", WIDE),
            ("four", "UTF-32-BE", FOUR),
            ("bytes", "latin1", BYTES[::5].copy()),
        )
        for output in OUTPUTS
        for number, options in enumerate(OPTIONS)
    ),
    *(
        Case("UnicodeTranscode", (x,), {"input_encoding": "UTF-8", "output_encoding": "UTF-8"}, name)
        for name, x in (("cube", CUBE), ("none", NONE), ("scalar", text("é")), ("random", RANDOM))
    ),
    *(
        Case(
            "UnicodeEncode", (CODES, i64(0, 3, 3, 8, 14)), {"output_encoding": output, **options}, f"{output}-{number}"
        )
        for output in OUTPUTS
        for number, options in enumerate(
            ({}, {"errors": "ignore"}, {"replacement_char": 63}, {"replacement_char": 0xD800})
        )
    ),
    Case("UnicodeEncode", (i32([]), i32(0, 0)), {"output_encoding": "UTF-8"}, "none"),
    Case("UnicodeEncode", (i32([97]), i32(0, 0, 1)), {"output_encoding": "UTF-8", "errors": "strict"}, "strict"),
    Case("UnicodeScript", (np.arange(0, 0x110000, 7, "int32"),), name="all"),
    Case("UnicodeScript", (i32([[-1, 0x110000, 2**31 - 1], [65, 0x3B1, 0x5D0]]),), name="bounds"),
    Case("UnicodeScript", (i32([]),), name="none"),
]
