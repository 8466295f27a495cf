"""Scripts of characters, and what is punctuation, as ICU in tensorflow_text has them.

    PYTHONPATH=src python tools/make_text_characters.py

Scripts come from which characters UnicodeScriptTokenize leaves together. The op does not say which script a character
has, only where it changes. Each character is put beside one of each script that TensorFlow's own, older ICU knows;
scripts that only the newer one knows get numbers from 1000 on. Writes src/hublayer/host/text_scripts.tsv: first code
point in hexadecimal, number up to the next line's.

Punctuation, with the ideographs that BERT takes for words, is where FastWordpiece ends a word. Writes
src/hublayer/host/text_punctuation.tsv: first and last code point in hexadecimal.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow_text as text
from tensorflow_text.python.ops.unicode_script_tokenizer import gen_unicode_script_tokenizer

from hublayer.host.character_classes import WHITE_SPACE
from hublayer.host.unicode_scripts import scripts_of

FOLDER = Path(__file__).parents[1] / "src" / "hublayer" / "host"
TARGET = FOLDER / "text_scripts.tsv"
FIRST_NEW = 1000


def together(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether pairs of code points stay in one token."""
    values = np.stack([left, right], 1).astype(np.int32).ravel()
    splits = np.arange(0, len(values) + 1, 2, dtype=np.int64)
    outputs = gen_unicode_script_tokenizer.unicode_script_tokenize_with_offsets(values, splits, keep_whitespace=True)
    return np.diff(outputs[4].numpy()) == 1


def punctuation() -> None:
    """Write the table of punctuation."""
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    # "a.a" is three tokens if "." ends a word, two if it is white space, and one unknown word otherwise.
    tokens = text.FastWordpieceTokenizer(["a", "[UNK]"]).tokenize([f"a{character}a" for character in characters])
    codes = [ord(character) for character, n in zip(characters, tokens.row_lengths().numpy(), strict=True) if n == 3]
    members = set(codes)
    starts = [code for code in codes if code - 1 not in members]
    ends = [code for code in codes if code + 1 not in members]
    header = f"# Punctuation and ideographs where FastWordpiece of tensorflow_text {text.__version__} ends a word.\n"
    header += "# Written by tools/make_text_characters.py. First and last code point.\n"
    lines = [f"{start:X}\t{end:X}\n" for start, end in zip(starts, ends, strict=True)]
    (FOLDER / "text_punctuation.tsv").write_text(header + "".join(lines))
    print(f"text_punctuation.tsv: {len(lines)} ranges")


def main() -> None:
    """Write both tables."""
    punctuation()
    codes = np.array([code for code in range(0x110000) if code not in WHITE_SPACE])
    numbers = scripts_of(np.arange(0x110000)).astype(np.int64)
    # Characters of the oldest blocks represent their scripts: they never change.
    representatives = {}
    for script in np.unique(numbers):
        members = codes[numbers[codes] == script]
        representatives[int(script)] = int(members[-1] if script == 103 else members[0])
    open_ = codes[~together(codes, np.vectorize(representatives.get)(numbers[codes]))]
    for script, character in representatives.items():
        same = together(open_, np.full(len(open_), character))
        numbers[open_[same]] = script
        open_ = open_[~same]
    number = FIRST_NEW
    while open_.size:
        same = together(open_, np.full(len(open_), open_[0]))
        numbers[open_[same]] = number
        open_, number = open_[~same], number + 1
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    version = text.__version__
    header = f"# Scripts as UnicodeScriptTokenizeWithOffsets of tensorflow_text {version} tells them apart.\n"
    header += (
        "# Written by tools/make_text_characters.py. First code point, number of the script up to the next line's.\n"
    )
    TARGET.write_text(header + "".join(f"{start:X}\t{numbers[start]}\n" for start in starts))
    print(f"{TARGET}: {len(starts)} ranges, {number - FIRST_NEW} scripts that only tensorflow_text knows")


if __name__ == "__main__":
    main()
