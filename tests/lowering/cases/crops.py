"""Cases of hublayer.lowering.crops."""

import numpy as np

from lowering.case import Case, floats, i32, integers

X = floats(2, 5, 6, 3)
BYTES = integers(2, 4, 5, 3, low=0, high=256, dtype="uint8")
BOXES = np.array([[0.1, 0.2, 0.9, 0.7], [0, 0, 1, 1], [0.8, 0.85, 0.3, 0.13], [-0.3, 0.2, 0.6, 1.4]], "float32")
WHICH = i32(0, 1, 1, 0)
TURN = np.array([[0.9, -0.2, 1.3, 0.3, 1.1, -0.7, 0.0, 0.0]], "float32")
EACH = np.array([[1, 0, -3.4, 0, 1, 2.3, 0, 0], [1.2, 0.1, -9.1, -0.2, 0.7, 8.4, 0.05, 0.02]], "float32")
FILL = np.array(0.5, "float32")


def _patches(
    ksize: tuple[int, ...], strides: tuple[int, ...], rates: tuple[int, ...], padding: str
) -> dict[str, object]:
    return {"ksizes": [1, *ksize, 1], "strides": [1, *strides, 1], "rates": [1, *rates, 1], "padding": padding}


CASES = [
    Case("CropAndResize", (X, BOXES, WHICH, i32(4, 3)), name="bilinear", rtol=1e-4),
    Case("CropAndResize", (X, BOXES, WHICH, i32(4, 3)), {"extrapolation_value": 1.5}, name="extrapolation", rtol=1e-4),
    Case("CropAndResize", (X, BOXES, WHICH, i32(4, 7)), {"method": "nearest"}, name="nearest", gradient=False),
    Case("CropAndResize", (X, BOXES, WHICH, i32(1, 2)), name="one-row", gradient=False),
    Case("CropAndResize", (X, BOXES, WHICH, i32(1, 1)), {"method": "nearest"}, name="one-pixel", gradient=False),
    Case("CropAndResize", (BYTES, BOXES, WHICH, i32(3, 3)), name="uint8", gradient=False),
    Case("CropAndResize", (X, BOXES[:0], WHICH[:0], i32(3, 3)), name="no-boxes", gradient=False),
    Case("CropAndResize", (X[:0], BOXES[:0], WHICH[:0], i32(3, 2)), name="no-images", gradient=False),
    Case("ExtractImagePatches", (X,), _patches((2, 3), (1, 1), (1, 1), "VALID"), name="valid"),
    Case("ExtractImagePatches", (X,), _patches((3, 3), (2, 3), (1, 1), "SAME"), name="same"),
    Case("ExtractImagePatches", (X,), _patches((2, 2), (1, 2), (2, 3), "VALID"), name="rates"),
    Case("ExtractImagePatches", (X,), _patches((3, 2), (1, 1), (2, 2), "SAME"), name="rates-same"),
    Case("ExtractImagePatches", (integers(1, 4, 4, 2),), _patches((2, 2), (2, 2), (1, 1), "VALID"), name="int32"),
    Case(
        "ExtractVolumePatches",
        (floats(1, 3, 4, 5, 2),),
        {"ksizes": [1, 2, 2, 3, 1], "strides": [1, 1, 2, 2, 1], "padding": "SAME"},
        name="same",
    ),
    # TensorFlow's gradient of a projection is the inverse projection, not the derivative.
    *(
        Case(
            "ImageProjectiveTransformV3",
            (X, transforms, i32(6, 5), FILL),
            {"interpolation": interpolation, "fill_mode": fill},
            name=f"{interpolation}-{fill}-{name}".lower(),
            gradient=False,
            rtol=1e-4,
        )
        for interpolation in ("NEAREST", "BILINEAR")
        for fill in ("CONSTANT", "REFLECT", "WRAP", "NEAREST")
        for name, transforms in (("turn", TURN), ("each", EACH))
    ),
    Case(
        "ImageProjectiveTransformV2",
        (X, TURN, i32(4, 4)),
        {"interpolation": "BILINEAR"},
        name="bilinear",
        gradient=False,
    ),
    Case(
        "ImageProjectiveTransformV2",
        (BYTES, TURN, i32(4, 4)),
        {"interpolation": "BILINEAR"},
        name="uint8",
        gradient=False,
    ),
    Case(
        "ImageProjectiveTransformV2",
        (BYTES, TURN, i32(4, 4)),
        {"interpolation": "NEAREST"},
        name="nearest",
        gradient=False,
    ),
]
