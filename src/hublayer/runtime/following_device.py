"""A function of the device behind the host: values from there that shapes follow from are told while it is traced."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from hublayer.runtime.device_part import DevicePart
from hublayer.runtime.host_values import narrowed, tensor, to_host


class FollowingDevice:
    """Calls `device`. statics: the numbers of the inputs that it must know while it is traced."""

    def __init__(self, device: DevicePart, statics: Collection[int], backend: str):
        self._device = device
        self._statics = sorted(statics)
        self._backend = backend

    def __call__(self, inputs: Sequence[Any], seed: Any) -> list[Any]:
        """The outputs. inputs: tensors, and NumPy arrays from the host."""
        statics = {i: to_host(inputs[i]) for i in self._statics}
        given = [None if i in statics else self._given(x) for i, x in enumerate(inputs)]
        return self._device(given, seed, statics)

    def _given(self, value: Any) -> Any:
        """A value for the device, by the shortest way: compiled programs of JAX take arrays as they are, and so do the
        lowerings on PyTorch."""
        if self._backend == "torch" or not isinstance(value, np.ndarray):
            return value
        return narrowed(value) if self._backend == "jax" else tensor(value)
