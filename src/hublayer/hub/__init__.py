"""Handles to folders: ``resolve(handle)`` gives the local folder that holds the SavedModel.

This package imports neither TensorFlow nor Keras.
"""

from hublayer.hub.handle import parse
from hublayer.hub.resolver import resolve

__all__ = ["parse", "resolve"]
