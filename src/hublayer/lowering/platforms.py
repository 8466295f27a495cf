"""Where an execution runs, by the backend's own name for it: "cpu", "gpu", "cuda", "tpu". Only this file asks.

A lowering for one platform stands beside the backend's own: `@lowers("MatMul", backend="torch", platform="cuda")`. On
other platforms the backend's own runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_asked: str | None = None


@contextmanager
def lowered_for(platform: str) -> Iterator[None]:
    """Inside, models run with the lowerings of `platform`, wherever they run: so tests see on a CPU what a GPU gets."""
    global _asked
    before, _asked = _asked, platform
    try:
        yield
    finally:
        _asked = before


def platform_of(backend: str, tensors: Iterable[Any]) -> str:
    """Where what is computed from `tensors` runs, the first of which that is bound to a device decides."""
    if _asked is not None:
        return _asked
    if backend == "jax":
        return _of_jax(tensors)
    if backend == "torch":
        return _of_torch(tensors)
    import tensorflow as tf

    return "gpu" if tf.config.list_physical_devices("GPU") else "cpu"


def _of_jax(tensors: Iterable[Any]) -> str:
    import jax

    for x in tensors:
        if isinstance(x, jax.Array) and not isinstance(x, jax.core.Tracer) and x.committed:
            return next(iter(x.devices())).platform
    chosen: Any = jax.config.jax_default_device  # pyright: ignore[reportAttributeAccessIssue]
    if chosen is not None:
        return chosen if isinstance(chosen, str) else chosen.platform
    return jax.default_backend()


def _of_torch(tensors: Iterable[Any]) -> str:
    import torch

    for x in tensors:
        if isinstance(x, torch.Tensor):
            return x.device.type
    from keras import ops

    return ops.convert_to_tensor(0.0).device.type
