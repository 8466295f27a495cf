"""Import Keras for a command: on a backend that runs models, and without the start-up messages of TensorFlow."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hublayer.errors import BackendError, HubLayerError
from hublayer.keras_backend import check_backend

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def import_keras() -> None:
    """Import Keras on the backend that `choose_backend` finds, and check that hublayer runs on it.

    TensorFlow's messages below errors are dropped unless TF_CPP_MIN_LOG_LEVEL is set.

    Raises MissingPackageError or BackendError, as `choose_backend` and `check_backend` do.
    """
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
    except HubLayerError:
        raise
    except ImportError as error:
        raise BackendError(
            f"Keras cannot start: {error}. Install its backend again, or set KERAS_BACKEND to another backend."
        ) from error
    check_backend()


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
