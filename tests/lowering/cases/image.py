"""Cases of hublayer.lowering.image: every legal combination of align_corners and half_pixel_centers, many sizes."""

from lowering.case import Case, floats, i32, integers

X = floats(2, 5, 4, 3)
BYTES = integers(1, 4, 5, 3, low=0, high=256, dtype="uint8")
SIZES = {"up": (8, 9), "down": (3, 2), "twice": (10, 8), "one": (1, 1), "same": (5, 4), "mixed": (13, 3)}
MODES = {
    "legacy": {},
    "corners": {"align_corners": True},
    "centers": {"half_pixel_centers": True},
}
KERNELS = ("lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic")

CASES = [
    *(
        Case(op, (X, i32(*size)), attrs, name=f"{mode}-{name}")
        for op in ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic")
        for mode, attrs in MODES.items()
        for name, size in SIZES.items()
    ),
    *(
        Case(op, (BYTES, i32(7, 3)), attrs, name=f"uint8-{mode}")
        for op in ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic")
        for mode, attrs in MODES.items()
    ),
    *(
        Case(op, (floats(0, 5, 4, 3), i32(3, 2)), name="empty", gradient=False)
        for op in ("ResizeBilinear", "ResizeNearestNeighbor")
    ),
    Case("ResizeNearestNeighbor", (integers(1, 5, 4, 3), i32(7, 7)), name="int32"),
    Case("ResizeNearestNeighbor", (X.astype("float64"), i32(7, 7)), name="float64"),
    Case("ResizeBilinear", (X.astype("float64"), i32(7, 7)), {"half_pixel_centers": True}, name="float64"),
    Case("ResizeBilinear", (X.astype("float16"), i32(7, 7)), {"half_pixel_centers": True}, name="float16"),
    *(
        Case("ResizeArea", (X, i32(*size)), attrs, name=f"{mode}-{name}", gradient=False)
        for mode, attrs in (("legacy", {}), ("corners", {"align_corners": True}))
        for name, size in SIZES.items()
    ),
    Case("ResizeArea", (BYTES, i32(2, 3)), name="uint8"),
    *(
        Case(
            "ScaleAndTranslate",
            (floats(1, 6, 7, 2), i32(4, 9), floats(2, low=0.6, high=1.4), floats(2, seed=1)),
            {"kernel_type": kernel, "antialias": antialias},
            name=f"{kernel}-{'antialias' if antialias else 'plain'}",
        )
        for kernel in KERNELS
        for antialias in (True, False)
    ),
    Case(
        "ScaleAndTranslate",
        (BYTES, i32(3, 3), floats(2, low=0.3, high=0.9), floats(2, seed=1)),
        name="uint8",
        gradient=False,
    ),
]
