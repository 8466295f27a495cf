"""The attributes of the Xla* ops that are serialised messages: which axes of the operands play which part."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


def _load() -> dict[str, Any]:
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(
        files("hublayer.lowering").joinpath("xla_dimension_numbers.desc").read_bytes()
    )
    return dict(message_factory.GetMessages(descriptors.file, pool=descriptor_pool.DescriptorPool()))


_MESSAGES = _load()


def message(name: str) -> Any:
    """The message class `name` of xla_dimension_numbers.proto, such as ``"DotDimensionNumbers"``."""
    return _MESSAGES[f"hublayer.xla.{name}"]


def _parse(name: str, value: str | bytes) -> Any:
    """The message in an attribute, whose bytes may have been read as text."""
    return message(name).FromString(value.encode() if isinstance(value, str) else value)


@dataclass(frozen=True)
class Dot:
    """The axes of a product: summed ones and batch axes of each side, in corresponding order."""

    lhs_contracting: tuple[int, ...]
    rhs_contracting: tuple[int, ...]
    lhs_batch: tuple[int, ...]
    rhs_batch: tuple[int, ...]

    @classmethod
    def parse(cls, value: str | bytes) -> Dot:
        """From a serialised DotDimensionNumbers."""
        m = _parse("DotDimensionNumbers", value)
        fields = (
            m.lhs_contracting_dimensions,
            m.rhs_contracting_dimensions,
            m.lhs_batch_dimensions,
            m.rhs_batch_dimensions,
        )
        return cls(*map(tuple, fields))


@dataclass(frozen=True)
class Convolution:
    """lhs: batch, features and spatial axes of the input. rhs: output features, input features and spatial axes of the
    filter. out: batch, features and spatial axes of the result.
    """

    lhs: tuple[int, ...]
    rhs: tuple[int, ...]
    out: tuple[int, ...]

    @classmethod
    def parse(cls, value: str | bytes) -> Convolution:
        """From a serialised ConvolutionDimensionNumbers."""
        m = _parse("ConvolutionDimensionNumbers", value)
        return cls(
            (m.input_batch_dimension, m.input_feature_dimension, *m.input_spatial_dimensions),
            (m.kernel_output_feature_dimension, m.kernel_input_feature_dimension, *m.kernel_spatial_dimensions),
            (m.output_batch_dimension, m.output_feature_dimension, *m.output_spatial_dimensions),
        )


@dataclass(frozen=True)
class Window:
    """Where windows of an operand lie, for a gather or a scatter.

    window: axes of the result (of the updates) that run inside a window. dropped: axes of the operand, one wide, that
    the windows lack. index_map: the operand's axis of each number of an index vector. index_vector_dim: the axis of the
    indices that holds these vectors; their rank if the indices are scalars. operand_batch, indices_batch: axes of the
    operand that go along with axes of the indices.
    """

    window: tuple[int, ...]
    dropped: tuple[int, ...]
    index_map: tuple[int, ...]
    index_vector_dim: int
    operand_batch: tuple[int, ...] = ()
    indices_batch: tuple[int, ...] = ()

    @classmethod
    def of_gather(cls, value: str | bytes) -> Window:
        """From a serialised GatherDimensionNumbers."""
        m = _parse("GatherDimensionNumbers", value)
        return cls(
            tuple(m.offset_dims),
            tuple(m.collapsed_slice_dims),
            tuple(m.start_index_map),
            m.index_vector_dim,
            tuple(m.operand_batching_dims),
            tuple(m.start_indices_batching_dims),
        )

    @classmethod
    def of_scatter(cls, value: str | bytes) -> Window:
        """From a serialised ScatterDimensionNumbers."""
        m = _parse("ScatterDimensionNumbers", value)
        return cls(
            tuple(m.update_window_dims),
            tuple(m.inserted_window_dims),
            tuple(m.scatter_dims_to_operand_dims),
            m.index_vector_dim,
            tuple(m.input_batching_dims),
            tuple(m.scatter_indices_batching_dims),
        )
