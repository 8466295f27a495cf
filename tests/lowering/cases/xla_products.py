"""Cases of XLA's products, convolutions and decompositions."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering.xla_dimension_numbers import message
from lowering.case import Case, floats, i32, integers


def _dot(contract: Any, batch: Any = ((), ())) -> bytes:
    return message("DotDimensionNumbers")(
        lhs_contracting_dimensions=contract[0],
        rhs_contracting_dimensions=contract[1],
        lhs_batch_dimensions=batch[0],
        rhs_batch_dimensions=batch[1],
    ).SerializeToString()


def _product(lhs: Any, rhs: Any, contract: Any, batch: Any = ((), ()), name: str = "", dtype: str = "") -> Case:
    attrs: dict[str, Any] = {"dimension_numbers": _dot(contract, batch), "precision_config": b""}
    attrs["preferred_element_type"] = dtype or lhs.dtype.name
    return Case("XlaDotV2", (lhs, rhs), attrs, name)


def _numbers(lhs: str, rhs: str, out: str) -> bytes:
    """Letters for axes: N, C, O, I and digits for space."""
    space = sorted(c for c in lhs if c.isdigit())
    return message("ConvolutionDimensionNumbers")(
        input_batch_dimension=lhs.index("N"),
        input_feature_dimension=lhs.index("C"),
        input_spatial_dimensions=[lhs.index(c) for c in space],
        kernel_input_feature_dimension=rhs.index("I"),
        kernel_output_feature_dimension=rhs.index("O"),
        kernel_spatial_dimensions=[rhs.index(c) for c in space],
        output_batch_dimension=out.index("N"),
        output_feature_dimension=out.index("C"),
        output_spatial_dimensions=[out.index(c) for c in space],
    ).SerializeToString()


def _conv(
    lhs: Any,
    rhs: Any,
    layout: tuple[str, str, str],
    *,
    name: str = "",
    strides: Any = None,
    padding: Any = None,
    base: Any = None,
    dilation: Any = None,
    groups: int = 1,
    batch_groups: int = 1,
    op: str = "XlaConvV2",
) -> Case:
    n = lhs.ndim - 2
    windows = [strides or [1] * n, padding or [[0, 0]] * n, base or [1] * n, dilation or [1] * n]
    arrays = [np.array(w, np.int32).reshape((n, 2) if i == 1 else (n,)) for i, w in enumerate(windows)]
    attrs: dict[str, Any] = {"dimension_numbers": _numbers(*layout), "precision_config": b""}
    if op == "XlaConvV2":
        attrs |= {"preferred_element_type": lhs.dtype.name, "batch_group_count": batch_groups}
    return Case(op, (lhs, rhs, *arrays, i32(groups)), attrs, name)


_NHWC, _NCHW = ("N01C", "01IO", "N01C"), ("NC01", "OI01", "NC01")

CASES = [
    Case(
        "XlaDot",
        (floats(2, 3), floats(3, 4)),
        {"dimension_numbers": _dot(((1,), (0,))), "precision_config": b"\n\x02\x02\x02"},
    ),
    _product(floats(2, 3), floats(3, 4), ((1,), (0,))),
    _product(floats(2, 3, 4), floats(2, 5, 4), ((2,), (2,)), ((0,), (0,)), "batch"),
    _product(floats(3, 2, 4), floats(4, 2, 3), ((0, 2), (2, 0)), ((1,), (1,)), "batch_inside"),
    _product(floats(2, 3), floats(4), ((), ()), name="outer"),
    _product(floats(3), floats(3, seed=1), ((0,), (0,)), name="inner"),
    _product(floats(2, 0), floats(0, 3), ((1,), (0,)), name="nothing_summed"),
    _product(integers(2, 3, dtype="int8"), integers(3, 2, dtype="int8"), ((1,), (0,)), name="int8", dtype="int32"),
    _product(floats(2, 3, dtype="float16"), floats(3, 2, dtype="float16"), ((1,), (0,)), name="half", dtype="float32"),
    _conv(floats(1, 4, 4, 2), floats(3, 3, 2, 3), _NHWC, op="XlaConv"),
    _conv(floats(2, 5, 5, 2), floats(3, 3, 2, 2), _NHWC, padding=[[1, 1], [0, 2]], strides=[2, 2]),
    _conv(floats(1, 2, 4, 5), floats(3, 2, 2, 3), _NCHW, name="channels_first", dilation=[1, 2]),
    _conv(floats(2, 4, 3, 1), floats(2, 2, 2, 2), ("C01N", "O01I", "0CN1"), name="other_layout"),
    _conv(floats(1, 3, 3, 4), floats(2, 2, 2, 4), _NHWC, name="groups", groups=2),
    _conv(floats(1, 4, 4, 3), floats(3, 3, 1, 6), _NHWC, name="depthwise", groups=3, padding=[[1, 1], [1, 1]]),
    _conv(floats(1, 3, 3, 2), floats(3, 3, 2, 2), _NHWC, name="transposed", base=[2, 2], padding=[[2, 2], [1, 3]]),
    _conv(floats(1, 5, 5, 1), floats(2, 2, 1, 1), _NHWC, name="negative_padding", padding=[[-1, 0], [1, -2]]),
    _conv(floats(4, 3, 3, 2), floats(2, 2, 2, 4), _NHWC, name="batch_groups", batch_groups=2),
    _conv(floats(2, 5, 3), floats(2, 3, 2), ("N0C", "0IO", "N0C"), name="line", padding=[[1, 0]]),
    _conv(floats(1, 2, 3, 2, 1), floats(2, 2, 1, 1, 2), ("N012C", "012IO", "N012C"), name="volume"),
    Case("XlaEinsum", (floats(2, 3), floats(3, 4)), {"equation": "ab,bc->ca"}),
    Case("XlaBroadcastHelper", (floats(2, 3, 4), floats(3), i32([1]))),
    Case("XlaBroadcastHelper", (floats(3), floats(2, 3), i32([1])), name="left"),
    Case("XlaBroadcastHelper", (floats(2, 3), floats(2, 3, seed=1), np.zeros(0, np.int32)), name="same_rank"),
]
