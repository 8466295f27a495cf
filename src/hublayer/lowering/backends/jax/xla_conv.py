"""XLA's convolutions by this backend's own, which are faster than Keras's."""

from hublayer.lowering.backends.jax.conv import convolve, convolve_on_cpu
from hublayer.lowering.xla_conv import lower_xla_convolutions

lower_xla_convolutions(convolve, backend="jax")
lower_xla_convolutions(convolve_on_cpu, backend="jax", platform="cpu")
