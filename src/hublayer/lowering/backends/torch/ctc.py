"""CTC decoding on PyTorch: the number of labels depends on values, which are read on the host."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.ctc import decoded
from hublayer.lowering.registry import lowers


@lowers("CTCGreedyDecoder", backend="torch")
def _ctc_greedy_decoder(
    inputs: Any, sequence_length: Any, *, merge_repeated: bool = False, blank_index: int = -1
) -> list[torch.Tensor]:
    scores = tensor(inputs)
    arrays = (tensor(x).detach().cpu().numpy() for x in (scores, sequence_length))
    return [torch.from_numpy(x).to(scores.device) for x in decoded(*arrays, merge_repeated, blank_index)]
