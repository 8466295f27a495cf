"""TensorFlow's tensors as input matching sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from hublayer.composite import Ragged, Sparse
from hublayer.savedmodel.specs import CompositeSpec, Shape, Spec


class TensorFlowTensors:
    """See hublayer.runtime.program.Tensors."""

    def is_tensor(self, value: object) -> bool:
        """True for dense, ragged and sparse tensors, variables and Keras's variables."""
        return tf.is_tensor(value)

    def kind(self, value: Any) -> str:
        """``"dense"``, ``"ragged"`` or ``"sparse"``."""
        if isinstance(value, tf.RaggedTensor):
            return "ragged"
        return "sparse" if isinstance(value, tf.SparseTensor) else "dense"

    def dtype(self, value: Any) -> str:
        """The dtype's name; a Keras variable says its own."""
        return tf.as_dtype(value.dtype).base_dtype.name

    def shape(self, value: Any) -> Shape:
        """The static shape; None for an unknown rank."""
        shape = tf.TensorShape(value.shape)
        return None if shape.rank is None else tuple(shape.as_list())

    def concrete(self, value: Any) -> np.ndarray | None:
        """The value of an eager dense tensor, None while it is traced or if it is composite."""
        if self.kind(value) != "dense":
            return None
        tensor = tf.convert_to_tensor(value)
        return tensor.numpy() if hasattr(tensor, "numpy") else None

    def composite(self, value: Any, spec: CompositeSpec) -> Any:
        """See hublayer.runtime.program.Tensors."""
        if isinstance(value, Sparse):
            return tf.SparseTensor(value.indices, tf.constant(value.values, spec.dtype), value.dense_shape)
        if isinstance(value, Ragged):
            ragged: Any = tf.RaggedTensor  # its factories are not in the type stubs
            return ragged.from_nested_row_splits(tf.constant(value.values, spec.dtype), value.row_splits)
        return tf.ragged.constant(value, spec.dtype, ragged_rank=spec.ragged_rank)

    def convert(self, value: Any, spec: Spec) -> Any:
        """`value` as a tensor of spec.dtype; a widening or checked cast where the dtypes differ."""
        dtype = tf.as_dtype(spec.dtype) if spec.dtype else None
        if not tf.is_tensor(value):
            if isinstance(value, np.ndarray) and dtype is not None and value.dtype.kind not in "USO":
                return tf.cast(tf.constant(value), dtype)
            return tf.convert_to_tensor(value, dtype=dtype)
        if not isinstance(value, tf.RaggedTensor | tf.SparseTensor):
            value = tf.convert_to_tensor(value)
        return value if dtype is None or value.dtype.base_dtype == dtype else tf.cast(value, dtype)
