"""TensorFlow's own optionals, which its branches and loops can carry."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("OptionalFromValue", "OptionalGetValue", "OptionalHasValue", "OptionalNone")
