"""CTC decoding on PyTorch: the number of labels depends on values, which are read on the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.ctc import decoded
from hublayer.lowering.ctc_beam_search import searched
from hublayer.lowering.registry import lowers


@lowers("CTCGreedyDecoder", backend="torch")
def _ctc_greedy_decoder(
    inputs: Any, sequence_length: Any, *, merge_repeated: bool = False, blank_index: int = -1
) -> list[torch.Tensor]:
    return _on_host(decoded, inputs, sequence_length, merge_repeated, blank_index)


@lowers("CTCBeamSearchDecoder", backend="torch")
def _ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, *, beam_width: int, top_paths: int, merge_repeated: bool = True
) -> list[torch.Tensor]:
    return _on_host(searched, inputs, sequence_length, beam_width, top_paths, merge_repeated)


@torch.compiler.disable  # its tracer stops at arrays
def _on_host(decode: Callable[..., list[Any]], inputs: Any, lengths: Any, *options: Any) -> list[torch.Tensor]:
    scores = tensor(inputs)
    arrays = (tensor(x).detach().cpu().numpy() for x in (scores, lengths))
    return [torch.from_numpy(x).to(scores.device) for x in decode(*arrays, *options)]
