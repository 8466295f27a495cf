"""Cases of hublayer.lowering.conv: transposed convolutions, filter gradients, three dimensions, dilation."""

import numpy as np

from lowering.case import Case, floats, i32, integers

SAME = {"strides": [1, 1, 1, 1], "padding": "SAME"}
SAME_3D = {"strides": [1, 1, 1, 1, 1], "padding": "SAME"}
SAME_2 = {"strides": [1, 2, 2, 1], "padding": "SAME"}
VALID_2 = {"strides": [1, 2, 2, 1], "padding": "VALID"}
K3 = floats(3, 3, 4, 3, seed=1)
X3 = floats(1, 4, 5, 3, 2)
WHOLE = integers(3, 3, 2, 3, seed=2)


def _explicit(height: int, width: int, *pads: int) -> dict[str, object]:
    return {"strides": [1, height, width, 1], "padding": "EXPLICIT", "explicit_paddings": [0, 0, *pads, 0, 0]}


CASES = [
    Case("Conv2DBackpropInput", (i32(2, 5, 6, 4), K3, floats(2, 5, 6, 3)), SAME, name="same"),
    Case("Conv2DBackpropInput", (i32(2, 5, 6, 4), K3, floats(2, 3, 3, 3)), SAME_2, name="same-stride-2"),
    Case("Conv2DBackpropInput", (i32(2, 6, 5, 4), K3, floats(2, 3, 3, 3)), SAME_2, name="same-stride-2-even"),
    Case("Conv2DBackpropInput", (i32(2, 5, 6, 4), K3, floats(2, 2, 2, 3)), VALID_2, name="valid-leftover"),
    Case("Conv2DBackpropInput", (i32(2, 7, 5, 4), K3, floats(2, 3, 2, 3)), VALID_2, name="valid-stride-2"),
    Case("Conv2DBackpropInput", (i32(1, 6, 8, 2), floats(4, 4, 2, 3), floats(1, 3, 4, 3)), SAME_2, name="kernel-4"),
    Case("Conv2DBackpropInput", (i32(1, 6, 8, 2), floats(2, 2, 2, 3), floats(1, 3, 4, 3)), SAME_2, name="kernel-2"),
    Case("Conv2DBackpropInput", (i32(1, 6, 7, 2), floats(1, 1, 2, 3), floats(1, 3, 4, 3)), SAME_2, name="1x1-stride-2"),
    Case(
        "Conv2DBackpropInput",
        (i32(1, 7, 7, 2), floats(2, 5, 2, 3), floats(1, 3, 7, 3)),
        {"strides": [1, 3, 1, 1], "padding": "SAME"},
        name="stride-3-1",
    ),
    Case("Conv2DBackpropInput", (i32(2, 5, 6, 2), WHOLE, integers(2, 3, 3, 3, seed=1)), SAME_2, name="int32"),
    Case("Conv2DBackpropInput", (i32(5, 6), K3, floats(2, 3, 3, 3)), SAME_2, name="spatial-sizes"),
    Case(
        "Conv2DBackpropInput",
        (i32(1, 5, 6, 4), K3, floats(1, 5, 6, 3)),
        {**SAME, "dilations": [1, 2, 2, 1]},
        name="dilation",
    ),
    Case(
        "Conv2DBackpropInput",
        (i32(1, 5, 6, 4), K3, floats(1, 3, 4, 3)),
        _explicit(2, 2, 1, 1, 1, 2),
        name="explicit",
    ),
    Case("Conv2DBackpropInput", (i32(1, 5, 6, 4), floats(3, 3, 2, 6), floats(1, 5, 6, 6)), SAME, name="groups"),
    Case("Conv2DBackpropInput", (i32(0, 5, 6, 4), K3, floats(0, 3, 3, 3)), SAME_2, name="empty", gradient=False),
    Case(
        "Conv2DBackpropInput",
        (i32(1, 4, 5, 6), K3, floats(1, 3, 3, 3)),
        {"strides": [1, 1, 2, 2], "padding": "SAME", "data_format": "NCHW"},
        name="nchw",
    ),
    Case(
        "Conv2DBackpropInput",
        (i32(2, 5, 6, 4), K3.astype("float64"), floats(2, 3, 3, 3, dtype="float64")),
        SAME_2,
        name="float64",
    ),
    Case("Conv2DBackpropFilter", (floats(2, 5, 6, 4), i32(3, 3, 4, 3), floats(2, 5, 6, 3)), SAME, name="same"),
    Case("Conv2DBackpropFilter", (floats(2, 5, 6, 4), i32(3, 3, 4, 3), floats(2, 3, 3, 3)), SAME_2, name="stride-2"),
    Case("Conv2DBackpropFilter", (floats(2, 5, 6, 4), i32(3, 3, 2, 6), floats(2, 5, 6, 6)), SAME, name="groups"),
    Case(
        "DepthwiseConv2dNativeBackpropInput",
        (i32(2, 5, 6, 4), floats(3, 3, 4, 2), floats(2, 3, 3, 8)),
        SAME_2,
        name="stride-2",
    ),
    Case(
        "DepthwiseConv2dNativeBackpropInput",
        (i32(2, 5, 6, 4), floats(3, 2, 4, 1), floats(2, 5, 6, 4)),
        SAME,
        name="same",
    ),
    Case(
        "DepthwiseConv2dNativeBackpropFilter",
        (floats(2, 5, 6, 4), i32(3, 3, 4, 2), floats(2, 3, 3, 8)),
        SAME_2,
        name="stride-2",
    ),
    Case("Conv3D", (X3, floats(2, 3, 3, 2, 3)), SAME_3D, name="same"),
    Case("Conv3D", (X3, floats(3, 2, 1, 2, 3)), {"strides": [1, 2, 1, 2, 1], "padding": "VALID"}, name="valid-strides"),
    Case("Conv3D", (X3, floats(1, 1, 1, 2, 3)), {"strides": [1, 1, 2, 2, 1], "padding": "SAME"}, name="1x1"),
    Case("Conv3D", (X3, floats(3, 3, 2, 2, 2)), {**SAME_3D, "dilations": [1, 1, 2, 1, 1]}, name="dilation"),
    Case("Conv3D", (floats(1, 2, 4, 5, 3), floats(2, 3, 3, 2, 3)), {**SAME_3D, "data_format": "NCDHW"}, name="ncdhw"),
    Case(
        "Conv3DBackpropInputV2",
        (i32(1, 4, 5, 3, 2), floats(2, 3, 3, 2, 3), floats(1, 2, 3, 3, 3)),
        {"strides": [1, 2, 2, 1, 1], "padding": "SAME"},
        name="same-strides",
    ),
    Case(
        "Conv3DBackpropInputV2",
        (i32(1, 4, 5, 3, 2), floats(2, 2, 2, 2, 3), floats(1, 2, 2, 1, 3)),
        {"strides": [1, 2, 2, 2, 1], "padding": "VALID"},
        name="valid",
    ),
    Case("Conv3DBackpropFilterV2", (X3, i32(2, 3, 3, 2, 3), floats(1, 4, 5, 3, 3)), SAME_3D, name="same"),
    # TensorFlow has no gradient for Conv.
    Case("Conv", (floats(2, 5, 6, 4), K3), SAME, name="2d", gradient=False),
    Case("Conv", (floats(2, 5, 6, 4), K3), _explicit(2, 1, 1, 1, 1, 0), name="explicit", gradient=False),
    Case(
        "Conv", (X3, floats(2, 3, 3, 2, 3)), {"strides": [1, 2, 1, 1, 1], "padding": "SAME"}, name="3d", gradient=False
    ),
    Case("Conv", (integers(1, 5, 6, 2), WHOLE), {**SAME, "dilations": [1, 2, 1, 1]}, name="int32"),
    Case(
        "Conv",
        (floats(2, 1, 4, 5, 3), floats(3, 3, 3, 2)),
        {**SAME, "batch_dims": 2},
        name="batch-dims",
        gradient=False,
    ),
    Case(
        "Dilation2D",
        (floats(2, 5, 6, 3), floats(3, 2, 3, seed=1)),
        {"strides": [1, 2, 1, 1], "rates": [1, 1, 2, 1], "padding": "SAME"},
        name="same",
    ),
    Case(
        "Dilation2D",
        (integers(1, 5, 6, 3), integers(2, 3, 3, seed=1, low=-9, high=-5)),
        {"strides": [1, 1, 1, 1], "rates": [1, 2, 1, 1], "padding": "SAME"},
        name="int32",
    ),
    Case(
        "Dilation2D",
        (np.round(floats(1, 4, 5, 2)), np.ones((2, 2, 2), "float32")),
        {"strides": [1, 1, 1, 1], "rates": [1, 1, 1, 1], "padding": "SAME"},
        name="ties",
    ),
    Case(
        "Dilation2D",
        (floats(1, 5, 6, 3), floats(2, 2, 3, seed=1)),
        {"strides": [1, 1, 1, 1], "rates": [1, 1, 1, 1], "padding": "VALID"},
        name="valid",
    ),
]
