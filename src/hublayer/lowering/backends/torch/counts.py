"""Random counts by PyTorch."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.lowering.counts import lowers_counts


def _generator(words: Any, device: torch.device) -> torch.Generator:
    first, second = words.tolist()
    return torch.Generator(device).manual_seed(first * 2**31 + second)


def _poisson(words: Any, shape: tuple[int, ...], rate: Any) -> Any:
    return torch.poisson(rate, _generator(words, rate.device))


def _binomial(words: Any, shape: tuple[int, ...], counts: Any, probs: Any) -> Any:
    return torch.binomial(counts.contiguous(), probs.contiguous(), _generator(words, probs.device))


lowers_counts("torch", _poisson, _binomial)
