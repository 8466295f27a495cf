"""Import Keras for a command: on a backend that is there, and without the start-up messages of TensorFlow."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hublayer.errors import BackendError

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def import_keras() -> None:
    """Import Keras on the backend that KERAS_BACKEND names, or else on the first that is installed.

    TensorFlow's messages below errors are dropped unless TF_CPP_MIN_LOG_LEVEL is set.

    Raises BackendError if the backend is not installed.
    """
    if not os.environ.get("KERAS_BACKEND"):
        os.environ["KERAS_BACKEND"] = _installed_backend()
    verbose = _LOG_LEVEL in os.environ
    if not verbose:
        os.environ[_LOG_LEVEL] = "3"
        for name in ("tensorflow", "absl"):
            logging.getLogger(name).setLevel(logging.ERROR)
    try:
        if verbose or "keras" in sys.modules:
            importlib.import_module("keras")
        else:
            with _stderr_silenced():
                importlib.import_module("keras")
    except (ImportError, ValueError) as error:  # Keras says ValueError of a name that it does not know
        raise BackendError(
            f"Keras cannot start on the backend {os.environ['KERAS_BACKEND']!r}: {error}. "
            "Install it, or set KERAS_BACKEND to another backend."
        ) from error


def _installed_backend() -> str:
    for backend in ("tensorflow", "jax", "torch"):
        if importlib.util.find_spec(backend) is not None:
            return backend
    raise BackendError(
        "Running a model needs a backend of Keras, and none is installed: pip install 'hublayer[jax]', "
        "'hublayer[tensorflow]' or 'hublayer[torch]'."
    )


@contextmanager
def _stderr_silenced() -> Iterator[None]:
    """Drop what is written to the file descriptor of stderr: TensorFlow's first messages heed no log level."""
    if sys.stderr is not None:
        sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
