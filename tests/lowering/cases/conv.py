"""Cases of hublayer.lowering.conv: convolutions and depthwise convolutions."""

from lowering.case import Case, floats

SAME = {"strides": [1, 1, 1, 1], "padding": "SAME"}
VALID = {"strides": [1, 1, 1, 1], "padding": "VALID"}
X = floats(2, 5, 6, 4)
K3 = floats(3, 3, 4, 3, seed=1)


def _strides(height: int, width: int, padding: str, **more: object) -> dict[str, object]:
    return {"strides": [1, height, width, 1], "padding": padding, **more}


# Empty inputs keep the number of channels: TensorFlow's oneDNN kernels return the input's shape for them.
CASES = [
    Case("Conv2D", (X, K3), SAME, name="same"),
    Case("Conv2D", (X, K3), VALID, name="valid"),
    Case("Conv2D", (X, K3), _strides(2, 2, "SAME"), name="same-stride-2"),
    Case("Conv2D", (X, K3), _strides(2, 2, "VALID"), name="valid-stride-2"),
    Case("Conv2D", (floats(1, 7, 8, 2), floats(2, 5, 2, 3, seed=1)), _strides(3, 2, "SAME"), name="same-stride-3-2"),
    Case("Conv2D", (X, floats(2, 2, 4, 3, seed=1)), SAME, name="even-kernel"),
    Case("Conv2D", (X, floats(5, 5, 4, 2, seed=1)), SAME, name="kernel-5"),
    Case("Conv2D", (X, floats(1, 1, 4, 3, seed=1)), SAME, name="1x1"),
    Case("Conv2D", (X, floats(1, 1, 4, 3, seed=1)), _strides(2, 2, "SAME"), name="1x1-stride-2"),
    Case("Conv2D", (X, floats(1, 1, 4, 3, seed=1)), _strides(3, 2, "VALID"), name="1x1-stride-3-2"),
    Case(
        "Conv2D",
        (X, floats(1, 1, 4, 3, seed=1)),
        _strides(2, 1, "EXPLICIT", explicit_paddings=[0, 0, 1, 0, 0, 2, 0, 0]),
        name="1x1-explicit",
    ),
    Case("Conv2D", (floats(2, 1, 1, 4), K3), SAME, name="one-pixel"),
    Case("Conv2D", (floats(1, 1, 9, 4), floats(1, 3, 4, 2, seed=1)), _strides(1, 2, "SAME"), name="one-dimension"),
    Case(
        "Conv2D",
        (X, K3),
        _strides(2, 1, "EXPLICIT", explicit_paddings=[0, 0, 1, 2, 0, 3, 0, 0]),
        name="explicit",
    ),
    Case("Conv2D", (X, K3), {**SAME, "dilations": [1, 2, 2, 1]}, name="dilation"),
    Case(
        "Conv2D", (floats(1, 9, 9, 2), floats(3, 2, 2, 2)), {**VALID, "dilations": [1, 2, 3, 1]}, name="dilation-valid"
    ),
    Case("Conv2D", (X, K3), _strides(2, 2, "SAME", dilations=[1, 2, 2, 1]), name="dilation-and-stride"),
    Case("Conv2D", (X, floats(3, 3, 2, 6, seed=1)), SAME, name="groups"),
    Case("Conv2D", (X, floats(1, 1, 2, 6, seed=1)), SAME, name="groups-1x1"),
    Case("Conv2D", (floats(1, 4, 4, 20), floats(3, 2, 2, 10, seed=1)), _strides(1, 2, "SAME"), name="many-groups"),
    Case("Conv2D", (X, floats(3, 3, 1, 8, seed=1)), _strides(2, 2, "SAME"), name="groups-depthwise"),
    Case("Conv2D", (floats(0, 5, 6, 4), floats(3, 3, 4, 4)), SAME, name="empty"),
    Case("Conv2D", (floats(0, 5, 6, 4), floats(1, 1, 4, 4)), SAME, name="empty-1x1"),
    Case("Conv2D", (X.astype("float64"), K3.astype("float64")), SAME, name="float64"),
    Case("Conv2D", (X.astype("float16"), K3.astype("float16")), SAME, name="float16"),
    Case(
        "Conv2D",
        (floats(2, 4, 5, 6), K3),
        {"strides": [1, 1, 1, 1], "padding": "SAME", "data_format": "NCHW"},
        name="nchw",
    ),
    Case(
        "Conv2D",
        (floats(2, 4, 5, 6), floats(1, 1, 4, 3)),
        {"strides": [1, 1, 2, 2], "padding": "SAME", "data_format": "NCHW"},
        name="nchw-1x1",
    ),
    Case("DepthwiseConv2dNative", (X, floats(3, 3, 4, 1, seed=1)), SAME, name="same"),
    Case("DepthwiseConv2dNative", (X, floats(3, 3, 4, 1, seed=1)), VALID, name="valid"),
    Case("DepthwiseConv2dNative", (X, floats(3, 3, 4, 1, seed=1)), _strides(2, 2, "SAME"), name="stride-2"),
    Case("DepthwiseConv2dNative", (X, floats(3, 2, 4, 3, seed=1)), _strides(2, 2, "VALID"), name="multiplier-3"),
    Case("DepthwiseConv2dNative", (X, floats(5, 5, 4, 2, seed=1)), _strides(3, 3, "SAME"), name="kernel-5-stride-3"),
    Case("DepthwiseConv2dNative", (X, floats(1, 1, 4, 2, seed=1)), SAME, name="1x1"),
    Case("DepthwiseConv2dNative", (floats(2, 5, 6, 1), floats(3, 3, 1, 3, seed=1)), SAME, name="one-channel"),
    # TensorFlow's gradient kernels on CPU ignore the dilations: test_conv_layouts.py compares with dense filters.
    Case(
        "DepthwiseConv2dNative",
        (X, floats(3, 3, 4, 2, seed=1)),
        {**SAME, "dilations": [1, 2, 2, 1]},
        name="dilation",
        gradient=False,
    ),
    Case(
        "DepthwiseConv2dNative",
        (X, floats(3, 3, 4, 1, seed=1)),
        {"strides": [1, 1, 1, 1], "padding": "EXPLICIT", "explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0]},
        name="explicit",
    ),
    Case("DepthwiseConv2dNative", (floats(0, 5, 6, 4), floats(3, 3, 4, 1)), SAME, name="empty"),
    Case("DepthwiseConv2dNative", (X.astype("float64"), floats(3, 3, 4, 1, dtype="float64")), SAME, name="float64"),
    Case("DepthwiseConv2dNative", (X.astype("float16"), floats(3, 3, 4, 1, dtype="float16")), SAME, name="float16"),
    Case(
        "DepthwiseConv2dNative",
        (floats(2, 4, 5, 6), floats(3, 3, 4, 2)),
        {"strides": [1, 1, 2, 2], "padding": "SAME", "data_format": "NCHW"},
        name="nchw",
    ),
]
