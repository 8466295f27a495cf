"""The registry of host ops. A host op's signature is its schema, as in hublayer.lowering.registry."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.graph.op_schema import op_schema

# Modules that register host ops.
_FAMILIES = (
    "control_flow",
    "data_sets",
    "sparse",
    "sparse_arithmetic",
    "segments",
    "sets",
    "counting",
    "buckets",
    "edit_distance",
    "crosses",
    "examples",
    "sequence_examples",
    "serialized_tensors",
    "ragged",
    "ragged_variants",
    "lists",
    "tensor_arrays",
    "elementwise",
    "numbers",
    "special_functions",
    "diagonals",
    "tables",
    "variables",
    "strings_case",
    "strings_compare",
    "strings_format",
    "strings_hash",
    "strings_join",
    "strings_ngrams",
    "strings_parse",
    "strings_regex",
    "strings_split",
    "strings_substr",
    "unicode_scripts",
    "unicode_text",
    "raw_bytes",
    "csv_records",
    "printing",
    "images",
    "image_encoding",
    "image_resizing",
    "image_colors",
    "audio",
    "boise_tags",
    "byte_split",
    "fast_bert_normalizer",
    "fast_sentencepiece",
    "fast_wordpiece",
    "ngrams_join",
    "normalize",
    "optionals",
    "phrase_tokenizer",
    "regex_split",
    "sentencepiece_ops",
    "split_merge",
    "splitters",
    "text_features",
    "text_idioms",
    "trimming",
    "wordpiece",
)
_REGISTRY: dict[str, HostOp] = {}


@dataclass(frozen=True)
class HostOp:
    """A host op: its function, its keyword-only attributes, whether it wants the Run first."""

    op: str
    function: Callable[..., Any]
    attributes: tuple[str, ...]
    wants_run: bool


def host_op(*ops: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the host's version of `ops`.

    Positional parameters are the op's inputs (a list for an input that is a list), keyword-only parameters its
    attributes with the op's defaults. A first parameter called `run` gets the hublayer.host.execute.HostRun.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        parameters = list(inspect.signature(function).parameters.values())
        wants_run = bool(parameters) and parameters[0].name == "run"
        attributes = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        for op in ops:
            if op in _REGISTRY:
                raise ValueError(f"{op} has a host version already")
            if op_schema(op) is None and not op.startswith("hublayer>"):
                raise ValueError(f"{op} is no op of TensorFlow's or tensorflow_text's")
            _REGISTRY[op] = HostOp(op, function, attributes, wants_run)
        return function

    return register


@cache
def _load_families() -> None:
    for family in _FAMILIES:
        importlib.import_module(f"hublayer.host.{family}")


def find_host_op(op: str) -> HostOp | None:
    """The host's own version of `op`; None if there is none (there may still be one in NUMPY_OPS)."""
    _load_families()
    return _REGISTRY.get(op)


def host_ops() -> dict[str, HostOp]:
    """All ops that have a host version of their own."""
    _load_families()
    return dict(_REGISTRY)


def runs_on_host(op: str) -> bool:
    """Whether the host can run `op`."""
    return op in NUMPY_OPS or op in ("Const", "NoOp") or find_host_op(op) is not None
