"""TensorFlow's own reductions where the general ones need sizes, which a traced function may not know."""

from __future__ import annotations

from hublayer.lowering.backends.tensorflow.native import lowers_native

# And keras.ops takes -0.0 for less than 0.0 in these two.
lowers_native("ArgMax", "ArgMin")
lowers_native("Cumprod", "Cumsum", "CumulativeLogsumexp", "InTopK", "InTopKV2", "Max", "Mean", "Min")
lowers_native("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits")
