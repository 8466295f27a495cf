"""The small interface between a loaded model and whoever presents it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.specs import CompositeSpec, Shape, Spec


class Tensors(Protocol):
    """What input matching has to know of a backend's tensors."""

    def is_tensor(self, value: object) -> bool:
        """Whether `value` is a tensor of the backend, dense or composite; NumPy arrays are not."""
        ...

    def kind(self, value: Any) -> str:
        """``"dense"``, ``"ragged"`` or ``"sparse"``."""
        ...

    def dtype(self, value: Any) -> str:
        """The dtype's name."""
        ...

    def shape(self, value: Any) -> Shape:
        """The static shape; None for an unknown rank."""
        ...

    def concrete(self, value: Any) -> Any:
        """The value as a NumPy array, or None while it is only traced."""
        ...

    def composite(self, value: Any, spec: CompositeSpec) -> Any:
        """Nested lists for a ragged spec, or a Ragged or Sparse, as the runtime's own kind of tensor.

        Raises ValueError for lists that are not nested as the spec says.
        """
        ...

    def convert(self, value: Any, spec: Spec) -> Any:
        """A NumPy array, a nest of Python values or a tensor as a tensor of the spec's dtype."""
        ...


class Program(Protocol):
    """A MetaGraph loaded for one backend."""

    name: str
    tensors: Tensors

    def prepare(self, endpoint: Endpoint) -> None:
        """Make `endpoint` ready to run. Raises UnsupportedOpsError for what this runtime cannot run."""
        ...

    def layer_endpoint(self, endpoint: Endpoint) -> Endpoint:
        """`endpoint` as a layer calls it: that of a TF1 model with a graph for training takes `training`."""
        ...

    def run(self, endpoint: Endpoint, trace: Trace, arguments: Mapping[str, Any]) -> Any:
        """Call one trace with arguments by name that fit it; returns its structure of tensors."""
        ...

    def weights(self, endpoint: Endpoint | None) -> list[Any]:
        """The model's variables as keras.Variable, always the same objects, in the order in which a layer holds them.

        They are the publisher's `trainable_variables`, the rest of the publisher's `variables`, then those that
        `endpoint` reaches besides.
        """
        ...

    def values(self) -> dict[str, Any]:
        """The values of the variables by key, as NumPy arrays, so that a copy of the model can be given them."""
        ...

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Set variables to values that `values` of the same model gave."""
        ...

    def trackable(self, endpoint: Endpoint) -> Any:
        """What holds those weights for TensorFlow's checkpoints and exports; None on other backends."""
        ...

    def regularization_losses(self) -> list[Callable[[], Any]]:
        """The publisher's losses: functions of no arguments, each giving a scalar."""
        ...
