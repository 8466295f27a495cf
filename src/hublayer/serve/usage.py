"""The lines of Python that use a model: they run as they are, on zeros or a short text of the shapes that it takes."""

from __future__ import annotations

import json
import math
from typing import Any

from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.specs import Shape, TensorSpec

_TEXT = '"a short text"'
_IMAGE_SIDE = 224  # for images of any size
_LENGTH = 16  # of other dimensions that are free
_MOST_TEXTS = 8
_NUMPY = {"bfloat16": "float32"}  # dtypes that plain NumPy lacks, and what the layer casts to them


def usage(handle: str, endpoint: Endpoint | None, is_default: bool) -> str:
    """Write the code: the import, the layer, a call; and NumPy's import where the inputs are arrays.

    Arguments:
        handle: the URL of the model.
        endpoint: what is to be called; None for a model that has nothing to call, which is loaded only.
        is_default: whether the layer calls it without being told.
    """
    if endpoint is None:
        return f"import hublayer as hub\nmodel = hub.load({_literal(handle)})\nprint(model.variables)\n"
    options = [_literal(handle)]
    if not is_default:
        options.append(f"signature={_literal(endpoint.name)}")
    # Keras passes `training` by itself.
    needed = [name for name in endpoint.arguments if name not in endpoint.defaults and name != "training"]
    required = {name: endpoint.traced_values(name)[0] for name in needed}
    if required and all(isinstance(value, bool | int | float | str | None) for value in required.values()):
        options.append(f"arguments={required!r}")
    call = f"layer({_inputs(endpoint)})"
    imports = "import numpy as np\nimport hublayer as hub\n" if "np." in call else "import hublayer as hub\n"
    return f"{imports}layer = hub.KerasLayer({', '.join(options)})\noutputs = {call}\n"


def _inputs(endpoint: Endpoint) -> str:
    """The call's argument; the word `inputs` for those that no short literal stands for, ragged ones for example."""
    structures = endpoint.input_structures()
    if not structures or not structures[0]:
        return ""
    parameters = structures[0]
    value: Any = next(iter(parameters.values())) if len(parameters) == 1 else parameters
    try:
        return _value(value)
    except _NoLiteralError:
        return "inputs"


class _NoLiteralError(Exception):
    pass


def _value(structure: Any) -> str:
    if isinstance(structure, TensorSpec):
        return _tensor(structure)
    if isinstance(structure, dict):
        return "{" + ", ".join(f"{_literal(str(key))}: {_value(item)}" for key, item in structure.items()) + "}"
    if isinstance(structure, list | tuple):
        return "[" + ", ".join(map(_value, structure)) + "]"
    if isinstance(structure, bool | int | float | str | None):
        return repr(structure)
    raise _NoLiteralError


def _tensor(spec: TensorSpec) -> str:
    shape = _example_shape(spec.shape)
    if spec.dtype != "string":
        return f"np.zeros({shape}, {_literal(_NUMPY.get(spec.dtype, spec.dtype))})"
    text = _TEXT
    if math.prod(shape) > _MOST_TEXTS:
        raise _NoLiteralError
    for size in reversed(shape):
        text = f"[{', '.join([text] * size)}]"
    return text


def _example_shape(shape: Shape) -> tuple[int, ...]:
    if shape is None:
        return (1,)
    inner = _IMAGE_SIDE if len(shape) == 4 and shape[-1] in (1, 3) else _LENGTH
    return tuple((1 if axis == 0 else inner) if size is None else size for axis, size in enumerate(shape))


def _literal(text: str) -> str:
    """A Python string literal that holds no character which could be taken for another."""
    return json.dumps(text)
