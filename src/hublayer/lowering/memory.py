"""Refuse tensors of the backend that are larger than the memory that is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hublayer.graph.ir import Node
from hublayer.graph.output_sizes import refuse_too_large


def size_check(backend: str) -> Callable[[Node, Sequence[Any]], None] | None:
    """What raises ExecutionError for a node and its inputs if the output would not fit into memory.

    None where nothing needs to be asked: an accelerator's allocator refuses by itself, and takes nothing before.
    """
    if backend == "jax":
        import jax

        return refuse_too_large if jax.default_backend() == "cpu" else None
    if backend == "torch":
        import torch

        if torch.cuda.is_available() or torch.backends.mps.is_available():
            return None

        def check(node: Node, inputs: Sequence[Any]) -> None:
            # A size that torch.compile has left open must not be asked for: it would become part of the program.
            if not torch.compiler.is_compiling():
                refuse_too_large(node, inputs)

        return check
    import tensorflow as tf

    return None if tf.config.list_physical_devices("GPU") else refuse_too_large
