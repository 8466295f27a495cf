"""Tokenisers that are told, or compute from logits, at which characters tokens begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.host.character_classes import WHITE_SPACE
from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits
from hublayer.host.string_tensor import StringTensor

# Bytes of a character by the upper half of its first byte; what cannot begin a character is one of its own.
_LENGTHS = (1,) * 12 + (2, 2, 3, 4)


def _characters(text: bytes) -> list[bytes]:
    characters, place = [], 0
    while place < len(text):
        length = _LENGTHS[text[place] >> 4]
        characters.append(text[place : place + length])
        place += length
    return characters


def _is_space(character: bytes) -> bool:
    decoded = character.decode("utf-8", "replace")
    return len(decoded) == 1 and ord(decoded) in WHITE_SPACE


def _tokenize(
    strings: StringTensor, splits_at: Callable[[int, int], Any], available: Callable[[int], int], force: bool
) -> list[Any]:
    """Tokens, row splits, starts and ends in bytes. White space is left out, also inside of a token.

    splits_at: whether character j of string i begins a token; available: for how many characters that is known.
    Raises ValueError if it is known for too few.
    """
    tokens: list[bytes] = []
    starts: list[int] = []
    ends: list[int] = []
    splits = [0]
    for row, text in enumerate(strings.to_list()):
        characters = _characters(text)
        if len(characters) > available(row):
            raise ValueError(
                f"string {row} has {len(characters)} characters, but labels or logits are given for {available(row)}"
            )
        place, behind_space = 0, False
        for number, character in enumerate(characters):
            space = _is_space(character)
            if not space:
                new = len(tokens) == splits[-1] or (behind_space and force) or bool(splits_at(row, number))
                if new:
                    tokens.append(character)
                    starts.append(place)
                    ends.append(place + len(character))
                else:
                    tokens[-1] += character
                    ends[-1] = place + len(character)
            place += len(character)
            behind_space = space
        splits.append(len(tokens))
    offsets = [np.array(values, np.int64) for values in (splits, starts, ends)]
    return [StringTensor.from_list(tokens), *offsets]


@host_op("SplitMergeTokenizeWithOffsets")
def split_merge_tokenize_with_offsets(input_values, labels, row_splits, *, force_split_at_break_character=True):
    """Tokens of strings whose characters have labels: 0 begins a token, anything else goes on with one.

    A token begins behind white space too, if that is forced. Row splits, starts and ends: int64.
    """
    splits = check_splits(row_splits, labels.size)
    if len(splits) - 1 != input_values.size:
        raise ValueError(f"{input_values.size} strings need as many rows of labels, but {len(splits) - 1} came")
    flat = labels.tolist()
    return _tokenize(
        input_values,
        lambda row, number: flat[splits[row] + number] == 0,
        lambda row: splits[row + 1] - splits[row],
        force_split_at_break_character,
    )


@host_op("TokenizerFromLogits")
def tokenizer_from_logits(strings, logits, force_split_at_break_character):
    """Tokens by logits, float32, shape (strings, characters, 2): to split before a character, and to go on."""
    if logits.ndim != 3 or logits.shape[0] != strings.size or logits.shape[2] != 2:
        raise ValueError(f"{strings.size} strings need logits of shape ({strings.size}, …, 2), not {logits.shape}")
    begins = logits[:, :, 0] > logits[:, :, 1]
    return _tokenize(
        strings,
        lambda row, number: begins[row, number],
        lambda row: logits.shape[1],
        bool(force_split_at_break_character),
    )
