"""Fit what a caller passed to what an endpoint was saved with.

One tensor goes to the one input, a dict by name, a list or tuple by position where the inputs have an order: a
callable's parameters have one, and a list that the publisher's function takes; the names of a signature or of a dict
have none.

Numbers are cast where nothing can be lost; floats become what the endpoint takes, as in Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np

from hublayer.composite import Ragged, Sparse
from hublayer.errors import InputDtypeError, InputError, InputNameError, InputShapeError, InputStructureError
from hublayer.runtime.program import Tensors
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.specs import CompositeSpec, Spec, is_spec, shape_text

# How far a mismatch got; of several traces' errors, the one that got furthest tells most.
_PROGRESS = (InputStructureError, InputNameError, InputShapeError, InputDtypeError)
# Bits of the whole numbers that a float holds exactly.
_FLOATS = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}
_INTEGERS = {
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    "bool": (0, 1),
}


class _Casts(IntEnum):
    """Which casts are allowed. A trace that needs less of them is preferred."""

    NONE = 0
    LOSSLESS = 1
    AS_KERAS = 2


def describe_value(value: Any, tensors: Tensors) -> str:
    """What came, in the words in which expected inputs are printed."""
    if tensors.is_tensor(value):
        kind = tensors.kind(value)
        prefix = "" if kind == "dense" else f"{kind} "
        return f"{prefix}{tensors.dtype(value)} {shape_text(tensors.shape(value))}"
    if isinstance(value, np.ndarray | np.generic):
        return f"NumPy {value.dtype} {value.shape}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {describe_value(item, tensors)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        if value and not any(_is_array(item, tensors) or isinstance(item, Mapping) for item in value):
            return f"{type(value).__name__} of {len(value)} Python values such as {value[0]!r}"[:200]
        return "[" + ", ".join(describe_value(item, tensors) for item in value) + "]"
    return f"{type(value).__name__} {value!r}"[:200]


def _is_array(value: Any, tensors: Tensors) -> bool:
    return tensors.is_tensor(value) or isinstance(value, np.ndarray | np.generic)


class _Fit:
    def __init__(self, tensors: Tensors, casts: _Casts):
        self.tensors = tensors
        self.casts = casts

    def structure(self, expected: Any, value: Any, path: str) -> Any:
        if is_spec(expected):
            return self.leaf(expected, value, path)
        if isinstance(expected, dict):
            return self.mapping(expected, value, path)
        if isinstance(expected, list | tuple):
            return self.sequence(expected, value, path)
        return expected

    def mapping(self, expected: dict, value: Any, path: str) -> dict:
        if isinstance(value, Mapping):
            self.check_names(list(expected), list(value), path)
            return {key: self.structure(expected[key], value[key], f"{path}[{key!r}]") for key in expected}
        if len(expected) > 1:
            came = f"a {type(value).__name__} has" if isinstance(value, list | tuple) else "one value has"
            raise InputStructureError(
                f"{path} are named, and {came} no names. Pass a dict with the keys {', '.join(map(repr, expected))}"
            )
        return dict(zip(expected, self.by_position(list(expected.values()), value, path), strict=True))

    def sequence(self, expected: list | tuple, value: Any, path: str) -> Any:
        if isinstance(value, Mapping):
            fields = getattr(expected, "_fields", None)
            names = list(fields or (getattr(item, "name", None) or f"{i}" for i, item in enumerate(expected)))
            self.check_names(names, list(value), path)
            value = [value[name] for name in names]
        items = self.by_position(list(expected), value, path)
        return type(expected)(*items) if hasattr(expected, "_fields") else type(expected)(items)

    def by_position(self, expected: list, value: Any, path: str) -> list:
        if not isinstance(value, list | tuple) or (len(expected) == 1 and len(value) != 1):
            value = [value]
        if len(value) != len(expected):
            raise InputStructureError(f"{path} takes {len(expected)} tensors, but {len(value)} came")
        return [self.structure(e, v, f"{path}[{i}]") for i, (e, v) in enumerate(zip(expected, value, strict=True))]

    def check_names(self, expected: list[str], got: list[str], path: str) -> None:
        missing, unknown = [n for n in expected if n not in got], [n for n in got if n not in expected]
        if missing or unknown:
            parts = [f"lacks {missing}"] * bool(missing) + [f"has no input {unknown}"] * bool(unknown)
            raise InputNameError(f"{path} takes the names {expected}; what came {' and '.join(parts)}")

    def leaf(self, spec: Spec, value: Any, path: str) -> Any:
        tensors = self.tensors
        if isinstance(value, Mapping):
            if len(value) == 1 and getattr(spec, "name", None) in value:
                return self.leaf(spec, next(iter(value.values())), path)
            raise InputStructureError(f"{path} is one tensor, but a dict of {sorted(map(str, value))} came")
        if isinstance(value, list | tuple) and len(value) == 1 and _is_array(value[0], tensors):
            inner, rank = value[0], None if spec.shape is None else len(spec.shape)
            if rank is None or rank == len(np.shape(inner) if not tensors.is_tensor(inner) else _shape(inner, tensors)):
                return self.leaf(spec, inner, path)
        if isinstance(spec, CompositeSpec):
            value = self.composite(spec, value, path)
        if isinstance(value, list | tuple) and any(tensors.is_tensor(item) for item in value):
            raise InputStructureError(f"{path} is one tensor, but a list of {len(value)} tensors came")
        if not tensors.is_tensor(value):
            value = self.array(spec, value, path)
        self.check_kind(spec, value, path)
        self.check_shape(spec, value, path)
        return self.cast(spec, value, path)

    def composite(self, spec: CompositeSpec, value: Any, path: str) -> Any:
        """Nested lists, Ragged and Sparse become the runtime's composite tensors; everything else stays."""
        nested = spec.kind == "ragged" and isinstance(value, list | tuple)
        if not nested and not isinstance(value, Ragged | Sparse):
            return value
        try:
            return self.tensors.composite(value, spec)
        except (TypeError, ValueError) as error:
            came = describe_value(value, self.tensors)
            raise InputStructureError(f"{path} is one {spec}, but {came} cannot be that ({error})") from error

    def array(self, spec: Spec, value: Any, path: str) -> np.ndarray:
        """NumPy arrays stay as they are; Python values become the array that the spec asks for."""
        if isinstance(value, np.ndarray | np.generic):
            return np.asarray(value)
        if value is None:
            raise InputStructureError(f"{path} is missing (None came)")
        came = describe_value(value, self.tensors)
        try:
            # NumPy's fixed-width strings lose NUL characters at their end.
            array = np.asarray(value, object if spec.dtype == "string" else None)
        except (TypeError, ValueError, OverflowError) as error:
            raise InputStructureError(f"{path} is one {spec}, but {came} is no regular array ({error})") from error
        if spec.dtype == "string" and not all(isinstance(item, str | bytes) for item in array.flat):
            raise InputDtypeError(f"{path} is {spec.dtype}, but {came} came")
        if spec.dtype in _FLOATS and array.dtype.kind in "iu":
            return array.astype(np.float64)
        return array

    def check_kind(self, spec: Spec, value: Any, path: str) -> None:
        kind = self.tensors.kind(value) if self.tensors.is_tensor(value) else "dense"
        expected = spec.kind if isinstance(spec, CompositeSpec) else "dense"
        if kind != expected:
            raise InputStructureError(f"{path} is a {expected} tensor, but a {kind} one came")

    def check_shape(self, spec: Spec, value: Any, path: str) -> None:
        shape = self.tensors.shape(value) if self.tensors.is_tensor(value) else value.shape
        if spec.shape is None or shape is None:
            return
        if len(shape) != len(spec.shape):
            raise InputShapeError(
                f"{path} has rank {len(spec.shape)} {shape_text(spec.shape)}, but rank {len(shape)} "
                f"{shape_text(tuple(shape))} came"
            )
        if any(e is not None and g is not None and e != g for e, g in zip(spec.shape, shape, strict=True)):
            raise InputShapeError(f"{path} has the shape {shape_text(spec.shape)}, but {shape_text(tuple(shape))} came")

    def cast(self, spec: Spec, value: Any, path: str) -> Any:
        tensors = self.tensors
        got = tensors.dtype(value) if tensors.is_tensor(value) else _numpy_dtype(value)
        if got == spec.dtype or spec.dtype is None:
            return tensors.convert(value, spec)
        allowed = self.casts
        if allowed == _Casts.NONE or not (
            self.loses_nothing(value, got, spec.dtype)
            or (allowed == _Casts.AS_KERAS and got in _FLOATS and spec.dtype in _FLOATS)
        ):
            raise InputDtypeError(f"{path} is {spec.dtype}, but {got} came{_why_not(got, spec.dtype)}")
        return tensors.convert(value, spec)

    def loses_nothing(self, value: Any, got: str, expected: str) -> bool:
        if got in _FLOATS and expected in _FLOATS:
            return _FLOATS[got] < _FLOATS[expected] and (got, expected) != ("bfloat16", "float16")
        if got in _INTEGERS and expected in _FLOATS:
            return max(-_INTEGERS[got][0], _INTEGERS[got][1]) <= 2 ** _FLOATS[expected]
        if got in _INTEGERS and expected in _INTEGERS and expected != "bool":
            low, high = _INTEGERS[expected]
            if low <= _INTEGERS[got][0] and _INTEGERS[got][1] <= high:
                return True
            known = self.tensors.concrete(value) if self.tensors.is_tensor(value) else value
            return known is not None and (known.size == 0 or (low <= int(known.min()) and int(known.max()) <= high))
        return False


def _why_not(got: str, expected: str) -> str:
    """Why a dtype is not cast to another, as the end of a sentence."""
    if got in _INTEGERS and expected in _FLOATS:
        return (
            f". {expected} holds whole numbers up to {2 ** _FLOATS[expected]:,} exactly, {got} goes up to "
            f"{_INTEGERS[got][1]:,}. If yours are small enough, cast them to {expected} yourself"
        )
    if got in _INTEGERS and expected in _INTEGERS and expected != "bool":
        return f". Integers are narrowed only where their values are known and fit {expected}"
    if got in _FLOATS and expected in _INTEGERS:
        return f". Floats are not rounded on the way; cast them to {expected} yourself if that is meant"
    return ""


def _shape(value: Any, tensors: Tensors) -> tuple:
    return tensors.shape(value) or ()


def _numpy_dtype(value: np.ndarray) -> str:
    return "string" if value.dtype.kind in "USO" else str(value.dtype)


def _fit_inputs(endpoint: Endpoint, trace: Trace, inputs: Any, fit: _Fit) -> dict[str, Any]:
    if endpoint.own_inputs is not None and not _has_names_of(endpoint, inputs):
        return _by_spec_name(endpoint.own_inputs, fit.structure(endpoint.own_inputs, inputs, "inputs"))
    expected = {name: trace.arguments.get(name) for name in endpoint.inputs}
    if not expected:
        if inputs is None or (isinstance(inputs, list | tuple | dict) and not inputs):
            return {}
        raise InputStructureError("it takes no inputs, but some came")
    if isinstance(inputs, Mapping) and endpoint.keywords:
        inputs = {name if name in expected else endpoint.keywords.get(name, name): x for name, x in inputs.items()}
    if len(expected) > 1:
        if endpoint.ordered and isinstance(inputs, list | tuple):
            return dict(zip(expected, fit.by_position(list(expected.values()), inputs, "inputs"), strict=True))
        return fit.mapping(expected, inputs, "inputs")
    name, structure = next(iter(expected.items()))
    named = isinstance(inputs, Mapping) and list(inputs) == [name] and not isinstance(structure, dict)
    if named or (endpoint.kind == "signature" and isinstance(inputs, Mapping)):
        return fit.mapping(expected, inputs, "inputs")
    return {name: fit.structure(structure, inputs, name)}


def _has_names_of(endpoint: Endpoint, inputs: Any) -> bool:
    """Whether a dict has a signature's own names, and not the keys of the function that it wraps."""
    if not isinstance(inputs, Mapping):
        return False
    own = endpoint.own_inputs
    return set(inputs) == set(endpoint.inputs) and not (isinstance(own, dict) and set(own) == set(inputs))


def _by_spec_name(structure: Any, value: Any) -> dict[str, Any]:
    """The values at the specs of a structure by the names of the specs."""
    if is_spec(structure):
        return {structure.name: value}
    found: dict[str, Any] = {}
    items = structure if isinstance(structure, dict) else range(len(structure))
    for key in items:
        found |= _by_spec_name(structure[key], value[key])
    return found


def match_inputs(
    endpoint: Endpoint, traces: list[Trace], inputs: Any, tensors: Tensors
) -> tuple[Trace, dict[str, Any]]:
    """The first of `traces` that `inputs` fit, and the inputs as its tensors by parameter name.

    A trace that fits without casts goes before one that needs them.

    Raises InputStructureError, InputNameError, InputShapeError or InputDtypeError, with the expected inputs beside
    what came.
    """
    errors: list[InputError] = []
    for casts in _Casts:
        errors = []  # what is wrong is wrong with all casts
        for trace in traces:
            try:
                return trace, _fit_inputs(endpoint, trace, inputs, _Fit(tensors, casts))
            except InputError as error:
                errors.append(error)
    furthest = max(errors, key=lambda error: _PROGRESS.index(type(error)))
    raise type(furthest)(
        f"The inputs do not fit the {endpoint.kind} {endpoint.name!r}: {furthest}.\n"
        f"Expected:\n{endpoint.describe_inputs()}\nCame:\n    {describe_value(inputs, tensors)}"
    ) from None
