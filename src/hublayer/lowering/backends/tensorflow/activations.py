"""Activation functions by TensorFlow's kernels, which its graph optimiser joins with the convolution before them.

keras.ops builds some of them from several ops (relu6 from six): twice the time of a MobileNet on a CPU.
"""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("Elu", "EluGrad", "LeakyRelu", "LeakyReluGrad", "LogSoftmax", "Relu", "Relu6", "Relu6Grad", "ReluGrad")
lowers_native("Selu", "SeluGrad", "Sigmoid", "SigmoidGrad", "Softmax", "Softplus", "SoftplusGrad", "Softsign")
lowers_native("SoftsignGrad")
