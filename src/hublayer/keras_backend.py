"""Which backend Keras runs on: chosen before Keras is imported, and checked before a model is loaded.

Keras itself takes the backend that KERAS_BACKEND names, else the one in the user's keras.json, else TensorFlow, whether
it is installed or not; a failed import leaves a keras.json behind that names TensorFlow.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

from hublayer.errors import BackendError, MissingPackageError

BACKENDS = ("tensorflow", "jax", "torch")
_WITHOUT_LOWERINGS = ("openvino", "numpy")  # Keras runs on these too
_KNOWN_TO_KERAS = (*BACKENDS, *_WITHOUT_LOWERINGS)
_VARIABLE = "KERAS_BACKEND"


def choose_backend() -> None:
    """Make Keras, which is about to be imported, start on a backend that is installed.

    KERAS_BACKEND decides if it is set, then the user's keras.json; a backend of keras.json that is not installed gives
    way to the first of TensorFlow, JAX and PyTorch that is. KERAS_BACKEND is set only where Keras would not find that
    backend by itself.

    Raises MissingPackageError if no backend is installed, or not the one that KERAS_BACKEND names; BackendError for a
    name that Keras does not know.
    """
    named = os.environ.get(_VARIABLE)
    if named and named not in _KNOWN_TO_KERAS:
        raise BackendError(
            f"{_VARIABLE} is {named!r}, and Keras has no backend of that name. Set it to {_in_words(BACKENDS)}."
        )
    installed = [backend for backend in BACKENDS if _is_installed(backend)]
    if named and not _is_installed(named):
        instead = f", or set {_VARIABLE} to {_in_words(installed)}" if installed else ""
        raise MissingPackageError(
            f"{_VARIABLE} is {named!r}, but the package {named} is not installed. "
            f"Install it with: pip install {named}{instead}."
        )
    chosen = named or _of_keras_json() or "tensorflow"
    if not _is_installed(chosen):
        if not installed:
            raise MissingPackageError(
                "Keras needs TensorFlow, JAX or PyTorch to run on, and none of them is installed. "
                "Install one of them with: pip install jax (or tensorflow, or torch)."
            )
        chosen = os.environ[_VARIABLE] = installed[0]
    _refuse_another_choice(chosen)


def check_backend() -> None:
    """Raise BackendError if Keras, which is imported, runs on a backend that hublayer has no ops for."""
    import keras

    backend = keras.config.backend()
    if backend not in BACKENDS:
        installed = [name for name in BACKENDS if _is_installed(name)] or BACKENDS
        raise BackendError(
            f"Keras runs on the backend {backend!r}, and hublayer runs on {_in_words(BACKENDS, 'and')} only. "
            f"Set the environment variable {_VARIABLE} to {_in_words(installed)} and start Python again."
        )


def _refuse_another_choice(chosen: str) -> None:
    """Raise BackendError if an import of Keras that failed has left its own choice in this process."""
    config = sys.modules.get("keras.src.backend.config")
    if config is not None and config.backend() != chosen:
        raise BackendError(
            f"Keras was imported before on the backend {config.backend()!r}, failed, and keeps that choice as long as "
            f"this process runs. Start Python again with the environment variable {_VARIABLE} set to {chosen!r}."
        )


def _of_keras_json() -> str | None:
    """The backend that the user's keras.json names, if it is one that Keras knows."""
    try:
        backend = json.loads((_keras_home() / "keras.json").read_text("utf-8"))["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return backend if backend in _KNOWN_TO_KERAS else None


def _keras_home() -> Path:
    """The folder of keras.json, found as Keras finds it."""
    if "KERAS_HOME" in os.environ:
        return Path(os.environ["KERAS_HOME"]).expanduser()
    user = Path(os.path.expanduser("~"))  # noqa: PTH111 Path.expanduser raises an error for a user without a home
    return (user if os.access(user, os.W_OK) else Path("/tmp")) / ".keras"


def _is_installed(backend: str) -> bool:
    try:
        spec = importlib.util.find_spec(backend)
    except ValueError:  # it is imported already, or marked as one that must not be
        return sys.modules.get(backend) is not None
    return spec is not None and spec.origin is not None  # what an uninstalled package leaves behind has no origin


def _in_words(names: tuple[str, ...] | list[str], conjunction: str = "or") -> str:
    *first, last = names
    return f"{', '.join(first)} {conjunction} {last}" if first else last
