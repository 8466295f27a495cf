"""Cases of hublayer.lowering.colors."""

import numpy as np

from lowering.case import Case, floats

X = floats(2, 3, 4, 3, low=0.0, high=1.0)
GREY = np.array([[[[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]]], "float32")
F32 = np.float32

CASES = [
    Case("RGBToHSV", (X,), rtol=1e-4),
    Case("RGBToHSV", (GREY,), name="grey", gradient=False),
    Case("RGBToHSV", (X.astype("float64"),), name="float64", rtol=1e-4),
    Case("HSVToRGB", (X,), gradient=False),
    Case("HSVToRGB", (GREY,), name="grey", gradient=False),
    *(
        Case("AdjustHue", (image, np.array(delta, F32)), name=f"{name}-{delta}", gradient=False)
        for name, image in (("colours", X), ("grey", GREY))
        for delta in (0.3, -0.45, 0.9)
    ),
    *(
        Case("AdjustSaturation", (image, np.array(scale, F32)), name=f"{name}-{scale}", gradient=False)
        for name, image in (("colours", X), ("grey", GREY))
        for scale in (0.0, 0.6, 2.5)
    ),
    Case("AdjustContrastv2", (X, np.array(1.7, F32)), name="more", gradient=False),
    Case("AdjustContrastv2", (X, np.array(0.4, F32)), name="less", gradient=False),
    Case("AdjustContrastv2", (X[0], np.array(0.4, F32)), name="one-image", gradient=False),
]
