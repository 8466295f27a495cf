"""Cases of hublayer.lowering.signal. Gradients of transforms are in test_signal.py."""

import numpy as np

from lowering.case import Case, floats, i32


def _complex(*shape: int, dtype: str = "complex64") -> np.ndarray:
    return (floats(*shape) + 1j * floats(*shape, seed=100)).astype(dtype)


_WIDE = {"Tcomplex": "complex128"}

CASES = [
    Case("FFT", (_complex(8),)),
    Case("FFT", (_complex(2, 3, 5),), name="odd"),
    Case("FFT", (_complex(2, 4, dtype="complex128"),), name="complex128"),
    Case("FFT", (_complex(0, 4),), name="empty"),
    Case("IFFT", (_complex(2, 6),)),
    Case("FFT2D", (_complex(2, 3, 4),)),
    Case("IFFT2D", (_complex(2, 3, 4),)),
    Case("FFT3D", (_complex(2, 2, 3, 4),)),
    Case("IFFT3D", (_complex(2, 3, 4),)),
    Case("RFFT", (floats(2, 8), i32([8]))),
    Case("RFFT", (floats(2, 8), i32([5])), name="cut"),
    Case("RFFT", (floats(3, 4, dtype="float64"), i32([4])), _WIDE, name="float64"),
    Case("RFFT", (floats(0, 4), i32([4])), name="empty"),
    Case("IRFFT", (_complex(2, 5), i32([8]))),
    Case("IRFFT", (_complex(2, 5), i32([9])), name="odd"),
    Case("IRFFT", (_complex(2, 5), i32([6])), name="cut"),
    Case("RFFT2D", (floats(2, 4, 6), i32(4, 6))),
    Case("RFFT2D", (floats(2, 4, 6), i32(3, 5)), name="cut"),
    Case("IRFFT2D", (_complex(2, 4, 4), i32(4, 6))),
    Case("IRFFT2D", (_complex(2, 4, 4), i32(3, 4)), name="cut"),
    # TensorFlow differentiates no transform of three axes.
    Case("RFFT3D", (floats(2, 4, 3, 6), i32(4, 3, 6)), gradient=False),
    Case("RFFT3D", (floats(4, 3, 6), i32(3, 2, 5)), name="cut", gradient=False),
    Case("RFFT3D", (floats(0, 4, 3, 6), i32(4, 3, 6)), name="empty", gradient=False),
    Case("IRFFT3D", (_complex(2, 4, 3, 4), i32(4, 3, 6)), gradient=False),
    Case("IRFFT3D", (_complex(4, 3, 4), i32(3, 3, 7)), name="odd", gradient=False),
    Case("AudioSpectrogram", (floats(40, 2),), {"window_size": 8, "stride": 4}, gradient=False),
    Case(
        "AudioSpectrogram",
        (floats(50, 1),),
        {"window_size": 13, "stride": 7, "magnitude_squared": True},
        name="squared",
        gradient=False,
    ),
    Case("AudioSpectrogram", (floats(5, 2),), {"window_size": 8, "stride": 4}, name="too_short", gradient=False),
    Case("Mfcc", (floats(2, 3, 65, low=0.0), i32(16000)), gradient=False),
    Case(
        "Mfcc",
        (floats(1, 3, 33, low=0.0), i32(8000)),
        {
            "upper_frequency_limit": 3900.0,
            "lower_frequency_limit": 100.0,
            "filterbank_channel_count": 8,
            "dct_coefficient_count": 5,
        },
        name="attributes",
        gradient=False,
    ),
]
