"""Tokens in rows on PyTorch, whose embedding_bag does not keep the rows that it sums."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import embedding_bag

from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.registry import lowers
from hublayer.lowering.rows import look_up_rows as general
from hublayer.lowering.rows import scaled, weights_of


@lowers("hublayer>LookUpRows", backend="torch")
def look_up_rows(table, ids, lengths, *, combiner="sum", empty="zero"):
    """See hublayer.lowering.rows; two to three times as fast as a gather and a sum."""
    table = tensor(table)
    if table.ndim != 2 or not np.prod(ids.shape):
        return general(table, ids, lengths, combiner=combiner, empty=empty)
    if isinstance(ids, np.ndarray) and isinstance(lengths, np.ndarray) and table.device.type == "cpu":
        # Bags without padding need no weights: PyTorch's kernel for them is twice as fast again.
        tokens = torch.from_numpy(ids[np.arange(ids.shape[1]) < lengths[:, None]])
        starts = torch.from_numpy(np.cumsum(lengths, dtype=tokens.numpy().dtype) - lengths)
        return scaled(embedding_bag(tokens, table, starts.to(tokens.dtype), mode="sum"), tensor(lengths), combiner)
    ids = tensor(ids)
    weights = weights_of(lengths, ids.shape[1], str(table.dtype).removeprefix("torch."))
    return scaled(embedding_bag(ids, table, per_sample_weights=weights, mode="sum"), lengths, combiner)
