"""XLA's convolutions by this backend's own, which are faster than Keras's."""

from hublayer.lowering.backends.torch.conv import convolve, convolve_on_cpu
from hublayer.lowering.xla_conv import lower_xla_convolutions

lower_xla_convolutions(convolve, backend="torch")
lower_xla_convolutions(convolve_on_cpu, backend="torch", platform="cpu")
