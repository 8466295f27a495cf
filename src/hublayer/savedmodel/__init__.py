"""Bytes of a SavedModel folder to typed facts: MetaGraphs, endpoints, variables, assets.

Needs protobuf and NumPy only; neither TensorFlow nor Keras is imported.
"""

from hublayer.savedmodel.reader import SavedModel, read

__all__ = ["SavedModel", "read"]
