"""Refuse tensors of the backend that are larger than the memory that is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hublayer.graph.ir import Node
from hublayer.graph.output_sizes import refuse_too_large


def size_check(backend: str) -> Callable[[Node, Sequence[Any]], None]:
    """What raises ExecutionError for a node and its inputs if the output would not fit into a CPU's memory.

    Elsewhere nothing needs to be asked: an accelerator's allocator refuses by itself, and takes nothing before.
    """
    if backend != "torch":
        return refuse_too_large
    import torch

    def check(node: Node, inputs: Sequence[Any]) -> None:
        # A size that torch.compile has left open must not be asked for: it would become part of the program.
        if not torch.compiler.is_compiling():
            refuse_too_large(node, inputs)

    return check
