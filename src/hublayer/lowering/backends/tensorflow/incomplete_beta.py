"""Betainc by TensorFlow's kernel."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("Betainc")
