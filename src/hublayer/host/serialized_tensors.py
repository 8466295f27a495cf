"""Tensors as serialised TensorProto messages, and back."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from hublayer.errors import CorruptSavedModelError
from hublayer.host.elements import Tensor
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.savedmodel import dtypes
from hublayer.savedmodel.schema import message
from hublayer.savedmodel.tensors import tensor_array

# A few bytes may stand for one value repeated many times, but not for more memory than there is.
_MOST = 2**28


@host_op("ParseTensor")
def parse_tensor(serialized, *, out_type):
    """The tensor in a TensorProto. Raises ValueError for bytes that are none, and a tensor of another dtype."""
    content = serialized.item()
    try:
        parsed = message("Tensor").FromString(content)
    except DecodeError as error:
        raise ValueError(f"{len(content)} bytes are no serialised tensor: {error}") from None
    if dtypes.name(parsed.dtype) != out_type:
        raise ValueError(f"a tensor of dtype {out_type} is expected, but {dtypes.name(parsed.dtype)} came")
    try:
        array = tensor_array(parsed, "the serialised tensor")
    except CorruptSavedModelError as error:  # the record is damaged, not the model
        raise ValueError(str(error)) from None
    if array.size > _MOST:
        raise ValueError(f"{len(content)} bytes claim to be a tensor of {array.size} elements")
    return StringTensor.from_numpy(array) if array.dtype == object else array


@host_op("SerializeTensor")
def serialize_tensor(tensor: Tensor):
    """A TensorProto, byte for byte as TensorFlow writes it: strings in their field, anything else as content."""
    proto = message("Tensor")()
    proto.dtype = dtypes.number(str(tensor.dtype))
    proto.tensor_shape.SetInParent()
    for dim in tensor.shape:
        proto.tensor_shape.dim.add().size = dim
    if isinstance(tensor, StringTensor):
        proto.string_val.extend(tensor.to_list())
    else:
        proto.tensor_content = tensor.tobytes()
    return StringTensor.from_list([proto.SerializeToString(deterministic=True)], ())
