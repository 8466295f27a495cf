"""TensorFlow's own kernels: keras.ops has no Fourier transforms of complex tensors."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native(
    "AudioSpectrogram",
    "FFT",
    "FFT2D",
    "FFT3D",
    "IFFT",
    "IFFT2D",
    "IFFT3D",
    "IRFFT",
    "IRFFT2D",
    "IRFFT3D",
    "Mfcc",
    "RFFT",
    "RFFT2D",
    "RFFT3D",
)
