"""What a frozen model computes from its weights alone: once, not at each call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

import keras

_suspended: ContextVar[bool] = ContextVar("suspended", default=False)


@contextmanager
def suspended() -> Iterator[None]:
    """While shapes are worked out on tensors without values, nothing may be kept."""
    token = _suspended.set(True)
    try:
        yield
    finally:
        _suspended.reset(token)


def is_suspended() -> bool:
    """Whether shapes are being worked out on tensors without values."""
    return _suspended.get()


class Ahead:
    """Values that follow from `variables`, kept until one of the variables changes.

    Only while none of them is trained, and only where a change can be seen: JAX's arrays are replaced, PyTorch's
    count their versions and note when their memory is handed out (hublayer.runtime.torch_weight). TensorFlow's
    variables do not tell, so nothing is kept there.
    """

    def __init__(self, variables: list[Any], compute: Callable[[dict[str, Any]], list[Any]]):
        self._variables = variables
        self._compute = compute
        self._backend = keras.config.backend()
        self._key: list[Any] | None = None
        self._kept: list[Any] = []
        self._held: Any = None

    def values(self, current: dict[str, Any]) -> list[Any] | None:
        """The kept values for the variables' `current` values; None while they are trained or traced."""
        key = self._versions(list(current.values()))
        # The key first: torch.compile cannot look at what follows, and need not.
        if key is None or is_suspended() or any(variable.trainable for variable in self._variables):
            return None
        if not _same(key, self._key):
            self._key, self._kept = None, []
            with self._now(list(current.values())):
                self._kept = self._compute(current)
            self._key = key
        return self._kept

    def _now(self, values: list[Any]) -> AbstractContextManager[Any]:
        """Where JAX is tracing a caller, what is kept must be values all the same."""
        if self._backend == "jax":
            import jax

            return jax.ensure_compile_time_eval()
        if self._backend == "torch":
            from hublayer.runtime.torch_weight import Held

            self._held = self._held or Held()
            return self._held.renewed(values)
        return nullcontext()

    def _versions(self, values: list[Any]) -> list[Any] | None:
        """Objects that are the same as long as the values are; None if that cannot be told."""
        if self._backend == "jax":
            import jax

            return None if any(isinstance(value, jax.core.Tracer) for value in values) else values
        if self._backend == "torch":
            import torch

            if torch.compiler.is_compiling():
                return None
            from hublayer.runtime.torch_weight import Weight

            if any(not isinstance(value, Weight) or value.is_meta for value in values):
                return None
            return [(value, (value._version, value.token())) for value in values]
        return None


def _same(new: list[Any], old: list[Any] | None) -> bool:
    """Whether both are the same objects, or the same objects in the same versions."""
    if old is None:
        return False
    return all(a[0] is b[0] and a[1] == b[1] if isinstance(a, tuple) else a is b for a, b in zip(new, old, strict=True))
