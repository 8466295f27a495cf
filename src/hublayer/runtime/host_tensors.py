"""Values on the host as input matching sees them: NumPy arrays, strings, Ragged and Sparse. Imports no backend."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.composite import Ragged, Sparse
from hublayer.host.string_tensor import StringTensor
from hublayer.savedmodel.specs import CompositeSpec, Shape, Spec
from hublayer.savedmodel.tensors import constant_dtype


class HostTensors:
    """See hublayer.runtime.program.Tensors."""

    def is_tensor(self, value: object) -> bool:
        """True for composites; NumPy arrays are matched as such."""
        return isinstance(value, Ragged | Sparse | StringTensor)

    def kind(self, value: Any) -> str:
        """``"dense"``, ``"ragged"`` or ``"sparse"``."""
        return "ragged" if isinstance(value, Ragged) else "sparse" if isinstance(value, Sparse) else "dense"

    def dtype(self, value: Any) -> str:
        """The dtype's name."""
        return value.dtype

    def shape(self, value: Any) -> Shape:
        """The shape, None for ragged dimensions."""
        return value.shape

    def concrete(self, value: Any) -> Any:
        """The values as a NumPy array."""
        values = getattr(value, "values", value)
        return values.to_numpy() if isinstance(values, StringTensor) else np.asarray(values)

    def composite(self, value: Any, spec: CompositeSpec) -> Any:
        """See hublayer.runtime.program.Tensors."""
        if isinstance(value, Ragged | Sparse):
            return value
        dtype = constant_dtype(spec.dtype or "float32")
        return Ragged.from_list(value, spec.ragged_rank or 1, dtype)

    def convert(self, value: Any, spec: Spec) -> Any:
        """An array of the spec's dtype, a StringTensor, or a composite with such values."""
        if isinstance(spec, CompositeSpec):
            return with_values(value, spec, self._dense)
        return self._dense(value, spec.dtype)

    def _dense(self, value: Any, dtype: str | None) -> Any:
        if dtype == "string":
            return as_strings(value)
        array = np.asarray(value)
        return array if dtype is None else array.astype(constant_dtype(dtype), copy=False)


def as_strings(value: Any) -> StringTensor:
    """A NumPy array of strings, or the strings of a TensorFlow tensor, as a StringTensor."""
    if isinstance(value, StringTensor):
        return value
    return StringTensor.from_numpy(np.asarray(value if isinstance(value, np.ndarray) else value.numpy()))


def with_values(value: Any, spec: CompositeSpec, convert: Any) -> Ragged | Sparse:
    """A composite with its values converted to spec.dtype, its partitions to the spec's integers."""
    if isinstance(value, Sparse):
        return Sparse(
            convert(value.indices, "int64"), convert(value.values, spec.dtype), convert(value.dense_shape, "int64")
        )
    splits = tuple(convert(part, spec.row_splits_dtype) for part in value.row_splits)
    return Ragged(convert(value.values, spec.dtype), splits)


def flat_components(value: Any) -> tuple[Any, ...]:
    """The dense tensors of a value, in the order of hublayer.savedmodel.specs.components."""
    if isinstance(value, Ragged):
        return (value.values, *value.row_splits)
    if isinstance(value, Sparse):
        return (value.indices, value.values, value.dense_shape)
    return (value,)
