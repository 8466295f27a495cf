"""Cases of hublayer.lowering.layouts."""

from __future__ import annotations

from lowering.case import Case, i32, i64

_BACK = {"src_format": "NCHW", "dst_format": "NHWC"}

CASES = [
    Case("DataFormatDimMap", (i32(0, 1, 2, 3, -1, -2, -4),)),
    Case("DataFormatDimMap", (i32(3),), _BACK, name="back"),
    Case("DataFormatDimMap", (i64([1, -1]),), {"src_format": "NDHWC", "dst_format": "NCDHW"}, name="volume"),
    Case("DataFormatVecPermute", (i32(7, 8, 9, 3),)),
    Case("DataFormatVecPermute", (i64([7, 3, 8, 9]),), _BACK, name="back"),
    Case("DataFormatVecPermute", (i32([[0, 0], [1, 2], [3, 4], [5, 6]]),), name="pairs"),
    Case("DataFormatVecPermute", (i32(8, 9),), name="space"),
    Case("UnravelIndex", (i32(0, 5, 11), i32(3, 4))),
    Case("UnravelIndex", (i64(7), i64([2, 2, 3])), name="scalar"),
]
