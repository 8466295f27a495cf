"""Loops of PyTorch run outside torch.compile.

Its tracer takes NumPy counters for tensors, and what it assumes constant in one round it takes for constant in all: a
wrong result. A loop breaks the compiled graph instead.
"""

from __future__ import annotations

import torch

from hublayer.lowering import control_flow
from hublayer.lowering.registry import lowers

lowers("While", "StatelessWhile", backend="torch")(torch.compiler.disable(control_flow.while_))
