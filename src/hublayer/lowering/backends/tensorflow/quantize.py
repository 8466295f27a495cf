"""FakeQuant by TensorFlow's own kernels: compiled, the general lowering might round otherwise."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native(
    "FakeQuantWithMinMaxArgs",
    "FakeQuantWithMinMaxArgsGradient",
    "FakeQuantWithMinMaxVars",
    "FakeQuantWithMinMaxVarsGradient",
    "FakeQuantWithMinMaxVarsPerChannel",
    "FakeQuantWithMinMaxVarsPerChannelGradient",
)
