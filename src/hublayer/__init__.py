"""A pretrained SavedModel as one line of a Keras 3 model.

``import hublayer as hub; layer = hub.KerasLayer("https://tfhub.dev/google/nnlm-en-dim128/2")``

The public names are imported when they are first used: `resolve` and `inspect` need neither Keras nor TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hublayer import errors
from hublayer.errors import *  # noqa: F403
from hublayer.registration import attend_keras_import

if TYPE_CHECKING:
    from hublayer.composite import Ragged, Sparse
    from hublayer.hub import resolve
    from hublayer.info import ModelInfo, inspect
    from hublayer.layer import KerasLayer
    from hublayer.model import Model, load

__version__ = "0.1.0"

_LAZY = {
    "KerasLayer": "hublayer.layer",
    "Model": "hublayer.model",
    "ModelInfo": "hublayer.info",
    "Ragged": "hublayer.composite",
    "Sparse": "hublayer.composite",
    "inspect": "hublayer.info",
    "load": "hublayer.model",
    "resolve": "hublayer.hub",
}

__all__ = ["KerasLayer", "Model", "ModelInfo", "Ragged", "Sparse", "inspect", "load", "resolve", *errors.__all__]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'hublayer' has no attribute {name!r}")
    value = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])


attend_keras_import()
