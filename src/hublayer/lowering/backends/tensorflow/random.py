"""Random ops on TensorFlow: shapes may be tensors, and the stateless ops give TensorFlow's own numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from hublayer.lowering import random
from hublayer.lowering.backends.tensorflow.native import lowers_native
from hublayer.lowering.registry import lowers

_SHAPED = {
    "RandomUniform": random.random_uniform,
    "RandomStandardNormal": random.random_standard_normal,
    "TruncatedNormal": random.random_truncated_normal,
    "RandomUniformInt": random.random_uniform_int,
}


def _of_any_shape(function: Callable[..., Any]) -> Callable[..., Any]:
    """The general lowering, whose shape need not be static here."""

    def lowering(*inputs: Any, **attributes: Any) -> Any:
        return function(*inputs, **attributes)

    signature = inspect.signature(function)
    parameters = [parameter.replace(annotation=Any) for parameter in signature.parameters.values()]
    lowering.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return lowering


for op, function in _SHAPED.items():
    lowers(op, backend="tensorflow")(_of_any_shape(function))

lowers_native("StatelessMultinomial", "StatelessRandomGammaV2", "StatelessRandomGammaV3", "StatelessRandomGetAlg")
lowers_native("StatelessRandomGetKeyCounter", "StatelessRandomGetKeyCounterAlg", "StatelessShuffle")
lowers_native("StatelessRandomNormal", "StatelessRandomNormalV2", "StatelessRandomUniform", "StatelessRandomUniformV2")
lowers_native("StatelessRandomUniformInt", "StatelessRandomUniformIntV2")
lowers_native("StatelessRandomUniformFullInt", "StatelessRandomUniformFullIntV2")
lowers_native("StatelessTruncatedNormal", "StatelessTruncatedNormalV2")
