"""Cases of hublayer.lowering.pool."""

from lowering.case import Case, floats, i32, integers

X = floats(2, 5, 6, 3)
TIES = integers(1, 4, 5, 2, low=0, high=2).astype("float32")
TIES_3D = integers(1, 4, 5, 4, 1, low=0, high=3).astype("float32")
X3 = floats(1, 4, 5, 3, 2)


def _window(ksize: tuple[int, ...], strides: tuple[int, ...], padding: str, **more: object) -> dict[str, object]:
    return {"ksize": [1, *ksize, 1], "strides": [1, *strides, 1], "padding": padding, **more}


def _first(ksize: tuple[int, ...], strides: tuple[int, ...], data_format: str) -> dict[str, object]:
    return {"ksize": [1, 1, *ksize], "strides": [1, 1, *strides], "padding": "SAME", "data_format": data_format}


_WINDOWS = {
    "same-2": _window((2, 2), (2, 2), "SAME"),
    "valid-2": _window((2, 2), (2, 2), "VALID"),
    "same-3": _window((3, 3), (1, 1), "SAME"),
    "same-3-stride-2": _window((3, 3), (2, 2), "SAME"),
    "valid-3-stride-2": _window((3, 3), (2, 2), "VALID"),
    "same-5-2-stride-1-3": _window((5, 2), (1, 3), "SAME"),
    "same-1-stride-2": _window((1, 1), (2, 2), "SAME"),
    "same-2-stride-3": _window((2, 2), (3, 3), "SAME"),
    "global": _window((5, 6), (1, 1), "VALID"),
    "wider-than-input": _window((7, 9), (2, 2), "SAME"),
    "same-2-stride-1": _window((2, 4), (1, 1), "SAME"),
    "same-6-5-stride-2": _window((6, 5), (2, 1), "SAME"),
}

CASES = [
    *(Case(op, (X,), attrs, name=name) for op in ("AvgPool", "MaxPool") for name, attrs in _WINDOWS.items()),
    *(Case(op, (floats(0, 5, 6, 3),), _WINDOWS["same-2"], name="empty") for op in ("AvgPool", "MaxPool")),
    *(Case(op, (X.astype("float64"),), _WINDOWS["same-3"], name="float64") for op in ("AvgPool", "MaxPool")),
    *(Case(op, (X.astype("float16"),), _WINDOWS["same-3"], name="float16") for op in ("AvgPool", "MaxPool")),
    *(Case(op, (X,), _first((2, 3), (2, 2), "NCHW"), name="nchw", gradient=False) for op in ("AvgPool", "MaxPool")),
    *(Case(op, (X3,), _window((2, 2, 3), (2, 1, 1), "SAME"), name="same") for op in ("AvgPool3D", "MaxPool3D")),
    *(Case(op, (X3,), _window((2, 3, 1), (1, 2, 1), "VALID"), name="valid") for op in ("AvgPool3D", "MaxPool3D")),
    Case("MaxPool", (TIES,), _window((3, 3), (2, 2), "SAME"), name="ties"),
    Case("MaxPool", (TIES,), _window((6, 6), (1, 2), "SAME"), name="ties-large"),
    # TensorFlow's gradient on a CPU goes to every one of equal maxima, as a whole; here to the first, as in 2D.
    Case("MaxPool3D", (TIES_3D,), _window((3, 4, 3), (1, 2, 1), "SAME"), name="ties-large", gradient=False),
    Case("AvgPool", (floats(2, 1, 70, 3),), _window((1, 33), (1, 16), "VALID"), name="line"),
    Case("MaxPool", (floats(2, 1, 70, 3),), _window((1, 33), (1, 16), "SAME"), name="line"),
    *(Case(op, (X3,), _window((4, 4, 3), (2, 1, 1), "SAME"), name="large") for op in ("AvgPool3D", "MaxPool3D")),
    Case(
        "MaxPool",
        (X,),
        _window((3, 3), (2, 2), "EXPLICIT", explicit_paddings=[0, 0, 1, 2, 0, 1, 0, 0]),
        name="explicit",
    ),
    Case("MaxPool", (-(X**2),), _window((3, 3), (2, 2), "SAME"), name="negative"),
    Case(
        "MaxPool",
        (floats(2, 3, 4, 6),),
        {"ksize": [1, 1, 1, 3], "strides": [1, 1, 1, 3], "padding": "SAME"},
        name="depth",
        gradient=False,
    ),
    Case("AvgPool3D", (X3,), _window((1, 3, 4), (2, 2, 2), "SAME"), name="wider-same"),
    Case("MaxPool", (integers(2, 5, 6, 3),), _WINDOWS["same-3"], name="int32"),
    Case("MaxPool", (integers(2, 5, 6, 3, low=0, high=255, dtype="uint8"),), _WINDOWS["same-3"], name="uint8"),
    Case("MaxPoolV2", (X, i32(1, 3, 2, 1), i32(1, 2, 2, 1)), {"padding": "SAME"}, name="same"),
    Case("MaxPoolV2", (X, i32(1, 3, 2, 1), i32(1, 2, 2, 1)), {"padding": "VALID"}, name="valid"),
    # TensorFlow's gradient of MaxPoolWithArgmax is there on GPUs only.
    Case("MaxPoolWithArgmax", (X,), _WINDOWS["same-3-stride-2"], name="same", gradient=False),
    Case("MaxPoolWithArgmax", (X,), _WINDOWS["valid-2"], name="valid", gradient=False),
    Case(
        "MaxPoolWithArgmax", (X,), {**_WINDOWS["same-2"], "include_batch_in_index": True}, name="batch", gradient=False
    ),
    Case("MaxPoolWithArgmax", (X,), {**_WINDOWS["same-2"], "Targmax": "int32"}, name="int32", gradient=False),
    Case("MaxPoolWithArgmax", (TIES,), _WINDOWS["valid-2"], name="ties", gradient=False),
]
