"""Loops of PyTorch run outside torch.compile, as in loops.py."""

from __future__ import annotations

import torch

from hublayer.lowering import xla_control_flow
from hublayer.lowering.registry import lowers

lowers("XlaWhile", backend="torch")(torch.compiler.disable(xla_control_flow.xla_while))
