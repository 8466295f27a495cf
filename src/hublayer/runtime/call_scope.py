"""What Keras keeps about the calls around a call. It has no public question for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

_attribute: Callable[[str], Any] | None
try:
    from keras.src.backend.common.global_state import get_global_attribute

    _attribute = get_global_attribute
except ImportError:  # a Keras that keeps it elsewhere: nothing is known, and nobody takes a short way
    _attribute = None


def is_inside_model() -> bool:
    """Whether a Keras model is being called, so that its layers go on with what this call returns."""
    context = None if _attribute is None else _attribute("current_call_ctx")
    return context is not None and isinstance(context.entry_layer, keras.Model)


def is_outermost() -> bool:
    """Whether no other layer is being called, no automatic cast and no distribution of tensors is in force."""
    return (
        _attribute is not None
        and _attribute("current_call_ctx") is None
        and _attribute("autocast_scope") is None
        and keras.distribution.distribution() is None
    )
